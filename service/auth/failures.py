"""Who is not known: one answer outside, and what was found on the trail."""

from core.errors import CrescendoError


class Stranger(CrescendoError):
    """Nobody who may come in; ``finding`` is for the trail alone, so that nobody learns how near they came."""

    def __init__(self, finding: str, claimed: str = "") -> None:
        super().__init__(finding)
        self.finding = finding
        self.claimed = claimed
        """Who they say they are."""
