"""The table of the predecessors of lines, before the lines are decided."""

from typing import NamedTuple

from core.tables.columns import Code, Entry


class PredecessorEntries(NamedTuple):
    """The predecessor of each line in the book."""

    entry: Entry
    """0 for none."""
    is_known: Code
    """1 where the line's own act is accepted already."""
