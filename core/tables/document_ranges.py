"""The stored numbers of documents: what each batch gave in each journal of each accountant."""

from typing import NamedTuple

from core.tables.columns import Entry, Index, Small


class DocumentRanges(NamedTuple):
    """Consecutive document numbers of one journal of one accountant in one exercise.  A COPY row; ``starts`` follows.

    ``starts`` is an int4[]: of each document, its first entry less ``first_entry``.  So an entry finds its document, and a
    document its entries, without a number stored with every entry.
    """

    batch: Entry
    exercise: Small
    accountant: Small
    """0 for entries without a fund centre."""
    journal: Small
    """``core.journals.Journal.number``."""
    first_number: Entry
    first_entry: Entry
    documents: Index
    """How many there are."""
