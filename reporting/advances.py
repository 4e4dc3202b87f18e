"""Advances of which something is unpaid or left to recover, the oldest first (rule A36).

An advance is paid once the bank has debited it, and recovered by what is withheld from later debts of its commitment.  What is
certified of the commitment says whether its recovery should have begun, or be complete; nothing is refused for it.
"""

from collections.abc import Mapping
from typing import Any

from core.amount_fields import AmountStruct, Cents
from core.catalog import Family, Remainder, Role, Stage, list_kinds
from core.kind_rules import Pairing
from reporting.code_names import CodeNames
from reporting.report_queries import Connection, Row, fetch_as_of, find_batch_or_last
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
_CONTRACT_KINDS = (
    list_kinds(lambda kind: kind.carries and kind.family is Family.COMMITMENT),
    list_kinds(lambda kind: kind.family is Family.COMMITMENT_CHANGE and kind.ae_consumed > 0),
    list_kinds(lambda kind: kind.family is Family.COMMITMENT_CHANGE and kind.ae_consumed < 0),
    list_kinds(lambda kind: kind.undoes and kind.follows is Family.COMMITMENT_CHANGE),
    list_kinds(lambda kind: kind.family is Family.SERVICE and not kind.carries),
    list_kinds(lambda kind: kind.family is Family.SERVICE and kind.carries),
    list_kinds(lambda kind: kind.mirrors and kind.follows is Family.SERVICE),
)
_PER_MILLE = 1000


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
    committed_cents: Cents
    """What its commitment engages in all years, less what was withdrawn."""
    certified_cents: Cents
    """What of that is certified."""
    recovery: str
    """``later``, ``due`` once so much is certified that its recovery begins, ``late`` once it should be complete."""


class Advances(AmountStruct, frozen=True):
    """All advances of which something is unpaid or left to recover, by day."""

    batch: int
    advances: list[OpenAdvance]
    requested_cents: Cents
    rejected_cents: Cents
    paid_cents: Cents
    recovered_cents: Cents
    left_cents: Cents


async def load_advances(
    connection: Connection,
    names: CodeNames,
    *,
    visibility: Visibility = WHOLE_JOURNAL,
    batch: int | None = None,
) -> Advances:
    """Load the advances that the caller may see; reads all requests for advances, and what follows them."""
    arguments = (*_KINDS, visibility.sender, visibility.centres, *_CONTRACT_KINDS)
    rows = await fetch_as_of(connection, "advances", *arguments, batch=batch)
    advances = [_build_advance(names, row) for row in rows]
    totals = (sum(getattr(advance, name) for advance in advances) for name in _MONEY_COLUMNS.values())
    return Advances(await find_batch_or_last(connection, batch), advances, *totals)


def _build_advance(names: CodeNames, row: Row) -> OpenAdvance:
    values: list[Any] = [row["entry_id"], row["reference"], row["commitment"], row["day"].isoformat()]
    values += [row[name] for name in (*_MONEY_COLUMNS, "committed", "certified")]
    values.append(_judge_recovery(names, row))
    return OpenAdvance(*values)


def _judge_recovery(names: CodeNames, row: Row) -> str:
    """Return whether the recovery begins later, is due, or should be complete, by the shares of its exercise."""
    exercise = names.codes.exercises[row["exercise"]]
    certified = row["certified"] * _PER_MILLE
    if certified >= row["committed"] * exercise.recovery_until:
        return "late"
    return "due" if certified >= row["committed"] * exercise.recovery_from else "later"


def build_table(advances: Advances) -> ReportTable:
    """Build the table."""
    columns = [
        *(Column("entry"), Column("advance"), Column("commitment"), Column("day")),
        *(Column(name, CellType.MONEY) for name in _MONEY_COLUMNS),
        *(Column("committed", CellType.MONEY), Column("certified", CellType.MONEY), Column("recovery")),
    ]
    rows = [
        [
            *(str(row.entry), row.reference, row.commitment, row.day),
            *_list_amounts(row),
            *(row.committed_cents, row.certified_cents, row.recovery),
        ]
        for row in advances.advances
    ]
    foot = ["", "all", "", "", *_list_amounts(advances), None, None, ""]
    return ReportTable(
        f"Advances unpaid or left to recover, after batch {advances.batch:,}",
        columns,
        rows,
        foot,
        drop_order=("entry", "rejected", "committed", "certified"),
    )


def _list_amounts(figures: OpenAdvance | Advances) -> list[int]:
    return [getattr(figures, name) for name in _MONEY_COLUMNS.values()]
