"""``crescendo period``: months by accountant, and who closed, reopened or locked them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import App, Parameter
from cyclopts.validators import Number

from core.period_states import PeriodAction
from reporting.report_tables import CellType, Column, ReportTable
from service.cli.caller import ReasonOptions, decide_as
from service.cli.number_limits import NUMBER_OF_A_YEAR
from service.cli.shared_options import DEFAULT_DATA, DataOptions, JsonOption
from service.database import session
from service.terminal import console

app = App(
    name="period", help="Months of an exercise: open, closed or locked, for all accountants or for one."
)
EXIT_REFUSED = 1
_SUMMARIES: Mapping[PeriodAction, str] = {
    PeriodAction.CLOSE: (
        "Close an open month: from the next batch on its acts are refused, PERIOD_CLOSED.  Exit code 1 if it is not open."
    ),
    PeriodAction.REOPEN: "Open a closed month again.  Exit code 1 if it is not closed, or locked.",
    PeriodAction.LOCK: (
        "Lock a closed month for ever: nobody can open it again.  Exit code 1 if it is still open, or locked, or month 0 "
        "while a month of the year before is not locked."
    ),
}
_NEW_STATES: Mapping[PeriodAction, str] = {
    PeriodAction.CLOSE: "closed",
    PeriodAction.REOPEN: "open again",
    PeriodAction.LOCK: "locked",
}


@dataclass(frozen=True, slots=True)
class MonthOptions:
    """Which month, and whose."""

    year: Annotated[int, Parameter(help="Exercise.", validator=NUMBER_OF_A_YEAR)]
    month: Annotated[
        int,
        Parameter(
            help="Month of the exercise, 1 to 12; 0 has its opening balances, 15 its result.",
            validator=Number(gte=0, lte=15),
        ),
    ]
    accountant: Annotated[str, Parameter(help="Code of the accountant. Default: all accountants.")] = ""


@app.command(name="list")
def list_periods(*, options: DataOptions = DEFAULT_DATA, json: JsonOption = False) -> None:
    """List the months with their states, accountants who differ from the others apart, and the decisions, last one first."""
    from posting.store import period_store

    months = session.query_database(options.read_settings(), period_store.load_months)
    if json:
        console.print_json({"months": months.months, "decisions": months.decisions})
        return
    console.print_table(build_month_table(months.months))
    if months.decisions:
        console.print_table(build_decision_table(months.decisions))


def _build_command(action: PeriodAction) -> Callable[..., int]:
    """Build the command of an action."""

    def command(
        *,
        month: Annotated[MonthOptions, Parameter(name="*")],
        because: Annotated[ReasonOptions, Parameter(name="*")],
        options: DataOptions = DEFAULT_DATA,
    ) -> int:
        return _decide(options, month, because, action=action)

    command.__doc__ = _SUMMARIES[action]
    return command


def _decide(
    options: DataOptions, month: MonthOptions, because: ReasonOptions, *, action: PeriodAction
) -> int:
    from posting.store import period_store

    reason, caller = because.require_reason()
    which = (month.year, month.month, month.accountant, action)
    try:
        number = decide_as(
            options,
            caller,
            lambda connection, person: period_store.store_decision(
                connection, period_store.NewDecision(*which, reason, person)
            ),
        )
    except period_store.RefusedDecision as refused:
        console.print_line(str(refused))
        return EXIT_REFUSED
    of_whom = f" of {month.accountant}" if month.accountant else ""
    console.print_line(
        f"Decision {number}: {month.year}-{month.month:02}{of_whom} is {_NEW_STATES[action]} from the next batch on."
    )
    return 0


for _action in PeriodAction:
    app.command(_build_command(_action), name=_action.value)


def build_month_table(months: Sequence[dict[str, Any]]) -> ReportTable:
    """Build the table of the months."""
    columns = [Column("month"), Column("accountant"), Column("state")]
    rows = [[row["month"], row["accountant"] or "all", row["state"]] for row in months]
    return ReportTable("Periods", columns, rows, drop_order=())


def build_decision_table(decisions: Sequence[dict[str, Any]]) -> ReportTable:
    """Build the table of the decisions."""
    columns = [
        *(Column("no."), Column("month"), Column("accountant"), Column("action"), Column("by")),
        *(Column("proved by"), Column("reason", CellType.PROSE), Column("after batch"), Column("at, UTC")),
    ]
    rows = [
        [
            *(f"{row['decision']}", row["month"], row["accountant"] or "all", row["action"], row["by"]),
            *(row["proof"] or "not proved", row["reason"]),
            "next" if row["after_batch"] is None else f"{row['after_batch']:,}",
            f"{row['at']:%Y-%m-%d %H:%M}",
        ]
        for row in decisions
    ]
    return ReportTable(
        "Decisions", columns, rows, drop_order=("at, UTC", "after batch", "proved by", "reason")
    )
