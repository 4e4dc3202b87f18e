"""The states of periods by accountant: open, closed, locked; decisions of persons change them.

A month is closed for one accountant or for all, may be opened again with a reason, and is locked once its figures are final: a
locked month takes no entry any more, and the lock cannot be undone.  The states at the beginning of a ledger are those of
``calendar.toml`` then.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.periods import (
    CLOSING_MONTHS,
    INVENTORY_MONTHS,
    MONTHS_OF_YEAR,
    PERIODS_PER_YEAR,
    RESULT_MONTH,
    YEAR_LAST,
    PeriodState,
    to_period,
)
from core.tables.book import LEDGER_ACCOUNTANTS

ALL_ACCOUNTANTS = 0
"""The number in a decision about a month of all accountants; also that of what is in nobody's books."""

_MONTHS = range(1, 13)

States = NDArray[np.uint8]
"""``PeriodState`` of each folio of ``core.tables.book.Ledger``: of each accountant in each period."""


class PeriodAction(StrEnum):
    """What a person decides about a month."""

    CLOSE = "close"
    REOPEN = "reopen"
    LOCK = "lock"


class Transition(NamedTuple):
    """The state that an action requires, and the one that it gives."""

    before: PeriodState
    after: PeriodState


TRANSITIONS: Mapping[PeriodAction, Transition] = {
    PeriodAction.CLOSE: Transition(PeriodState.OPEN, PeriodState.CLOSED),
    PeriodAction.REOPEN: Transition(PeriodState.CLOSED, PeriodState.OPEN),
    PeriodAction.LOCK: Transition(PeriodState.CLOSED, PeriodState.LOCKED),
}


class PeriodDecision(NamedTuple):
    """A decision about a month of one accountant, or of all."""

    decision: int
    """Its number: decisions hold in this order."""
    period: int
    accountant: int
    action: PeriodAction


def build_states(open_periods: Iterable[int], closed_periods: Iterable[int] = ()) -> States:
    """Return the states at the beginning of a ledger, the same for all accountants.

    Those of ``CLOSING_MONTHS`` are open unless ``closed_periods`` has them, as in a year that was locked before it had them.
    """
    states = np.full(to_period(YEAR_LAST + 1, 0) * LEDGER_ACCOUNTANTS, PeriodState.CLOSED, np.uint8)
    states.reshape(-1, PERIODS_PER_YEAR, LEDGER_ACCOUNTANTS)[:, sorted(CLOSING_MONTHS)] = PeriodState.OPEN
    for period in open_periods:
        view_folios(states, period)[:] = PeriodState.OPEN
    for period in closed_periods:
        view_folios(states, period)[:] = PeriodState.CLOSED
    return states


def view_folios(states: States, period: int, accountant: int = ALL_ACCOUNTANTS) -> States:
    """Return the states of a period: of one accountant, or of all."""
    first = period * LEDGER_ACCOUNTANTS
    if accountant == ALL_ACCOUNTANTS:
        return states[first : first + LEDGER_ACCOUNTANTS]
    return states[first + accountant : first + accountant + 1]


def find_month_state(states: States, exercise: int, month: int) -> PeriodState:
    """Return the state of a month of an exercise: locked or closed if it is so for some accountant."""
    folios = view_folios(states, to_period(exercise, month))
    for state in (PeriodState.LOCKED, PeriodState.CLOSED):
        if (folios == state).any():
            return state
    return PeriodState.OPEN


def has_locked_year(states: States, exercise: int) -> bool:
    """Return whether every month of an exercise is locked for some accountant: its figures are final, its openings too."""
    months = [view_folios(states, to_period(exercise, month)) for month in _MONTHS]
    return bool((np.array(months) == PeriodState.LOCKED).all(axis=0).any())


def find_unlocked_month(states: States, exercise: int, accountant: int) -> int:
    """Return the first month of an exercise that is not locked for an accountant, or for some of all; 0 if all are locked."""
    for month in MONTHS_OF_YEAR[1:]:
        if (view_folios(states, to_period(exercise, month), accountant) != PeriodState.LOCKED).any():
            return month
    return 0


def apply_decision(states: States, decision: PeriodDecision) -> None:
    """Change the states that a decision concerns: those of the state that its action requires."""
    folios, transition = (
        view_folios(states, decision.period, decision.accountant),
        TRANSITIONS[decision.action],
    )
    folios[folios == transition.before] = transition.after


def find_obstacle(states: States, decision: PeriodDecision) -> str:
    """Return why a decision is not allowed; empty if it is."""
    folios = view_folios(states, decision.period, decision.accountant)
    if decision.action is PeriodAction.LOCK and (folios == PeriodState.OPEN).any():
        return "it is open: close it first"
    if decision.action is PeriodAction.REOPEN and _is_inventory_final(states, decision):
        return "the result of its exercise is locked for an accountant, so its inventory is final"
    if (folios == TRANSITIONS[decision.action].before).any():
        return ""
    if (folios == PeriodState.LOCKED).all():
        return "it is locked, and a lock cannot be undone"
    return "it is open already" if decision.action is PeriodAction.REOPEN else "it is closed already"


def _is_inventory_final(states: States, decision: PeriodDecision) -> bool:
    """Return whether a month has inventory, and the result that follows from it is locked for some of those concerned."""
    month = decision.period % PERIODS_PER_YEAR
    if month not in INVENTORY_MONTHS:
        return False
    result = view_folios(states, decision.period - month + RESULT_MONTH, decision.accountant)
    return bool((result == PeriodState.LOCKED).any())
