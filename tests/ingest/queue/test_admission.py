"""Admission of one file by two processes at once, and a registration that fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from core.stage_timing import StageTimes
from ingest.queue.admission import Admission, AdmissionHooks
from ingest.queue.file_queue import QueuedFile
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool
from posting.store.failures import RETRIED_ERRORS
from posting.store.journal_store import PostgresStore
from tests.databases import lock_table, open_connection, wait_until_blocked
from tests.service.http.act_files import build_commitment
from tests.service.http.running_service import to_jsonl

ENVELOPE = Envelope(sender="MEN")


class _Process:
    """A process that admits files: a spool and a store of its own, on the folder and the database of all."""

    def __init__(self, folder: Path, store: PostgresStore) -> None:
        self.spool, self.store, self.queued = Spool(folder), store, list[QueuedFile]()
        hooks = AdmissionHooks(on_new=self.queued.append)
        self._admission = Admission(self.spool, store, StageTimes(), hooks=hooks)

    async def admit(self, path: Path, envelope: Envelope = ENVELOPE) -> tuple[int, bool]:
        """Admit a file; return its number and whether it is new."""
        spooled = await asyncio.to_thread(self.spool.receive, path, path.name, envelope)
        admitted = await self._admission.admit(spooled)
        return admitted.number, admitted.is_new


@asynccontextmanager
async def _open_process(folder: Path, dsn: str) -> AsyncIterator[_Process]:
    async with PostgresStore(dsn, copiers=0).open_without_lease() as store:
        yield _Process(folder, store)


def _write(folder: Path, number: int) -> Path:
    path = folder / f"{number}.jsonl"
    path.write_bytes(to_jsonl([build_commitment(f"A-{number}", "0.01")]))
    return path


async def _wait_for_two(blocking: asyncpg.Connection) -> None:
    """Wait until two processes wait for a lock; the server sends no notification: poll it."""
    while (await blocking.fetchval("select count(*) from pg_locks where not granted") or 0) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_one_file_that_two_processes_admit_at_once_is_one_submission(dsn: str, tmp_path: Path) -> None:
    """Each process has looked the file up before the other registers it: both wait for the table."""
    path = _write(tmp_path, 1)
    async with (
        _open_process(tmp_path / "spool", dsn) as first,
        _open_process(tmp_path / "spool", dsn) as second,
    ):
        async with lock_table(dsn, "submission") as blocking:
            admitting = asyncio.gather(first.admit(path), second.admit(path))
            await _wait_for_two(blocking)
        results = await admitting
        assert sorted(results) == [(1, False), (1, True)]
        assert [file.number for file in first.queued + second.queued] == [1, 1]
        assert first.spool.open((await first.store.fetch("unfinished"))[0]["file_hash"], "MEN")
        assert not [path for path in (tmp_path / "spool" / "incoming").iterdir() if ".MEN" in path.name]


async def test_both_processes_read_the_file_as_the_first_has_registered_it(dsn: str, tmp_path: Path) -> None:
    """Each states another charset, and these bytes are text in both."""
    path = tmp_path / "acts.csv"
    row = build_commitment("É-1", "0.01")
    path.write_text("".join(";".join(fields) + "\n" for fields in (row, row.values())))
    async with (
        _open_process(tmp_path / "spool", dsn) as first,
        _open_process(tmp_path / "spool", dsn) as second,
    ):
        async with lock_table(dsn, "submission") as blocking:
            other = Envelope(sender="MEN", charset="windows-1252")
            admitting = asyncio.gather(first.admit(path), second.admit(path, other))
            await _wait_for_two(blocking)
        assert sorted(await admitting) == [(1, False), (1, True)]
        (row,) = await first.store.fetch("unfinished")
        charsets = {file.spooled.envelope.charset for file in first.queued + second.queued}
    assert charsets == {row["charset"]}


async def test_files_that_two_processes_admit_at_once_get_numbers(dsn: str, tmp_path: Path) -> None:
    async with (
        _open_process(tmp_path / "spool", dsn) as first,
        _open_process(tmp_path / "spool", dsn) as second,
    ):
        paths = [_write(tmp_path, number) for number in range(20)]
        results = await asyncio.gather(
            *(first.admit(path) for path in paths[::2]), *(second.admit(path) for path in paths[1::2])
        )
    assert sorted(results) == [(number, True) for number in range(1, 21)]


async def test_registration_that_fails_leaves_no_claim(dsn: str, tmp_path: Path) -> None:
    """The file stays, as the row may be stored; it has no owner any more, so the next start asks for its row."""
    path = _write(tmp_path, 1)
    async with _open_process(tmp_path / "spool", dsn) as process, open_connection(dsn) as admin:
        async with process.store.borrow_connection() as connection:
            pid = connection.get_server_pid()
        async with lock_table(dsn, "submission") as blocking:
            admitting = asyncio.create_task(process.admit(path))
            await wait_until_blocked(blocking)
            await admin.execute("select pg_terminate_backend($1)", pid)
            with pytest.raises(RETRIED_ERRORS):
                await admitting
        (identity,) = Spool(tmp_path / "spool").reclaim_undecided_files()
        assert identity.sender == "MEN"
    async with _open_process(tmp_path / "spool", dsn) as restarted:
        assert await restarted.admit(path) == (1, True)
