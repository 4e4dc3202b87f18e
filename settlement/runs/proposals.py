"""Propose runs: find the open payables, load what their payment depends on, and select those that are due."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import LimitExceeded
from core.person_decisions import Decision, DecisionKind, StatedPerson
from posting.store import merge_store, period_store, person_proof
from settlement.runs import automatic_reissues, run_pages, run_queries, selection
from settlement.runs.debt_terms import DebtTerms, FetchEntries, trace_debt_terms
from settlement.runs.first_transfers import (
    FirstTransfers,
    repeat_references,
    repeat_texts,
    repeat_texts_of,
    trace_first_transfers,
)
from settlement.runs.merged_payees import compare_accounts
from settlement.runs.open_payables import OpenPayables
from settlement.runs.payable_details import PayableDetails
from settlement.runs.payment_acts import is_paid
from settlement.runs.payment_reference import PaymentReference
from settlement.runs.run_queries import NoSuchRun, ProposalHeader
from settlement.runs.selection import SelectionContext, SelectionCriteria

LINES_MAX = 10_000_000
"""Lines of one run; the next run pays the others."""

_EPOCH = date(1970, 1, 1)
_NO_ENTRY = np.iinfo(np.int64).max
StepCallback = Callable[[str], None]
"""Called with each step before it begins."""


class ProposalRequest(NamedTuple):
    """A run to propose."""

    by: StatedPerson
    until: date
    """The last due day."""
    day: date
    """The day of payment in the books."""


class _NewDetails(NamedTuple):
    """Which bank details are new."""

    days: int
    """For how many days they are."""
    from_entry: int
    """The first entry with new ones."""


async def propose_run(
    connection: run_queries.Connection,
    reference: PaymentReference,
    request: ProposalRequest,
    *,
    on_step: StepCallback,
) -> int:
    """Propose to pay what is due; return the number of the run.

    Raises
    ------
    PersonNotProved
        Who proposes did not prove to be that person, or has no role for it.
    LimitExceeded
        More lines are due than one run may have.
    """
    async with run_queries.lock_proposals(connection):
        decision = Decision(DecisionKind.PROPOSAL)
        await person_proof.prove_person(connection, request.by, decision)
        on_step("reading open payables")
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            payables, last_entry = await run_queries.search_payables(connection)
            first = await trace_first_transfers(payables, _build_fetch(connection))
            payables = repeat_references(payables, first)
            context = await _load_context(connection, reference, payables, first=first)
            states = await period_store.load_states(connection)
            new_details = await _load_new_details(connection, reference)
        on_step("selecting what is due")
        run = await run_queries.load_next_run(connection)
        criteria = SelectionCriteria(
            _to_day_number(request.until),
            _to_day_number(request.day),
            reference.rules,
            reference.calendar,
            states,
            new_details.from_entry,
        )
        proposal = await asyncio.to_thread(selection.select_lines, payables, context, criteria)
        count = len(proposal.lines.line)
        if count > LINES_MAX:
            remedy = f"A run has at most {LINES_MAX:,} lines: propose until an earlier day"
            raise LimitExceeded(f"run {run}", f"{count:,} lines are due", remedy)
        on_step("saving the proposal")
        async with person_proof.record_decision(connection, request.by, decision, number=run) as person:
            accountants, rules = reference.list_accountants(), (new_details.days, reference.rules_hash)
            header = ProposalHeader(run, request.until, last_entry, accountants, person.name, *rules)
            await run_queries.store_proposal(connection, header, proposal)
        on_step("proposed")
        return run


async def _load_context(
    connection: run_queries.Connection,
    reference: PaymentReference,
    payables: OpenPayables,
    *,
    first: FirstTransfers,
) -> SelectionContext:
    numbered = await run_queries.load_accountants(connection)
    debt_terms = await trace_debt_terms(payables, _build_fetch(connection))
    returned = np.zeros(len(payables.rows.kind), np.int64)
    returned[first.rows] = first.sent_last
    payees = await run_queries.load_payee_accounts(connection)
    merges = await merge_store.load_merges(connection)
    return SelectionContext(
        details=repeat_texts(
            await _load_details(connection, payables, debt_terms),
            first,
            await run_queries.load_details(connection, np.unique(first.debt)),
        ),
        debt_terms=debt_terms,
        payees=payees,
        accountant=selection.find_accountants(payables, numbered, reference.list_accountants()),
        is_settled_without_transfer=np.isin(
            payables.rows.credit,
            await run_queries.load_account_numbers(connection, reference.entry_accounts),
        ),
        in_other_runs=await _load_pending_entries(connection),
        returned_transfer=await automatic_reissues.drop_automatic_reissues(
            connection, returned, reference.reasons
        ),
        merged=compare_accounts(merge_store.find_persons(merges), payees),
    )


def _build_fetch(connection: run_queries.Connection) -> FetchEntries:
    async def fetch_entries(entries: Sequence[int]) -> dict[int, dict[str, Any]]:
        rows = await run_queries.fetch(connection, "entries", entries)
        return {row["entry_id"]: {**row, "day": _to_day_number(row["day"])} for row in rows}

    return fetch_entries


async def _load_details(
    connection: run_queries.Connection, payables: OpenPayables, debt_terms: DebtTerms
) -> PayableDetails:
    """Load the details of all payables; parts inherit the days of their original requests, carries their texts too."""
    details = await run_queries.load_details(connection, payables.rows.entry_id)
    parts = np.flatnonzero(debt_terms.request != payables.rows.entry_id)
    requests, positions = np.unique(debt_terms.request[parts], return_inverse=True)
    inherited = await run_queries.load_details(connection, requests)
    for own, of_request in (
        (details.received, inherited.received),
        (details.invoice_date, inherited.invoice_date),
        (details.suspension_notified, inherited.suspension_notified),
        (details.suspension_ended, inherited.suspension_ended),
    ):
        own[parts] = of_request[positions]
    details.due[parts] = np.where(details.due[parts] > 0, details.due[parts], inherited.due[positions])
    carried = np.flatnonzero(debt_terms.stated_by != payables.rows.entry_id)
    if not len(carried):
        return details
    entries, positions = np.unique(debt_terms.stated_by[carried], return_inverse=True)
    return repeat_texts_of(
        details, carried, await run_queries.load_details(connection, entries), positions=positions
    )


async def _load_pending_entries(connection: run_queries.Connection) -> NDArray[np.int64]:
    """Return the entries, ascending, that runs pay which are neither issued nor abandoned."""
    entries = [np.zeros(0, np.int64)]
    for run, pages in (await run_queries.load_pending_pages(connection)).items():
        lines = run_pages.unpack_pages(pages).lines
        entries.append(lines.entry_id[is_paid(lines, await run_queries.load_edits(connection, run))])
    return np.sort(np.concatenate(entries))


async def _load_new_details(connection: run_queries.Connection, reference: PaymentReference) -> _NewDetails:
    """Return which bank details are new, by the clock of the database: no argument moves it."""
    now = await run_queries.load_time(connection)
    days, new_since = reference.rules.count_new_details_days(now), reference.rules.find_new_details_since(now)
    if new_since is None:
        return _NewDetails(days, _NO_ENTRY)
    return _NewDetails(days, await run_queries.load_first_entry(connection, new_since))


async def get_run(connection: run_queries.Connection, run: int, *states: str) -> dict[str, Any]:
    """Return a run with its state.

    Raises
    ------
    NoSuchRun
        It does not exist, or is in none of the given states.
    """
    rows = await run_queries.load_runs(connection, run)
    if not rows:
        raise NoSuchRun(f"there is no run {run}; crescendo pay list lists all runs")
    if states and rows[0]["state"] not in states:
        raise NoSuchRun(
            f"run {run} is {rows[0]['state']}; the command needs a run that is {' or '.join(states)}"
        )
    return rows[0]


def _to_day_number(day: date) -> int:
    return (day - _EPOCH).days
