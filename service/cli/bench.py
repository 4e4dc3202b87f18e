"""``crescendo bench``: benchmarks; each verifies its results before it measures the time."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from service.cli.shared_options import JsonOption
from service.configuration.settings import UsageError
from service.database.embedded_server import run_embedded_server
from service.engine import kernel_warmup
from service.terminal import console, processing_progress

_ROOT = Path(__file__).parents[2]

app = App(
    name="bench",
    help="Benchmarks: each verifies its results before it measures the time.\n\nWithout a command, a whole year is "
    "processed. closing: the steps of the closing of a year; load: the service under the load of a year-end; pain001: the "
    "reading of payment files; payments: payment runs; reports: every report of a ledger.",
)
app.command("service.cli.bench_closing:measure_closing", name="closing")
app.command("service.cli.bench_load:load", name="load")
app.command("service.cli.bench_payments:payments", name="payments")
app.command("service.cli.bench_pain001:payment_files", name="pain001")
app.command("service.cli.bench_reports:measure_reports", name="reports")


@app.default
def bench(
    *,
    seed: Annotated[int, Parameter(help="The same seed produces the same year.")] = 1,
    acts: Annotated[int, Parameter(help="Payment request lines of the year.")] = 10_100_000,
    publish: Annotated[
        bool,
        Parameter(help="Append to bench/history.jsonl, update the table in the README, draw docs/bench.png."),
    ] = True,
    json: JsonOption = False,
) -> None:
    """Run the benchmarks; each verifies its results before it measures the time.

    Four measurements: a generated year is processed end to end in a new database; all its rows are copied again from
    memory (some 3 GB for the State's year) without other work, as the upper limit of the server; PL/pgSQL, row by row
    and in sets of 20,000 lines, decides the first acts of the year, with the same result for each; the decision kernels
    run alone. The first three are repeated in turn, and the median counts. Files and databases are removed at the end.
    The State's year needs some 16 GB of disk in the current folder. If other programs use the processors meanwhile, the
    figures are marked as not valid.
    """
    from bench import publication
    from bench.engine_command import Command
    from bench.suite import run_suite
    from bench.year.year_generator import Year

    try:
        year = Year(seed, acts)
    except ValueError as error:
        raise UsageError(str(error)) from error
    reporter = processing_progress.create_reporter()
    try:
        kernel_warmup.load_kernels(reporter)  # compilation happens once and is not measured
        command = (sys.executable, "-c", "from service.cli.main import main; main()")
        figures = run_suite(year, Command(command, serve_database, reporter.report_activity), Path.cwd())
    finally:
        reporter.close()
    if json:
        for warning in publication.warn_of_foreign_load(figures):
            console.print_note(warning)
        console.print_json(asdict(figures))
    else:
        console.print_line(publication.render_table(figures, publication.describe_machine()))
    if publish:
        publication.publish(figures, _ROOT)


@asynccontextmanager
async def serve_database(data: Path) -> AsyncIterator[str]:
    """Run the database of a data folder; yield its address."""
    async with run_embedded_server(data) as database:
        yield database.dsn
