"""Months of accountants: open, closed, locked; persons close, reopen and lock them (A04; docs/commands.md)."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tests.law_model.nomenclature import Reference

OPEN, CLOSED, LOCKED = "open", "closed", "locked"
NOBODY = ""
"""In whose books acts without account assignment are; in a decision, all accountants."""
_CHANGES: Mapping[str, tuple[str, str]] = {
    "close": (OPEN, CLOSED),
    "reopen": (CLOSED, OPEN),
    "lock": (CLOSED, LOCKED),
}


INVENTORY_MONTHS, RESULT_MONTH = (13, 14), 15
BEHIND_DECEMBER = (*INVENTORY_MONTHS, RESULT_MONTH)
"""The months of the inventory and of the result, open at the start of every exercise (A04, A62, A65)."""


class PeriodDecision(NamedTuple):
    """What a person decides about a month of one accountant, or of all."""

    exercise: int
    month: int
    action: str
    accountant: str = NOBODY


class Periods:
    """The state of every month of every accountant."""

    def __init__(self, reference: Reference) -> None:
        self._open_at_start = reference.months_open_at_start
        accountants = {code for year in reference.years.values() for code in year.accountants.values()}
        self.accountants = (NOBODY, *sorted(accountants))
        self._changed: dict[tuple[int, int, str], str] = {}

    def read(self, exercise: int, month: int, accountant: str) -> str:
        """Return the state of a month."""
        is_open = month in self._open_at_start[exercise] or month in BEHIND_DECEMBER
        at_start = OPEN if is_open else CLOSED
        return self._changed.get((exercise, month, accountant), at_start)

    def decide(self, decision: PeriodDecision) -> bool:
        """Change the months that are in the state that the decision requires; return False if it is refused.

        A month is locked once it is closed for all whom the decision concerns, and a lock is final (ours).
        """
        before, after = _CHANGES[decision.action]
        concerned = list(self._list_concerned(decision))
        states = [self.read(*month) for month in concerned]
        if before not in states or (decision.action == "lock" and OPEN in states):
            return False
        if decision.action == "reopen" and decision.month in INVENTORY_MONTHS:
            results = [self.read(decision.exercise, RESULT_MONTH, month[2]) for month in concerned]
            if LOCKED in results:
                return False  # the result is final, and would lack what the inventory still takes (ours)
        self._changed |= {
            month: after for month, state in zip(concerned, states, strict=True) if state == before
        }
        return True

    def _list_concerned(self, decision: PeriodDecision) -> Iterable[tuple[int, int, str]]:
        accountants = (decision.accountant,) if decision.accountant != NOBODY else self.accountants
        return ((decision.exercise, decision.month, accountant) for accountant in accountants)
