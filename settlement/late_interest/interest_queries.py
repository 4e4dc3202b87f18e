"""Find the interest for late payments that is due and not claimed yet, from the journal."""

import asyncio
from typing import NamedTuple

import asyncpg
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.catalog import KIND_NUMBERS
from core.delay_rules import DelayRules
from core.effective_dates import EffectiveDated
from core.late_interest import LateInterestRules
from core.nomenclature import ORDINARY_FUND
from core.sql_files import read_queries
from core.tables.delays import InterestClaims
from posting.delays import delay_queries as delays
from posting.delays import sum_measurement
from posting.delays.amounts_due import compute_amounts_due
from posting.delays.delay_sums import SumScope
from posting.delays.stored_sum_queries import find_state
from posting.delays.sum_measurement import Measurement
from posting.store.ledger_identity import read_number
from settlement.late_interest import claim_acts
from settlement.late_interest.claim_acts import Assignments, ClaimTexts, ProposedClaims

SQL = read_queries("settlement.late_interest", "queries.sql")
_ENTRIES_PER_QUERY = 100_000
Connection = asyncpg.Connection


class MeasuredInterest(NamedTuple):
    """The proposed claims, and the part of the journal that was measured for them."""

    claims: ProposedClaims
    debits: int
    """Debits that were measured."""
    last_entry: int
    """The last entry of the journal at that time."""
    sums: Measurement | None
    """The figures of the report that follow the stored ones; None if the stored ones end before what was measured."""


async def find_unclaimed_interest(
    connection: Connection, rules: LateInterestRules, term_days: EffectiveDated
) -> MeasuredInterest:
    """Find all interest that is due and not claimed, in one snapshot.

    Raises
    ------
    ReferenceDataError
        The rate of a half-year is missing.
    """
    delay_rules = DelayRules(term_days, rules)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        measured = await sum_measurement.measure_all(connection, delay_rules)
        prior_claims = await delays.load_claims(connection, 0)
    return await _compute_claims(measured, prior_claims, rules, has_sums=True)


async def find_unclaimed_since_mark(
    connection: Connection, rules: LateInterestRules, term_days: EffectiveDated
) -> MeasuredInterest:
    """Find it for requests with a debit after the last mark only; for all if there is no mark."""
    mark = await connection.fetchval(SQL["mark"])
    if not mark:
        return await find_unclaimed_interest(connection, rules, term_days)
    delay_rules = DelayRules(term_days, rules)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        state = await find_state(connection, delay_rules)
        has_sums = state is not None and state.last_entry >= mark
        scope = SumScope(state.last_entry if state and has_sums else mark)
        measured = await sum_measurement.measure_after(connection, delay_rules, mark, scope=scope)
        prior_claims = await delays.load_claims(connection, measured.oldest_payable)
    return await _compute_claims(measured, prior_claims, rules, has_sums=has_sums)


async def _compute_claims(
    measured: Measurement, prior_claims: InterestClaims, rules: LateInterestRules, *, has_sums: bool
) -> MeasuredInterest:
    due = await asyncio.to_thread(compute_amounts_due, measured.late, rules)
    claims = claim_acts.compute_missing_claims(due, prior_claims)
    return MeasuredInterest(
        claims, measured.adder.debits, measured.last_entry, measured if has_sums else None
    )


async def store_mark(connection: Connection, last_entry: int) -> None:
    """Set a mark: interest for debits up to ``last_entry`` is claimed."""
    await connection.execute(SQL["insert_mark"], last_entry)


async def load_claim_texts(connection: Connection, claims: ProposedClaims) -> ClaimTexts:
    """Load the texts of the claims."""
    numbers, positions = np.unique(claims.due.payee[claims.rows], return_inverse=True)
    payees = {row["payee"]: row["code"] for row in await connection.fetch(SQL["payees"], numbers.tolist())}
    codes = pa.array([payees[number] for number in numbers.tolist()], pa.string())
    requests = await _load_requests(connection, claims.payable)
    return ClaimTexts(
        codes.take(pa.array(positions)),
        requests.references,
        await _load_own_references(connection, claims),
        await read_number(connection),
        await _load_assignments(connection, requests.cells),
    )


class _LateRequests(NamedTuple):
    """What was paid late, one row per claim."""

    references: pa.Array
    cells: NDArray[np.int32]


async def _load_requests(connection: Connection, entries: NDArray[np.int64]) -> _LateRequests:
    """Load reference and cell of ``entries``, which ascend."""
    references, cells = [pa.array([], pa.string())], [np.empty(0, np.int32)]
    for first in range(0, len(entries), _ENTRIES_PER_QUERY):
        rows = await connection.fetch(SQL["requests"], entries[first : first + _ENTRIES_PER_QUERY].tolist())
        references.append(pa.array([row["reference"] for row in rows], pa.string()))
        cells.append(np.fromiter((row["cell"] for row in rows), np.int32, len(rows)))
    return _LateRequests(pa.concat_arrays(references), np.concatenate(cells))


async def _load_assignments(connection: Connection, cells: NDArray[np.int32]) -> Assignments:
    """Load the assignment of each of ``cells``: many claims share one."""
    numbers, positions = np.unique(cells, return_inverse=True)
    rows, claims = await connection.fetch(SQL["assignments"], numbers.tolist()), pa.array(positions)
    return Assignments(
        pa.array([row["centre"] for row in rows], pa.string()).take(claims),
        pa.array([row["area"] for row in rows], pa.string()).take(claims),
        pa.array([row["item"] for row in rows], pa.string()).take(claims),
        np.array([row["operation"] > 0 for row in rows], bool)[positions],
        np.array([row["fund"] not in ("", ORDINARY_FUND) for row in rows], bool)[positions],
        np.array([row["budget_year"] for row in rows], np.int64)[positions],
    )


async def _load_own_references(connection: Connection, claims: ProposedClaims) -> dict[int, list[str]]:
    references: dict[int, list[str]] = {}
    claimed = claims.payable[claims.claimed_before > 0].tolist()
    if claimed:
        kind = KIND_NUMBERS[claim_acts.KIND]
        for row in await connection.fetch(SQL["own_claims"], kind, claim_acts.SENDER, claimed):
            references.setdefault(row["predecessor"], []).append(row["reference"])
    return references
