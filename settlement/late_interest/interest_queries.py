"""What is due for late payments and not claimed yet, from the journal."""

import asyncio
from typing import NamedTuple

import asyncpg
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.catalog import KIND_NUMBER
from core.effective_dates import Dated
from core.late_interest import Interest
from core.tables.columns import blank, join
from core.tables.delays import Claims, Debited, Late
from posting.delays import delay_queries as delays
from posting.delays.amounts_due import due
from posting.delays.measurement import late, measured
from posting.pgcopy import HEADER, TRAILER, decode
from posting.store import copy_out
from posting.store.sql_files import queries
from settlement.late_interest import claim_acts
from settlement.late_interest.claim_acts import Names, Proposed

SQL = queries("settlement.late_interest", "queries.sql")
_AT_ONCE = 100_000
Connection = asyncpg.Connection


class Found(NamedTuple):
    """What was found, and how far was looked."""

    proposed: Proposed
    debits: int
    """How many were measured."""
    last_entry: int
    """Of the journal, as of then."""


async def proposed(connection: Connection, rules: Interest, term_days: Dated) -> Found:
    """What is due and not claimed, as of one moment.

    Raises
    ------
    ReferenceDataError
        The rate of a half-year is not there.
    """
    parts, counts = [blank(Late, 0)], [0]
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        known = await delays.known(connection, term_days)

        def keep(rows: Debited) -> None:
            counts.append(len(rows.entry_id))
            parts.append(late(measured(rows, known)))

        await delays.debited(connection, delays.EVER, keep)
        claimed = await _claimed(connection, 0)
        last_entry = await _last_entry(connection)
    owed = await asyncio.to_thread(due, join(parts), rules)
    return Found(claim_acts.missing(owed, claimed), sum(counts), last_entry)


async def proposed_since(connection: Connection, rules: Interest, term_days: Dated) -> Found:
    """``proposed``, of whatever something was debited of behind the last mark; of everything where there is none."""
    mark = await connection.fetchval(SQL["mark"])
    if not mark:
        return await proposed(connection, rules, term_days)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        rows = await delays.debited_behind(connection, mark)
        known = await delays.known_of(connection, rows, term_days)
        claimed = await _claimed(connection, int(rows.payable.min(initial=mark)))
        last_entry = await _last_entry(connection)
    found = await asyncio.to_thread(lambda: due(late(measured(rows, known)), rules))
    return Found(claim_acts.missing(found, claimed), len(rows.entry_id), last_entry)


async def note(connection: Connection, last_entry: int) -> None:
    """Set a mark: of all that was debited up to ``last_entry``, what is due was decided."""
    await connection.execute(SQL["note_mark"], last_entry)


async def waiting(connection: Connection) -> list[str]:
    """Files of claims that are on their way and not decided."""
    return [
        row["file_name"]
        for row in await connection.fetch(SQL["waiting"], claim_acts.SENDER, claim_acts.BATCH)
    ]


async def names(connection: Connection, found: Proposed) -> Names:
    """The words for what is proposed."""
    numbers, at = np.unique(found.due.payee[found.rows], return_inverse=True)
    payees = {row["payee"]: row["code"] for row in await connection.fetch(SQL["payees"], numbers.tolist())}
    codes = pa.array([payees[number] for number in numbers.tolist()], pa.string())
    return Names(
        codes.take(pa.array(at)), await _references(connection, found.payable), await _own(connection, found)
    )


async def _last_entry(connection: Connection) -> int:
    (row,) = await connection.fetch(SQL["last_entry"])
    return row["entry"]


async def _claimed(connection: Connection, oldest: int) -> Claims:
    """Claims for what stands behind ``oldest``, or is it."""
    parts = [blank(Claims, 0)]
    select = SQL["claimed"].format(kind=KIND_NUMBER[claim_acts.KIND], oldest=oldest)
    await copy_out.copied(
        connection, select, lambda part: parts.append(decode(Claims, b"".join([HEADER, part, TRAILER]))[0])
    )
    return join(parts)


async def _references(connection: Connection, entries: NDArray[np.int64]) -> pa.Array:
    """Of ``entries``, ascending, some at a time."""
    found = [pa.array([], pa.string())]
    for first in range(0, len(entries), _AT_ONCE):
        rows = await connection.fetch(SQL["references"], entries[first : first + _AT_ONCE].tolist())
        found.append(pa.array([row["reference"] for row in rows], pa.string()))
    return pa.concat_arrays(found)


async def _own(connection: Connection, found: Proposed) -> dict[int, list[str]]:
    again, names = found.payable[found.had > 0].tolist(), dict[int, list[str]]()
    rows = (
        await connection.fetch(SQL["own"], KIND_NUMBER[claim_acts.KIND], claim_acts.SENDER, again)
        if again
        else []
    )
    for row in rows:
        names.setdefault(row["predecessor"], []).append(row["reference"])
    return names
