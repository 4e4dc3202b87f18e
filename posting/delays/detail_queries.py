"""Queries for what requests state of their terms and contracts, and receivables of the day on which they are due."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import numpy as np
from numpy.typing import NDArray

from core.sql_files import read_queries
from core.tables.columns import allocate_zeros, concat_tables, select_rows
from core.tables.invoices import RequestDetails
from posting import payment_detail_pages
from posting.delays.measurement import RequestTerms

SQL = read_queries("posting.delays", "details.sql")

_PAGES_AT_ONCE = 64
_NO_TERMS = allocate_zeros(RequestTerms, 0)

Connection = asyncpg.Connection


async def load_request_terms(connection: Connection) -> RequestTerms:
    """Load what every request states of its term and contract."""
    chunks = [_NO_TERMS]
    async with connection.transaction():
        cursor = await connection.cursor(SQL["pages"])
        while pages := await cursor.fetch(_PAGES_AT_ONCE):
            details = await asyncio.to_thread(_read_pages, pages)
            chunks.append(_select_terms(details))
    return concat_tables(chunks)


async def load_request_terms_of(connection: Connection, requests: NDArray[np.int64]) -> RequestTerms:
    """Load the same from the pages that may contain one of ``requests``, which are in ascending order."""
    chunks = [_select_terms(details) async for details in _read_details(connection, requests)]
    return concat_tables([_NO_TERMS, *chunks])


async def load_due_days(connection: Connection, entries: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the day on which each of ``entries``, which are in ascending order, states to be due; 0 for none."""
    days = np.zeros(len(entries), np.int32)
    async for details in _read_details(connection, entries):
        at = np.searchsorted(details.entry_id, entries)
        is_present = np.append(details.entry_id, -1)[at] == entries
        days = np.where(is_present, np.append(details.due, np.int32(0))[at], days)
    return days


async def _read_details(connection: Connection, entries: NDArray[np.int64]) -> AsyncIterator[RequestDetails]:
    """Yield the rows, ascending, of the pages that may contain one of ``entries``, which are in ascending order."""
    ends = await connection.fetch(SQL["page_ends"])
    first, last = (np.array([row[name] for row in ends], np.int64) for name in ("entry_id", "last_entry"))
    has_any = np.searchsorted(entries, first) < np.searchsorted(entries, last, "right")
    numbers = first[has_any].tolist()
    for at in range(0, len(numbers), _PAGES_AT_ONCE):
        pages = await connection.fetch(SQL["some_pages"], numbers[at : at + _PAGES_AT_ONCE])
        yield await asyncio.to_thread(_read_pages, pages)


def _read_pages(pages: list[asyncpg.Record]) -> RequestDetails:
    firsts, contents = [page["entry_id"] for page in pages], [page["page"] for page in pages]
    return payment_detail_pages.read_pages(firsts, contents).rows


def _select_terms(details: RequestDetails) -> RequestTerms:
    """Return the rows that state something of their term or contract."""
    columns = (getattr(details, name) for name in RequestTerms._fields[1:])
    request_terms = RequestTerms(details.entry_id, *columns)
    return select_rows(
        request_terms, np.flatnonzero(np.logical_or.reduce([column > 0 for column in request_terms[1:]]))
    )
