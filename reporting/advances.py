"""Advances of which something is unpaid or left to recover, the oldest first (rule A36).

An advance is paid once the bank has debited it, and recovered by what is withheld from later debts of its commitment.
"""

from collections.abc import Mapping

from core.amount_fields import AmountStruct, Cents
from core.catalog import Family, Remainder, Role, Stage, list_kinds
from core.kind_rules import Pairing
from reporting.report_queries import Connection, Row, fetch, find_batch_or_last
from reporting.report_tables import CellType, Column, ReportTable
from reporting.visibility import WHOLE_JOURNAL, Visibility

_MONEY_COLUMNS: Mapping[str, str] = {
    "requested": "requested_cents",
    "rejected": "rejected_cents",
    "paid": "paid_cents",
    "recovered": "recovered_cents",
    "left": "left_cents",
}
_KINDS = (
    list_kinds(lambda kind: kind.debit is Role.ADVANCE),
    list_kinds(lambda kind: kind.inherits and kind.draws is Remainder.OPEN),
    list_kinds(lambda kind: kind.family is Family.REJECTION),
    list_kinds(lambda kind: kind.reaches is Stage.DEBITED),
    list_kinds(lambda kind: kind.after is Stage.DEBITED and kind.reaches is Stage.RETURNED),
    list_kinds(lambda kind: kind.pairs is Pairing.ADVANCE),
)


class OpenAdvance(AmountStruct, frozen=True):
    """One advance, in cents."""

    entry: int
    reference: str
    commitment: str
    """The reference of the commitment on which it was asked for."""
    day: str
    requested_cents: Cents
    rejected_cents: Cents
    paid_cents: Cents
    """Debited by the bank, less what came back."""
    recovered_cents: Cents
    left_cents: Cents
    """What is left to recover today of what is paid."""


class Advances(AmountStruct, frozen=True):
    """All advances of which something is unpaid or left to recover, by day."""

    batch: int
    advances: list[OpenAdvance]
    requested_cents: Cents
    rejected_cents: Cents
    paid_cents: Cents
    recovered_cents: Cents
    left_cents: Cents


async def load_advances(connection: Connection, *, visibility: Visibility = WHOLE_JOURNAL) -> Advances:
    """Load the advances that the caller may see; reads all requests for advances, and what follows them."""
    rows = await fetch(connection, "advances", *_KINDS, visibility.sender, visibility.centres)
    advances = [_build_advance(row) for row in rows]
    totals = (sum(getattr(advance, name) for advance in advances) for name in _MONEY_COLUMNS.values())
    return Advances(await find_batch_or_last(connection, None), advances, *totals)


def _build_advance(row: Row) -> OpenAdvance:
    figures = (row[name] for name in _MONEY_COLUMNS)
    return OpenAdvance(row["entry_id"], row["reference"], row["commitment"], row["day"].isoformat(), *figures)


def build_table(advances: Advances) -> ReportTable:
    """Build the table."""
    columns = [
        *(Column("entry"), Column("advance"), Column("commitment"), Column("day")),
        *(Column(name, CellType.MONEY) for name in _MONEY_COLUMNS),
    ]
    rows = [
        [str(row.entry), row.reference, row.commitment, row.day, *_list_amounts(row)]
        for row in advances.advances
    ]
    foot = ["", "all", "", "", *_list_amounts(advances)]
    return ReportTable(
        f"Advances unpaid or left to recover, after batch {advances.batch:,}",
        columns,
        rows,
        foot,
        drop_order=("entry", "rejected"),
    )


def _list_amounts(figures: OpenAdvance | Advances) -> list[int]:
    return [getattr(figures, name) for name in _MONEY_COLUMNS.values()]
