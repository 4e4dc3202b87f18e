"""The numbers of submissions: several processes register files at the same moment."""

import asyncio
from contextlib import AsyncExitStack
from itertools import chain

from posting.store.connections import SQL
from posting.store.journal_store import PostgresStore
from posting.store.submission_rows import NewSubmission
from tests.databases import open_connection

_STORES = 4
_FILES = 50


def _build_row(store: int, file: int) -> NewSubmission:
    digest = bytes([store, file]) * 16
    return NewSubmission("MEN", "lot", digest, f"{store}-{file}.csv", "csv", 10, 1, 1, 1, None)


async def _open_stores(stack: AsyncExitStack, dsn: str) -> list[PostgresStore]:
    stores = [PostgresStore(dsn, copiers=0) for _ in range(_STORES)]
    return [await stack.enter_async_context(store.open_without_lease()) for store in stores]


async def test_processes_that_register_at_once_get_successive_numbers(dsn: str) -> None:
    async with AsyncExitStack() as stack:
        stores = await _open_stores(stack, dsn)

        async def register(position: int) -> list[int]:
            stored = [
                await stores[position].register_submission(_build_row(position, file))
                for file in range(_FILES)
            ]
            return [submission.number for submission in stored if submission]

        numbers = await asyncio.gather(*map(register, range(_STORES)))
    assert all(own == sorted(own) for own in numbers)
    assert sorted(chain.from_iterable(numbers)) == list(range(1, _STORES * _FILES + 1))


async def test_one_file_that_two_processes_register_at_once_is_one_submission(dsn: str) -> None:
    async with AsyncExitStack() as stack:
        stores = await _open_stores(stack, dsn)
        for file in range(_FILES):
            row = _build_row(0, file)
            stored = await asyncio.gather(*(store.register_submission(row) for store in stores))
            assert [submission.number for submission in stored if submission] == [file + 1]
    async with open_connection(dsn) as connection:
        assert await connection.fetchval("select count(*) from submission") == _FILES


async def test_process_suspended_while_it_registers_blocks_no_other(dsn: str) -> None:
    async with AsyncExitStack() as stack:
        store, *_ = await _open_stores(stack, dsn)
        suspended = await stack.enter_async_context(open_connection(dsn))
        await suspended.execute("begin")
        await suspended.execute(SQL["lock_submissions"])
        assert await store.register_submission(_build_row(0, 0)), "the server has ended the other connection"
