"""Receivables and receipts by exercise and nature of receipt: issued, lowered, collected, and what is left to collect.

What is collected in an exercise is a receipt of its budget (LOLF art. 28), whatever the year of the receivable.
"""

from collections.abc import Mapping

from core.amount_fields import AmountStruct, Cents
from core.catalog import Family, Remainder, list_kinds
from reporting.code_names import ITEM, CodeNames
from reporting.report_queries import Connection, Row, fetch, find_batch_or_last
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
    """Collected in this exercise, by receipts and set-offs: its budget receipts."""
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
) -> Receipts:
    """Load the receipts that the caller may see, of one exercise or of all; reads all entries of the journal."""
    kinds = (
        list_kinds(lambda kind: kind.family is Family.RECEIVABLE),
        list_kinds(lambda kind: kind.family is Family.RECEIVABLE_CHANGE),
        list_kinds(lambda kind: kind.follows is Family.RECEIVABLE and kind.draws is Remainder.OPEN),
    )
    rows = await fetch(connection, "receipts", *kinds, visibility.sender, visibility.centres, exercise)
    natures = [_build_nature(names, row) for row in rows]
    totals = (sum(getattr(nature, name) for nature in natures) for name in _MONEY_COLUMNS.values())
    return Receipts(await find_batch_or_last(connection, None), natures, *totals)


def _build_nature(names: CodeNames, row: Row) -> ReceiptSums:
    code, exercise = names.find_code(ITEM, row["item"]), row["exercise"]
    nature = names.codes.find_year(exercise).receipt_natures.get(code)
    figures = (row[name] for name in _MONEY_COLUMNS)
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
