"""``crescendo bench``: figures that were verified before they were timed."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from service.cli.options import Json
from service.database.embedded import embedded
from service.engine import kernel_warmup
from service.settings import Misuse
from service.terminal import console, processing_progress

_ROOT = Path(__file__).parents[2]

app = App(name="bench", help="Benchmarks that verify before they time.")
app.command("service.cli.bench_load:load", name="load")
app.command("service.cli.bench_payments:payments", name="payments")
app.command("service.cli.bench_pain001:payment_files", name="pain001")


@app.default
def bench(
    *,
    seed: Annotated[int, Parameter(help="The same seed gives the same year.")] = 1,
    acts: Annotated[int, Parameter(help="Payment request lines of the year.")] = 10_100_000,
    publish: Annotated[
        bool, Parameter(help="Append to bench/history.jsonl, fill the README's table, draw docs/bench.png.")
    ] = True,
    json: Json = False,
) -> None:
    """Benchmarks that verify before they time.

    A year is generated and processed end to end in a fresh database; all its rows are copied anew from memory (some
    3 GB for the State's year) without anything else, as the most the server can do; row-by-row PL/pgSQL decides the
    first acts of such a year, and must say the same of each; then the decision kernels work by themselves. Files and
    database are removed at the end; the State's year takes some 12 GB of disk in the current folder meanwhile.
    """
    from bench import publication
    from bench.suite import Command, run_suite
    from bench.year.year_generator import Year

    try:
        year = Year(seed, acts)
    except ValueError as error:
        raise Misuse(str(error)) from error
    teller = processing_progress.narrator()
    try:
        kernel_warmup.load(teller)  # what is compiled once and for all is no part of a run
        words = (sys.executable, "-c", "from service.cli.main import main; main()")
        figures = run_suite(year, Command(words, _serving, teller.doing), Path.cwd())
    finally:
        teller.close()
    if json:
        console.as_json(asdict(figures))
    else:
        console.say(publication.table(figures, publication.machine()))
    if publish:
        publication.publish(figures, _ROOT)


@asynccontextmanager
async def _serving(data: Path) -> AsyncIterator[str]:
    async with embedded(data) as database:
        yield database.dsn
