"""What the checks of the closing read of the journal: counts and sums of what is unfinished, and what is left on accounts."""

from datetime import date
from typing import NamedTuple

import asyncpg

from core.catalog import KIND_NUMBERS, Family, list_kinds
from core.kind_rules import YearRule
from core.periods import OPENING_MONTH, RESULT_MONTH, to_period
from core.sql_files import read_queries

Connection = asyncpg.Connection
SQL = read_queries("closing", "review.sql")
LIAISON_CLASS, TRANSIT_ACCOUNT = "18", "5126"
_SUSPENSIONS, _RESUMPTIONS = [KIND_NUMBERS["term_suspension"]], [KIND_NUMBERS["term_resumption"]]
_CARRIES, _MIRRORS = list_kinds(lambda kind: kind.carries), list_kinds(lambda kind: bool(kind.mirrors))
_REVERSALS = list_kinds(lambda kind: kind.family is Family.RECEIPT_CHANGE)
_COMMITMENTS = list_kinds(lambda kind: kind.year_rule is YearRule.SPENDS_AE and kind.ae_consumed > 0)


class Count(NamedTuple):
    """How many there are, and how much they are."""

    lines: int
    cents: int


class NamedCount(NamedTuple):
    """The same of one that has a name."""

    name: str
    lines: int
    cents: int


async def has_year(connection: Connection, year: int) -> bool:
    """Return whether the ledger has the months of a year."""
    (row,) = await connection.fetch(SQL["has_year"], year)
    return row["exists"]


async def count_held_acts(connection: Connection) -> Count:
    """Count the lines that wait for a predecessor."""
    (row,) = await connection.fetch(SQL["held_acts"])
    return Count(*row)


async def count_undecided_files(connection: Connection) -> Count:
    """Count the files with lines that are not decided."""
    (row,) = await connection.fetch(SQL["undecided_files"])
    return Count(*row)


async def list_pending_runs(connection: Connection, last_day: date) -> list[NamedCount]:
    """List the payment runs of what was due by a day that are neither issued nor abandoned."""
    rows = await connection.fetch(SQL["pending_runs_until"], last_day)
    return [NamedCount(f"run {row['run']}, {row['state']}", row["lines"], row["cents"]) for row in rows]


async def count_suspended_requests(connection: Connection, year: int) -> Count:
    """Count the requests of a year whose payment an accountant has suspended."""
    (row,) = await connection.fetch(SQL["suspended_requests"], year, _SUSPENSIONS, _RESUMPTIONS)
    return Count(*row)


async def list_balances(connection: Connection, year: int, digits: str) -> list[NamedCount]:
    """List the accounts that begin with some digits and on which an accountant has something at the end of a year."""
    periods = to_period(year, OPENING_MONTH), to_period(year, RESULT_MONTH)
    rows = await connection.fetch(SQL["account_balances"], digits, *periods)
    return [NamedCount(row["account"], row["lines"], row["cents"]) for row in rows]


async def list_accountant_balances(connection: Connection, year: int, account: str) -> list[NamedCount]:
    """List the accountants who have something on an account at the end of a year; the name is the code of each."""
    periods = to_period(year, OPENING_MONTH), to_period(year, RESULT_MONTH)
    rows = await connection.fetch(SQL["accountant_balances"], account, *periods)
    return [NamedCount(row["accountant"], 1, row["cents"]) for row in rows]


async def load_balances_on_day(connection: Connection, day: date, account: str) -> dict[str, int]:
    """Return the cents that each accountant has on an account by a day, in the books of its year.

    What was taken back of receipts up to the day is off, also by a reversal of the complementary period.
    """
    rows = await connection.fetch(SQL["accountant_balances_on_day"], account, day.year, day, _REVERSALS)
    return {row["accountant"]: row["cents"] for row in rows}


async def count_late_commitments(connection: Connection, year: int) -> NamedCount:
    """Count what consumed AE of a year after its 31 December; the name is that of the first entry."""
    (row,) = await connection.fetch(SQL["late_commitments"], year, date(year, 12, 31), _COMMITMENTS)
    return NamedCount(f"@{row['first']}", row["lines"], row["cents"])


class LatestCarry(NamedTuple):
    """What the files of a step carried until now."""

    entry: int
    """The last entry from which the latest file was computed."""
    lines: int
    """The lines of all files that were accepted."""


async def load_latest_carry(connection: Connection, batch_prefix: str) -> LatestCarry | None:
    """Load what the files with a batch id of ``batch_prefix`` carried; None if there is none."""
    rows = await connection.fetch(SQL["latest_carry"], batch_prefix)
    return LatestCarry(*rows[0]) if rows else None


async def has_later_entries(connection: Connection, year: int, entry: int) -> bool:
    """Return whether an entry after ``entry`` may have opened something of ``year``: of that year, or an undone carry."""
    cells = [row["cell"] for row in await connection.fetch(SQL["later_assignments"], entry)]
    if await connection.fetchval(SQL["has_assignment"], cells, year):
        return True
    undone = [row["predecessor"] for row in await connection.fetch(SQL["later_mirrors"], entry, _MIRRORS)]
    return bool(undone and await connection.fetchval(SQL["has_carry"], undone, _CARRIES))
