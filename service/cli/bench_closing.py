"""``crescendo bench closing``: the steps of the closing of a generated year."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
    from bench.closing.closing_benchmark import ClosingFigures
    from bench.closing.served_closing import ServedLedger, ServeLedger
    from bench.load.arrivals import Load
    from service.terminal.processing_progress import ProgressReporter

_MEGABYTE = 1_000_000


def measure_closing(
    *,
    acts: Annotated[
        int,
        Parameter(
            help="Payment request lines of the year; the State's has 10,100,000.", validator=AMOUNT_OF_WORK
        ),
    ] = 100_000,
    seed: Annotated[int, Parameter(help="The same seed produces the same year.")] = 1,
    forms: Annotated[
        int,
        Parameter(
            help="Forms of the next year a second, which a service decides while it executes the steps; 0: each step is a "
            "command without a service."
        ),
    ] = 0,
    json: JsonOption = False,
) -> None:
    """Measure the steps C06, C04 and C14 of the closing of a generated year, each executed twice.

    A new database in the current folder is filled with the year, most of whose requests are paid by one run, and with the
    credits of the next one. The times are those of whole commands, the start of the server and of the engine included;
    with --forms those of tasks of a running service, with the response times of its forms beside them. What was open
    before each step must be carried or refused, and its second execution must add nothing. Files and databases are
    removed at the end. The State's year needs some 20 GB of disk.
    """
    from bench import machine
    from bench.closing.closing_benchmark import FormLoad, measure
    from bench.engine_command import Command
    from bench.year.year_generator import Year
    from service.cli.bench import serve_database

    try:
        year = Year(seed, acts)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if forms < 0:
        raise UsageError(f"--forms is {forms}, and must be at least 0")
    reporter = processing_progress.create_reporter()
    try:
        kernel_warmup.load_kernels(reporter)  # compilation happens once and is not measured
        words = (sys.executable, "-c", "from service.cli.main import main; main()")
        command = Command(words, serve_database, reporter.report_activity)
        form_load = FormLoad(forms, create_server(reporter)) if forms else None
        figures = measure(command, year, Path.cwd(), forms=form_load)
    finally:
        reporter.close()
    if json:
        more = {"first_seconds": figures.first_seconds, "machine": machine.describe_machine()}
        console.print_json({**asdict(figures), **more})
        return
    _print_figures(figures)
    console.print_line(machine.describe_machine())


def create_server(reporter: "ProgressReporter") -> "ServeLedger":
    """Create the way to run a service of the benchmark's ledger, with the keys of a load."""

    @contextmanager
    def serve(data: Path, load: "Load") -> "Iterator[ServedLedger]":
        from bench.closing.served_closing import ServedLedger
        from service.cli.bench_load import choose_rate_limit, create_target
        from service.cli.bench_load_target import serve_ledger

        reporter.report_activity("starting a service")
        with serve_ledger(data, load.senders, choose_rate_limit(load)) as service:
            yield ServedLedger(create_target(service, reporter), service.dsn)

    return serve


def _print_figures(figures: "ClosingFigures") -> None:
    console.print_line(f"{figures.lines:,} lines of the year, {figures.entries:,} entries.")
    for row in figures.steps:
        console.print_line(
            f"  {row.step}: {row.lines:,} lines, {row.refused:,} refused, in {row.seconds:.1f} s, "
            f"{row.lines_a_second:,} a second{_describe_memory(row.peak_memory_bytes)}; "
            f"again {row.second_seconds:.1f} s{_describe_memory(row.second_peak_memory_bytes)}"
        )
    console.print_line(f"First executions together: {figures.first_seconds:.1f} s.")
    if forms := figures.forms:
        times = ", ".join(f"{name} {value:,.0f}" for name, value in forms.latency_ms.items())
        console.print_line(
            f"{forms.forms:,} forms beside them, {forms.rate:,} a second, answered within ms: {times}. "
            f"The service used {forms.peak_memory_bytes // _MEGABYTE:,} MB."
        )
    if not figures.foreign_load.is_quiet:
        console.print_note(f"Other programs used {figures.foreign_load.describe()}: the times are too long.")


def _describe_memory(peak_bytes: int) -> str:
    return f", {peak_bytes // _MEGABYTE:,} MB" if peak_bytes else ""
