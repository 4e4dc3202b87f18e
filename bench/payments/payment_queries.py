"""What a benchmark of payments left in the database."""

from typing import NamedTuple

import asyncpg

from core.catalog import KIND_NUMBERS

Sums = tuple[int, int]
"""Payments and cents."""


class StoredPayments(NamedTuple):
    """What the journal and the table of files hold."""

    posted: Sums
    recorded: Sums
    file_names: list[str]


async def read_stored_payments(dsn: str) -> StoredPayments:
    """The payments posted, and those noted as written."""
    connection = await asyncpg.connect(dsn)
    try:
        posted = "select count(*), coalesce(sum(amount), 0)::bigint from entry where kind = $1"
        noted = "select name, transactions, cents from payment_file order by run, file"
        rows = await connection.fetch(noted)
        (found,) = await connection.fetch(posted, KIND_NUMBERS["payment"])
        sums = sum(row["transactions"] for row in rows), sum(row["cents"] for row in rows)
        return StoredPayments((found[0], found[1]), sums, [row["name"] for row in rows])
    finally:
        await connection.close()
