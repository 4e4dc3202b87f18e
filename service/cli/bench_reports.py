"""``crescendo bench reports``: every report of a ledger, with its time, its memory and its bar."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from service.cli.number_limits import AMOUNT_OF_WORK
from service.cli.shared_options import JsonOption
from service.configuration.settings import UsageError
from service.engine import kernel_warmup
from service.terminal import console, processing_progress

if TYPE_CHECKING:
    from bench.reports.report_benchmark import ReportsFigures

_MEGABYTE = 1_000_000


def measure_reports(
    *,
    acts: Annotated[
        int,
        Parameter(
            help="Payment request lines of the year; the State's has 10,100,000.", validator=AMOUNT_OF_WORK
        ),
    ] = 100_000,
    seed: Annotated[int, Parameter(help="The same seed produces the same year.")] = 1,
    ledger: Annotated[
        Path | None, Parameter(help="The data folder of a ledger to measure, in place of a generated year.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Run every report on a generated year, or on a ledger, and say whether it met its bar.

    The results must agree with one another, and the ledger must be proven, before a time counts. The times are those of whole
    commands, the start of the server included; the bars are those of the State's year on two cores without other work: 5 s for
    a report, 30 s and 2 GB for verify. Reports of any length, which are written page by page, are not measured. Files and
    databases of a generated year are removed at the end.
    """
    from bench import machine
    from bench.engine_command import Command
    from bench.reports.report_benchmark import measure_ledger, measure_year
    from bench.year.year_generator import Year
    from service.cli.bench import serve_database

    try:
        year = Year(seed, acts)
    except ValueError as error:
        raise UsageError(str(error)) from error
    reporter = processing_progress.create_reporter()
    words = (sys.executable, "-c", "import sys; from service.cli.main import main; sys.exit(main())")
    command = Command(words, serve_database, reporter.report_activity)
    try:
        if ledger is None:
            kernel_warmup.load_kernels(reporter)  # compilation happens once and is not measured
        figures = measure_ledger(command, ledger) if ledger else measure_year(command, year, Path.cwd())
    finally:
        reporter.close()
    if json:
        console.print_json({**asdict(figures), "machine": machine.describe_machine()})
        return
    _print_figures(figures)
    console.print_line(machine.describe_machine())


def _print_figures(figures: "ReportsFigures") -> None:
    console.print_line(
        f"{figures.entries:,} entries, which the server reads once in {figures.reading_seconds:.2f} s."
    )
    for row in figures.reports:
        bar = f"{row.bar_seconds:.0f} s"
        if row.bar_memory_bytes:
            bar += f" and {row.bar_memory_bytes // _MEGABYTE:,} MB"
        console.print_line(
            f"  {row.report}: {row.seconds:.2f} s, {row.readings:.1f} readings, "
            f"{row.peak_memory_bytes // _MEGABYTE:,} MB; bar {bar}: {'met' if row.is_met else 'NOT met'}"
        )
    if not figures.foreign_load.is_quiet:
        console.print_note(f"Other programs used {figures.foreign_load.describe()}: the times are too long.")
