"""Every report of ``reporting.report_catalog`` as a command on one ledger: seconds, peak memory, and whether it met its bar.

The results are compared with one another before any time counts: the reports of commitments add up to the same, whatever their
rows are, the books balance, and all are as of one batch.  The times are also given in readings of the journal, the time in
which the server adds up one column of all entries: that ratio hardly depends on the machine.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from bench.engine_command import Command, EndedCommand, run_command
from bench.foreign_processes import ForeignLoad, find_largest
from bench.reports import journal_reading_queries
from bench.year import year_files
from bench.year.year_generator import Year
from bench.year.year_processing import check_receipts
from reporting.report_catalog import REPORTS

REPORT_SECONDS, VERIFY_SECONDS = 5.0, 30.0
"""The bars, of a State's year."""
VERIFY = "verify"
_VERIFY_BYTES = 2 * 10**9


class ReportBar(NamedTuple):
    """The most that a command may need."""

    seconds: float
    memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ReportFigures:
    """One report, as a whole command, the start of the server included."""

    report: str
    seconds: float
    readings: float
    """The seconds over those of one reading of the journal."""
    peak_memory_bytes: int
    """Of the largest process, which is that of the command or one of its server."""
    bar_seconds: float
    bar_memory_bytes: int | None
    is_met: bool


@dataclass(frozen=True, slots=True)
class ReportsFigures:
    """All reports of a ledger."""

    entries: int
    reading_seconds: float
    """The server adds up one column of all entries."""
    reports: tuple[ReportFigures, ...]
    foreign_load: ForeignLoad


def list_report_names() -> list[str]:
    """List the reports that are measured: all but those of any length, which are written page by page."""
    return [report.name for report in REPORTS if report.detail is None or report.detail.parameter]


def measure_ledger(command: Command, data: Path) -> ReportsFigures:
    """Run every report on the ledger of a data folder, compare the results, and return the times.

    Raises
    ------
    RuntimeError
        A command failed, or two results contradict each other.
    """
    ended: dict[str, EndedCommand] = {}
    for name in list_report_names():
        command.report_progress(f"report {name}")
        ended[name] = run_command(command, ["report", name, "--data", str(data)])
    command.report_progress(VERIFY)
    ended[VERIFY] = run_command(command, [VERIFY, "--data", str(data)])
    check_results({name: of_report.result for name, of_report in ended.items()})
    command.report_progress("reading the journal")
    reading = asyncio.run(journal_reading_queries.measure_journal(command.serve_database, data))
    figures = tuple(_build_figures(name, of_report, reading.seconds) for name, of_report in ended.items())
    load = find_largest([of_report.foreign_load for of_report in ended.values()])
    return ReportsFigures(reading.entries, reading.seconds, figures, load)


def measure_year(command: Command, year: Year, folder: Path | None = None) -> ReportsFigures:
    """Generate and process a year in a new folder within ``folder``, which is removed at the end, and measure its reports."""
    work_folder = Path(tempfile.mkdtemp(prefix="crescendo-bench-", dir=folder))
    try:
        command.report_progress("generating the year")
        summary = year_files.generate_files(command, year, work_folder / "year")
        files = [str(work_folder / "year" / file["name"]) for file in summary["files"]]
        command.report_progress(f"processing {summary['rows']:,} lines")
        data = work_folder / "data"
        check_receipts(run_command(command, ["run", *files, "--data", str(data)]), summary["rows"])
        return measure_ledger(command, data)
    finally:
        shutil.rmtree(work_folder)


def check_results(results: Mapping[str, Mapping[str, Any]]) -> None:
    """Compare the results of all reports with one another.

    Raises
    ------
    RuntimeError
        Two results contradict each other, or the ledger is not proven.
    """
    faults = list(_find_faults(results))
    if faults:
        raise RuntimeError(f"the reports contradict each other: {', '.join(faults)}")


def _find_faults(results: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    batches = {result["batch"] for result in results.values() if "batch" in result}
    if len(batches) != 1:
        yield f"they are as of the batches {sorted(batches)}"
    commitments, remaining = results["commitments"], results["remaining"]
    for name in ("engaged_cents", "withdrawn_cents", "paid_cents", "remaining_cents"):
        if commitments[name] != remaining[name]:
            yield f"{name} of commitments are {commitments[name]}, by year of engagement {remaining[name]}"
    balance = results["trial-balance"]
    if balance["debit_cents"] != balance["credit_cents"]:
        yield "debits are not credits"
    if any(year["difference_cents"] for year in results["statements"]["years"]):
        yield "a balance sheet is not balanced"
    if not results[VERIFY]["proven"]:
        yield "the ledger is not proven"


def _build_figures(name: str, ended: EndedCommand, reading_seconds: float) -> ReportFigures:
    bar = ReportBar(VERIFY_SECONDS, _VERIFY_BYTES) if name == VERIFY else ReportBar(REPORT_SECONDS)
    return ReportFigures(
        name,
        ended.wall_seconds,
        round(ended.wall_seconds / max(reading_seconds, 0.001), 2),
        ended.peak_memory_bytes,
        *bar,
        is_met(ended.wall_seconds, ended.peak_memory_bytes, bar),
    )


def is_met(seconds: float, memory_bytes: int, bar: ReportBar) -> bool:
    """Return whether a command met its bar."""
    return seconds <= bar.seconds and (bar.memory_bytes is None or memory_bytes <= bar.memory_bytes)
