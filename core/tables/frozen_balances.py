"""The stored figures of frozen credits, which freezes alone change."""

from typing import NamedTuple

from core.tables.columns import Entry, Index, Money


class FrozenBalances(NamedTuple):
    """What is frozen at a node after a batch: at it and below, and at it alone.  A COPY row."""

    batch: Entry
    node: Index
    ae_frozen: Money
    cp_frozen: Money
    ae_frozen_here: Money
    cp_frozen_here: Money
