"""Receivables and receipts by exercise and nature of receipt: issued, lowered, collected, and what is left to collect.

What is collected in an exercise is a receipt of its budget (LOLF art. 28), whatever the year of the receivable.  A penalty
that is confirmed is issued and collected at once, under the nature whose product it is (ours; rule A36).
"""

from collections.abc import Iterable, Mapping

from core.amount_fields import AmountStruct, Cents
from core.catalog import Family, Remainder, Role, list_kinds
from reporting.code_names import ITEM, CodeNames
from reporting.report_queries import Connection, Row, fetch_as_of, find_batch_or_last
from reporting.report_tables import CellType, Column, ReportTable
from reporting.visibility import WHOLE_JOURNAL, Visibility

_MONEY_COLUMNS: Mapping[str, str] = {
    "issued": "issued_cents",
    "lowered": "lowered_cents",
    "collected": "collected_cents",
    "left": "left_cents",
}


class ReceiptSums(AmountStruct, frozen=True):
    """The receivables and receipts of one nature in one exercise, in cents."""

    exercise: int
    nature: str
    label: str
    issued_cents: Cents
    lowered_cents: Cents
    """Reduced or cancelled in this exercise."""
    collected_cents: Cents
    """Collected in this exercise, by receipts and set-offs, less what was taken back: its budget receipts."""
    left_cents: Cents
    """What is left today of the receivables that this exercise issued."""


class Receipts(AmountStruct, frozen=True):
    """All natures with receivables or receipts, by exercise, in order of their codes."""

    batch: int
    natures: list[ReceiptSums]
    issued_cents: Cents
    lowered_cents: Cents
    collected_cents: Cents
    left_cents: Cents


async def load_receipts(
    connection: Connection,
    names: CodeNames,
    *,
    exercise: int | None = None,
    visibility: Visibility = WHOLE_JOURNAL,
    batch: int | None = None,
) -> Receipts:
    """Load the receipts that the caller may see, of one exercise or of all; reads all entries of the journal."""
    kinds = (
        list_kinds(lambda kind: kind.family is Family.RECEIVABLE),
        list_kinds(lambda kind: kind.family is Family.RECEIVABLE_CHANGE),
        list_kinds(lambda kind: kind.follows is Family.RECEIVABLE and kind.draws is Remainder.OPEN),
    )
    penalties = list_kinds(lambda kind: kind.credit is Role.PENALTY_PRODUCT)
    reversals = list_kinds(lambda kind: kind.family is Family.RECEIPT_CHANGE)
    arguments = (*kinds, visibility.sender, visibility.centres, exercise, penalties, reversals)
    rows = await fetch_as_of(connection, "receipts", *arguments, batch=batch)
    natures = _build_natures(names, rows)
    totals = (sum(getattr(nature, name) for nature in natures) for name in _MONEY_COLUMNS.values())
    return Receipts(await find_batch_or_last(connection, batch), natures, *totals)


def _build_natures(names: CodeNames, rows: Iterable[Row]) -> list[ReceiptSums]:
    """Add up the rows by exercise and nature: receivables of the nature, and penalties confirmed to its product."""
    sums: dict[tuple[int, str], list[int]] = {}
    for row in rows:
        key = row["exercise"], _find_nature(names, row)
        before = sums.get(key, [0] * len(_MONEY_COLUMNS))
        sums[key] = [cents + row[name] for cents, name in zip(before, _MONEY_COLUMNS, strict=True)]
    return [_build_nature(names, *key, figures=figures) for key, figures in sorted(sums.items())]


def _find_nature(names: CodeNames, row: Row) -> str:
    """Return the nature of a receivable; of confirmed penalties the first of the year with their product, if it has any."""
    if not row["product"]:
        return names.find_code(ITEM, row["item"])
    product = names.find_account(row["product"], row["exercise"]).code
    natures = names.codes.find_year(row["exercise"]).receipt_natures
    return next((code for code, nature in natures.items() if nature.product == product), "")


def _build_nature(names: CodeNames, exercise: int, code: str, *, figures: list[int]) -> ReceiptSums:
    nature = names.codes.find_year(exercise).receipt_natures.get(code)
    return ReceiptSums(exercise, code, nature.label if nature else "", *figures)


def build_table(receipts: Receipts) -> ReportTable:
    """Build the table."""
    columns = [
        *(Column("exercise"), Column("nature"), Column("label", CellType.PROSE)),
        *(Column(name, CellType.MONEY) for name in _MONEY_COLUMNS),
    ]
    rows = [
        [str(nature.exercise), nature.nature, nature.label, *_list_amounts(nature)]
        for nature in receipts.natures
    ]
    foot = ["", "all", "", *_list_amounts(receipts)]
    return ReportTable(
        f"Receivables and receipts, after batch {receipts.batch:,}",
        columns,
        rows,
        foot,
        drop_order=("label",),
    )


def _list_amounts(figures: ReceiptSums | Receipts) -> list[int]:
    return [getattr(figures, name) for name in _MONEY_COLUMNS.values()]
