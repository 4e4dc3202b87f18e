"""The finance bill of 2018: credits by programme, action and category.

``finance_bill_2018.csv`` repeats the figures of the bill's annexes for the general budget, ``special_accounts_2018.csv`` those
for the special accounts.  A line without CP or without AE is a line of the bill.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from core.reference.files import read_rows

_COLUMNS = ("programme", "action", "category", "ae_euros", "cp_euros")
_ITEMS: Mapping[str, str] = {"0": "11"}
"""The commitment item of a category whose code differs: the bill writes 0 for title 1, the endowments of public powers."""


class BillLine(NamedTuple):
    """The credits of one category of an action; ``item`` is the commitment item of the category."""

    programme: str
    action: str
    item: str
    ae_euros: int
    cp_euros: int


def load_bill() -> list[BillLine]:
    """Load the lines of the general budget, in order of programme, action and category."""
    return _load_lines("finance_bill_2018.csv")


def load_special_accounts() -> list[BillLine]:
    """Load the lines of the special accounts, in the same order."""
    return _load_lines("special_accounts_2018.csv")


def _load_lines(name: str) -> list[BillLine]:
    path = Path(__file__).with_name(name)
    return [_parse_line(row.cells) for row in read_rows(path, _COLUMNS)]


def _parse_line(cells: Mapping[str, str]) -> BillLine:
    category = cells["category"]
    return BillLine(
        cells["programme"],
        cells["action"],
        _ITEMS.get(category, category),
        int(cells["ae_euros"]),
        int(cells["cp_euros"]),
    )


def sum_programmes(lines: list[BillLine], item: str = "") -> Counter[str]:
    """Sum the CP of each programme in euros, over all items or one; a programme without such a line has 0."""
    sums: Counter[str] = Counter({line.programme: 0 for line in lines})
    for line in lines:
        sums[line.programme] += line.cp_euros * (item in ("", line.item))
    return sums
