"""All benchmarks together: the year end to end, the best the server could do, and the kernels alone."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from bench import machine
from bench.kernels import decision_benchmark
from bench.kernels.decision_benchmark import KernelFigures
from bench.peers import copy_queries
from bench.peers.copy_roofline import Roofline, measure_roofline
from bench.peers.plpgsql_peer import Peer, measure_peer
from bench.year.year_generator import Year

TOUCHED_BYTES_A_LINE = 800
"""Twice the row (in the journal and in the write-ahead log), the line's share of the book, and the same again."""

ServeDatabase = Callable[[Path], AbstractAsyncContextManager[str]]
"""Runs the database of a data folder; yields its address."""


@dataclass(frozen=True, slots=True)
class YearProcessing:
    """The processing of a year by ``crescendo run``, from the start of the command to its last commit."""

    lines: int
    accepted: int
    seconds: float
    lines_a_second: float
    indexing_seconds: float
    """Building the look-up indexes after the last commit; not part of ``seconds``."""
    core_microseconds_a_line: float
    """Of the process without its database, while it works."""
    peak_memory_bytes: int
    """Of the process without its database, as the system counted it at its end."""
    stage_microseconds_a_line: dict[str, float]
    """Core-microseconds a line of each pipeline stage."""


@dataclass(frozen=True, slots=True)
class SuiteFigures:
    """The figures of all benchmarks."""

    seed: int
    acts: int
    server: str
    run: YearProcessing
    start_seconds: float
    """Duration of the whole command when the journal contains the year and nothing is to do."""
    raw: Roofline
    peer: Peer
    decision: KernelFigures
    availability: KernelFigures

    @property
    def ratio(self) -> float:
        """The rate of the year over that of the raw copy: both store the same rows, so it is the inverse ratio of times."""
        return self.raw.seconds / self.run.seconds

    @property
    def peer_speedup(self) -> float:
        """The rate of the year over that of row-by-row PL/pgSQL on the first acts of such a year."""
        return self.run.lines_a_second / self.peer.lines_a_second


class Command(NamedTuple):
    """The way to start the engine: the words of the command line before the subcommand, and two callbacks."""

    words: tuple[str, ...]
    serve_database: ServeDatabase
    report_progress: Callable[[str], None]
    """Receives the name of each step."""


def run_suite(year: Year, command: Command, folder: Path | None = None) -> SuiteFigures:
    """Run all benchmarks: the year, the raw copy, PL/pgSQL, the kernels; each is verified before it is timed.

    Files and database are in a new folder within ``folder``, which is removed at the end.

    Raises
    ------
    RuntimeError
        The processing failed, or its receipts do not add up to the generated lines.
    """
    work_folder = Path(tempfile.mkdtemp(prefix="crescendo-bench-", dir=folder))
    try:
        command.report_progress("generating the year")
        summary = _generate_year(command, year, work_folder / "year")
        files = [str(work_folder / "year" / file["name"]) for file in summary["files"]]
        command.report_progress("touching memory")
        machine.touch_memory(summary["rows"] * TOUCHED_BYTES_A_LINE)
        command.report_progress(f"processing {summary['rows']:,} lines")
        processing = _process_year(command, [*files, "--data", str(work_folder / "data")], summary["rows"])
        command.report_progress("starting with the year in the journal")
        start_seconds = _time_start(command, files[0], work_folder / "data")
        references = asyncio.run(
            _measure_references(year, command, work_folder, accepted=processing.accepted)
        )
    finally:
        shutil.rmtree(work_folder)
    command.report_progress("deciding in memory")
    kernels = decision_benchmark.measure_decide(), decision_benchmark.measure_availability()
    server, raw, peer = references
    return SuiteFigures(year.seed, year.acts, server, processing, start_seconds, raw, peer, *kernels)


def _generate_year(command: Command, year: Year, out: Path) -> dict[str, Any]:
    """Generate the files in a process of its own; return their summary.

    The system counts a program's peak memory from that of the process that started it, so this process must stay small.
    """
    extent = ["--seed", str(year.seed), "--acts", str(year.acts), "--senders", str(year.senders)]
    formats = [word for name in year.formats for word in ("--format", name)]
    words = [*command.words, "generate", "year", *extent, *formats, "--out", str(out), "--json"]
    # no time limit: it computes, and the benchmark may be stopped with Ctrl-C
    return json.loads(subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout)


def _process_year(command: Command, words: list[str], lines: int) -> YearProcessing:
    ended = _run_command(command, words)
    return _check_receipts(ended.result, lines, ended.peak_memory_bytes)


def _time_start(command: Command, processed_file: str, data: Path) -> float:
    """Time the command with a file that it has already processed; return seconds."""
    start = time.perf_counter()
    result = _run_command(command, [processed_file, "--data", str(data)]).result
    seconds = time.perf_counter() - start
    if len(result["known"]) != 1 or result["receipts"]:
        raise RuntimeError(f"{processed_file} was already processed, and was processed again")
    return round(seconds, 3)


class _EndedCommand(NamedTuple):
    result: dict[str, Any]
    """What the command printed as JSON."""
    peak_memory_bytes: int


def _run_command(command: Command, words: list[str]) -> _EndedCommand:
    """Run ``crescendo run`` and wait for its end."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen([*command.words, "run", "--json", *words], stdout=out)
        # no time limit: how long it takes is what is measured
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(f"the command ended with exit code {process.returncode}")
        out.seek(0)
        result = json.loads(out.read())
    unit = 1 if sys.platform == "darwin" else 1024
    return _EndedCommand(result, usage.ru_maxrss * unit)


def _check_receipts(result: dict[str, Any], lines: int, peak_memory_bytes: int) -> YearProcessing:
    outcomes = ("accepted", "duplicate", "refused", "suspended")
    sums = {name: sum(receipt[name]["lines"] for receipt in result["receipts"]) for name in outcomes}
    if sum(sums.values()) != lines or sums["suspended"] or result["rejected"] or result["is_interrupted"]:
        raise RuntimeError(f"{lines} lines were generated, the receipts say {sums}")
    speed = result["speed"]
    return YearProcessing(
        lines,
        sums["accepted"],
        speed["seconds"],
        round(lines / speed["seconds"]),
        speed["indexing_seconds"],
        speed["core_microseconds_a_line"],
        peak_memory_bytes,
        speed["stage_microseconds_a_line"],
    )


class _References(NamedTuple):
    """The server, and the figures of what the engine is compared with."""

    server: str
    raw: Roofline
    peer: Peer


async def _measure_references(
    year: Year, command: Command, work_folder: Path, *, accepted: int
) -> _References:
    """Measure raw COPY and PL/pgSQL on the same server."""
    async with command.serve_database(work_folder / "data") as dsn:
        command.report_progress("copying the same rows raw")
        raw = min([await measure_roofline(dsn) for _ in range(2)], key=lambda roofline: roofline.seconds)
        command.report_progress("deciding row by row in PL/pgSQL")
        async with copy_queries.create_temporary_database(dsn, "bench_peer") as empty:
            peer = await measure_peer(empty, work_folder / "peer", year)
        server = await copy_queries.describe_server(dsn)
    if raw.entries != accepted:
        raise RuntimeError(f"{raw.entries} entries in the journal, the receipts accepted {accepted}")
    return _References(server, raw, peer)
