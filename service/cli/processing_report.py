"""The results of file processing and dry runs as tables and sentences."""

from collections.abc import Sequence

from core.outcome_codes import Outcome
from reporting.report_tables import Cell, CellType, Column, ReportTable
from service.cli.pasted_commands import format_command
from service.configuration.settings import Settings
from service.engine.dry_run import DryRunReport
from service.engine.processing_result import FileRejection, ProcessingResult, Speed
from service.results.dry_run_result import REFUSALS_MAX, DryRunResult
from service.results.receipt_queries import EXAMPLES_OF_A_FILE, FILES_WITH_EXAMPLES
from service.results.receipts import OUTCOMES, Reason, Receipt
from service.terminal.console import format_count, print_command, print_heading, print_line, print_table

HASH_SHOWN = 12
UNCHECKED_INVOICES = "nothing tells whether these invoices were requested before."
NO_CREDITS = (
    "No credits are opened yet: every act that needs credits is refused in this ledger. Acts of the kinds budget_opening_ae "
    "and budget_opening_cp open them, allotment_ae and allotment_cp pass them on to each BOP and UO; docs/example.md has a "
    "whole example. A ledger with credits is that of the demonstration (--data crescendo-demo/data)."
)
_LACK_OF_CREDITS = frozenset(
    code.name for code in (Outcome.AE_EXCEEDED, Outcome.CP_EXCEEDED, Outcome.ALLOTMENT_EXCEEDED)
)


def print_result(result: ProcessingResult) -> None:
    """Print receipts, refusals and speed."""
    if result.receipts:
        print_table(build_receipt_table(result.receipts))
    print_readings(result.receipts)
    for receipt in result.receipts:
        if receipt.cancelled:
            print_line(
                f"{receipt.file}: cancelled while it waited, as submission {receipt.submission}; "
                "the same command processes it as a new attempt"
            )
    for receipt in result.known:
        state = "processed before" if receipt.done else "waits until its sender is no longer paused"
        remedy = "; --again processes it again" if receipt.done else ""
        print_line(f"{receipt.file}: {state}, as submission {receipt.submission}{remedy}")
    for path in result.twice:
        print_line(f"{path}: same bytes as another file, processed once")
    _print_rejected_files(result.rejected)
    for report in result.answered:
        print_line(f"{report.file}: pain.002 in {report.pain002}")
    if result.lost:
        print_heading("Set aside: their files are missing from the spool")
        for missing in result.lost:
            print_line(f"  submission {missing.submission}: {missing.reason}")
    if result.reasons:
        print_table(build_reason_table(result.reasons))
    if result.requests_without_invoice:
        requests = format_count(result.requests_without_invoice, "payment request")
        print_line(f"{requests} accepted without an invoice number: {UNCHECKED_INVOICES}")
    if not (result.receipts or result.known or result.rejected or result.lost):
        print_line("Nothing to do: no files were named, and none is unfinished.")
    print_line()
    if result.receipts:
        print_line(describe_speed(result.speed))
    print_line(f"Chain after batch {result.batch:,}: {result.chain}")


def print_next_steps(result: ProcessingResult, settings: Settings) -> None:
    """Print the first refused lines, the command that shows all, and what to do if no credits are open."""
    refused = [receipt for receipt in result.receipts if receipt.refused.lines]
    for receipt in refused[:FILES_WITH_EXAMPLES]:
        print_line(f"\nFirst refused lines of {receipt.file}; this command shows all, and what to do:")
        print_command(
            f"  {format_command(['report', 'refusals', '--submission', str(receipt.submission)], settings)}"
        )
        for example in result.refused_examples:
            if example.submission == receipt.submission:
                print_line(f"  line {example.line:,}  {example.reference}  {example.code}")
    if not result.has_credits and any(reason.code in _LACK_OF_CREDITS for reason in result.reasons):
        print_line(f"\n{NO_CREDITS}")


def print_readings(results: Sequence[Receipt | DryRunResult]) -> None:
    """Print in which charset each file was read, if one was stated, and which of its columns were not."""
    for result in results:
        if isinstance(result, Receipt) and result.charset:
            print_line(f"{result.file}: read in {result.charset}")
        if result.extra_columns:
            names = ", ".join(name or '""' for name in result.extra_columns)
            print_line(f"{result.file}: columns that are not of the format, and not read: {names}")


def print_dry_run(result: DryRunReport) -> None:
    """Print how files would be decided."""
    print_dry_run_files(result.files)
    for file in result.known:
        print_line(
            f"{file.file}: processed before, as submission {file.submission}; --again processes it again"
        )
    for path in result.twice:
        print_line(f"{path}: same bytes as another file, would be processed once")
    _print_rejected_files(result.rejected)
    print_line()
    print_line(f"Dry run after batch {result.batch:,}: nothing is stored.")


def print_dry_run_files(results: Sequence[DryRunResult]) -> None:
    """Print how each file would be decided, and why lines would be refused."""
    if results:
        print_table(build_dry_run_table(results))
    print_readings(results)
    for result in results:
        if result.reasons:
            print_table(build_reason_table(result.reasons, f"Lines of {result.file} that would be refused"))
        _print_first_refusals(result)


def _print_first_refusals(result: DryRunResult) -> None:
    if result.refusals:
        print_line(
            f"\nFirst of these lines of {result.file}; --json lists up to {REFUSALS_MAX:,}, and what to do:"
        )
    for refusal in result.refusals[:EXAMPLES_OF_A_FILE]:
        print_line(f"  line {refusal.line:,}  {refusal.reference}  {refusal.code}")


def build_dry_run_table(results: Sequence[DryRunResult]) -> ReportTable:
    """Build a table with one row per file."""
    outcomes = ("accepted", "duplicate", "refused")
    columns = [
        *(
            Column("file"),
            Column("lines", CellType.COUNT),
            *(Column(name, CellType.COUNT) for name in outcomes),
        ),
        Column("accepted, euros", CellType.MONEY),
    ]
    rows = [
        [
            result.file,
            result.lines,
            *(getattr(result, name).lines for name in outcomes),
            result.accepted.cents,
        ]
        for result in results
    ]
    return ReportTable("Expected outcome", columns, rows, drop_order=("duplicate", "accepted, euros"))


def _print_rejected_files(rejected: Sequence[FileRejection]) -> None:
    if rejected:
        print_heading("Refused whole")
        for rejection in rejected:
            place = _format_place(rejection.file, rejection.where)
            print_line(f"  {rejection.file}: {place}{rejection.found}. {rejection.remedy}.")


def _format_place(file: str, where: str) -> str:
    """Return the place in the file, or nothing if it is just the name of the file."""
    name = file.rpartition("/")[2]
    place = where.removeprefix(name).lstrip(", ")
    return f"{place}: " if place else ""


def build_receipt_table(receipts: Sequence[Receipt]) -> ReportTable:
    """Build a table with one row per submission; columns of outcomes that do not occur are omitted."""
    outcomes = [
        name
        for name in OUTCOMES
        if name == "accepted" or any(getattr(receipt, name).lines for receipt in receipts)
    ]
    columns = [
        *(Column("no.", CellType.COUNT), Column("file"), Column("lines", CellType.COUNT)),
        *(Column(name, CellType.COUNT) for name in outcomes),
        *(Column("accepted, euros", CellType.MONEY), Column("chain")),
    ]
    rows = [_build_receipt_row(receipt, outcomes) for receipt in receipts]
    lines = [sum(getattr(receipt, name).lines for receipt in receipts) for name in outcomes]
    foot = [
        None,
        "all",
        sum(receipt.lines for receipt in receipts),
        *lines,
        sum(receipt.accepted.cents for receipt in receipts),
        "",
    ]
    order = ("chain", "duplicate", "suspended", "accepted, euros", "no.")
    return ReportTable("Receipts", columns, rows, foot if len(rows) > 1 else (), order)


def _build_receipt_row(receipt: Receipt, outcomes: Sequence[str]) -> list[Cell]:
    lines = [getattr(receipt, name).lines for name in outcomes]
    end = " (cancelled)" if receipt.cancelled else "" if receipt.done else " (unfinished)"
    chain = (receipt.chain or "")[:HASH_SHOWN]
    return [receipt.submission, f"{receipt.file}{end}", receipt.lines, *lines, receipt.accepted.cents, chain]


def build_reason_table(reasons: Sequence[Reason], title: str = "Refused lines") -> ReportTable:
    """Build a table with one row per refusal code."""
    columns = [
        *(Column("reason"), Column("lines", CellType.COUNT)),
        *(Column("euros", CellType.MONEY), Column("what it means", CellType.PROSE)),
    ]
    rows = [[reason.code, reason.lines, reason.cents, reason.finding] for reason in reasons]
    foot = ["all", sum(reason.lines for reason in reasons), sum(reason.cents for reason in reasons), ""]
    return ReportTable(title, columns, rows, foot, drop_order=("what it means", "euros"))


def describe_speed(speed: Speed) -> str:
    """Return sentences on time, rate, memory and processor time."""
    stages = ", ".join(
        f"{stage} {microseconds:.2f}" for stage, microseconds in speed.stage_microseconds_a_line.items()
    )
    by_stage = f"; {stages}" if stages else ""
    return (
        f"{format_count(speed.lines, 'line')} in {speed.seconds:.1f} s from the start of the command to the last commit, "
        f"{speed.lines_a_second:,} per second.\n"
        f"Of it {speed.working_seconds:.1f} s processing; then {speed.indexing_seconds:.1f} s building look-up indexes; "
        f"peak memory {speed.peak_memory_bytes / 1e6:,.0f} MB.\n"
        f"Core-microseconds per line: {speed.core_microseconds_a_line:.2f} in total{by_stage}."
    )
