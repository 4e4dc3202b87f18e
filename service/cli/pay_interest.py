"""``crescendo pay interest``: propose the late interest that is due to creditors without a claim of theirs."""

from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from core.money import format_euros
from service.cli.caller import UNNAMED_CALLER, UnnamedCallerOptions
from service.cli.engine_work import run_work
from service.cli.shared_options import DEFAULT_DATA, DataOptions, JsonOption, MomentOption, parse_moment
from service.engine import process_tuning
from service.terminal import console, signals

if TYPE_CHECKING:
    from service.auth.person_credentials import CommandCaller
    from service.configuration.settings import Settings
    from service.engine.late_interest import InterestRequest, InterestResult

EXIT_REFUSED = 1


def interest(
    *,
    at: MomentOption = "",
    dry_run: Annotated[
        bool,
        Parameter(
            name="--dry-run", negative="", show_default=False, help="Only show what would be proposed."
        ),
    ] = False,
    caller: Annotated[UnnamedCallerOptions, Parameter(name="*")] = UNNAMED_CALLER,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> int:
    """Propose late interest and compensation for all requests that were paid after the end of their term.

    The proposals become requests in the journal, with their own credits, and the next payment run pays them. Amounts
    that were claimed before, by anyone, are not claimed again. After an interruption, run the same command again: it
    continues where it stopped.

    Exit codes: 0 done; 1 some requests were refused, for example for lack of credits, or no proposal was possible, for
    example because the day is in no open period; 2 wrong usage; 3 the engine cannot continue; 130 interrupted.
    """
    process_tuning.tune_process()  # before Arrow is imported
    from service.engine.late_interest import InterestRequest

    request = InterestRequest(parse_moment(at), dry_run)
    result = propose_interest(options.read_settings(), request, caller.read_caller())
    if json:
        console.print_json(result)
    else:
        print_interest(result, is_dry_run=dry_run)
    if result.is_interrupted:
        return signals.report_interruption()
    return EXIT_REFUSED if result.waits or (result.posted and result.posted.reasons) else 0


def propose_interest(
    settings: "Settings", request: "InterestRequest", caller: "CommandCaller"
) -> "InterestResult":
    """Propose late interest in the name of the caller."""
    from service.engine import late_interest

    return run_work(
        settings,
        caller,
        lambda context, by, interruption, reporter: late_interest.propose_interest(
            context, msgspec.structs.replace(request, by=by), interruption, reporter=reporter
        ),
    )


def print_interest(result: "InterestResult", *, is_dry_run: bool = False) -> None:
    """Print what was proposed."""
    from service.cli.processing_report import build_reason_table

    if result.earlier:
        console.print_line(
            f"Proposed by an interrupted call, and decided now: {console.format_count(result.earlier, 'line')}."
        )
    if result.payments:
        verb = "to propose" if is_dry_run or result.waits or not result.posted else "proposed"
        console.print_line(
            f"Late interest {verb}: {console.format_count(result.payments, 'claim')},"
            f" {format_euros(result.cents)} euros. Total due for them: {format_euros(result.interest_cents)} of interest, "
            f"{format_euros(result.compensation_cents)} of compensation."
        )
    elif not result.waits:
        console.print_line("Interest is already claimed for everything that was paid late.")
    if result.waits:
        console.print_line(f"Late interest was not proposed: {result.waits}")
    if result.posted and result.posted.reasons:
        console.print_table(build_reason_table(result.posted.reasons))
