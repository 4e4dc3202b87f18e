"""The stored figures of titles, which only openings and anticipated commitments change."""

from typing import NamedTuple

from core.tables.columns import Entry, Index, Money, Small


class TitleBalances(NamedTuple):
    """The figures of a programme's title in a budget year after a batch.  A COPY row."""

    batch: Entry
    programme: Index
    budget_year: Small
    title: Small
    opened: Money
    anticipated: Money
