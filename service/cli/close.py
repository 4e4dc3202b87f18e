"""``crescendo close``: the closing of a year, step by step."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import msgspec
from cyclopts import App, Parameter

from service.cli import closing_output
from service.cli.caller import UNNAMED_CALLER, ReasonOptions, UnnamedCallerOptions
from service.cli.engine_work import run_work
from service.cli.number_limits import NUMBER_OF_A_YEAR
from service.cli.shared_options import DEFAULT_DATA, DataOptions, JsonOption, MomentOption, parse_moment
from service.configuration.settings import UsageError
from service.database import session
from service.database.configured_database import open_or_attach
from service.engine import process_tuning
from service.terminal import console, signals

if TYPE_CHECKING:
    from service.auth.person_credentials import CommandCaller
    from service.configuration.settings import Settings
    from service.engine.closing_display import ShownStep
    from service.engine.closing_plan import ClosingPlan
    from service.engine.step_conditions import StepRequest
    from service.engine.step_preparation import PreparedStep
    from service.engine.step_reversal import ReversedStep
    from service.engine.year_closing import StepResult
    from service.terminal.processing_progress import ProgressReporter

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
    closing_output.print_plan(closing_plan)


@app.command
def show(
    step: Annotated[str, Parameter(help="Step of the plan, as in C02.")],
    *,
    year: YearOption,
    at: MomentOption = "",
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> None:
    """Show a step: its state, who executed it when and with what proof, and what it would find or do now."""
    request = _build_request(step, year, StepOptions(at, dry_run=True))

    settings = options.read_settings()

    async def work(dsn: str, reporter: "ProgressReporter") -> "ShownStep | str":
        from service.database.embedded_server import Database
        from service.engine import closing_display, engine_context

        reference = await asyncio.to_thread(engine_context.load_reference, settings)
        context = engine_context.EngineContext(settings, Database(dsn), reference)
        return await closing_display.show_step(context, request, reporter=reporter)

    display = session.run_on_database(settings, work, open_or_attach)
    if isinstance(display, str):
        raise UsageError(display)
    if json:
        console.print_json(display)
    else:
        closing_output.print_shown_step(display)


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
        closing_output.print_preparation(result)
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
    return _execute_and_print(step, year, step_options, caller=caller, options=options, json=json)


@app.command
def lock(
    *,
    year: YearOption,
    caller: Annotated[UnnamedCallerOptions, Parameter(name="*")] = UNNAMED_CALLER,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> int:
    """Lock every month of a year for all accountants, and seal its sums by account: step C13.

    A lock cannot be undone: another person prepares it, by crescendo close prepare C13.

    Exit codes: 0 it is locked; 1 it cannot be locked yet; 2 wrong usage.
    """
    return _execute_and_print("C13", year, DEFAULT_STEP, caller=caller, options=options, json=json)


@app.command
def reverse(
    step: Annotated[str, Parameter(help="Step of the plan, as in C09.")],
    *,
    year: YearOption,
    because: Annotated[ReasonOptions, Parameter(name="*")],
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> int:
    """Withdraw the proof of a step, so that the steps that need it wait; or say what stands against it.

    Exit codes: 0 it is withdrawn; 1 it cannot be; 2 wrong usage.
    """
    process_tuning.tune_process()  # before Arrow is imported
    reason, person = because.require_reason()
    result = _reverse(
        options.read_settings(), _build_request(step, year, DEFAULT_STEP), person, reason=reason
    )
    if json:
        console.print_json(result)
    else:
        closing_output.print_reversal(result)
    return EXIT_REFUSED if result.waits else 0


def _execute_and_print(
    step: str,
    year: int,
    step_options: StepOptions,
    *,
    caller: UnnamedCallerOptions,
    options: DataOptions,
    json: bool,
) -> int:
    process_tuning.tune_process()  # before Arrow is imported
    request = _build_request(step, year, step_options)
    settings = options.read_settings()
    result = _execute(settings, request, caller.read_caller())
    if json:
        console.print_json(result)
    else:
        closing_output.print_step(result, is_dry_run=step_options.dry_run)
        closing_output.print_refusals(result, settings)
    if result.is_interrupted:
        return signals.report_interruption()
    return EXIT_REFUSED if result.waits or _has_obstacle(result) else 0


def _has_obstacle(result: "StepResult") -> bool:
    """Return whether something is refused, cannot be carried, or keeps the step from being proven."""
    is_refused = result.posted is not None and bool(result.posted.reasons)
    is_open = result.sums is not None and bool(result.sums.blocked)
    return is_refused or is_open or any(finding.blocks for finding in result.findings)


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
    from service.engine import closing_execution

    return run_work(
        settings,
        caller,
        lambda context, by, interruption, reporter: closing_execution.execute(
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


def _reverse(
    settings: "Settings", request: "StepRequest", caller: "CommandCaller", *, reason: str
) -> "ReversedStep":
    """Withdraw the proof of a step in the name of the caller."""
    from service.engine import step_reversal

    return run_work(
        settings,
        caller,
        lambda context, by, _interruption, _reporter: step_reversal.reverse_step(
            context, msgspec.structs.replace(request, by=by), reason
        ),
    )
