"""The stored states of periods: those at the beginning of each exercise, and the decisions of persons since."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, NamedTuple, TypeVar

from core.calendar import Calendar
from core.errors import CrescendoError, NoSuchRecord
from core.period_states import (
    ALL_ACCOUNTANTS,
    PeriodAction,
    PeriodDecision,
    States,
    apply_decision,
    build_states,
    find_obstacle,
    find_unlocked_month,
    view_folios,
)
from core.periods import CLOSING_MONTHS, MONTHS_OF_YEAR, OPENING_MONTH, PeriodState, to_period
from core.person_decisions import Decision, DecisionKind, StatedPerson
from core.sql_files import read_queries
from posting.store import person_proof

SQL = read_queries("posting.store", "periods.sql")
Connection = Any
Value = TypeVar("Value")
_UNLOCKED_YEAR = (
    "{month} is not locked, and what is posted there could not be opened any more: lock every month of {year}, execute step "
    "C14 of {year} once more, and lock this month then"
)


class NewDecision(NamedTuple):
    """A decision to be stored."""

    exercise: int
    month: int
    accountant: str
    """Code of the accountant; empty for all."""
    action: PeriodAction
    reason: str
    by: StatedPerson
    """The person who decides."""


class PeriodMonths(NamedTuple):
    """The months of a ledger, and the decisions about them."""

    months: list[dict[str, Any]]
    """Of each month the state for all accountants, then that of each accountant who differs."""
    decisions: list[dict[str, Any]]
    """The last one first."""


class EffectiveStates(NamedTuple):
    """The states of periods after the last batch."""

    states: States
    last_decision: int
    """The number of the last decision that they follow."""


class RefusedDecision(CrescendoError):
    """A decision that the state of its month does not allow; the message says why."""


async def complete(work: Coroutine[Any, Any, Value]) -> Value:
    """Await ``work`` to its end, also if this task is cancelled: it runs a query on the connection of the lease."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])  # no time limit: the query has one of its own
        raise


async def store_starts(connection: Connection, calendar: Calendar) -> None:
    """Store what the calendar says of the exercises that have no rows yet; later changes of it have no effect."""
    exercises = {row["exercise"] for row in await connection.fetch(SQL["started_exercises"])}
    records = [
        (exercise.year, month, month in exercise.months_open_at_start | CLOSING_MONTHS)
        for exercise in calendar.exercises.values()
        if exercise.year not in exercises
        for month in MONTHS_OF_YEAR
    ]
    columns = ("exercise", "month", "is_open")
    await connection.copy_records_to_table("period_start", records=records, columns=columns)


async def load_effective_states(connection: Connection) -> EffectiveStates:
    """Return the states after the last batch."""
    last = await connection.fetchval(SQL["last_effective"])
    return EffectiveStates(await _compute_states(connection, last), last)


async def load_states(connection: Connection) -> States:
    """Return the states after all decisions, those included that hold from the next batch on."""
    return await _compute_states(connection, None)


async def _compute_states(connection: Connection, last: int | None) -> States:
    periods: dict[bool, list[int]] = {True: [], False: []}
    for row in await connection.fetch(SQL["starts"]):
        periods[row["is_open"]].append(to_period(row["exercise"], row["month"]))
    states = build_states(periods[True], periods[False])
    for decision in await load_decisions(connection, 0):
        if last is None or decision.decision <= last:
            apply_decision(states, decision)
    return states


async def load_decisions(connection: Connection, after: int) -> list[PeriodDecision]:
    """Return the decisions with numbers above ``after``, in order."""
    return [
        PeriodDecision(
            row["decision"],
            to_period(row["exercise"], row["month"]),
            row["accountant"],
            PeriodAction(row["action"]),
        )
        for row in await connection.fetch(SQL["decisions"], after)
    ]


async def store_decision(connection: Connection, new: NewDecision) -> int:
    """Store a decision, and return its number; it holds from the next batch on.

    Raises
    ------
    NoSuchRecord
        The ledger has no such exercise or accountant.
    PersonNotProved
        Who decides did not prove to be that person, or has no role for it.
    RefusedDecision
        The month is not in the state that the action requires.
    """
    async with connection.transaction():
        await connection.execute(SQL["lock_decisions"])
        decider = await person_proof.prove_under_lock(
            connection, new.by, Decision(DecisionKind.PERIOD, new.accountant)
        )
        accountant = await _find_accountant(connection, new.accountant)
        if not await connection.fetchval(SQL["is_started"], new.exercise, new.month):
            raise NoSuchRecord(f"{_format_month(new.exercise, new.month)}: the ledger has no such month yet")
        period = to_period(new.exercise, new.month)
        decision = PeriodDecision(0, period, accountant, new.action)
        states = await load_states(connection)
        unlocked = await _find_unlocked_year(connection, new, states, accountant=accountant)
        if obstacle := find_obstacle(states, decision) or unlocked:
            raise RefusedDecision(f"{_format_month(new.exercise, new.month)} stays as it is: {obstacle}")
        arguments = (new.exercise, new.month, accountant, new.action, new.reason, decider.name, new.by.key)
        number = await connection.fetchval(SQL["insert_decision"], *arguments)
        await person_proof.store_decision(connection, decider, DecisionKind.PERIOD, number=number)
        return number


async def _find_unlocked_year(
    connection: Connection, new: NewDecision, states: States, *, accountant: int
) -> str:
    """Return why the opening month cannot be locked yet: a month of the year before still takes entries; empty if it can."""
    year = new.exercise - 1
    if (new.action, new.month) != (PeriodAction.LOCK, OPENING_MONTH):
        return ""
    month = find_unlocked_month(states, year, accountant)
    if not month or not await connection.fetchval(SQL["is_started"], year, month):
        return ""
    return _UNLOCKED_YEAR.format(month=_format_month(year, month), year=year)


async def _find_accountant(connection: Connection, code: str) -> int:
    if not code:
        return ALL_ACCOUNTANTS
    number = await connection.fetchval(SQL["accountant"], code)
    if number is None:
        raise NoSuchRecord(f"{code}: the ledger has no such accountant")
    return number


async def load_months(connection: Connection) -> PeriodMonths:
    """Load the states after all decisions, and the decisions."""
    states = await load_states(connection)
    codes = {row["id"]: row["code"] for row in await connection.fetch(SQL["accountants"])}
    rows = await connection.fetch(SQL["months"])
    months = [
        month for row in rows for month in _list_states(states, row["exercise"], row["month"], codes=codes)
    ]
    decisions = [dict(row) for row in await connection.fetch(SQL["list_decisions"])]
    for decision in decisions:
        decision["month"] = _format_month(decision.pop("exercise"), decision["month"])
    return PeriodMonths(months, decisions)


def _list_states(
    states: States, exercise: int, month: int, *, codes: Mapping[int, str]
) -> list[dict[str, Any]]:
    """List the state of all accountants, and the accountants whose state is another one.

    Those of ``CLOSING_MONTHS``, open at the beginning of an exercise, are listed once one is not open for all.
    """
    folios, name = view_folios(states, to_period(exercise, month)), _format_month(exercise, month)
    of_all = PeriodState(int(folios[ALL_ACCOUNTANTS]))
    others = {code: PeriodState(int(folios[number])) for number, code in codes.items()}
    if month in CLOSING_MONTHS and {of_all, *others.values()} == {PeriodState.OPEN}:
        return []
    return [
        {"month": name, "accountant": code, "state": state.name.lower()}
        for code, state in {"": of_all, **others}.items()
        if not code or state is not of_all
    ]


def _format_month(exercise: int, month: int) -> str:
    return f"{exercise}-{month:02}"
