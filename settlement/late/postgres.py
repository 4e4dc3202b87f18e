"""What is due for late payments and not claimed yet, from the journal."""

import asyncio

import asyncpg

from core.catalog import KIND_NUMBER
from core.columns import blank, join
from core.delays import Debited, Late
from core.interest import Interest
from posting.delays import postgres as delays
from posting.delays.due import due
from posting.delays.measuring import late, measured
from posting.store.sql import queries
from settlement.late import acts
from settlement.late.acts import Had, Names, Proposed

SQL = queries("settlement.late", "queries.sql")
Connection = asyncpg.Connection


async def proposed(connection: Connection, rules: Interest, term_days: int) -> Proposed:
    """What is due and not claimed, as of one moment.

    Raises
    ------
    ReferenceDataError
        The rate of a half-year is not there.
    """
    parts = [blank(Late, 0)]
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        known = await delays.known(connection, term_days)

        def keep(rows: Debited) -> None:
            parts.append(late(measured(rows, known)))

        await delays.debited(connection, delays.EVER, keep)
        claimed = await connection.fetch(SQL["claimed"], KIND_NUMBER[acts.KIND], acts.SENDER)
    owed = await asyncio.to_thread(due, join(parts), rules)
    return acts.missing(owed, {row["predecessor"]: Had(row["cents"], row["names"]) for row in claimed})


async def names(connection: Connection, found: Proposed) -> Names:
    """The words for what is proposed."""
    numbers, entries = (column[found.rows].tolist() for column in (found.due.payee, found.due.payable))
    payees = await connection.fetch(SQL["payees"], sorted(set(numbers)))
    references = await connection.fetch(SQL["references"], entries)
    return Names(
        {row["payee"]: row["code"] for row in payees},
        {row["entry_id"]: row["reference"] for row in references},
    )
