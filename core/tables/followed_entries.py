"""The table of what lines follow, found before they are decided."""

from typing import NamedTuple

from core.tables.columns import Code, Entry


class FollowedEntries(NamedTuple):
    """What some lines follow in the book."""

    entry: Entry
    """0 for none."""
    is_known: Code
    """1 where the line's own act is accepted already."""
