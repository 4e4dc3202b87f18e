"""The keys of acts that wait for their predecessor."""

from collections.abc import Hashable, Sequence

from tests.oracle.lines import Line
from tests.oracle.model import Fingerprint


def insert_waiting_keys(waiting: list[tuple[Fingerprint, Hashable]], rows: Sequence[Line]) -> None:
    """Append key and content of every act of ``rows``, which its first line has, to the ``waiting`` ones."""
    waiting += [(line.key, line.content) for place, line in enumerate(rows) if line.head == place]
