"""The benchmarks in one go: the year end to end, what the server could do at best, and the kernels alone."""

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
"""Twice its row, in the journal and in the log before it, its share of the book, and as much again."""

ServeDatabase = Callable[[Path], AbstractAsyncContextManager[str]]
"""Serves the database in a data folder; gives its address."""


@dataclass(frozen=True, slots=True)
class YearProcessing:
    """A year processed by the command, from its start to its last commit."""

    lines: int
    accepted: int
    seconds: float
    lines_a_second: float
    indexing_seconds: float
    """For look-ups, after the last commit: not part of ``seconds``."""
    core_microseconds_a_line: float
    """Of the process alone, while it works."""
    peak_memory_bytes: int
    """Of the process alone, as the system counted it when it ended; its database not included."""
    stage_microseconds_a_line: dict[str, float]
    """Core-microseconds a line of each stage."""


@dataclass(frozen=True, slots=True)
class SuiteFigures:
    """What was measured."""

    seed: int
    acts: int
    server: str
    run: YearProcessing
    start_seconds: float
    """Of the command with the year in the journal and nothing to do, from its start to its end."""
    raw: Roofline
    peer: Peer
    decision: KernelFigures
    availability: KernelFigures

    @property
    def ratio(self) -> float:
        """Rate of the run over that of the raw copy: the very same rows, so the inverse of their times."""
        return self.raw.seconds / self.run.seconds

    @property
    def peer_speedup(self) -> float:
        """Lines a second of the run over those of row-by-row PL/pgSQL on the first acts of such a year."""
        return self.run.lines_a_second / self.peer.lines_a_second


class Command(NamedTuple):
    """How the engine is started: the words before those that name what it shall do."""

    words: tuple[str, ...]
    serve_database: ServeDatabase
    report_progress: Callable[[str], None]
    """Told what is being measured."""


def run_suite(year: Year, command: Command, folder: Path | None = None) -> SuiteFigures:
    """Generate, run, copy raw, let PL/pgSQL decide, decide in memory: each verified before its figure is given.

    Files and database live in a fresh folder within ``folder``, which is removed at the end.

    Raises
    ------
    RuntimeError
        The run failed, or its receipts do not add up to the lines that were generated.
    """
    home = Path(tempfile.mkdtemp(prefix="crescendo-bench-", dir=folder))
    try:
        command.report_progress("generating the year")
        summary = _generate_year(command, year, home / "year")
        files = [str(home / "year" / each["name"]) for each in summary["files"]]
        command.report_progress("touching memory")
        machine.touch_memory(summary["rows"] * TOUCHED_BYTES_A_LINE)
        command.report_progress(f"processing {summary['rows']:,} lines")
        ran = _process_year(command, [*files, "--data", str(home / "data")], summary["rows"])
        command.report_progress("starting with the year in the journal")
        start_seconds = _time_start(command, files[0], home / "data")
        server, raw, peer = asyncio.run(_measure_references(year, command, home, ran.accepted))
    finally:
        shutil.rmtree(home)
    command.report_progress("deciding in memory")
    kernels = decision_benchmark.measure_decide(), decision_benchmark.measure_availability()
    return SuiteFigures(year.seed, year.acts, server, ran, start_seconds, raw, peer, *kernels)


def _generate_year(command: Command, year: Year, out: Path) -> dict[str, Any]:
    """The summary of the files made, by a process of its own.

    The system counts a program's memory from that of the process that started it, so this one must stay small.
    """
    extent = ["--seed", str(year.seed), "--acts", str(year.acts), "--senders", str(year.senders)]
    formats = [word for each in year.formats for word in ("--format", each)]
    words = [*command.words, "generate", "year", *extent, *formats, "--out", str(out), "--json"]
    return json.loads(subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout)


def _process_year(command: Command, words: list[str], lines: int) -> YearProcessing:
    told, peak = _run_command(command, words)
    return _check_receipts(told, lines, peak)


def _time_start(command: Command, known: str, data: Path) -> float:
    """Seconds of the command that is given a file it knows."""
    began = time.perf_counter()
    told, _ = _run_command(command, [known, "--data", str(data)])
    seconds = time.perf_counter() - began
    if len(told["known"]) != 1 or told["receipts"]:
        raise RuntimeError(f"{known} was processed before, and was not known")
    return round(seconds, 3)


def _run_command(command: Command, words: list[str]) -> tuple[dict[str, Any], int]:
    """Start the command and wait for its end: its result, and its peak memory in bytes."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen([*command.words, "run", "--json", *words], stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(f"the run ended with exit code {process.returncode}")
        out.seek(0)
        told = json.loads(out.read())
    unit = 1 if sys.platform == "darwin" else 1024
    return told, usage.ru_maxrss * unit


def _check_receipts(told: dict[str, Any], lines: int, peak: int) -> YearProcessing:
    outcomes = ("accepted", "duplicate", "refused", "suspended")
    sums = {name: sum(receipt[name]["lines"] for receipt in told["receipts"]) for name in outcomes}
    if sum(sums.values()) != lines or sums["suspended"] or told["rejected"] or told["is_interrupted"]:
        raise RuntimeError(f"{lines} lines were generated, the receipts say {sums}")
    speed = told["speed"]
    return YearProcessing(
        lines,
        sums["accepted"],
        speed["seconds"],
        round(lines / speed["seconds"]),
        speed["indexing_seconds"],
        speed["core_microseconds_a_line"],
        peak,
        speed["stage_microseconds_a_line"],
    )


async def _measure_references(
    year: Year, command: Command, home: Path, accepted: int
) -> tuple[str, Roofline, Peer]:
    """What else the same server does, and which one it is."""
    async with command.serve_database(home / "data") as dsn:
        command.report_progress("copying the same rows raw")
        raw = min([await measure_roofline(dsn) for _ in range(2)], key=lambda each: each.seconds)
        command.report_progress("deciding row by row in PL/pgSQL")
        async with copy_queries.create_temporary_database(dsn, "bench_peer") as empty:
            peer = await measure_peer(empty, home / "peer", year)
        server = await copy_queries.describe_server(dsn)
    if raw.entries != accepted:
        raise RuntimeError(f"{raw.entries} entries in the journal, the receipts accepted {accepted}")
    return server, raw, peer
