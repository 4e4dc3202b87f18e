"""The stored figures of withdrawals, which only withdrawals of commitments of earlier years change."""

from typing import NamedTuple

from core.tables.columns import Entry, Index, Money


class WithdrawnBalances(NamedTuple):
    """What was withdrawn at a node after a batch.  A COPY row."""

    batch: Entry
    node: Index
    withdrawn: Money
