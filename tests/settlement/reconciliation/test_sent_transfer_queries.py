"""Sent transfers are read once for the files of one import, and again once the journal has grown."""

import asyncpg
import numpy as np

from core.catalog import KIND_NUMBERS
from posting.store.migrate import migrate
from settlement.reconciliation.sent_transfer_queries import GAP_ENTRIES, LINES_AHEAD, SentTransferReader
from tests import databases

PAYMENT, SERVICE = KIND_NUMBERS["payment"], KIND_NUMBERS["service"]
INSERT = """
insert into entry (entry_id, predecessor, amount, content, submission, line, day, cell, source, payee, kind, exercise, month,
                   debit, credit, reference)
select n, 0, n, 0, 1, n, '2018-12-19', 0, 0, 1, $3, 2018, 12, 0, 0, 'P' || n / 2 from generate_series($1::bigint, $2) n
"""


async def test_transfers_are_read_once_until_the_journal_has_grown(dsn: str) -> None:
    async with databases.open_connection(dsn) as connection:
        await migrate(connection)
        await connection.execute("select ensure_entry_partition(0)")
        await insert(connection, 100, 301, PAYMENT)
        await insert(connection, 302, 400, SERVICE)
        reader = SentTransferReader(connection)
        first = await reader.load(np.array([120, 300, 0]))
        assert first.entry.tolist() == list(range(int(first.entry[0]), 302, 2))
        assert first.size.tolist() == [2] * first.entry.size
        assert await reader.load(np.array([130, 200])) is first
        await insert(connection, 402, 405, PAYMENT)
        grown = await reader.load(np.array([402, 404]))
        assert grown.entry.tolist() == [402, 404]


async def test_a_number_before_what_was_read_is_read(dsn: str) -> None:
    async with databases.open_connection(dsn) as connection:
        await migrate(connection)
        await connection.execute("select ensure_entry_partition(0)")
        await insert(connection, 2, 5, PAYMENT)
        far = 2 + 2 * (GAP_ENTRIES + LINES_AHEAD)
        await insert(connection, far, far + 1, PAYMENT)
        reader = SentTransferReader(connection)
        assert (await reader.load(np.array([far]))).entry.tolist() == [far]
        assert (await reader.load(np.array([2]))).entry.tolist() == [2, 4]
        assert (await reader.load(np.array([2, far]))).entry.tolist() == [2, 4, far]
        assert (await reader.load(np.zeros(0, np.int64))).entry.tolist() == [2, 4, far]


async def insert(connection: asyncpg.Connection, first: int, last: int, kind: int) -> None:
    await connection.execute(INSERT, first, last, kind)
