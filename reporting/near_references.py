"""References that resemble one that no act has."""

from difflib import get_close_matches
from typing import NamedTuple

from reporting.report_queries import Connection, fetch

_ENTRIES_READ = 5_000
"""How many of the last entries, and of the last refused lines, are compared: few enough to answer at once."""
_NEAR_MAX = 3


class NearReferences(NamedTuple):
    """What a caller may have meant."""

    senders: list[str]
    """Senders that have an act with exactly this reference."""
    references: list[str]
    """Similar references of recent acts, the most similar first."""

    def describe(self) -> str:
        """Return a sentence that names them; empty if there are none."""
        if self.senders:
            return f"An act with this reference is there of {', '.join(self.senders)}."
        return f"Similar are {', '.join(self.references)}." if self.references else ""


async def find_near(connection: Connection, reference: str) -> NearReferences:
    """Find the senders that have this reference, and similar references among recent acts."""
    senders = [row["sender"] for row in await fetch(connection, "senders_of_reference", reference)]
    rows = await fetch(connection, "recent_references", _ENTRIES_READ)
    return NearReferences(
        senders, get_close_matches(reference, [row["reference"] for row in rows], _NEAR_MAX)
    )
