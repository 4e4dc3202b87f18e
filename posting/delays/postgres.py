"""What delays are measured from, read from the journal; debits come some at a time, so that a year needs little memory."""

import asyncio
from collections.abc import Callable
from datetime import date

import asyncpg
import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG, KIND_NUMBER
from core.columns import blank, join
from core.delays import Certified, Debited
from posting import requests
from posting.delays import services
from posting.delays.measuring import Days, Known, Part, Stops
from posting.delays.services import Billed
from posting.rows import HEADER, TRAILER, decode
from posting.store import outflow
from posting.store.sql import queries

SQL = queries("posting.delays", "queries.sql")
EVER = (date(2000, 1, 1), date(2099, 12, 31))

_EPOCH = date(1970, 1, 1)
_PAGES_AT_ONCE = 64
_DIVERTED = tuple(number for number, kind in enumerate(CATALOG) if kind.inherits and kind.pays)
_SUSPENSION, _RESUMPTION = KIND_NUMBER["term_suspension"], KIND_NUMBER["term_resumption"]

Connection = asyncpg.Connection


async def known(connection: Connection, term_days: int) -> Known:
    """All there is to know of requests; within a snapshot."""
    return Known(
        await _received(connection),
        await _certified(connection),
        await _stops(connection),
        await _parts(connection),
        term_days,
    )


async def debited(connection: Connection, span: tuple[date, date], work: Callable[[Debited], None]) -> None:
    """Call ``work`` with the payments that the bank debited from the first day of ``span`` to the last, some at a time."""
    kinds = {"debit": KIND_NUMBER["bank_debit"], "payment": KIND_NUMBER["payment"]}
    select = SQL["debited"].format(**kinds, first=span[0], last=span[1])
    await outflow.copied(connection, select, lambda part: work(decode(Debited, _whole(part))[0]))


async def _certified(connection: Connection) -> Billed:
    parts = [blank(Certified, 0)]
    select = SQL["certified"].format(kinds=", ".join(map(str, services.KINDS)))
    await outflow.copied(connection, select, lambda part: parts.append(decode(Certified, _whole(part))[0]))
    return await asyncio.to_thread(services.billed, join(parts))


async def _received(connection: Connection) -> Days:
    """When the creditor's request came in, where that was said."""
    found = Days(np.zeros(0, np.int64), np.zeros(0, np.int32))
    parts: list[Days] = [found]
    async with connection.transaction():
        cursor = await connection.cursor(SQL["pages"])
        while rows := await cursor.fetch(_PAGES_AT_ONCE):
            content = [(row["entry_id"], row["page"]) for row in rows]
            parts.append(await asyncio.to_thread(_said, content))
    return Days(*map(np.concatenate, zip(*parts, strict=True)))


def _said(pages: list[tuple[int, bytes]]) -> Days:
    firsts, content = zip(*pages, strict=True)
    rows, _ = requests.read(firsts, content)
    at = np.flatnonzero(rows.received > 0)
    return Days(rows.entry_id[at], rows.received[at])


async def _stops(connection: Connection) -> Stops:
    rows = await connection.fetch(SQL["suspended"], _SUSPENSION, _RESUMPTION)
    entries = (np.array([row[name] or 0 for row in rows], np.int64) for name in ("payable", "noted", "ended"))
    suspended, resumed = (_days([row[name] for row in rows]) for name in ("suspended", "resumed"))
    payable, noted, ended = entries
    return Stops(payable, noted, suspended, ended, resumed)


def _days(days: list[date | None]) -> NDArray[np.int32]:
    return np.array([(day - _EPOCH).days if day else 0 for day in days], np.int32)


async def _parts(connection: Connection) -> dict[int, Part]:
    """Of each part of a request that is owed to another, what it is taken from."""
    rows = await connection.fetch(SQL["diverted"], list(_DIVERTED))
    above = {row["entry_id"]: row["predecessor"] for row in rows}
    chains = {entry: _chain(entry, above) for entry in above}
    wanted = sorted({chain[-1] for chain in chains.values()})
    found = await connection.fetch(SQL["entries"], wanted) if wanted else []
    request = {row["entry_id"]: ((row["day"] - _EPOCH).days, row["kind"]) for row in found}
    return {entry: Part(chain, *request[chain[-1]]) for entry, chain in chains.items()}


def _chain(entry: int, above: dict[int, int]) -> tuple[int, ...]:
    found = []
    while entry in above:
        entry = above[entry]
        found.append(entry)
    return tuple(found)


def _whole(part: bytes) -> bytes:
    return b"".join([HEADER, part, TRAILER])
