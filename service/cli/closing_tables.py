"""The tables of the closing of a year: its plan, who prepared steps, and what a step carries or cannot carry."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reporting.report_tables import Cell, CellType, Column, ReportTable

if TYPE_CHECKING:
    from closing.step_sums import BlockedSum, DifferenceSum, StepSums
    from posting.store.step_executions import StepExecution, StepFinding
    from service.engine.closing_plan import ClosingPlan, PlannedStep


def build_plan_table(closing_plan: "ClosingPlan") -> ReportTable:
    """Build the table of the steps, with their states and sums."""
    columns = [
        *(Column("step"), Column("phase"), Column("what it does", CellType.PROSE), Column("state")),
        *(Column("waits for"), Column("lines", CellType.COUNT), Column("euros", CellType.MONEY)),
        Column("blocked", CellType.COUNT),
    ]
    rows = [_build_plan_row(step) for step in closing_plan.steps]
    dropped = ("what it does", "phase", "blocked", "waits for")
    return ReportTable(f"Plan of the closing of {closing_plan.year}", columns, rows, drop_order=dropped)


def _build_plan_row(step: "PlannedStep") -> list[Cell]:
    last = step.last
    sums: list[Cell] = [step.lines, step.cents, last.blocked] if last else [None, None, None]
    return [step.step.value, step.phase, step.summary, step.state, ", ".join(step.waits_for), *sums]


def build_open_table(closing_plan: "ClosingPlan") -> ReportTable:
    """Build the table of what is open for the steps that post."""
    columns = [
        *(Column("step"), Column("open lines", CellType.COUNT), Column("euros", CellType.MONEY)),
        *(Column("cannot go on", CellType.COUNT), Column("carried lines", CellType.COUNT)),
    ]
    rows = [
        [step.step.value, sums.lines, sums.cents, sum(row.lines for row in sums.blocked), sums.done]
        for step in closing_plan.steps
        if (sums := step.sums)
    ]
    return ReportTable(
        f"Closing of {closing_plan.year}: what each step has to do", columns, rows, drop_order=()
    )


def build_execution_table(step: "PlannedStep", executions: "Sequence[StepExecution]") -> ReportTable:
    """Build the table of the executions of a step, the last one last."""
    columns = [
        *(Column("no."), Column("state"), Column("by"), Column("proved by"), Column("began, UTC")),
        *(Column("seconds"), Column("lines", CellType.COUNT), Column("euros", CellType.MONEY)),
        *(
            Column("blocked", CellType.COUNT),
            Column("batch", CellType.COUNT),
            Column("chain"),
            Column("seal"),
        ),
    ]
    rows: list[list[Cell]] = [
        [
            *(
                f"{row.attempt}",
                row.state,
                row.by,
                row.proof or "not proved",
                f"{row.started:%Y-%m-%d %H:%M}",
            ),
            "" if row.seconds is None else f"{row.seconds:.1f}",
            *(row.lines, row.cents, row.blocked, row.batch, row.chain[:12], row.seal[:12]),
        ]
        for row in executions
    ]
    dropped = ("began, UTC", "seal", "seconds", "proved by", "batch", "chain", "blocked", "by")
    return ReportTable(f"Executions of {step.step}", columns, rows, drop_order=dropped)


def build_finding_table(findings: "Sequence[StepFinding]", title: str) -> ReportTable:
    """Build the table of what a step found: what blocks it, and what is only counted."""
    columns = [
        *(Column("blocks"), Column("what", CellType.PROSE), Column("lines", CellType.COUNT)),
        *(Column("euros", CellType.MONEY), Column("detail", CellType.PROSE)),
    ]
    rows: list[list[Cell]] = [
        ["yes" if row.blocks else "", row.subject, row.lines, row.cents, row.detail] for row in findings
    ]
    return ReportTable(title, columns, rows, drop_order=())


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
    owners = ("accountant", "account")
    whose = next((name for name in owners if any(getattr(row, name) for row in sums.carried)), "programme")
    has_followers = any(row.follower for row in sums.carried)
    columns = [
        *(Column("kind"), Column(whose)),
        *([Column("goes on in")] if has_followers else []),
        *(Column("lines", CellType.COUNT), Column("euros", CellType.MONEY)),
    ]
    rows: list[list[Cell]] = [
        [
            *(row.kind, row.accountant or row.account or row.programme),
            *([row.follower or row.programme] if has_followers else []),
            *(row.lines, row.cents),
        ]
        for row in sums.carried
    ]
    foot: list[Cell] = ["", "all", *([""] if has_followers else []), sums.lines, sums.cents]
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
