"""``crescendo close``: the closing of a year, step by step."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import msgspec
from cyclopts import App, Parameter

from core.money import format_euros
from service.cli import closing_tables
from service.cli.caller import UNNAMED_CALLER, UnnamedCallerOptions
from service.cli.engine_work import run_work
from service.cli.number_limits import NUMBER_OF_A_YEAR
from service.cli.shared_options import DEFAULT_DATA, DataOptions, JsonOption, MomentOption, parse_moment
from service.configuration.settings import UsageError
from service.database import session
from service.database.configured_database import open_or_attach
from service.engine import process_tuning
from service.terminal import console, signals

if TYPE_CHECKING:
    from closing.step_sums import BlockedSum, DifferenceSum
    from service.auth.person_credentials import CommandCaller
    from service.configuration.settings import Settings
    from service.engine.closing_plan import ClosingPlan
    from service.engine.processing_result import ProcessingResult
    from service.engine.step_conditions import StepRequest
    from service.engine.step_preparation import PreparedStep
    from service.engine.year_closing import StepResult

app = App(name="close", help="The closing of a year: what is open of it goes on in the next (bascule).")
EXIT_REFUSED = 1
YearOption = Annotated[
    int, Parameter(name="--year", help="Budget year that is closed.", validator=NUMBER_OF_A_YEAR)
]


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class StepOptions:
    """The day of a step, and whether it is only tried."""

    at: MomentOption = ""
    dry_run: Annotated[
        bool,
        Parameter(
            name="--dry-run", negative="", show_default=False, help="Only show what the step would carry."
        ),
    ] = False


DEFAULT_STEP = StepOptions()


@app.command
def plan(*, year: YearOption, options: DataOptions = DEFAULT_DATA, json: JsonOption = False) -> None:
    """Show the steps in their order, what each would carry into the next year now, and what prevents it."""
    from service.engine import closing_plan as planning
    from service.engine import engine_context
    from service.terminal.processing_progress import ProgressReporter

    settings = options.read_settings()

    async def work(dsn: str, reporter: ProgressReporter) -> "ClosingPlan | str":
        reference = await asyncio.to_thread(engine_context.load_reference, settings)
        return await planning.load_plan(dsn, reference, year, reporter=reporter)

    closing_plan = session.run_on_database(settings, work, open_or_attach)
    if isinstance(closing_plan, str):
        raise UsageError(closing_plan)
    if json:
        console.print_json(closing_plan)
        return
    console.print_table(closing_tables.build_plan_table(closing_plan))
    if any(step.preparation for step in closing_plan.steps):
        console.print_table(closing_tables.build_preparation_table(closing_plan))
    _print_obstacles([row for step in closing_plan.steps for row in step.sums.blocked])
    _print_differences([row for step in closing_plan.steps for row in step.sums.differences])
    console.print_line(
        f"{year} pays until {closing_plan.last_payment_day}: its steps are executed from the day after."
    )


@app.command
def prepare(
    step: Annotated[str, Parameter(help="Step of the plan that needs two persons, as in C14.")],
    *,
    year: YearOption,
    at: MomentOption = "",
    caller: Annotated[UnnamedCallerOptions, Parameter(name="*")] = UNNAMED_CALLER,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> int:
    """Prepare a step that cannot be undone: show what it would do, and record it for another person, who executes it.

    Exit codes: 0 it is prepared, or there is nothing to do; 1 it cannot begin; 2 wrong usage.
    """
    process_tuning.tune_process()  # before Arrow is imported
    request = _build_request(step, year, StepOptions(at))
    result = _prepare(options.read_settings(), request, caller.read_caller())
    if json:
        console.print_json(result)
    else:
        print_preparation(result)
    return EXIT_REFUSED if result.waits else 0


@app.command
def execute(
    step: Annotated[str, Parameter(help="Step of the plan, as in C06.")],
    *,
    year: YearOption,
    step_options: StepOptions = DEFAULT_STEP,
    caller: Annotated[UnnamedCallerOptions, Parameter(name="*")] = UNNAMED_CALLER,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> int:
    """Execute a step: compute its acts, and have the engine decide them, beside a service at work.

    What is carried keeps the reference of its ministry, which goes on with it in the next year. What is refused, for
    example for lack of credits, stays open; the same command presents it again. After an interruption, run the same
    command again: it continues where it stopped, and a further time it adds nothing.

    Exit codes: 0 all is carried; 1 something is refused or cannot be carried yet, or the step cannot begin; 2 wrong
    usage; 3 the engine cannot continue; 130 interrupted.
    """
    process_tuning.tune_process()  # before Arrow is imported
    request = _build_request(step, year, step_options)
    settings = options.read_settings()
    result = _execute(settings, request, caller.read_caller())
    if json:
        console.print_json(result)
    else:
        print_step(result, is_dry_run=step_options.dry_run)
        _print_refusals(result, settings)
    if result.is_interrupted:
        return signals.report_interruption()
    is_refused = result.posted is not None and bool(result.posted.reasons)
    is_blocked = result.sums is not None and bool(result.sums.blocked)
    return EXIT_REFUSED if result.waits or is_refused or is_blocked else 0


def _build_request(step: str, year: int, step_options: StepOptions) -> "StepRequest":
    from closing.steps import Step
    from service.engine.step_conditions import StepRequest

    if step not in tuple(Step):
        raise UsageError(f"there is no step {step}; crescendo close plan lists all: {', '.join(Step)}")
    day = parse_moment(step_options.at).astimezone(_find_time_zone()).date()
    return StepRequest(year, Step(step), day, step_options.dry_run)


def _find_time_zone() -> ZoneInfo:
    from core.payment_rules import TIME_ZONE

    return ZoneInfo(TIME_ZONE)


def _execute(settings: "Settings", request: "StepRequest", caller: "CommandCaller") -> "StepResult":
    """Execute a step in the name of the caller."""
    from service.engine import year_closing

    return run_work(
        settings,
        caller,
        lambda context, by, interruption, reporter: year_closing.execute_step(
            context, msgspec.structs.replace(request, by=by), interruption, reporter=reporter
        ),
    )


def _prepare(settings: "Settings", request: "StepRequest", caller: "CommandCaller") -> "PreparedStep":
    """Prepare a step in the name of the caller."""
    from service.engine import step_preparation

    return run_work(
        settings,
        caller,
        lambda context, by, _, reporter: step_preparation.prepare_step(
            context, msgspec.structs.replace(request, by=by), reporter=reporter
        ),
    )


def print_step(result: "StepResult", *, is_dry_run: bool = False) -> None:
    """Print what a step carried, or would carry."""
    if result.earlier:
        lines = console.format_count(result.earlier, "line")
        console.print_line(f"Given to the engine by an interrupted call, and decided now: {lines}.")
    if result.sums and result.sums.lines:
        console.print_table(closing_tables.build_step_table(result.sums))
    if result.sums:
        _print_obstacles(result.sums.blocked)
        _print_differences(result.sums.differences)
    if result.waits:
        console.print_line(f"The step cannot begin: {result.waits}")
    elif is_dry_run:
        console.print_line("Dry run: nothing is stored.")
    elif not (result.posted or (result.sums and result.sums.blocked)):
        console.print_line(f"Nothing of {result.year} is left for this step to carry.")
    if result.posted:
        _print_outcome(result.posted, result.year + 1)


def print_preparation(result: "PreparedStep") -> None:
    """Print what a person prepared."""
    if result.sums and result.sums.lines:
        console.print_table(closing_tables.build_step_table(result.sums))
    if result.sums:
        _print_obstacles(result.sums.blocked)
        _print_differences(result.sums.differences)
    if result.waits:
        console.print_line(f"The step cannot begin: {result.waits}")
    elif result.preparation:
        execute_it = f"crescendo close execute {result.step} --year {result.year}"
        console.print_line(f"Preparation {result.preparation}: another person confirms it by {execute_it}.")
    else:
        console.print_line(f"Nothing of {result.year} is left for this step to carry.")


def _print_outcome(posted: "ProcessingResult", year: int) -> None:
    for receipt in posted.receipts:
        accepted = console.format_count(receipt.accepted.lines, "line")
        euros = format_euros(receipt.accepted.cents)
        console.print_line(
            f"Carried into {year}: {accepted}, {euros} euros, as submission {receipt.submission}."
        )


def _print_refusals(result: "StepResult", settings: "Settings") -> None:
    """Print why lines were refused, and the command that lists them."""
    from service.cli.processing_report import build_reason_table, print_next_steps

    if result.posted and result.posted.reasons:
        console.print_table(build_reason_table(result.posted.reasons))
        print_next_steps(result.posted, settings)
        console.print_line("\nWhat was refused stays open: once it can go on, the same command carries it.")


def _print_differences(differences: Sequence["DifferenceSum"]) -> None:
    if differences:
        console.print_table(closing_tables.build_difference_table(differences))


def _print_obstacles(blocked: Sequence["BlockedSum"]) -> None:
    if blocked:
        console.print_table(closing_tables.build_blocked_table(blocked))
