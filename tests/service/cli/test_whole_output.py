"""A command writes its whole output, however slow the reader is; or it fails, and its error says so."""

import asyncio
import fcntl
import json
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio

from service.database.embedded_server import Database
from tests.databases import create_database
from tests.file_strategies import REFERENCE
from tests.service.command_line import COMMAND, ROOT, run_crescendo
from tests.service.http.act_files import CREDITS, build_unknown_centres
from tests.service.http.running_service import to_jsonl
from tests.small_disks import fill_disk, mount_disk

LINES, FILES = 1_500, 20
SMALL_PIPE = 4096
PLACE = {"CRESCENDO_REFERENCE": str(REFERENCE)}
UNBUFFERED = {"PYTHONUNBUFFERED": "1"}
BUFFERINGS = pytest.mark.parametrize("environment", [{}, UNBUFFERED], ids=["buffered", "unbuffered"])
EXIT_STOPPED, EXIT_USAGE = 3, 2


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def long_report(
    database: Database, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[str, ...]]:
    """The words of a report whose output is longer than any pipe holds."""
    folder = tmp_path_factory.mktemp("long")
    path = folder / "wrong.jsonl"
    path.write_bytes(to_jsonl([*CREDITS, *build_unknown_centres(LINES)]))
    async with create_database(database) as dsn:
        place = ("--database", dsn, "--data", str(folder))
        result = await run_crescendo("run", path, *place, "--sender", "MIN-09", environment=PLACE)
        assert result.code == 0, result.err
        yield ("report", "refusals", "--submission", "1", "--json", *place)


class SmallPipe(NamedTuple):
    """The two ends of a pipe."""

    reader: int
    writer: int


@contextmanager
def open_pipe(*, is_blocking: bool = True) -> Iterator[SmallPipe]:
    """Open a pipe that holds little."""
    pipe = SmallPipe(*os.pipe())
    fcntl.fcntl(pipe.writer, fcntl.F_SETPIPE_SZ, SMALL_PIPE)
    os.set_blocking(pipe.writer, is_blocking)
    try:
        yield pipe
    finally:
        os.close(pipe.reader)


def start(words: tuple[str, ...], output: int, environment: dict[str, str]) -> subprocess.Popen[str]:
    """Start a command that writes to ``output``, which is closed in this process."""
    process = subprocess.Popen(
        (*COMMAND, *words),
        cwd=ROOT,
        env={**os.environ, **PLACE, **environment},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(output)
    return process


def read_slowly(reader: int) -> bytes:
    """Read to the end, much less at a time than is written."""
    pieces = list[bytes]()
    while piece := os.read(reader, SMALL_PIPE // 8):
        pieces.append(piece)
    return b"".join(pieces)


def check_failure(process: subprocess.Popen[str], finding: str) -> None:
    _, err = process.communicate(timeout=60)
    assert process.returncode == EXIT_STOPPED, err
    assert finding in err
    assert "standard output" in err
    assert "Traceback" not in err
    assert "Exception ignored" not in err


@BUFFERINGS
@pytest.mark.parametrize("is_blocking", [True, False], ids=["blocking", "non-blocking"])
async def test_a_slow_reader_gets_everything(
    long_report: tuple[str, ...], environment: dict[str, str], is_blocking: bool
) -> None:
    with open_pipe(is_blocking=is_blocking) as pipe:
        process = start(long_report, pipe.writer, environment)
        out = await asyncio.to_thread(read_slowly, pipe.reader)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert len(json.loads(out)) == LINES


async def test_a_slow_reader_gets_everything_that_is_printed_at_once(
    long_report: tuple[str, ...], tmp_path: Path
) -> None:
    paths = [tmp_path / f"{number}.jsonl" for number in range(FILES)]
    for path in paths:
        path.write_bytes(to_jsonl(build_unknown_centres(1, f"{tmp_path.name}-{path.stem}-")))
    words = ("run", *map(str, paths), "--sender", "MIN-09", "--json", *long_report[-4:])
    with open_pipe(is_blocking=False) as pipe:
        process = start(words, pipe.writer, UNBUFFERED)
        out = await asyncio.to_thread(read_slowly, pipe.reader)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert len(out) > 2 * SMALL_PIPE
    assert len(json.loads(out)["receipts"]) == FILES


async def test_a_signal_ends_a_command_whose_reader_stalls(long_report: tuple[str, ...]) -> None:
    with open_pipe() as pipe:
        process = start(long_report, pipe.writer, {})
        assert (
            len(await asyncio.to_thread(os.read, pipe.reader, 1)) == 1
        )  # it writes, and more than the pipe holds
        process.terminate()
        _, err = await asyncio.to_thread(process.communicate, timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err


@BUFFERINGS
async def test_a_closed_pipe_is_an_error(long_report: tuple[str, ...], environment: dict[str, str]) -> None:
    with open_pipe() as pipe:
        process = start(long_report, pipe.writer, environment)
        assert await asyncio.to_thread(os.read, pipe.reader, 1) == b"["
    check_failure(process, "closed by its reader")


@BUFFERINGS
async def test_a_disk_that_becomes_full_is_an_error(
    long_report: tuple[str, ...], environment: dict[str, str], tmp_path: Path
) -> None:
    with mount_disk(tmp_path / "disk", 1) as disk:
        fill_disk(disk, leave=100_000)
        output = os.open(disk / "report.json", os.O_WRONLY | os.O_CREAT)
        check_failure(start(long_report, output, environment), "No space left")


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("--version",),
        ("report", "budget", "--help"),
        ("report", "budget"),
        ("report", "refusals", "--csv"),
        ("db", "status", "--json"),
        ("verify",),
        ("generate", "year", "--acts", "2000"),
    ],
    ids=" ".join,
)
async def test_every_command_fails_on_a_full_disk(
    long_report: tuple[str, ...], words: tuple[str, ...], tmp_path: Path
) -> None:
    place = long_report[-4:] if words[0] in {"report", "db", "verify"} and "--help" not in words else ()
    out = ("--out", str(tmp_path)) if words[0] == "generate" else ()
    output = os.open("/dev/full", os.O_WRONLY)
    check_failure(start((*words, *place, *out), output, {}), "No space left")


def test_a_closed_standard_output_is_wrong_usage() -> None:
    command = ("sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, "--help")
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == EXIT_USAGE, result.stderr
    assert "standard output is closed" in result.stderr
    assert "Traceback" not in result.stderr


def test_notes_without_standard_error_do_not_reach_the_output(long_report: tuple[str, ...]) -> None:
    command = ("sh", "-c", 'exec "$@" 2>&-', "sh", *COMMAND, *long_report)
    environment = {**os.environ, **PLACE}
    result = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, check=False, timeout=60, env=environment
    )
    assert result.returncode == 0
    assert len(json.loads(result.stdout)) == LINES
