"""Runs proposed: what is owed, what is known of it, and which of it is due."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG
from core.errors import LimitExceeded
from settlement.runs import automatic_reissues, run_pages, run_queries, selection
from settlement.runs.debt_terms import DebtTerms, trace_debt_terms
from settlement.runs.open_payables import OpenPayables
from settlement.runs.payable_details import PayableDetails
from settlement.runs.payment_acts import is_paid
from settlement.runs.payment_reference import PaymentReference
from settlement.runs.run_queries import NoSuchRun
from settlement.runs.selection import SelectionContext, SelectionCriteria

LINES_MAX = 10_000_000
"""Lines of one run; more are left for the next."""

_EPOCH = date(1970, 1, 1)
StepCallback = Callable[[str], None]
"""Called with the step that begins, before anything of it is done."""


class ProposalRequest(NamedTuple):
    """What is to be proposed: by whom, up to which day something is due, and on which day it is paid."""

    by: str
    until: date
    day: date


async def propose_run(
    connection: run_queries.Connection,
    reference: PaymentReference,
    request: ProposalRequest,
    on_step: StepCallback,
) -> int:
    """Propose to pay what is due; the number of the run.

    Raises
    ------
    LimitExceeded
        More is due than one run takes.
    """
    async with run_queries.lock_proposals(connection):
        on_step("reading what is owed")
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            owed, last_entry = await run_queries.search_payables(connection)
            known = await _load_context(connection, reference, owed)
        on_step("choosing what is due")
        run = await run_queries.load_next_run(connection)
        asked = SelectionCriteria(
            _to_day_number(request.until), _to_day_number(request.day), reference.rules, reference.calendar
        )
        proposal = await asyncio.to_thread(selection.select_lines, owed, known, asked)
        if len(proposal.lines.line) > LINES_MAX:
            found = f"{len(proposal.lines.line):,} lines are due"
            raise LimitExceeded(
                f"run {run}", found, f"A run takes {LINES_MAX:,}: propose until an earlier day"
            )
        on_step("keeping the proposal")
        head = (run, request.until, last_entry, reference.list_accountants())
        await run_queries.store_proposal(connection, proposal, head, request.by)
        on_step("proposed")
        return run


async def _load_context(
    connection: run_queries.Connection, reference: PaymentReference, payables: OpenPayables
) -> SelectionContext:
    centres = await run_queries.load_centres(connection)
    assigned = {year: each.by_centre for year, each in reference.accountants.items()}
    under = await _trace_terms(connection, payables)
    return SelectionContext(
        details=await _load_details(connection, payables, under),
        debt_terms=under,
        payees=await run_queries.load_payee_accounts(connection),
        accountant=selection.find_accountants(payables, centres, assigned, reference.list_accountants()),
        in_other_runs=await _load_pending_entries(connection),
        returned_transfer=await automatic_reissues.drop_automatic_reissues(
            connection, await _find_returned_transfers(connection, payables), reference.reasons
        ),
    )


async def _trace_terms(connection: run_queries.Connection, payables: OpenPayables) -> DebtTerms:
    async def followed(entries: Sequence[int]) -> dict[int, dict[str, Any]]:
        rows = await run_queries.fetch(connection, "followed", entries)
        return {row["entry_id"]: {**row, "day": _to_day_number(row["day"])} for row in rows}

    return await trace_debt_terms(payables, followed)


async def _load_details(
    connection: run_queries.Connection, payables: OpenPayables, under: DebtTerms
) -> PayableDetails:
    own = await run_queries.load_details(connection, payables.rows.entry_id)
    parts = np.flatnonzero(under.request != payables.rows.entry_id)
    requests, at = np.unique(under.request[parts], return_inverse=True)
    whole = await run_queries.load_details(connection, requests)
    own.received[parts] = whole.received[at]
    own.due[parts] = np.where(own.due[parts] > 0, own.due[parts], whole.due[at])
    return own


async def _load_pending_entries(connection: run_queries.Connection) -> NDArray[np.int64]:
    """Entries that runs pay which are not over, ascending."""
    found = [np.zeros(0, np.int64)]
    for run, content in (await run_queries.load_pending_pages(connection)).items():
        lines, _ = run_pages.unpack_pages(content)
        found.append(lines.entry_id[is_paid(lines, await run_queries.load_edits(connection, run))])
    return np.sort(np.concatenate(found))


async def _find_returned_transfers(
    connection: run_queries.Connection, payables: OpenPayables
) -> NDArray[np.int64]:
    """Of each row the transfer that came back, where one did: what it follows, back to what sent the money."""
    found = np.zeros(len(payables.rows.kind), np.int64)
    rows = np.flatnonzero(payables.rows.kind == selection.REISSUED)
    at = payables.rows.predecessor[rows]
    while len(rows):
        known = {
            each["entry_id"]: each for each in await run_queries.fetch(connection, "followed", at.tolist())
        }
        remits = np.array([CATALOG[known[entry]["kind"]].remits for entry in at.tolist()])
        found[rows[remits]] = at[remits]
        rows, at = rows[~remits], at[~remits]
        at = np.array([known[entry]["predecessor"] for entry in at.tolist()], np.int64)
    return found


async def get_run(connection: run_queries.Connection, run: int, *states: str) -> dict[str, Any]:
    """A run as it stands.

    Raises
    ------
    NoSuchRun
        There is none of that number, or it is in none of these states.
    """
    found = await run_queries.load_runs(connection, run)
    if not found:
        raise NoSuchRun(f"there is no run {run}; crescendo pay list shows those there are")
    if states and found[0]["state"] not in states:
        raise NoSuchRun(f"run {run} is {found[0]['state']}; this takes one that is {' or '.join(states)}")
    return found[0]


def _to_day_number(day: date) -> int:
    return (day - _EPOCH).days
