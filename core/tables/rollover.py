"""Tables that the closing of a year reads from the journal."""

from typing import NamedTuple

from core.tables.columns import Day, Entry, Index, Money, Small


class EntryLinks(NamedTuple):
    """Entries, and which of them each one follows.  A COPY row."""

    entry_id: Entry
    predecessor: Entry
    amount: Money
    cell: Index
    kind: Small


class AssetEntries(NamedTuple):
    """Entries that put assets into service, charge them or take them out.  A COPY row."""

    entry_id: Entry
    predecessor: Entry
    amount: Money
    day: Day
    cell: Index
    debit: Small
    """The number of the account debited: of an entry that puts an asset into service, the account of the asset."""
    kind: Small
    exercise: Small


class OwnedEntries(NamedTuple):
    """Entries, and whose they are.  A COPY row; the reference follows as text."""

    entry_id: Entry
    submission: Index
    source: Index
    """Of a carry, the number of the sender whose reference it has."""
    kind: Small
