"""The tables of the closing of a year: its plan, who prepared steps, and what a step carries or cannot carry."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reporting.report_tables import CellType, Column, ReportTable

if TYPE_CHECKING:
    from closing.step_sums import BlockedSum, DifferenceSum, StepSums
    from service.engine.closing_plan import ClosingPlan


def build_plan_table(closing_plan: "ClosingPlan") -> ReportTable:
    """Build the table of the steps."""
    columns = [
        *(Column("step"), Column("what it does", CellType.PROSE), Column("source")),
        *(Column("open lines", CellType.COUNT), Column("euros", CellType.MONEY)),
        *(Column("cannot go on", CellType.COUNT), Column("carried lines", CellType.COUNT)),
    ]
    rows = [
        [
            *(step.step.value, step.summary, step.source, step.sums.lines, step.sums.cents),
            *(sum(row.lines for row in step.sums.blocked), step.sums.done),
        ]
        for step in closing_plan.steps
    ]
    title = f"Closing of {closing_plan.year}: what goes on in {closing_plan.year + 1}"
    return ReportTable(title, columns, rows, drop_order=("source", "what it does"))


def build_preparation_table(closing_plan: "ClosingPlan") -> ReportTable:
    """Build the table of who prepared and who confirmed each step of two persons."""
    columns = [
        *(Column("step"), Column("no."), Column("lines", CellType.COUNT), Column("euros", CellType.MONEY)),
        *(Column("prepared by"), Column("at, UTC"), Column("confirmed by")),
    ]
    rows = [
        [
            step.step.value,
            f"{row.number}",
            row.lines,
            row.cents,
            row.by,
            row.at,
            row.confirmed_by or "nobody yet",
        ]
        for step in closing_plan.steps
        if (row := step.preparation)
    ]
    return ReportTable("Last preparations", columns, rows, drop_order=("at, UTC",))


def build_step_table(sums: "StepSums") -> ReportTable:
    """Build the table of what a step carries."""
    whose = "accountant" if any(row.accountant for row in sums.carried) else "programme"
    columns = [
        *(Column("kind"), Column(whose)),
        *(Column("lines", CellType.COUNT), Column("euros", CellType.MONEY)),
    ]
    rows = [[row.kind, row.accountant or row.programme, row.lines, row.cents] for row in sums.carried]
    foot = ["", "all", sums.lines, sums.cents]
    return ReportTable(f"Open, by kind and {whose}", columns, rows, foot, drop_order=())


def build_difference_table(differences: Sequence["DifferenceSum"]) -> ReportTable:
    """Build the table of what openings leave on the technical account, beside the results that are not on 12 yet."""
    amounts = ("left there", "opened there before", "classes 6 and 7", "not explained")
    columns = [Column("accountant"), Column("account"), *(Column(name, CellType.MONEY) for name in amounts)]
    rows = [
        [row.accountant, row.account, row.cents, row.earlier_cents, row.result_cents, row.unexplained_cents]
        for row in differences
    ]
    title = "What openings leave on the technical account (debit less credit)"
    return ReportTable(title, columns, rows, drop_order=())


def build_blocked_table(blocked: Sequence["BlockedSum"], title: str = "Cannot be carried yet") -> ReportTable:
    """Build the table of what a step cannot do, and why."""
    columns = [Column("kind"), Column("reason", CellType.PROSE)]
    columns += [Column("lines", CellType.COUNT), Column("euros", CellType.MONEY), Column("first entry")]
    rows = [
        [row.kind, row.obstacle, row.lines, row.cents, f"@{row.first_entry}" if row.first_entry else ""]
        for row in blocked
    ]
    return ReportTable(title, columns, rows, drop_order=())
