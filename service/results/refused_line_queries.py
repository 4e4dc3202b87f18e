"""Queries for the results of a submission: when it reached its status, and its refused lines."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from core.sql_files import read_queries
from reporting import refusals
from reporting.report_queries import SQL as REPORT_SQL
from service.database.read_pool import Pool, Row, fetch_rows, fetch_value
from service.results.receipt_queries import read_receipts
from service.results.receipts import Receipt

SQL = read_queries("service.results", "refused_lines.sql")


class SubmissionStatus(NamedTuple):
    """The receipt of a submission, and when the submission reached this status."""

    receipt: Receipt
    since: datetime


async def read_status(connection: asyncpg.Connection, submission: int) -> SubmissionStatus:
    """Read the status of a submission that exists."""
    (receipt,) = await read_receipts(connection, [submission])
    (row,) = await connection.fetch(SQL["status_time"], submission, receipt.last_batch)
    return SubmissionStatus(receipt, row["at"])


async def find_last_batch(pool: Pool, submission: int) -> int:
    """Return the last batch that contains lines of a submission; 0 before the first."""
    return await fetch_value(pool, REPORT_SQL["last_batch_of_submission"], submission)


async def read_refused_page(pool: Pool, submission: int, *, after: int, limit: int) -> list[Row]:
    """Read up to ``limit`` refused lines after line ``after`` (from 1), in the order of the file."""
    return await fetch_rows(pool, REPORT_SQL["refused_page"], submission, after - 1, limit, None)


def read_refused_pages(pool: Pool, submission: int, *, size: int, last: int) -> AsyncIterator[list[Row]]:
    """Read all lines refused up to batch ``last``, a page of ``size`` at a time, each on a borrowed connection."""

    async def fetch(query: str, *arguments: Any) -> list[Row]:
        return await fetch_rows(pool, REPORT_SQL[query], *arguments)

    return refusals.read_refused_pages(fetch, submission, size=size, last=last)


async def count_refused_by_lot(pool: Pool, submission: int, first_lines: list[int]) -> dict[int, int]:
    """Count the refused lines of each lot; ``first_lines`` has the first line of each lot, from 0."""
    rows = await fetch_rows(pool, SQL["refused_by_lot"], submission, first_lines)
    return {row["lot"]: row["lines"] for row in rows}
