"""What a benchmark of payments left in the database."""

from typing import NamedTuple

import asyncpg

from core.catalog import KIND_NUMBER

Sums = tuple[int, int]
"""Payments and cents."""


class Standing(NamedTuple):
    """What the journal and the table of files hold."""

    posted: Sums
    noted: Sums
    names: list[str]


async def standing(dsn: str) -> Standing:
    """The payments posted, and those noted as written."""
    connection = await asyncpg.connect(dsn)
    try:
        posted = "select count(*), coalesce(sum(amount), 0)::bigint from entry where kind = $1"
        noted = "select name, transactions, cents from payment_file order by run, file"
        rows = await connection.fetch(noted)
        (found,) = await connection.fetch(posted, KIND_NUMBER["payment"])
        sums = sum(row["transactions"] for row in rows), sum(row["cents"] for row in rows)
        return Standing((found[0], found[1]), sums, [row["name"] for row in rows])
    finally:
        await connection.close()
