"""Queries for receipts and refusal reasons, shared by commands, the HTTP service and the engine."""

from collections.abc import Sequence
from itertools import groupby

import asyncpg

from core.outcome_codes import Outcome
from core.sql_files import read_queries
from reporting.refusals import Language
from service.results.receipts import Reason, Receipt, RefusedExample, build_reasons, build_receipt

SQL = read_queries("service.results", "receipts.sql")

FILES_WITH_EXAMPLES = 3
EXAMPLES_OF_A_FILE = 5


async def read_receipts(connection: asyncpg.Connection, numbers: Sequence[int]) -> list[Receipt]:
    """Return the receipts of these submissions, by number."""
    return [build_receipt(row) for row in await connection.fetch(SQL["receipts"], list(numbers))]


async def read_unfinished_receipts(connection: asyncpg.Connection) -> list[Receipt]:
    """Return the receipts of the submissions that still have lines to decide: the next processing takes them up."""
    rows = await connection.fetch(SQL["unfinished_submissions"])
    return await read_receipts(connection, [row["submission"] for row in rows])


async def read_pending_files(connection: asyncpg.Connection, sender: str, batch_prefix: str) -> list[str]:
    """Return the files of a sender that are submitted and not decided yet, by the start of their batch ids."""
    return [row["file_name"] for row in await connection.fetch(SQL["pending_files"], sender, batch_prefix)]


async def read_reasons(connection: asyncpg.Connection, numbers: Sequence[int]) -> list[Reason]:
    """Return why lines of these submissions were refused, the most frequent reason first."""
    return build_reasons(await connection.fetch(SQL["reasons"], list(numbers)))


async def read_reasons_by_submission(
    connection: asyncpg.Connection, numbers: Sequence[int], language: Language = "en"
) -> dict[int, list[Reason]]:
    """Return for each of these submissions why lines were refused, the most frequent reason first; one query for all."""
    rows = await connection.fetch(SQL["reasons_by_submission"], list(numbers)) if numbers else []
    groups = groupby(rows, lambda row: row["submission"])
    return {number: build_reasons(list(reasons), language) for number, reasons in groups}


async def read_refused_examples(
    connection: asyncpg.Connection, receipts: Sequence[Receipt]
) -> list[RefusedExample]:
    """Return the first refused lines of the first of these files that have any."""
    numbers = [receipt.submission for receipt in receipts if receipt.refused.lines][:FILES_WITH_EXAMPLES]
    return [
        RefusedExample(number, row["line"], row["reference"], Outcome(row["code"]).name)
        for number in numbers
        for row in await connection.fetch(SQL["first_refusals"], number, EXAMPLES_OF_A_FILE)
    ]


async def has_credits(connection: asyncpg.Connection) -> bool:
    """Return whether any credits are open, of any year."""
    return bool(await connection.fetchval(SQL["has_credits"]))
