"""Edits of proposed runs: lines withheld or reinstated, payees grouped, runs released or abandoned."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core.money import sum_exactly
from core.person_decisions import Decision, DecisionKind, StatedPerson
from core.tables.columns import select_rows
from core.tables.payment_runs import RunLines
from posting.store import person_proof
from settlement.runs import run_queries
from settlement.runs.exclusions import EXCLUSION_TEXTS, OVERRULABLE, Exclusion
from settlement.runs.payment_acts import RunEdits, is_paid
from settlement.runs.proposals import get_run
from settlement.runs.run_queries import NoSuchRun

LINE_EDITS = ("hold", "unhold")
"""The edits of lines; all others are of payees."""


class ReleasedTotals(NamedTuple):
    """What a released run pays."""

    lines: int
    cents: int
    released_by: str


async def edit_run(
    connection: run_queries.Connection,
    run: int,
    edit: str,
    *,
    numbers: Sequence[int],
    reason: str,
    by: StatedPerson,
) -> None:
    """Withhold or reinstate lines, or group or ungroup payees; ``numbers`` are those of the lines or payees.

    Raises
    ------
    PersonNotProved
        Who changes it did not prove to be that person, or has no role for it.
    NoSuchRun
        The run is released already; or a line does not exist, or is excluded for a reason that no edit can change, or for new
        bank details, and no reason is stated or the person changed them.
    """
    row = await get_run(connection, run, "proposed")
    nothing = [None] * len(numbers)
    if edit in LINE_EDITS:
        excluded = await _load_lines(connection, row["run"], row["digest"], edit=edit, numbers=numbers)
        lines, payees = list(numbers), nothing
    else:
        excluded = None
        lines, payees = nothing, list(numbers)
    async with person_proof.record_decision(
        connection, by, Decision(DecisionKind.EDIT), number=run
    ) as person:
        if excluded is not None and edit == "unhold":
            await _check_new_details(connection, excluded, reason=reason, by=person.name)
        values = (run, edit, lines, payees, reason, person.name, person.proof)
        await run_queries.execute(connection, "insert_edit", *values)


async def _load_lines(
    connection: run_queries.Connection, run: int, digest: str, *, edit: str, numbers: Sequence[int]
) -> RunLines:
    """Return the lines of these numbers, each of which an edit may change."""
    lines = (await run_queries.load_lines(connection, run, digest)).lines
    for number in numbers:
        if not 0 < number <= len(lines.line):
            raise NoSuchRun(f"run {run} has no line {number}; crescendo pay show {run} --lines lists them")
        exclusion = Exclusion(int(lines.left_out[number - 1]))
        if exclusion not in (Exclusion.NONE, *OVERRULABLE):
            raise NoSuchRun(f"{edit} cannot change line {number} of run {run}: {EXCLUSION_TEXTS[exclusion]}")
    return select_rows(lines, np.array(numbers, np.int64) - 1)


async def _check_new_details(
    connection: run_queries.Connection, lines: RunLines, *, reason: str, by: str
) -> None:
    """Check that a line with new bank details is restored with a reason, and by nobody who changed them."""
    rows = np.flatnonzero(lines.left_out == Exclusion.NEW_BANK_DETAILS)
    for number, entry in zip(lines.line[rows].tolist(), lines.details[rows].tolist(), strict=True):
        if not reason:
            raise NoSuchRun(f"line {number} is restored with a reason: its bank details are new")
        (row,) = await run_queries.fetch(connection, "has_changed_details", entry, by)
        if row["has_changed"]:
            raise NoSuchRun(f"line {number} is restored by another person: {by} changed its bank details")


async def release_run(connection: run_queries.Connection, run: int, by: StatedPerson) -> ReleasedTotals:
    """Release a run for issue; return what it pays.

    Raises
    ------
    PersonNotProved
        Who releases it did not prove to be that person, or has no role for it.
    NoSuchRun
        It does not exist, is not in the state proposed, pays nothing, was proposed or edited by the same person, or was edited
        meanwhile.
    """
    row = await get_run(connection, run, "proposed")
    lines = (await run_queries.load_lines(connection, run, row["digest"])).lines
    edits = await run_queries.load_edits(connection, run)
    is_line_paid = is_paid(lines, edits)
    line_count, cents = int(is_line_paid.sum()), sum_exactly(lines.amount[is_line_paid])
    if not line_count:
        raise NoSuchRun(f"run {run} pays nothing: abandon the run")
    decision = Decision(DecisionKind.RELEASE, cents=cents)
    async with person_proof.record_decision(connection, by, decision, number=run) as person:
        if person.person:
            await _check_makers(connection, run)
        await run_queries.execute(connection, "insert_release", run, line_count, cents, person.name)
        await _check_edits(connection, run, edits)
        return ReleasedTotals(line_count, cents, person.name)


async def _check_edits(connection: run_queries.Connection, run: int, edits: RunEdits) -> None:
    """Check that nobody edited a run between the reading of its edits and its release, which lets no edit in."""
    if not all(map(np.array_equal, edits, await run_queries.load_edits(connection, run))):
        raise NoSuchRun(f"run {run} was changed while it was released: look at it, and release it again")


async def _check_makers(connection: run_queries.Connection, run: int) -> None:
    """Check that who proposed and changed a run was proved: otherwise the same person could release it by another name."""
    for row in await run_queries.fetch(connection, "unproved_makers", run):
        raise NoSuchRun(
            f"run {run} was proposed or changed by {row['name']}, who was not proved: abandon it, and propose it again"
        )


async def abandon_run(connection: run_queries.Connection, run: int, reason: str, *, by: StatedPerson) -> None:
    """Abandon a run: its lines may be proposed again.

    Raises
    ------
    PersonNotProved
        Who abandons it did not prove to be that person, or has no role for it.
    NoSuchRun
        It does not exist, or is released already.
    """
    await get_run(connection, run, "proposed")
    async with person_proof.record_decision(
        connection, by, Decision(DecisionKind.ABANDONMENT), number=run
    ) as person:
        await run_queries.execute(connection, "insert_abandonment", run, reason, person.name)


async def find_payee(connection: run_queries.Connection, code: str) -> int:
    """Return the number of a payee.

    Raises
    ------
    NoSuchRun
        No payee has that code.
    """
    rows = await run_queries.fetch(connection, "payee_number", code)
    if not rows:
        raise NoSuchRun(f"there is no payee {code}: check the code")
    return rows[0]["payee"]
