"""The measurement of debits and the sums of their figures: of all debits, or of those after an entry."""

import asyncio
from datetime import date
from typing import NamedTuple

import numpy as np

from core.delay_rules import DelayRules
from core.tables.columns import select_rows
from core.tables.delays import DebitedPayments, DelaySums, LatePayments
from posting.delays import delay_queries, stored_sum_queries
from posting.delays.day_span import ALL_DAYS, DaySpan
from posting.delays.delay_sums import DelayAdder, SumScope, find_half_year
from posting.delays.stored_sum_queries import Connection, SumState

_EPOCH = date(1970, 1, 1)


class Measurement(NamedTuple):
    """Measured debits, as of one snapshot."""

    adder: DelayAdder
    scope: SumScope
    late: LatePayments
    oldest_payable: int
    """No payable that was measured has a lower number."""
    last_entry: int
    """The last entry of the journal in the snapshot."""


async def measure_all(connection: Connection, rules: DelayRules, span: DaySpan = ALL_DAYS) -> Measurement:
    """Measure all debits of payments of ``span``, a chunk at a time; call it within a snapshot."""
    facts = await delay_queries.load_request_facts(connection, rules.term_days, rules.interest)
    owners, scope = await stored_sum_queries.load_owners(connection, 0), SumScope(0, span)
    adder = DelayAdder(facts, owners, scope)
    await delay_queries.read_debits(connection, span, adder.add_debits)
    end = await stored_sum_queries.load_journal_end(connection)
    return Measurement(adder, scope, adder.build_late(), 0, end)


async def measure_after(
    connection: Connection, rules: DelayRules, entry: int, *, scope: SumScope
) -> Measurement:
    """Measure all debits of the requests that were debited after ``entry``; call it within a snapshot.

    The sums contain those in ``scope``, which does not begin before ``entry``.
    """
    debits = _select_span(await delay_queries.read_debits_after(connection, entry), scope.span)
    facts = await delay_queries.load_facts_of_debits(
        connection, debits, rules.term_days, rules=rules.interest
    )
    claims = debits.payable[np.isin(debits.kind, stored_sum_queries.INTEREST_KINDS)]
    oldest_claim = int(claims.min(initial=scope.after + 1))
    adder = DelayAdder(facts, await stored_sum_queries.load_owners(connection, oldest_claim), scope)
    await asyncio.to_thread(adder.add_debits, debits)
    end = await stored_sum_queries.load_journal_end(connection)
    return Measurement(adder, scope, adder.build_late(), int(debits.payable.min(initial=entry)), end)


def _select_span(debits: DebitedPayments, span: DaySpan) -> DebitedPayments:
    first, last = ((day - _EPOCH).days for day in span)
    return select_rows(debits, np.flatnonzero((debits.day >= first) & (debits.day <= last)))


async def add_up_after(connection: Connection, rules: DelayRules, scope: SumScope) -> DelaySums:
    """Add up what follows an entry, or everything; call it within a snapshot.

    Raises
    ------
    ReferenceDataError
        The rate of a half-year is missing.
    """
    if not scope.after:
        measured = await measure_all(connection, rules, scope.span)
    else:
        measured = await measure_after(connection, rules, scope.after, scope=scope)
    return await asyncio.to_thread(measured.adder.build_sums, rules)


async def store_measurement(connection: Connection, rules: DelayRules, measured: Measurement) -> None:
    """Store the sums of ``measured``, which follow those that are stored, or replace them if all debits were measured.

    Raises
    ------
    ReferenceDataError
        The rate of a half-year is missing.
    """
    after = measured.scope.after
    if measured.last_entry > after:
        sums = await asyncio.to_thread(measured.adder.build_sums, rules)
        earlier = await stored_sum_queries.find_state(connection, rules) if after else None
        half_year = max(find_half_year(measured.late), earlier.half_year if earlier else 0)
        state = SumState(0, measured.last_entry, half_year, rules.hash_until(half_year))
        await stored_sum_queries.store_sums(connection, state, sums, after=after)


async def update_sums(connection: Connection, rules: DelayRules) -> bool:
    """Store the sums of the debits that are not in the stored ones; return whether there were any.

    All debits are measured if no sums are stored, or if those were measured by other rules.

    Raises
    ------
    ReferenceDataError
        The rate of a half-year is missing.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        state = await stored_sum_queries.find_state(connection, rules)
        after = state.last_entry if state else 0
        if not await stored_sum_queries.has_debits_after(connection, after):
            return False
        if after:
            measured = await measure_after(connection, rules, after, scope=SumScope(after))
        else:
            measured = await measure_all(connection, rules)
    await store_measurement(connection, rules, measured)
    return True
