"""``crescendo pay``: payment runs, from due requests to payment files for the bank."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

from cyclopts import App, Parameter

from core.payment_rules import TIME_ZONE
from service.cli.caller import CallerOptions, ReasonOptions, decide_as
from service.cli.pay_interest import interest
from service.cli.payment_run_options import (
    TOTALS_ONLY,
    IssueOptions,
    LineOptions,
    ProposalOptions,
    RunNumber,
)
from service.cli.shared_options import DEFAULT_DATA, DataOptions, JsonOption, parse_moment
from service.configuration.settings import UsageError
from service.terminal import console, signals

if TYPE_CHECKING:
    from core.person_decisions import StatedPerson

app = App(name="pay", help="Payment runs, from due requests to payment files for the bank; late interest.")
app.command(interest)
EXIT_REFUSED = 1


@app.command
def propose(
    *,
    proposal: Annotated[ProposalOptions, Parameter(name="*")],
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> None:
    """Propose a run: one transfer per due request, grouped by accountant; excluded requests are shown with the reason."""
    from service.engine import payment_runs
    from settlement.runs.proposals import ProposalRequest

    caller = proposal.read_caller()
    today = parse_moment(proposal.at).astimezone(ZoneInfo(TIME_ZONE)).date()
    until = _parse_day(proposal.until) if proposal.until else today
    run = payment_runs.propose_run(
        options.read_settings(), caller, lambda person: ProposalRequest(person, until, today)
    )
    _print_run(options, run, json=json)


@app.command(name="list")
def list_runs(*, options: DataOptions = DEFAULT_DATA, json: JsonOption = False) -> None:
    """List all runs with their state."""
    from service.cli.payment_run_report import build_run_table
    from service.engine import payment_runs
    from settlement.runs import run_queries

    runs = payment_runs.run_on_connection(
        options.read_settings(), lambda connection, _: run_queries.load_runs(connection)
    )
    for run in runs:
        run.pop("terms")
    if json:
        console.print_json(runs)
    else:
        console.print_table(build_run_table(runs))


@app.command
def show(
    run: RunNumber,
    *,
    line_options: Annotated[LineOptions, Parameter(name="*")] = TOTALS_ONLY,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> None:
    """Show what a run pays, by accountant; what it excludes, by reason; and its lines, if requested."""
    _print_run(options, run, json=json, lines=line_options)


@app.command
def hold(
    run: RunNumber,
    *numbers: Annotated[int, Parameter(help="Lines of the run.")],
    because: Annotated[ReasonOptions, Parameter(name="*")],
    options: DataOptions = DEFAULT_DATA,
) -> None:
    """Withhold lines of a proposed run: they may be proposed again in another run."""
    _change_lines(options, run, "hold", numbers=numbers, because=because)


@app.command
def unhold(
    run: RunNumber,
    *numbers: Annotated[int, Parameter(help="Lines of the run.")],
    because: Annotated[ReasonOptions, Parameter(name="*")],
    options: DataOptions = DEFAULT_DATA,
) -> None:
    """Restore lines, so that this run pays them: withheld ones, or those of a returned transfer or of new bank details."""
    _change_lines(options, run, "unhold", numbers=numbers, because=because)


@app.command
def regroup(
    run: RunNumber,
    *payees: Annotated[str, Parameter(help="Codes of the payees.")],
    because: Annotated[ReasonOptions, Parameter(name="*")],
    apart: Annotated[
        bool,
        Parameter(
            negative="", show_default=False, help="Undo the regrouping: make one transfer per request."
        ),
    ] = False,
    options: DataOptions = DEFAULT_DATA,
) -> None:
    """Make one transfer of all requests of a payee who asked for it; the default is one transfer per request."""
    from settlement.runs import run_edits

    reason, caller = because.validate()

    async def change(connection: Any, person: "StatedPerson") -> None:
        numbers = [await run_edits.find_payee(connection, code) for code in payees]
        await run_edits.edit_run(
            connection, run, "ungroup" if apart else "regroup", numbers=numbers, reason=reason, by=person
        )

    decide_as(options, caller, change)
    console.print_line(
        f"Run {run}: {console.format_count(len(payees), 'payee')} {'ungrouped' if apart else 'grouped'}."
    )


@app.command
def release(
    run: RunNumber,
    *,
    caller: Annotated[CallerOptions, Parameter(name="*")],
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> None:
    """Approve a run: it can no longer change, and may be issued. Its proposer may not release it."""
    from settlement.runs import run_edits

    released = decide_as(
        options,
        caller.read_caller(),
        lambda connection, person: run_edits.release_run(connection, run, person),
    )
    if json:
        console.print_json({"run": run, **released._asdict()})
    else:
        from core.money import format_euros

        lines = console.format_count(released.lines, "line")
        console.print_line(f"Run {run} is released: {lines}, {format_euros(released.cents)} euros.")


@app.command
def abandon(
    run: RunNumber,
    *,
    because: Annotated[ReasonOptions, Parameter(name="*")],
    options: DataOptions = DEFAULT_DATA,
) -> None:
    """Abandon a proposed run: its requests may be proposed again."""
    from settlement.runs import run_edits

    reason, caller = because.validate()
    decide_as(
        options,
        caller,
        lambda connection, person: run_edits.abandon_run(connection, run, reason, by=person),
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
    """Post the payments of a released run, and write the accepted ones to files for the bank.

    After an interruption, run the same command again: no payment is issued twice, and none is lost.

    Exit codes: 0 issued; 1 issued, but some lines were refused and are in no file; 2 wrong usage; 3 the engine cannot
    continue; 130 interrupted.
    """
    from service.engine import payment_runs
    from settlement.orders.pain001_writer import Pain001Version
    from settlement.runs.issue import IssueRequest

    at, version = parse_moment(issue_options.at), Pain001Version(issue_options.version)
    is_issued = payment_runs.issue_run(
        options.read_settings(),
        run,
        issue_options.read_caller(),
        build_request=lambda person: IssueRequest(person, at, version),
    )
    if not is_issued:
        return signals.report_interruption()
    run_summary = _print_run(options, run, json=json)
    return EXIT_REFUSED if run_summary["refused"] else 0


@app.command
def files(run: RunNumber, *, options: DataOptions = DEFAULT_DATA, json: JsonOption = False) -> None:
    """List the payment files of an issued run; a missing file is written again, with the same bytes."""
    from service.cli.payment_run_report import build_file_table
    from service.engine import payment_runs

    payment_files = payment_runs.rebuild_files(options.read_settings(), run)
    if json:
        console.print_json(payment_files)
    else:
        console.print_table(build_file_table(payment_files))


def _print_run(
    options: DataOptions, run: int, *, json: bool, lines: LineOptions = TOTALS_ONLY
) -> dict[str, Any]:
    from service.cli.payment_run_report import describe_run
    from service.engine import payment_runs
    from settlement.runs import run_status

    page = run_status.LineSelection(lines.lines, max(lines.first, 1) - 1, lines.left_out)
    run_summary = payment_runs.run_on_connection(
        options.read_settings(), lambda connection, _: run_status.describe_run(connection, run, page)
    )
    if json:
        console.print_json(run_summary)
    else:
        console.print_parts(describe_run(run_summary))
    return run_summary


def _change_lines(
    options: DataOptions, run: int, edit: str, *, numbers: Sequence[int], because: ReasonOptions
) -> None:
    from settlement.runs import run_edits

    if not numbers:
        raise UsageError("name at least one line of the run; crescendo pay show RUN --lines 100 lists them")
    reason, caller = because.validate()
    decide_as(
        options,
        caller,
        lambda connection, person: run_edits.edit_run(
            connection, run, edit, numbers=numbers, reason=reason, by=person
        ),
    )
    state = "withheld" if edit == "hold" else "no longer withheld"
    console.print_line(f"Run {run}: {console.format_count(len(numbers), 'line')} {state}.")


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--until {text!r} is not a date; write it as in 2018-12-21") from error
