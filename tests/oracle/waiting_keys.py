"""The keys of acts that wait for their predecessor."""

from collections.abc import Hashable, Sequence

from tests.oracle.model import Fingerprint, Line


def insert_waiting_keys(held: list[tuple[Fingerprint, Hashable]], rows: Sequence[Line]) -> None:
    """Put key and content of every act of ``rows`` behind what is ``held``: its first line carries both."""
    held += [(line.key, line.content) for place, line in enumerate(rows) if line.head == place]
