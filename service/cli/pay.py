"""``crescendo pay``: payment runs, from what is due to files for the bank."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from cyclopts import App, Parameter

from core.payment_rules import TIME_ZONE
from service.cli.options import DEFAULT_DATA, DataOptions, JsonOption
from service.cli.pay_interest import interest
from service.cli.time_options import MomentOption, parse_moment
from service.settings import UsageError
from service.terminal import console, signals

app = App(name="pay", help="Payment runs, from what is due to files for the bank; late interest.")
app.command(interest)
EXIT_REFUSED = 1
_LETTERS_MAX = 70
_REASON_LETTERS_MAX = 300

RunNumber = Annotated[int, Parameter(help="Number of the run.")]
PersonOption = Annotated[
    str, Parameter(name="--as", help="Who does this; kept with it. Who proposed a run does not release it.")
]


@dataclass(frozen=True, slots=True)
class ReasonOptions:
    """Why something is done, and by whom."""

    by: PersonOption
    reason: Annotated[str, Parameter(help="Why, for the record.")] = ""

    def validate(self) -> tuple[str, str]:
        """Reason and person, checked."""
        return _check_text("--reason", self.reason, _REASON_LETTERS_MAX, may_be_empty=True), check_person(
            self.by
        )


@dataclass(frozen=True, slots=True)
class ProposalOptions:
    """What is proposed, by whom and when."""

    by: PersonOption
    until: Annotated[
        str | None, Parameter(help="Pay what is due up to this day, as in 2018-12-21. Today, unless given.")
    ] = None
    at: MomentOption = ""


@dataclass(frozen=True, slots=True)
class LineOptions:
    """The part of a run's lines that is shown."""

    lines: Annotated[int, Parameter(help="So many lines besides the totals; 0 for none.")] = 0
    first: Annotated[int, Parameter(name="--from", help="The first line shown.")] = 1
    left_out: Annotated[
        bool, Parameter(negative="", show_default=False, help="Of the lines, those that are not paid alone.")
    ] = False


TOTALS_ONLY = LineOptions()


@dataclass(frozen=True, slots=True)
class IssueOptions:
    """Who has a run issued, when, and how the bank is told."""

    by: PersonOption
    at: MomentOption = ""
    version: Annotated[Literal["09", "03"], Parameter(help="Version of pain.001.001.")] = "09"


@app.command
def propose(
    *,
    proposal: Annotated[ProposalOptions, Parameter(name="*")],
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> None:
    """Propose to pay what is due: one transfer a request, grouped by accountant; what is left out, with the reason."""
    from service.engine import payment_runs
    from settlement.runs.proposals import ProposalRequest

    who, today = check_person(proposal.by), parse_moment(proposal.at).astimezone(ZoneInfo(TIME_ZONE)).date()
    wanted = ProposalRequest(who, _parse_day(proposal.until) if proposal.until else today, today)
    run = payment_runs.propose_run(options.read_settings(), wanted)
    _print_run(options, run, json)


@app.command(name="list")
def list_runs(*, options: DataOptions = DEFAULT_DATA, json: JsonOption = False) -> None:
    """Every run, and how far it is."""
    from service.cli.payment_run_report import build_run_table
    from service.engine import payment_runs
    from settlement.runs import run_queries

    found = payment_runs.run_on_connection(
        options.read_settings(), lambda connection, _: run_queries.load_runs(connection)
    )
    for each in found:
        each.pop("terms")
    if json:
        console.print_json(found)
    else:
        console.print_table(build_run_table(found))


@app.command
def show(
    run: RunNumber,
    *,
    line_options: Annotated[LineOptions, Parameter(name="*")] = TOTALS_ONLY,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> None:
    """What a run pays, by accountant; what it leaves out, by reason; its lines, if wanted."""
    _print_run(
        options, run, json, (line_options.lines, max(line_options.first, 1) - 1, line_options.left_out)
    )


@app.command
def hold(
    run: RunNumber,
    *numbers: Annotated[int, Parameter(help="Lines of the run.")],
    because: Annotated[ReasonOptions, Parameter(name="*")],
    options: DataOptions = DEFAULT_DATA,
) -> None:
    """Keep lines out of a proposed run: they may be proposed again in another one."""
    _change_lines(options, run, "hold", (numbers, because))


@app.command
def unhold(
    run: RunNumber,
    *numbers: Annotated[int, Parameter(help="Lines of the run.")],
    because: Annotated[ReasonOptions, Parameter(name="*")],
    options: DataOptions = DEFAULT_DATA,
) -> None:
    """Let held lines be paid after all; so too one left out because the bank sent the last transfer back."""
    _change_lines(options, run, "unhold", (numbers, because))


@app.command
def regroup(
    run: RunNumber,
    *payees: Annotated[str, Parameter(help="Payees, by their codes.")],
    because: Annotated[ReasonOptions, Parameter(name="*")],
    apart: Annotated[
        bool, Parameter(negative="", show_default=False, help="One transfer a request again.")
    ] = False,
    options: DataOptions = DEFAULT_DATA,
) -> None:
    """Pay payees who ask for it by one transfer for all their requests; others are paid request by request."""
    from service.engine import payment_runs
    from settlement.runs import run_edits, run_queries

    reason, by = because.validate()

    async def work(connection: run_queries.Connection, _: Any) -> None:
        numbers = [await run_edits.find_payee(connection, code) for code in payees]
        await run_edits.edit_run(
            connection, run, "ungroup" if apart else "regroup", numbers, reason=reason, by=by
        )

    payment_runs.run_on_connection(options.read_settings(), work)
    console.print_line(
        f"Run {run}: {console.format_count(len(payees), 'payee')} {'apart' if apart else 'put together'}."
    )


@app.command
def release(
    run: RunNumber, *, by: PersonOption, options: DataOptions = DEFAULT_DATA, json: JsonOption = False
) -> None:
    """Find a run good: nothing of it changes any more, and it may be issued. Not by who proposed it."""
    from service.engine import payment_runs
    from settlement.runs import run_edits

    who = check_person(by)
    lines, cents = payment_runs.run_on_connection(
        options.read_settings(), lambda connection, _: run_edits.release_run(connection, run, who)
    )
    if json:
        console.print_json({"run": run, "lines": lines, "cents": cents, "released_by": who})
    else:
        from core.money import format_euros

        console.print_line(
            f"Run {run} is released: {console.format_count(lines, 'line')}, {format_euros(cents)} euros."
        )


@app.command
def abandon(
    run: RunNumber,
    *,
    because: Annotated[ReasonOptions, Parameter(name="*")],
    options: DataOptions = DEFAULT_DATA,
) -> None:
    """Give a proposed run up: what it was to pay may be proposed anew."""
    from service.engine import payment_runs
    from settlement.runs import run_edits

    reason, by = because.validate()
    payment_runs.run_on_connection(
        options.read_settings(), lambda connection, _: run_edits.abandon_run(connection, run, reason, by)
    )
    console.print_line(f"Run {run} is abandoned.")


@app.command
def issue(
    run: RunNumber,
    *,
    issue_options: Annotated[IssueOptions, Parameter(name="*")],
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> int:
    """Post the payments of a released run, and write what was accepted to files for the bank.

    Whenever it is stopped or killed, the same command goes on: nothing is issued twice, nothing is left out.

    Exit codes: 0 issued; 1 issued, but some lines were refused and are in no file; 2 wrong usage; 3 it cannot go on;
    130 interrupted.
    """
    from service.engine import payment_runs
    from settlement.orders.pain001_writer import Pain001Version
    from settlement.runs.issue import IssueRequest

    how = IssueRequest(
        check_person(issue_options.by), parse_moment(issue_options.at), Pain001Version(issue_options.version)
    )
    if not payment_runs.issue_run(options.read_settings(), run, how):
        console.print_note("Stopped in good order, nothing is lost: the same command goes on from here.")
        return signals.EXIT_INTERRUPTED
    found = _print_run(options, run, json)
    return EXIT_REFUSED if found["refused"] else 0


@app.command
def files(run: RunNumber, *, options: DataOptions = DEFAULT_DATA, json: JsonOption = False) -> None:
    """The files of an issued run, where they are; one that is gone is made again, the same to the byte."""
    from service.cli.payment_run_report import build_file_table
    from service.engine import payment_runs

    found = payment_runs.rebuild_files(options.read_settings(), run)
    if json:
        console.print_json(found)
    else:
        console.print_table(build_file_table(found))


def _print_run(
    options: DataOptions, run: int, json: bool, wanted: tuple[int, int, bool] = (0, 0, False)
) -> dict[str, Any]:
    from service.cli.payment_run_report import describe_run
    from service.engine import payment_runs
    from settlement.runs import run_status

    found = payment_runs.run_on_connection(
        options.read_settings(),
        lambda connection, _: run_status.describe_run(connection, run, run_status.LineSelection(*wanted)),
    )
    if json:
        console.print_json(found)
    else:
        console.print_parts(describe_run(found))
    return found


def _change_lines(
    options: DataOptions, run: int, what: str, said: tuple[Sequence[int], ReasonOptions]
) -> None:
    from service.engine import payment_runs
    from settlement.runs import run_edits

    numbers, because = said
    if not numbers:
        raise UsageError("name at least one line; crescendo pay show --lines shows them")
    reason, by = because.validate()
    payment_runs.run_on_connection(
        options.read_settings(),
        lambda connection, _: run_edits.edit_run(connection, run, what, numbers, reason=reason, by=by),
    )
    console.print_line(
        f"Run {run}: {console.format_count(len(numbers), 'line')} {'held' if what == 'hold' else 'let go'}."
    )


def check_person(name: str) -> str:
    """Who does something."""
    return _check_text("--as", name, _LETTERS_MAX)


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--until {text!r} is no day; write it as in 2018-12-21") from error


def _check_text(option: str, text: str, letters_max: int, *, may_be_empty: bool = False) -> str:
    stripped = text.strip()
    if not (stripped or may_be_empty) or not (stripped.isprintable() and len(stripped) <= letters_max):
        raise UsageError(
            f"{option} must be up to {letters_max} printable letters{'' if may_be_empty else ', and not blank'}"
        )
    return stripped
