"""What stands on suspense accounts, item by item, and what the next year opened of each item (rules A61, A70).

An item is opened by a line that names its entry, so that it is cleared and justified in the next year by itself.  What is
cleared in the old year afterwards reduces the opening of the item; what the next year has cleared already by then is
opened on the other side, and stays open until both are cleared together.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from core.catalog import Family, list_kinds
from core.debt_stages import Stage

OPENING_DEBIT, OPENING_CREDIT = "opening_debit", "opening_credit"
ITEM_DEBIT, ITEM_CREDIT = "opening_item_debit", "opening_item_credit"
REDUCTION_DEBIT, REDUCTION_CREDIT = "opening_reduction_debit", "opening_reduction_credit"
KINDS = (
    list_kinds(lambda kind: kind.reaches is Stage.BY_HAND),
    list_kinds(lambda kind: kind.takes_off_suspense),
    list_kinds(lambda kind: kind.opens_item),
    list_kinds(lambda kind: kind.clears and kind.family is Family.OPENING),
    list_kinds(lambda kind: kind.stands_on_debit),
)
"""The kinds that leave an amount on a suspense account, take it off, open an item, reduce such an opening, and that stand
on their debit."""


class OpeningLine(NamedTuple):
    """A line of an opening act: cents on one account, a debit if positive."""

    account: str
    cents: int
    entry: int = 0
    """The entry of the year before whose item it opens, or the opening that it reduces; 0 if it opens a whole account."""
    is_reduction: bool = False

    @property
    def kind(self) -> str:
        """The kind of act of the line."""
        if self.is_reduction:
            return REDUCTION_DEBIT if self.cents > 0 else REDUCTION_CREDIT
        if self.entry:
            return ITEM_DEBIT if self.cents > 0 else ITEM_CREDIT
        return OPENING_DEBIT if self.cents > 0 else OPENING_CREDIT


class SuspenseItem(NamedTuple):
    """An item of an accountant on a suspense account, in cents: debit less credit."""

    accountant: str
    account: str
    entry: int
    closing: int
    """What the year closes with."""
    opened: int
    """What was opened of it so far."""
    opening: int = 0
    """The first opening of the item; 0 if there is none."""
    left: int = 0
    """What the next year has not cleared of that opening: a debit if positive."""


Items = Mapping[tuple[str, str], Sequence[SuspenseItem]]
"""The items by accountant and account."""


def group_items(rows: Iterable[Mapping[str, Any]]) -> Items:
    """Group the items by accountant and account."""
    columns = SuspenseItem._fields
    items = sorted(SuspenseItem(*(row[column] for column in columns)) for row in rows)
    return {key: list(own) for key, own in groupby(items, lambda item: (item.accountant, item.account))}


def list_lines(item: SuspenseItem) -> Iterator[OpeningLine]:
    """Yield what is still to be opened of an item: its amount, or by what its opening is to be reduced."""
    delta = item.closing - item.opened
    is_reduced = item.left and (delta > 0) != (item.left > 0)
    reduction = min(abs(delta), abs(item.left)) * (1 if delta > 0 else -1) if is_reduced else 0
    if reduction:
        yield OpeningLine(item.account, reduction, item.opening, is_reduction=True)
    if delta - reduction:
        yield OpeningLine(item.account, delta - reduction, item.entry)
