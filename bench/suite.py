"""All benchmarks together: the year end to end, the best the server could do, its peers, and the kernels alone."""

import asyncio
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from bench import machine
from bench.command_times import (
    CommandTimes,
    MeasuredLedger,
    measure_paid_delays,
    measure_queries,
    measure_small_files,
)
from bench.engine_command import Command, run_command
from bench.foreign_processes import ForeignLoad, find_largest
from bench.kernels import decision_benchmark
from bench.kernels.decision_benchmark import KernelFigures
from bench.measured_servers import prepare_server
from bench.peers import copy_queries
from bench.peers.copy_roofline import Roofline, measure_roofline
from bench.peers.plpgsql_peer import Peer, measure_peer
from bench.year.year_files import generate_files
from bench.year.year_generator import Year
from bench.year.year_processing import YearProcessing, check_receipts

TOUCHED_BYTES_A_LINE = 800
"""Twice the row (in the journal and in the write-ahead log), the line's share of the book, and the same again."""
DEMO_ACTS = 65_000
"""Payment requests of the year that ``crescendo demo`` processes."""
ROUNDS = 3
"""How often the year and raw COPY are measured, in turn; the median counts."""


class _Timed(Protocol):
    @property
    def seconds(self) -> float: ...


TimedT = TypeVar("TimedT", bound=_Timed)


@dataclass(frozen=True, slots=True)
class SuiteFigures:
    """The figures of all benchmarks."""

    seed: int
    acts: int
    server: str
    runs: tuple[YearProcessing, ...]
    """The year, once a round."""
    start_seconds: float
    """Duration of the whole command when the journal contains the year and nothing is to do."""
    raws: tuple[Roofline, ...]
    """Raw COPY of the rows of each of ``runs``."""
    peer: Peer
    decision: KernelFigures
    availability: KernelFigures
    year_commands: CommandTimes
    """Whole commands on the ledger of the year."""
    demo_commands: CommandTimes
    """Whole commands on a ledger of the demo's size."""
    paid_commands: CommandTimes
    """Whole commands on the ledger of the demonstration, whose requests are paid."""

    @property
    def run(self) -> YearProcessing:
        """The year with the median duration."""
        return _find_median(self.runs)

    @property
    def raw(self) -> Roofline:
        """The raw copy with the median duration."""
        return _find_median(self.raws)

    @property
    def ratio(self) -> float:
        """The rate of the year over that of the raw copy: both store the same rows, so it is the inverse ratio of times."""
        return self.raw.seconds / self.run.seconds

    @property
    def row_peer_ratio(self) -> float:
        """The rate of the year over that of row-by-row PL/pgSQL on the first acts of such a year."""
        return self.run.lines_a_second / self.peer.lines_a_second

    @property
    def set_peer_ratio(self) -> float:
        """The rate of the year over that of set-based PL/pgSQL on the same acts."""
        return self.run.lines_a_second / self.peer.set_lines_a_second

    @property
    def foreign_load(self) -> ForeignLoad:
        """The largest load of other programs during one of the measurements."""
        measured = [figures.foreign_load for figures in (*self.runs, *self.raws)]
        return find_largest([*measured, self.peer.foreign_load])


def _find_median(rounds: Sequence[TimedT]) -> TimedT:
    median = statistics.median_low(figures.seconds for figures in rounds)
    return next(figures for figures in rounds if figures.seconds == median)


def run_suite(
    year: Year, command: Command, folder: Path | None = None, *, rounds: int = ROUNDS
) -> SuiteFigures:
    """Run all benchmarks: the year and the raw copy in turn, PL/pgSQL, the kernels; each is verified before it is timed.

    Files and databases are in a new folder within ``folder``, which is removed at the end.

    Raises
    ------
    RuntimeError
        The processing failed, or its receipts do not add up to the generated lines.
    """
    work_folder = Path(tempfile.mkdtemp(prefix="crescendo-bench-", dir=folder))
    try:
        command.report_progress("generating the year")
        summary = generate_files(command, year, work_folder / "year")
        files = [str(work_folder / "year" / file["name"]) for file in summary["files"]]
        command.report_progress("touching memory")
        machine.touch_memory(summary["rows"] * TOUCHED_BYTES_A_LINE)
        measured = [
            _measure_round(command, files, summary["rows"], folder=work_folder, number=number)
            for number in range(1, rounds + 1)
        ]
        data = _name_data_folder(work_folder, rounds)
        command.report_progress("starting with the year in the journal")
        start_seconds = _time_start(command, files[0], data)
        command.report_progress("timing commands")
        year_commands = measure_queries(command, MeasuredLedger(data, _read_reference(files[-1])))
        demo_commands = _measure_demo(command, year, work_folder)
        paid_commands = _measure_paid_demo(command, year, work_folder)
        peer, server = asyncio.run(_measure_peer(year, command, work_folder))
    finally:
        shutil.rmtree(work_folder)
    command.report_progress("deciding in memory")
    kernels = decision_benchmark.measure_decide(), decision_benchmark.measure_availability()
    runs, raws = zip(*measured, strict=True)
    commands = year_commands, demo_commands, paid_commands
    return SuiteFigures(year.seed, year.acts, server, runs, start_seconds, raws, peer, *kernels, *commands)


class _Round(NamedTuple):
    """The year and the raw copy, one behind the other, each on a new server."""

    run: YearProcessing
    raw: Roofline


def _measure_round(command: Command, files: list[str], lines: int, *, folder: Path, number: int) -> _Round:
    """Process the year, then copy its rows raw; the data folder of the round before is removed first."""
    shutil.rmtree(_name_data_folder(folder, number - 1), ignore_errors=True)
    data, raw_data = _name_data_folder(folder, number), folder / "raw-data"
    command.report_progress(f"processing {lines:,} lines, round {number}")
    asyncio.run(prepare_server(command.serve_database, data))
    os.sync()
    run = check_receipts(run_command(command, ["run", *files, "--data", str(data)]), lines)
    command.report_progress(f"copying the same rows raw, round {number}")
    raw = measure_roofline(command.serve_database, data, raw_data)
    shutil.rmtree(raw_data)
    if raw.entries != run.accepted:
        raise RuntimeError(f"{raw.entries} entries in the journal, the receipts accepted {run.accepted}")
    return _Round(run, raw)


def _name_data_folder(folder: Path, number: int) -> Path:
    return folder / f"data-{number}"


def _time_start(command: Command, processed_file: str, data: Path) -> float:
    """Time the command with a file that it has already processed; return seconds."""
    ended = run_command(command, ["run", processed_file, "--data", str(data)])
    if len(ended.result["known"]) != 1 or ended.result["receipts"]:
        raise RuntimeError(f"{processed_file} was already processed, and was processed again")
    return ended.wall_seconds


def _read_reference(path: str) -> str:
    """Return the reference of the first line of a file of the year."""
    from pyarrow import parquet

    batch = next(parquet.ParquetFile(path).iter_batches(1, columns=["reference"]))
    return batch.column(0)[0].as_py()


def _measure_demo(command: Command, year: Year, folder: Path) -> CommandTimes:
    """Process a year of the demo's size, and time commands on its ledger."""
    small = replace(year, acts=min(year.acts, DEMO_ACTS))
    summary = generate_files(command, small, folder / "demo")
    files = [str(folder / "demo" / file["name"]) for file in summary["files"]]
    ledger = MeasuredLedger(folder / "demo-data", _read_reference(files[-1]))
    check_receipts(run_command(command, ["run", *files, "--data", str(ledger.data)]), summary["rows"])
    return measure_queries(command, ledger) | measure_small_files(command, ledger, folder)


def _measure_paid_demo(command: Command, year: Year, folder: Path) -> CommandTimes:
    """Run the demonstration, which pays the requests that are due, and time the report of delays."""
    command.report_progress("running the demonstration")
    words = ["demo", "--acts", str(min(year.acts, DEMO_ACTS)), "--folder", str(folder / "paid")]
    # no time limit: it computes, and the benchmark may be stopped with Ctrl-C
    subprocess.run([*command.words, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return measure_paid_delays(command, folder / "paid" / "data")


class _MeasuredPeer(NamedTuple):
    peer: Peer
    server: str


async def _measure_peer(year: Year, command: Command, work_folder: Path) -> _MeasuredPeer:
    """Measure PL/pgSQL on a new server."""
    command.report_progress("deciding in PL/pgSQL")
    await prepare_server(command.serve_database, work_folder / "peer-data")
    async with command.serve_database(work_folder / "peer-data") as dsn:
        async with copy_queries.open_connection(dsn) as connection:
            await copy_queries.require_no_autovacuum(connection)
        async with copy_queries.create_temporary_database(dsn, "bench_peer") as empty:
            peer = await measure_peer(empty, work_folder / "peer", year)
        return _MeasuredPeer(peer, await copy_queries.describe_server(dsn))
