"""The accepted amounts by step of spending: what is opened, committed, certified, requested and paid never adds up.

A kind that takes an amount back (a decrease, a cancellation, a rejection) counts against its step.  The reversal of a change
counts nowhere: its sign is that of the change.
"""

from collections.abc import Mapping
from typing import NamedTuple

from core.catalog import CATALOG, ActKind, BudgetAction, Family, Measure
from core.kind_rules import CANCELS_CREDITS


class StepSign(NamedTuple):
    """The step that a kind of act belongs to, and the sign with which its amount counts there."""

    step: str
    sign: int


STEPS: tuple[str, ...] = ("requested", "paid", "certified", "committed", "opened_ae", "opened_cp")
"""What is requested first: that is asked most often."""
_FAMILY_STEPS: Mapping[Family, StepSign] = {
    Family.SERVICE: StepSign("certified", 1),
    Family.SERVICE_CANCELLATION: StepSign("certified", -1),
    Family.REJECTION: StepSign("requested", -1),
}


def find_steps(kind: ActKind) -> tuple[StepSign, ...]:
    """Return the steps of a kind: none if its amount belongs to none, two of what opens AE and CP of a fund."""
    if kind.opens_fund:
        return StepSign("opened_ae", 1), StepSign("opened_cp", 1)
    step = _find_step(kind)
    return (step,) if step else ()


def _find_step(kind: ActKind) -> StepSign | None:
    """Return the step of a kind; None if its amount belongs to no step, as for allotments and bank movements."""
    if kind.budget is BudgetAction.OPEN or kind.budget in CANCELS_CREDITS:
        sign = 1 if kind.budget is BudgetAction.OPEN else -1
        return StepSign("opened_ae" if kind.measure is Measure.AE else "opened_cp", sign)
    if kind.family is Family.REVERSAL and kind.follows is Family.COMMITMENT:
        return StepSign("committed", -1)
    if kind.family in (Family.COMMITMENT, Family.COMMITMENT_CHANGE):
        return StepSign("committed", kind.ae_consumed)
    if kind.family is Family.PAYMENT_REQUEST and kind.cp_reserved and not kind.inherits:
        return StepSign("requested", 1)
    if kind.remits and kind.settles:
        return StepSign("paid", 1)
    if (
        kind.follows is Family.RETENTION
    ):  # what is retained stays requested, and so does what is rejected of it
        return None
    return _FAMILY_STEPS.get(kind.family)


KIND_STEPS: Mapping[str, tuple[StepSign, ...]] = {
    kind.name: steps for kind in CATALOG if (steps := find_steps(kind))
}
"""By the name of the kind."""


def sum_steps(values: Mapping[str, float]) -> dict[str, int]:
    """Add up the values of the kinds by step; all steps, in their order."""
    sums: dict[str, int] = dict.fromkeys(STEPS, 0)
    for kind, value in values.items():
        for step in KIND_STEPS.get(kind, ()):
            sums[step.step] += step.sign * round(value)
    return sums
