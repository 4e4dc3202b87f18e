"""The entries that lines follow, by the acts accepted so far."""

from collections.abc import Mapping, Sequence

from tests.oracle.lines import Line
from tests.oracle.model import AcceptedAct, Fingerprint


def find_predecessor_entries(
    lines: Sequence[Line], keys: Mapping[Fingerprint, AcceptedAct], entries: int
) -> list[tuple[int, bool]]:
    """Return, for each line, the entry that it follows (0 for none), and whether its own act is accepted already."""
    return [(_find_predecessor_entry(line, keys, entries), line.key in keys) for line in lines]


def _find_predecessor_entry(line: Line, keys: Mapping[Fingerprint, AcceptedAct], entries: int) -> int:
    if line.previous_entry:
        return line.previous_entry if line.previous_entry <= entries else 0
    act = keys.get(line.previous) if line.previous is not None else None
    if act is None or not 1 <= line.previous_line <= act.lines:
        return 0
    return act.first + line.previous_line - 1
