"""``crescendo pay interest``: what is due to those who were paid late, proposed without their asking."""

import asyncio
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from core.money import format_euros
from service.cli.options import DEFAULT_DATA, DataOptions, JsonOption
from service.cli.time_options import MomentOption, parse_moment
from service.database.configured_database import open_database
from service.engine import process_tuning
from service.terminal import console, processing_progress, signals

if TYPE_CHECKING:
    from service.configuration.settings import Settings
    from service.engine.late_interest import InterestRequest, InterestResult

EXIT_REFUSED = 1


def interest(
    *,
    at: MomentOption = "",
    dry_run: Annotated[
        bool,
        Parameter(name="--dry-run", negative="", show_default=False, help="Only say what would be proposed."),
    ] = False,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> int:
    """Propose late interest and compensation for all that was debited behind the end of its term.

    What is proposed enters the journal as requests of their own, with credits of their own, and the next payment run pays
    it at once. What was claimed before, by whomever, is not claimed again. Whenever it is stopped or killed, the same
    command goes on.

    Exit codes: 0 done; 1 some of it was refused, as where credits lack, or nothing was proposed, as the day lies in no open
    period; 2 wrong usage; 3 the engine cannot go on; 130 interrupted.
    """
    from service.engine.late_interest import InterestRequest

    found = propose_interest(options.read_settings(), InterestRequest(parse_moment(at), dry_run))
    if json:
        console.print_json(found)
    else:
        print_interest(found, is_dry_run=dry_run)
    if found.is_interrupted:
        console.print_note("Stopped in good order, nothing is lost: the same command goes on from here.")
        return signals.EXIT_INTERRUPTED
    return EXIT_REFUSED if found.waits or (found.posted and found.posted.reasons) else 0


def propose_interest(settings: "Settings", request: "InterestRequest") -> "InterestResult":
    """Propose late interest with progress on standard error."""
    from service.engine import file_processing, kernel_warmup, late_interest

    process_tuning.tune_process()
    reporter = processing_progress.create_reporter()

    async def work(interruption: signals.Interruption) -> "InterestResult":
        async with open_database(settings, reporter.report_activity) as database:
            await asyncio.to_thread(kernel_warmup.load_kernels, reporter)
            context = file_processing.EngineContext(
                settings, database, await asyncio.to_thread(file_processing.load_reference, settings)
            )
            return await late_interest.propose_interest(context, request, interruption, reporter)

    try:
        return signals.run_interruptible(work)
    finally:
        reporter.close()


def print_interest(result: "InterestResult", *, is_dry_run: bool = False) -> None:
    """Write what was proposed."""
    from service.cli.processing_report import build_reason_table

    if result.earlier:
        console.print_line(
            f"Proposed by a call that was stopped, and decided now: {console.format_count(result.earlier, 'line')}."
        )
    if result.payments:
        done = "to propose" if is_dry_run or result.waits or not result.posted else "proposed"
        console.print_line(
            f"Late interest {done} on {console.format_count(result.payments, 'request')}: "
            f"{format_euros(result.cents)} euros. Due for them in all: {format_euros(result.interest_cents)} of interest, "
            f"{format_euros(result.compensation_cents)} of compensation."
        )
    elif not result.waits:
        console.print_line("Nothing was paid late that interest is not claimed for.")
    if result.waits:
        console.print_line(f"Late interest was not proposed: {result.waits}")
    if result.posted and result.posted.reasons:
        console.print_table(build_reason_table(result.posted.reasons))
