"""Compound events: changes that happen together, as lines of one act that follow each other.

The lines are accepted all or none, and undone together.  Each line takes up the amount that the line above brought to its
stage, and names that line as ``#LINE``; only the first line names an earlier act.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Step(NamedTuple):
    """One line of a compound event, in the terms of the flat act format."""

    line: int
    kind: str
    predecessor: str


TEMPLATES: Mapping[str, tuple[str, ...]] = {
    # the transfer comes back, and its EndToEndId identifies it at once
    "return_and_identification": ("bank_return", "return_identified"),
    "reject_and_identification": ("bank_reject", "return_identified"),
    # and the payee has a valid account, or the bank failed: it is issued again on the same day
    "return_and_reissue": ("bank_return", "return_identified", "reissue"),
    "reject_and_reissue": ("bank_reject", "return_identified", "reissue"),
    # and it will never be paid
    "return_and_void": ("bank_return", "return_identified", "void"),
    "reject_and_void": ("bank_reject", "return_identified", "void"),
    # decided later
    "identification_and_reissue": ("return_identified", "reissue"),
    "identification_and_void": ("return_identified", "void"),
}


def expand(template: str, predecessor: str) -> list[Step]:
    """Return the lines of a compound event that follows ``predecessor`` (``@ENTRY``, or a reference)."""
    kinds = TEMPLATES[template]
    predecessors = (predecessor, *(f"#{line}" for line in range(1, len(kinds))))
    return [Step(line, kinds[line - 1], name) for line, name in enumerate(predecessors, 1)]
