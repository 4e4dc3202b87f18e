"""``crescendo assets``: the work of a year on assets."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import msgspec
from cyclopts import App, Parameter

from core.money import format_euros
from reporting.report_tables import CellType, Column, ReportTable
from service.cli.caller import UNNAMED_CALLER, UnnamedCallerOptions
from service.cli.engine_work import run_work
from service.cli.number_limits import NUMBER_OF_A_YEAR
from service.cli.shared_options import DEFAULT_DATA, DataOptions, JsonOption, MomentOption, parse_moment
from service.engine import process_tuning
from service.terminal import console, signals

if TYPE_CHECKING:
    from closing.depreciation_acts import DepreciationSums
    from service.auth.person_credentials import CommandCaller
    from service.configuration.settings import Settings
    from service.engine.asset_depreciation import DepreciationRequest, DepreciationResult

app = App(name="assets", help="Assets (immobilisations): the depreciation of a year.")
EXIT_REFUSED = 1


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class DepreciationOptions:
    """The present, and whether the charges are only tried."""

    at: MomentOption = ""
    dry_run: Annotated[
        bool,
        Parameter(name="--dry-run", negative="", show_default=False, help="Only show what would be charged."),
    ] = False


DEFAULT_DEPRECIATION = DepreciationOptions()


@app.command
def depreciate(
    *,
    year: Annotated[
        int, Parameter(name="--year", help="Exercise that is charged.", validator=NUMBER_OF_A_YEAR)
    ],
    depreciation_options: DepreciationOptions = DEFAULT_DEPRECIATION,
    caller: Annotated[UnnamedCallerOptions, Parameter(name="*")] = UNNAMED_CALLER,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> int:
    """Charge the depreciation of a year (dotations aux amortissements): what the plan of each asset gives by 31 December.

    The charges are acts of the sender closing, dated 31 December, which the engine decides beside a service at work. What
    was charged is not charged again: a further call adds only what became due since. After an interruption, run the same
    command again: it continues where it stopped.

    Exit codes: 0 all is charged; 1 something is refused or cannot be charged, or nothing can be; 2 wrong usage; 3 the
    engine cannot continue; 130 interrupted.
    """
    process_tuning.tune_process()  # before Arrow is imported
    from core.payment_rules import TIME_ZONE
    from service.engine.asset_depreciation import DepreciationRequest

    is_dry_run = depreciation_options.dry_run
    today = parse_moment(depreciation_options.at).astimezone(ZoneInfo(TIME_ZONE)).date()
    settings = options.read_settings()
    result = _charge(settings, DepreciationRequest(year, today, is_dry_run), caller.read_caller())
    if json:
        console.print_json(result)
    else:
        print_depreciation(result, is_dry_run=is_dry_run)
        _print_refusals(result, settings)
    if result.is_interrupted:
        return signals.report_interruption()
    is_refused = result.posted is not None and bool(result.posted.reasons)
    is_blocked = result.sums is not None and bool(result.sums.blocked)
    return EXIT_REFUSED if result.waits or is_refused or is_blocked else 0


def _charge(
    settings: "Settings", request: "DepreciationRequest", caller: "CommandCaller"
) -> "DepreciationResult":
    """Charge a year in the name of the caller."""
    from service.engine import asset_depreciation

    return run_work(
        settings,
        caller,
        lambda context, by, interruption, reporter: asset_depreciation.charge_depreciation(
            context, msgspec.structs.replace(request, by=by), interruption, reporter=reporter
        ),
    )


def print_depreciation(result: "DepreciationResult", *, is_dry_run: bool = False) -> None:
    """Print what was charged, or would be."""
    from service.cli.closing_tables import build_blocked_table

    if result.earlier:
        lines = console.format_count(result.earlier, "line")
        console.print_line(f"Given to the engine by an interrupted call, and decided now: {lines}.")
    if result.sums and result.sums.lines:
        console.print_table(build_charge_table(result.sums, result.year))
    if result.sums and result.sums.blocked:
        console.print_table(build_blocked_table(result.sums.blocked, "Cannot be charged"))
    if result.waits:
        console.print_line(f"Nothing is charged: {result.waits}")
    elif is_dry_run:
        console.print_line("Dry run: nothing is stored.")
    elif result.sums and not result.sums.lines:
        console.print_line(f"Nothing is left to charge for {result.year}.")
    if result.sums and result.sums.charged_lines:
        assets, euros = console.format_count(result.sums.charged_lines, "asset"), result.sums.charged_cents
        console.print_line(f"Charged for {result.year} before: {assets}, {format_euros(euros)} euros.")
    _print_receipts(result)


def _print_receipts(result: "DepreciationResult") -> None:
    for receipt in result.posted.receipts if result.posted else ():
        accepted = console.format_count(receipt.accepted.lines, "asset")
        euros = format_euros(receipt.accepted.cents)
        console.print_line(
            f"Charged for {result.year}: {accepted}, {euros} euros, as submission {receipt.submission}."
        )


def build_charge_table(sums: "DepreciationSums", year: int) -> ReportTable:
    """Build the table of what is charged by account."""
    columns = [
        *(Column("account"), Column("charge"), Column("depreciation")),
        *(Column("assets", CellType.COUNT), Column("euros", CellType.MONEY)),
    ]
    rows = [[row.account, row.charge, row.depreciation, row.lines, row.cents] for row in sums.charges]
    title = f"Depreciation of {year}, by account of the assets"
    return ReportTable(title, columns, rows, ["all", "", "", sums.lines, sums.cents], drop_order=())


def _print_refusals(result: "DepreciationResult", settings: "Settings") -> None:
    """Print why charges were refused, and the command that lists them."""
    from service.cli.processing_report import build_reason_table, print_next_steps

    if result.posted and result.posted.reasons:
        console.print_table(build_reason_table(result.posted.reasons))
        print_next_steps(result.posted, settings)
        console.print_line("\nWhat was refused is not charged: once it can be, the same command charges it.")
