"""Compound events: what happens at once, as lines of one act that follow each other.

They are accepted all or none, and undone together.  Each line takes up what the line above brought to its stage, and
names it ``#LINE``; only the first names what was there before.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Step(NamedTuple):
    """One line of a compound event, in words of the flat act format."""

    line: int
    kind: str
    predecessor: str


TEMPLATES: Mapping[str, tuple[str, ...]] = {
    # the transfer comes back, and its EndToEndId says at once whose it is
    "return_and_identification": ("bank_return", "return_identified"),
    "reject_and_identification": ("bank_reject", "return_identified"),
    # and its payee has an account that is good, or the bank failed: it goes out again the same day
    "return_and_reissue": ("bank_return", "return_identified", "reissue"),
    "reject_and_reissue": ("bank_reject", "return_identified", "reissue"),
    # and it is never to be paid
    "return_and_void": ("bank_return", "return_identified", "void"),
    "reject_and_void": ("bank_reject", "return_identified", "void"),
    # looked into later
    "identification_and_reissue": ("return_identified", "reissue"),
    "identification_and_void": ("return_identified", "void"),
}


def expand(template: str, predecessor: str) -> list[Step]:
    """Lay out the lines of a compound event that follows ``predecessor`` (``@ENTRY``, or a reference)."""
    named = (predecessor, *(f"#{line}" for line in range(1, len(TEMPLATES[template]))))
    return [
        Step(line, kind, each)
        for line, (kind, each) in enumerate(zip(TEMPLATES[template], named, strict=True), 1)
    ]
