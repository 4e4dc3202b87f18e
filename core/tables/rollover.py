"""Tables that the closing of a year reads from the journal."""

from typing import NamedTuple

from core.tables.columns import Entry, Index, Money, Small


class EntryLinks(NamedTuple):
    """Entries, and which of them each one follows.  A COPY row."""

    entry_id: Entry
    predecessor: Entry
    amount: Money
    cell: Index
    kind: Small


class OwnedEntries(NamedTuple):
    """Entries, and whose they are.  A COPY row; the reference follows as text."""

    entry_id: Entry
    submission: Index
    source: Index
    """Of a carry, the number of the sender whose reference it has."""
    kind: Small
