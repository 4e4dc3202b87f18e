"""Large files over unreliable connections: they arrive once and whole, in constant memory.

``UPLOAD_MIB=1024`` makes it a gigabyte.
"""

import asyncio
import hashlib
import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.database.embedded_server import Database
from tests.service.command_line import run_crescendo, start_command, wait_for_end
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import build_commitment, build_unknown_centres, submit_credits
from tests.service.http.proxies import run_proxy
from tests.service.http.running_service import RunningService, create_database, fetch, run_service, to_jsonl

MIB = 2**20
SIZE = int(os.environ.get("UPLOAD_MIB", "64")) * MIB
LINES = 16_384
GROWTH_MAX = 48 * MIB
"""How much the memory of the service may grow while it receives a file of any size."""
KEY = {"CRESCENDO_KEY": MINISTRY["authorization"].removeprefix("Bearer ")}


def _write_large_file(path: Path, size: int = SIZE) -> Path:
    """Write commitments of a cent each, padded with spaces until the file is large."""
    width = size // LINES
    with path.open("wb") as file:
        for n in range(LINES):
            file.write(json.dumps(build_commitment(f"L-{n}", "0.01")).encode()[:-1].ljust(width - 2) + b"}\n")
    return path


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_peak_memory(service: RunningService) -> int:
    """Return the peak memory of the service."""
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) * 1024


async def test_a_large_file_over_slow_interrupted_connections_arrives_once_and_whole(
    database: Database, tmp_path: Path
) -> None:
    file, data = _write_large_file(tmp_path / "large.jsonl"), tmp_path / "data"
    cuts = [1, *(SIZE * part // 100 for part in (3, 10, 11, 40, 41, 75, 99))]
    async with create_database(database) as dsn, run_proxy("", cuts, 100 * MIB) as bad:
        async with run_service(dsn, data) as first:
            async with first.client() as client:
                await submit_credits(client)
            bad.target, before = first.url, _read_peak_memory(first)
            sending = await start_command("submit", file, "--url", bad.url, "--json", environment=KEY)
            await bad.wait_for_bytes(SIZE // 4)
            growth = _read_peak_memory(first) - before
            first.process.kill()
        async with run_service(dsn, data) as second:
            bad.target, before = second.url, _read_peak_memory(second)
            await bad.wait_for_bytes(SIZE)
            growth = max(growth, _read_peak_memory(second) - before)
            result = await wait_for_end(sending)
            assert result.code == 0, result.err
            whole = _read_peak_memory(second) - before
        print(
            f"growth {growth:,} while it came in, {whole:,} at the end; {bad.connections} connections, {bad.forwarded:,} bytes"
        )
        assert growth < GROWTH_MAX
        (ticket,) = result.json()["submissions"]
        receipt = ticket["receipt"]
        assert (receipt["sha256"], receipt["size_bytes"]) == (_hash_file(file), file.stat().st_size)
        assert receipt["accepted"]["lines"] == receipt["lines"] == LINES
        assert bad.cuts == [], "every cut was made"
        assert bad.forwarded < 1.1 * SIZE, "what had arrived was not sent again"
        assert len(await fetch(dsn, "select from submission")) == 3
        sums = await fetch(dsn, "select count(*), sum(amount) from entry where reference like 'L-%'")
        assert tuple(sums[0]) == (LINES, LINES)
        original = data / "spool" / _hash_file(file)[:2] / _hash_file(file) / "original"
        assert _hash_file(original) == _hash_file(file)
        assert list((data / "spool" / "uploads").iterdir()) == []
        assert list((data / "spool" / "incoming").iterdir()) == []


@pytest.fixture
def restore_ctrl_c() -> Iterator[None]:
    """Restore the effect of Ctrl-C: processes in the background ignore it, and children inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("restore_ctrl_c")
async def test_the_same_command_continues_after_ctrl_c(database: Database, tmp_path: Path) -> None:
    file = _write_large_file(tmp_path / "large.jsonl", 16 * MIB)
    async with create_database(database) as dsn, run_service(dsn, tmp_path / "data") as served:
        async with served.client() as client:
            await submit_credits(client)
        async with run_proxy(served.url, [], 16 * MIB) as slow:
            sending = await start_command("submit", file, "--url", slow.url, environment=KEY)
            await slow.wait_for_bytes(6 * MIB)
            sending.send_signal(signal.SIGINT)
            stopped = await wait_for_end(sending)
            assert stopped.code == 130
            assert "same command" in stopped.err
        async with run_proxy(served.url, []) as rest:
            result = await run_crescendo("submit", file, "--url", rest.url, environment=KEY)
            assert result.code == 0, result.err
            assert rest.forwarded < 11 * MIB, "what had arrived was not sent again"
            again = await run_crescendo("submit", file, "--url", rest.url, environment=KEY)
            assert rest.forwarded < 11 * MIB, "nothing is sent of a file that is there"
        assert f"{LINES:,}" in result.out
        assert "MB sent at" in result.out
        assert "nothing left to send" in again.out
        assert len(await fetch(dsn, "select from submission")) == 3


async def test_concurrent_senders_of_the_same_file_get_the_same_receipt(
    database: Database, tmp_path: Path
) -> None:
    file = _write_large_file(tmp_path / "large.jsonl", 16 * MIB)
    async with create_database(database) as dsn, run_service(dsn, tmp_path / "data") as served:
        async with served.client() as client:
            await submit_credits(client)
        words = ("submit", file, "--url", served.url, "--json")
        results = await asyncio.gather(*(run_crescendo(*words, environment=KEY) for _ in range(3)))
        assert [result.code for result in results] == [0, 0, 0], [result.err for result in results]
        tickets = [result.json()["submissions"][0]["submission"] for result in results]
        assert len(set(tickets)) == 1
        assert len(await fetch(dsn, "select from submission")) == 3


async def test_a_refused_large_file_is_reported_and_leaves_nothing(
    database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "large.jsonl"
    file.write_bytes(to_jsonl(build_unknown_centres(40_000)) + b'{"oops"\n')
    async with create_database(database) as dsn, run_service(dsn, tmp_path / "data") as served:
        result = await run_crescendo("submit", file, "--url", served.url, environment=KEY)
        assert result.code == 1
        assert "line 40,001" in result.err
        spool = tmp_path / "data" / "spool"
        assert [path for path in spool.rglob("*") if path.is_file()] == []


async def test_progress_and_interruptions_are_printed_as_lines(database: Database, tmp_path: Path) -> None:
    file = _write_large_file(tmp_path / "large.jsonl", 8 * MIB)
    async with create_database(database) as dsn, run_service(dsn, tmp_path / "data") as served:
        async with served.client() as client:
            await submit_credits(client)
        async with run_proxy(served.url, [3 * MIB]) as bad:
            result = await run_crescendo("submit", file, "--url", bad.url, environment=KEY)
    assert result.code == 0
    assert "again in 1 s" in result.err
    assert "resumed once" in result.out
