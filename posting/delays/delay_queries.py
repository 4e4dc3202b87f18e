"""What delays are measured from, read from the journal; debits come some at a time, so that a year needs little memory.

Of what was debited since some entry only that is read which the measuring of it needs, not all that there ever was.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import date

import asyncpg
import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG, KIND_NUMBER
from core.effective_dates import Dated
from core.tables.columns import blank, join
from core.tables.delays import Certified, Debited, Payable
from posting import payment_detail_pages
from posting.delays import service_dates
from posting.delays.measurement import Days, Known, Part, Stops
from posting.delays.service_dates import Billed
from posting.pgcopy import HEADER, TRAILER, decode
from posting.store import copy_out
from posting.store.sql_files import queries

SQL = queries("posting.delays", "queries.sql")
EVER = (date(2000, 1, 1), date(2099, 12, 31))

_EPOCH = date(1970, 1, 1)
_PAGES_AT_ONCE = 64
_DIVERTED = tuple(number for number, kind in enumerate(CATALOG) if kind.inherits and kind.pays)
_KINDS: Mapping[str, int] = {
    name: KIND_NUMBER[kind]
    for name, kind in (
        *(("debit", "bank_debit"), ("payment", "payment"), ("reject", "bank_reject")),
        *(("identified", "return_identified"), ("reissue", "reissue")),
    )
}
_NO_DAYS = Days(np.zeros(0, np.int64), np.zeros(0, np.int32))
_SUSPENSION, _RESUMPTION = KIND_NUMBER["term_suspension"], KIND_NUMBER["term_resumption"]

Connection = asyncpg.Connection


async def known(connection: Connection, term_days: Dated) -> Known:
    """All there is to know of requests; within a snapshot."""
    return Known(
        await _received(connection),
        await _certified(connection, SQL["certified"].format(kinds=_listed(service_dates.KINDS))),
        await _stops(connection, 0),
        await _parts(connection),
        term_days,
    )


async def known_of(connection: Connection, rows: Debited, term_days: Dated) -> Known:
    """What is to know of the requests that ``rows`` paid; within a snapshot."""
    is_part = np.isin(rows.kind, _DIVERTED)
    parts = await _parts(connection) if is_part.any() else {}
    taken = {entry: parts[entry] for entry in np.unique(rows.payable[is_part]).tolist()}
    beneath = sorted({part.chain[-1] for part in taken.values()})
    above = [row["predecessor"] for row in await connection.fetch(SQL["entries"], beneath)] if beneath else []
    requests_ = np.concatenate([rows.payable[~is_part], np.array(beneath, np.int64)])
    commitments = np.concatenate([rows.above[~is_part], np.array(above, np.int64)])
    oldest = min((entry for part in taken.values() for entry in part.chain), default=2**63 - 1)
    return Known(
        await _received_of(connection, np.unique(requests_)),
        await _certified_of(connection, np.unique(commitments[commitments > 0])),
        await _stops(connection, int(rows.payable.min(initial=oldest))),
        parts,
        term_days,
    )


async def debited(connection: Connection, span: tuple[date, date], work: Callable[[Debited], None]) -> None:
    """Call ``work`` with the payments that the bank debited from the first day of ``span`` to the last, some at a time.

    What the bank refused before it debited it, and debited once it was sent again, is among them.
    """
    await _debited(connection, SQL["debited"].format(**_again(0), first=span[0], last=span[1], only=""), work)


async def debited_behind(connection: Connection, entry: int) -> Debited:
    """All debits, ever, of whatever something was debited of behind ``entry``; in a snapshot, which then joins by hashing."""
    await connection.execute(SQL["hashed"])
    paid = [blank(Payable, 0)]
    select = SQL["behind"].format(**_again(0), behind=entry)
    await copy_out.copied(connection, select, lambda part: paid.append(decode(Payable, _whole(part))[0]))
    wanted, found = np.unique(join(paid).payable), [blank(Debited, 0)]
    if len(wanted):
        oldest, newest = int(wanted[0]), int(wanted[-1])
        only = SQL["only"].format(wanted=_listed(wanted.tolist()), oldest=oldest, newest=newest)
        select = SQL["debited"].format(**_again(oldest), first=EVER[0], last=EVER[1], only=only)
        await _debited(connection, select, found.append)
    return join(found)


async def _debited(connection: Connection, select: str, work: Callable[[Debited], None]) -> None:
    await copy_out.copied(connection, select, lambda part: work(decode(Debited, _whole(part))[0]))


def _again(oldest: int) -> dict[str, str | int]:
    """The kinds that transfers go through, and those that were sent again for something behind ``oldest``."""
    return {**_KINDS, "again": SQL["again"].format(**_KINDS, oldest=oldest)}


def _listed(numbers: Iterable[int]) -> str:
    return ",".join(map(str, numbers))


async def _certified(connection: Connection, select: str) -> Billed:
    parts = [blank(Certified, 0)]
    await copy_out.copied(connection, select, lambda part: parts.append(decode(Certified, _whole(part))[0]))
    return await asyncio.to_thread(service_dates.billed, join(parts))


async def _certified_of(connection: Connection, commitments: NDArray[np.int64]) -> Billed:
    if not len(commitments):
        return service_dates.billed(blank(Certified, 0))
    select = SQL["certified_of"].format(
        wanted=_listed(commitments.tolist()),
        oldest=commitments[0],
        lines=_listed((service_dates.SERVICE, service_dates.REQUEST)),
        undone=_listed((service_dates.CANCELLATION, service_dates.REJECTION)),
    )
    return await _certified(connection, select)


async def _received(connection: Connection) -> Days:
    """When the creditor's request came in, where that was said."""
    parts = [_NO_DAYS]
    async with connection.transaction():
        cursor = await connection.cursor(SQL["pages"])
        while rows := await cursor.fetch(_PAGES_AT_ONCE):
            content = [(row["entry_id"], row["page"]) for row in rows]
            parts.append(await asyncio.to_thread(_said, content))
    return Days(*map(np.concatenate, zip(*parts, strict=True)))


async def _received_of(connection: Connection, wanted: NDArray[np.int64]) -> Days:
    """The same, from the pages on which some of ``wanted``, ascending, may stand."""
    ends = await connection.fetch(SQL["page_ends"])
    first, last = (np.array([row[name] for row in ends], np.int64) for name in ("entry_id", "last_entry"))
    has = np.searchsorted(wanted, first) < np.searchsorted(wanted, last, "right")
    pages, parts = first[has].tolist(), [_NO_DAYS]
    for at in range(0, len(pages), _PAGES_AT_ONCE):
        rows = await connection.fetch(SQL["some_pages"], pages[at : at + _PAGES_AT_ONCE])
        content = [(row["entry_id"], row["page"]) for row in rows]
        parts.append(await asyncio.to_thread(_said, content))
    return Days(*map(np.concatenate, zip(*parts, strict=True)))


def _said(pages: list[tuple[int, bytes]]) -> Days:
    firsts, content = zip(*pages, strict=True)
    rows, _ = payment_detail_pages.read(firsts, content)
    at = np.flatnonzero(rows.received > 0)
    return Days(rows.entry_id[at], rows.received[at])


async def _stops(connection: Connection, oldest: int) -> Stops:
    """Suspensions of what stands behind ``oldest``, or is it."""
    rows = await connection.fetch(SQL["suspended"], _SUSPENSION, _RESUMPTION, oldest)
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
