"""What is due for late payments and not claimed yet, from the journal."""

import asyncio
from typing import NamedTuple

import asyncpg
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.catalog import KIND_NUMBERS
from core.effective_dates import EffectiveDated
from core.late_interest import LateInterestRules
from core.sql_files import read_queries
from core.tables.columns import allocate_zeros, concat_tables
from core.tables.delays import DebitedPayments, InterestClaims, LatePayments
from posting.delays import delay_queries as delays
from posting.delays.amounts_due import compute_amounts_due
from posting.delays.measurement import measure_delays, select_late
from posting.pgcopy import HEADER, TRAILER, decode
from posting.store import copy_out
from settlement.late_interest import claim_acts
from settlement.late_interest.claim_acts import ClaimTexts, ProposedClaims

SQL = read_queries("settlement.late_interest", "queries.sql")
_REFERENCES_PER_QUERY = 100_000
Connection = asyncpg.Connection


class MeasuredInterest(NamedTuple):
    """What was found, and how far was looked."""

    claims: ProposedClaims
    debits: int
    """How many were measured."""
    last_entry: int
    """Of the journal, as of then."""


async def find_unclaimed_interest(
    connection: Connection, rules: LateInterestRules, term_days: EffectiveDated
) -> MeasuredInterest:
    """What is due and not claimed, as of one moment.

    Raises
    ------
    ReferenceDataError
        The rate of a half-year is not there.
    """
    parts, counts = [allocate_zeros(LatePayments, 0)], [0]
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        known = await delays.load_request_facts(connection, term_days)

        def keep(rows: DebitedPayments) -> None:
            counts.append(len(rows.entry_id))
            parts.append(select_late(measure_delays(rows, known)))

        await delays.read_debits(connection, delays.ALL_DAYS, keep)
        claimed = await _load_claimed(connection, 0)
        last_entry = await _load_last_entry(connection)
    owed = await asyncio.to_thread(compute_amounts_due, concat_tables(parts), rules)
    return MeasuredInterest(claim_acts.compute_missing_claims(owed, claimed), sum(counts), last_entry)


async def find_unclaimed_since_mark(
    connection: Connection, rules: LateInterestRules, term_days: EffectiveDated
) -> MeasuredInterest:
    """``proposed``, of whatever something was debited of behind the last mark; of everything where there is none."""
    mark = await connection.fetchval(SQL["mark"])
    if not mark:
        return await find_unclaimed_interest(connection, rules, term_days)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        rows = await delays.read_debits_after(connection, mark)
        known = await delays.load_facts_of_debits(connection, rows, term_days)
        claimed = await _load_claimed(connection, int(rows.payable.min(initial=mark)))
        last_entry = await _load_last_entry(connection)
    found = await asyncio.to_thread(
        lambda: compute_amounts_due(select_late(measure_delays(rows, known)), rules)
    )
    return MeasuredInterest(claim_acts.compute_missing_claims(found, claimed), len(rows.entry_id), last_entry)


async def store_mark(connection: Connection, last_entry: int) -> None:
    """Set a mark: of all that was debited up to ``last_entry``, what is due was decided."""
    await connection.execute(SQL["note_mark"], last_entry)


async def load_pending_files(connection: Connection) -> list[str]:
    """Files of claims that are on their way and not decided."""
    return [
        row["file_name"]
        for row in await connection.fetch(SQL["waiting"], claim_acts.SENDER, claim_acts.BATCH_PREFIX)
    ]


async def load_claim_texts(connection: Connection, claims: ProposedClaims) -> ClaimTexts:
    """The words for what is proposed."""
    numbers, at = np.unique(claims.due.payee[claims.rows], return_inverse=True)
    payees = {row["payee"]: row["code"] for row in await connection.fetch(SQL["payees"], numbers.tolist())}
    codes = pa.array([payees[number] for number in numbers.tolist()], pa.string())
    return ClaimTexts(
        codes.take(pa.array(at)),
        await _load_references(connection, claims.payable),
        await _load_own_references(connection, claims),
    )


async def _load_last_entry(connection: Connection) -> int:
    (row,) = await connection.fetch(SQL["last_entry"])
    return row["entry"]


async def _load_claimed(connection: Connection, oldest: int) -> InterestClaims:
    """Claims for what stands behind ``oldest``, or is it."""
    parts = [allocate_zeros(InterestClaims, 0)]
    select = SQL["claimed"].format(kind=KIND_NUMBERS[claim_acts.KIND], oldest=oldest)
    await copy_out.stream_rows(
        connection,
        select,
        lambda part: parts.append(decode(InterestClaims, b"".join([HEADER, part, TRAILER]))[0]),
    )
    return concat_tables(parts)


async def _load_references(connection: Connection, entries: NDArray[np.int64]) -> pa.Array:
    """Of ``entries``, ascending, some at a time."""
    found = [pa.array([], pa.string())]
    for first in range(0, len(entries), _REFERENCES_PER_QUERY):
        rows = await connection.fetch(
            SQL["references"], entries[first : first + _REFERENCES_PER_QUERY].tolist()
        )
        found.append(pa.array([row["reference"] for row in rows], pa.string()))
    return pa.concat_arrays(found)


async def _load_own_references(connection: Connection, claims: ProposedClaims) -> dict[int, list[str]]:
    again, names = claims.payable[claims.claimed_before > 0].tolist(), dict[int, list[str]]()
    rows = (
        await connection.fetch(SQL["own"], KIND_NUMBERS[claim_acts.KIND], claim_acts.SENDER, again)
        if again
        else []
    )
    for row in rows:
        names.setdefault(row["predecessor"], []).append(row["reference"])
    return names
