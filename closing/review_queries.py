"""What the checks of the closing read of the journal: counts and sums of what is unfinished, and what is left on accounts."""

from datetime import date
from typing import NamedTuple

import asyncpg

from core.catalog import KIND_NUMBERS, list_kinds
from core.kind_rules import YearRule
from core.periods import OPENING_MONTH, RESULT_MONTH, to_period
from core.sql_files import read_queries

Connection = asyncpg.Connection
SQL = read_queries("closing", "review.sql")
LIAISON_CLASS, TRANSIT_ACCOUNT = "18", "5126"
_SUSPENSIONS, _RESUMPTIONS = [KIND_NUMBERS["term_suspension"]], [KIND_NUMBERS["term_resumption"]]
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


async def count_late_commitments(connection: Connection, year: int) -> NamedCount:
    """Count what consumed AE of a year after its 31 December; the name is that of the first entry."""
    (row,) = await connection.fetch(SQL["late_commitments"], year, date(year, 12, 31), _COMMITMENTS)
    return NamedCount(f"@{row['first']}", row["lines"], row["cents"])
