"""Who is not known: one answer outside, and what was found on the trail."""

from core.errors import CrescendoError


class AuthenticationFailed(CrescendoError):
    """Nobody who may come in; ``finding`` is for the trail alone, so that nobody learns how near they came."""

    def __init__(self, reason: str, claimed_name: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.claimed_name = claimed_name
        """Who they say they are."""
