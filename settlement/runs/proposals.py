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
from settlement.runs.debt_terms import Beneath, beneath
from settlement.runs.open_payables import Owed
from settlement.runs.payable_details import Details
from settlement.runs.payment_acts import is_paid
from settlement.runs.payment_reference import Books
from settlement.runs.run_queries import NoSuchRun
from settlement.runs.selection import Asked, Known

LINES_MAX = 10_000_000
"""Lines of one run; more are left for the next."""

_EPOCH = date(1970, 1, 1)
Tell = Callable[[str], None]
"""Called with the step that begins, before anything of it is done."""


class Proposed(NamedTuple):
    """What is to be proposed: by whom, up to which day something is due, and on which day it is paid."""

    by: str
    until: date
    day: date


async def propose(connection: run_queries.Connection, books: Books, wanted: Proposed, tell: Tell) -> int:
    """Propose to pay what is due; the number of the run.

    Raises
    ------
    LimitExceeded
        More is due than one run takes.
    """
    async with run_queries.alone(connection):
        tell("reading what is owed")
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            owed, last_entry = await run_queries.owed(connection)
            known = await _known(connection, books, owed)
        tell("choosing what is due")
        run = await run_queries.next_run(connection)
        asked = Asked(_day(wanted.until), _day(wanted.day), books.rules, books.calendar)
        proposal = await asyncio.to_thread(selection.propose, owed, known, asked)
        if len(proposal.lines.line) > LINES_MAX:
            found = f"{len(proposal.lines.line):,} lines are due"
            raise LimitExceeded(
                f"run {run}", found, f"A run takes {LINES_MAX:,}: propose until an earlier day"
            )
        tell("keeping the proposal")
        head = (run, wanted.until, last_entry, books.order())
        await run_queries.store(connection, proposal, head, wanted.by)
        tell("proposed")
        return run


async def _known(connection: run_queries.Connection, books: Books, owed: Owed) -> Known:
    centres = await run_queries.centres(connection)
    assigned = {year: each.assigned for year, each in books.accountants.items()}
    under = await _beneath(connection, owed)
    return Known(
        details=await _details(connection, owed, under),
        beneath=under,
        payees=await run_queries.all_payees(connection),
        accountant=selection.accountants_of(owed, centres, assigned, books.order()),
        elsewhere=await _elsewhere(connection),
        returned=await automatic_reissues.still_back(
            connection, await _returned(connection, owed), books.reasons
        ),
    )


async def _beneath(connection: run_queries.Connection, owed: Owed) -> Beneath:
    async def followed(entries: Sequence[int]) -> dict[int, dict[str, Any]]:
        rows = await run_queries.fetch(connection, "followed", entries)
        return {row["entry_id"]: {**row, "day": _day(row["day"])} for row in rows}

    return await beneath(owed, followed)


async def _details(connection: run_queries.Connection, owed: Owed, under: Beneath) -> Details:
    own = await run_queries.details(connection, owed.rows.entry_id)
    parts = np.flatnonzero(under.entry != owed.rows.entry_id)
    requests, at = np.unique(under.entry[parts], return_inverse=True)
    whole = await run_queries.details(connection, requests)
    own.received[parts] = whole.received[at]
    own.due[parts] = np.where(own.due[parts] > 0, own.due[parts], whole.due[at])
    return own


async def _elsewhere(connection: run_queries.Connection) -> NDArray[np.int64]:
    """Entries that runs pay which are not over, ascending."""
    found = [np.zeros(0, np.int64)]
    for run, content in (await run_queries.pending(connection)).items():
        lines, _ = run_pages.unpacked(content)
        found.append(lines.entry_id[is_paid(lines, await run_queries.edits(connection, run))])
    return np.sort(np.concatenate(found))


async def _returned(connection: run_queries.Connection, owed: Owed) -> NDArray[np.int64]:
    """Of each row the transfer that came back, where one did: what it follows, back to what sent the money."""
    found = np.zeros(len(owed.rows.kind), np.int64)
    rows = np.flatnonzero(owed.rows.kind == selection.REISSUED)
    at = owed.rows.predecessor[rows]
    while len(rows):
        known = {
            each["entry_id"]: each for each in await run_queries.fetch(connection, "followed", at.tolist())
        }
        remits = np.array([CATALOG[known[entry]["kind"]].remits for entry in at.tolist()])
        found[rows[remits]] = at[remits]
        rows, at = rows[~remits], at[~remits]
        at = np.array([known[entry]["predecessor"] for entry in at.tolist()], np.int64)
    return found


async def one(connection: run_queries.Connection, run: int, *states: str) -> dict[str, Any]:
    """A run as it stands.

    Raises
    ------
    NoSuchRun
        There is none of that number, or it is in none of these states.
    """
    found = await run_queries.runs(connection, run)
    if not found:
        raise NoSuchRun(f"there is no run {run}; crescendo pay list shows those there are")
    if states and found[0]["state"] not in states:
        raise NoSuchRun(f"run {run} is {found[0]['state']}; this takes one that is {' or '.join(states)}")
    return found[0]


def _day(day: date) -> int:
    return (day - _EPOCH).days
