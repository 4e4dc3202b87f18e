"""The accruals of a year (charges à payer and others): manual ones, entry by entry, and automatic ones by programme (A65).

An automatic accrual is service that is certified and not requested: its request clears it, and it is never reversed.  A manual
one is an entry of the inventory, which 2 January of the next year reverses.
"""

from core.amount_fields import AmountStruct, Cents
from core.catalog import CATALOG, Family, Stage, list_kinds
from reporting.code_names import ACCOUNT, ACCOUNTANT, CodeNames
from reporting.mandatory import load_mandatory
from reporting.report_queries import Connection, Row, fetch, find_batch_or_last
from reporting.report_tables import Cell, CellType, Column, ReportTable
from reporting.visibility import WHOLE_JOURNAL, Visibility

AUTOMATIC = "automatic"
"""The sort of what services leave on their account; the other sorts are the kinds of the inventory."""
_KINDS = (
    list_kinds(lambda kind: kind.family is Family.INVENTORY),
    list_kinds(
        lambda kind: (
            kind.family is Family.INVENTORY_CHANGE and kind.mirrors and kind.after is not Stage.ACCRUED
        )
    ),
    list_kinds(lambda kind: kind.mirrors and kind.after is Stage.ACCRUED),
    list_kinds(lambda kind: kind.family is Family.INVENTORY_CHANGE and kind.takes_inventory),
)
"""In the order of the parameters of the statement, from $2 on."""


class Accrual(AmountStruct, frozen=True):
    """An entry of the inventory, or what is certified and not requested of a programme, in cents."""

    exercise: int
    sort: str
    """``automatic``, or the kind of the entry."""
    programme: str
    """Of an automatic one; empty for an entry."""
    accountant: str
    entry: int | None
    reference: str
    debit: str
    credit: str
    amount_cents: Cents
    """Less what was corrected in its year."""
    reversed_cents: Cents
    released_cents: Cents
    open_cents: Cents


class Accruals(AmountStruct, frozen=True):
    """What stands at the end of a year for charges and products that nobody has requested or issued yet."""

    batch: int
    exercise: int | None
    accruals: list[Accrual]
    manual_cents: Cents
    automatic_cents: Cents


async def load_accruals(
    connection: Connection,
    names: CodeNames,
    *,
    exercise: int | None = None,
    visibility: Visibility = WHOLE_JOURNAL,
) -> Accruals:
    """Load the accruals that the caller may see; reads all entries of the journal."""
    rows = await fetch(connection, "accruals", exercise, *_KINDS, visibility.sender, visibility.centres)
    mandatory = await load_mandatory(connection, names, exercise=exercise, visibility=visibility)
    manual = [_build_accrual(names, row) for row in rows]
    automatic = [
        Accrual(
            *(programme.certified_in, AUTOMATIC, programme.programme, "", None, "", "", ""),
            *(programme.accrued_cents, 0, 0, programme.accrued_cents),
        )
        for programme in mandatory.programmes
        if programme.accrued_cents
    ]
    batch = await find_batch_or_last(connection, None)
    manual_cents, automatic_cents = (sum(row.open_cents for row in part) for part in (manual, automatic))
    return Accruals(batch, exercise, [*manual, *automatic], manual_cents, automatic_cents)


def _build_accrual(names: CodeNames, row: Row) -> Accrual:
    amount = row["amount"] - row["corrected"]
    return Accrual(
        *(row["exercise"], CATALOG[row["kind"]].name, "", names.find_code(ACCOUNTANT, row["accountant"])),
        *(row["entry_id"], row["reference"]),
        names.find_code(ACCOUNT, row["debit"]),
        names.find_code(ACCOUNT, row["credit"]),
        *(amount, row["reversed"], row["released"], amount - row["reversed"] - row["released"]),
    )


def build_table(report: Accruals) -> ReportTable:
    """Build the table: the entries, then what is certified, then what is open of all."""
    columns = [
        *(Column("exercise"), Column("sort"), Column("programme"), Column("accountant"), Column("entry")),
        *(Column("reference"), Column("debit account"), Column("credit account")),
        *(Column("amount", CellType.MONEY), Column("reversed", CellType.MONEY)),
        *(Column("released", CellType.MONEY), Column("open", CellType.MONEY)),
    ]
    open_cents = report.manual_cents + report.automatic_cents
    return ReportTable(
        f"Accruals, after batch {report.batch:,}",
        columns,
        [_list_cells(row) for row in report.accruals],
        ["all", *[""] * 7, None, None, None, open_cents],
        drop_order=("exercise", "entry", "programme", "accountant", "released"),
    )


def _list_cells(row: Accrual) -> list[Cell]:
    return [
        *(str(row.exercise), row.sort, row.programme, row.accountant, str(row.entry) if row.entry else ""),
        *(row.reference, row.debit, row.credit),
        *(row.amount_cents, row.reversed_cents, row.released_cents, row.open_cents),
    ]
