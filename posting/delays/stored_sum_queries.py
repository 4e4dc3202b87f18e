"""Queries for the stored sums of delays, and for what is needed to add up others; nothing here loads the kernels."""

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

import asyncpg

from core.catalog import Stage, list_kinds
from core.delay_rules import DelayRules
from core.kind_rules import Pairing
from core.senders import RESERVED_SENDERS
from core.sql_files import read_queries
from core.tables.columns import allocate_zeros, concat_tables, read_column_kinds
from core.tables.delays import CellPlaces, DelaySums, InterestEntries, SubmissionSenders
from posting.delays.delay_sums import KEYS, PaymentOwners
from posting.pgcopy import HEADER, TRAILER, decode
from posting.store import copy_out

SQL = read_queries("posting.delays", "stored_sums.sql")
INTEREST_KINDS = list_kinds(lambda kind: kind.is_interest)
PAYING_KINDS = list_kinds(lambda kind: kind.reaches is Stage.DEBITED or kind.pairs is Pairing.DEBT)

Connection = asyncpg.Connection
Table = TypeVar("Table", bound=NamedTuple)


class SumState(NamedTuple):
    """The stored sums that are valid."""

    base: int
    """The first of the measurements that follow one another."""
    last_entry: int
    """Sums contain everything up to this entry."""
    half_year: int
    """The newest half-year whose rate was used."""
    rules: bytes
    """The hash of the rules, with the rates up to this half-year."""


async def find_state(connection: Connection, rules: DelayRules) -> SumState | None:
    """Find the stored sums; None if there are none, or if they were measured by other rules."""
    row = await connection.fetchrow(SQL["state"])
    state = SumState(*row) if row else None
    return state if state and state.rules == rules.hash_until(state.half_year) else None


async def read_sums(connection: Connection, state: SumState) -> DelaySums:
    """Read the stored sums."""
    sums = ", ".join(f"sum({name})::bigint as {name}" for name in DelaySums._fields[len(KEYS) :])
    select = SQL["stored_sums"].format(keys=", ".join(KEYS), sums=sums, base=state.base)
    return await _copy(connection, DelaySums, select)


async def store_sums(connection: Connection, state: SumState, sums: DelaySums, *, after: int) -> None:
    """Store the ``sums`` of what follows the entry ``after``, with the ``state`` in which they are (without its base)."""
    columns = read_column_kinds(DelaySums)
    arrays = ", ".join(f"${number}::{kind.postgres}[]" for number, kind in enumerate(columns.values(), 2))
    insert = SQL["insert_sums"].format(columns=", ".join(columns), arrays=arrays)
    async with connection.transaction():
        measurement = await connection.fetchval(
            SQL["insert_measurement"], after, state.last_entry, state.half_year, state.rules
        )
        if measurement:
            await connection.execute(insert, measurement, *(column.tolist() for column in sums))


async def has_debits_after(connection: Connection, entry: int) -> bool:
    """Return whether the bank debited a payment, or a debt was set off, after ``entry``."""
    return bool(await connection.fetchval(SQL["has_kinds_after"], entry, PAYING_KINDS))


async def load_journal_end(connection: Connection) -> int:
    """Return the last entry."""
    (row,) = await connection.fetch(SQL["journal_end"])
    return row["entry"]


async def load_owners(connection: Connection, oldest_claim: int) -> PaymentOwners:
    """Load the owners of payments, and the claims of late interest from the entry ``oldest_claim`` on."""
    return PaymentOwners(
        await _copy(connection, SubmissionSenders, SQL["senders"]),
        await _copy(connection, CellPlaces, SQL["cell_places"]),
        await _load_claims(connection, oldest_claim),
    )


async def _load_claims(connection: Connection, oldest: int) -> InterestEntries:
    select = SQL["claims"].format(
        kinds=_join(INTEREST_KINDS),
        reserved=_join(f"'{name}'" for name in sorted(RESERVED_SENDERS)),
        oldest=oldest,
    )
    return await _copy(connection, InterestEntries, select)


def _join(values: Iterable[object]) -> str:
    return ",".join(map(str, values))


async def _copy(connection: Connection, table: type[Table], select: str) -> Table:
    chunks = [allocate_zeros(table, 0)]
    await copy_out.stream_rows(
        connection, select, lambda rows: chunks.append(decode(table, b"".join([HEADER, rows, TRAILER])).rows)
    )
    return concat_tables(chunks)
