"""What a run came to, for people."""

from collections.abc import Sequence

from reporting.report_tables import Cell, CellType, Column, ReportTable
from service.engine.dry_run import DryRunReport
from service.engine.file_processing import FileRejection, ProcessingResult, Speed
from service.results.dry_run_result import DryRunResult
from service.results.receipts import OUTCOMES, Reason, Receipt
from service.terminal.console import format_count, print_heading, print_line, print_table

HASH_SHOWN = 12


def print_result(result: ProcessingResult) -> None:
    """Write receipts, refusals and speed."""
    if result.receipts:
        print_table(build_receipt_table(result.receipts))
    for each in result.known:
        said = "processed before" if each.done else "waits until its sender is no longer paused"
        way_on = "; --again presents it anew" if each.done else ""
        print_line(f"{each.file}: {said}, as submission {each.submission}{way_on}")
    for path in result.twice:
        print_line(f"{path}: the same bytes as another file, and taken once")
    _print_rejected(result.rejected)
    for each in result.answered:
        print_line(f"{each.file}: pain.002 in {each.pain002}")
    if result.lost:
        print_heading("Set aside: their files are gone from the spool")
        for each in result.lost:
            print_line(f"  submission {each.submission}: {each.reason}")
    if result.reasons:
        print_table(build_reason_table(result.reasons))
    if not (result.receipts or result.known or result.rejected or result.lost):
        print_line("Nothing to do: no files were named, and no earlier run left any unfinished.")
    print_line()
    if result.receipts:
        print_line(describe_speed(result.speed))
    print_line(f"Chain after batch {result.batch:,}: {result.chain}")


def print_dry_run(result: DryRunReport) -> None:
    """Write what would become of files."""
    print_dry_run_files(result.files)
    for each in result.known:
        print_line(
            f"{each.file}: processed before, as submission {each.submission}; --again presents it anew"
        )
    for path in result.twice:
        print_line(f"{path}: the same bytes as another file, and would be taken once")
    _print_rejected(result.rejected)
    print_line()
    print_line(f"A dry run, decided after batch {result.batch:,} and taken back: nothing is stored.")


def print_dry_run_files(results: Sequence[DryRunResult]) -> None:
    """Write what would become of each file, and why lines of it would be refused."""
    if results:
        print_table(build_dry_run_table(results))
    for each in results:
        if each.reasons:
            print_table(build_reason_table(each.reasons, f"Lines of {each.file} that would be refused"))


def build_dry_run_table(results: Sequence[DryRunResult]) -> ReportTable:
    """One row a file."""
    shown = ("accepted", "duplicate", "refused")
    columns = [
        *(Column("file"), Column("lines", CellType.COUNT), *(Column(name, CellType.COUNT) for name in shown)),
        Column("accepted, euros", CellType.MONEY),
    ]
    rows = [
        [each.file, each.lines, *(getattr(each, name).lines for name in shown), each.accepted.cents]
        for each in results
    ]
    return ReportTable("What would become of them", columns, rows)


def _print_rejected(rejected: Sequence[FileRejection]) -> None:
    if rejected:
        print_heading("Refused whole")
        for each in rejected:
            print_line(f"  {each.file}: {_format_place(each.file, each.where)}{each.found}. {each.remedy}.")


def _format_place(file: str, where: str) -> str:
    """Where in the file, when it says more than which file."""
    name = file.rpartition("/")[2]
    rest = where.removeprefix(name).lstrip(", ")
    return f"{rest}: " if rest else ""


def build_receipt_table(receipts: Sequence[Receipt]) -> ReportTable:
    """One row a submission; outcomes that never came are left out."""
    shown = [
        name for name in OUTCOMES if name == "accepted" or any(getattr(each, name).lines for each in receipts)
    ]
    columns = [
        *(Column("no.", CellType.COUNT), Column("file"), Column("lines", CellType.COUNT)),
        *(Column(name, CellType.COUNT) for name in shown),
        *(Column("accepted, euros", CellType.MONEY), Column("chain")),
    ]
    rows = [_build_receipt_row(each, shown) for each in receipts]
    lines = [sum(getattr(each, name).lines for each in receipts) for name in shown]
    foot = [
        None,
        "all",
        sum(each.lines for each in receipts),
        *lines,
        sum(each.accepted.cents for each in receipts),
        "",
    ]
    return ReportTable("Receipts", columns, rows, foot if len(rows) > 1 else ())


def _build_receipt_row(receipt: Receipt, shown: Sequence[str]) -> list[Cell]:
    lines = [getattr(receipt, name).lines for name in shown]
    end = " (cancelled)" if receipt.cancelled else "" if receipt.done else " (unfinished)"
    chain = (receipt.chain or "")[:HASH_SHOWN]
    return [receipt.submission, f"{receipt.file}{end}", receipt.lines, *lines, receipt.accepted.cents, chain]


def build_reason_table(reasons: Sequence[Reason], title: str = "Refused lines") -> ReportTable:
    """One row a refusal code."""
    columns = [
        *(Column("reason"), Column("lines", CellType.COUNT)),
        *(Column("euros", CellType.MONEY), Column("what it means")),
    ]
    rows = [[each.code, each.lines, each.cents, each.finding] for each in reasons]
    foot = ["all", sum(each.lines for each in reasons), sum(each.cents for each in reasons), ""]
    return ReportTable(title, columns, rows, foot)


def describe_speed(speed: Speed) -> str:
    """How long it took and what it cost."""
    stages = ", ".join(f"{name} {spent:.2f}" for name, spent in speed.stage_microseconds_a_line.items())
    return (
        f"{format_count(speed.lines, 'line')} in {speed.seconds:.1f} s from the command's start to the last commit, "
        f"{speed.lines_a_second:,} a second; {speed.working_seconds:.1f} s of it at work; "
        f"then {speed.indexing_seconds:.1f} s of indexing for look-ups; "
        f"peak memory {speed.peak_memory_bytes / 1e6:,.0f} MB.\n"
        f"Core-microseconds a line: {speed.core_microseconds_a_line:.2f} in all; {stages}."
    )
