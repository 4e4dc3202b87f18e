"""The figures of finance laws and decrees at programmes, which openings, moves and cancellations by decree change."""

from typing import NamedTuple

from core.tables.columns import Code, Entry, Index, Money


class DecreeFigures(NamedTuple):
    """What finance laws opened on ordinary credits, and what decrees did since: rare figures, which limit decrees.

    Of AE in one row, of CP in the next.
    """

    law: Money
    """Opened by the first finance law of the year."""
    amending: Money
    """Opened by amending laws."""
    moved: Money
    """Moved by decree within the ministry, to and from it; 0 in the sums of a year."""
    advanced: Money
    """Opened by decrees of advance."""
    cancelled: Money
    """Cancelled by decree."""
    carried: Money
    """Carried over into the next year by orders, of all funds (LOLF art. 15); 0 in the sums of a year."""
    touched: Code
    """1 when it changed since the last batch; ``BudgetNodes.touched`` is 1 too."""


class DecreeBalances(NamedTuple):
    """What finance laws opened at a programme until the end of a batch, and what decrees did.  A COPY row."""

    batch: Entry
    node: Index
    measure: Code
    """``core.kind_rules.Measure``."""
    law: Money
    amending: Money
    moved: Money
    advanced: Money
    cancelled: Money
    carried: Money
