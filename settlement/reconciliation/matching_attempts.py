"""Which attempt to match a bank message is made."""

from typing import NamedTuple


class MatchingAttempt(NamedTuple):
    """Which attempt to match a message this is."""

    message: int = 0
    """Its number; 0 for a message that is not stored yet."""
    attempt: int = 1
    is_stored: bool = False
    """Whether the result of this attempt is stored already, and only its acts are made again."""
