"""Rollback of decisions: nothing is undone here, the former state simply replaces the state."""

import copy
from collections.abc import Sequence

from core.outcome_codes import CODES_WITH_ENTRY, Outcome
from tests.oracle.decisions import decide
from tests.oracle.ledger import Ledger
from tests.oracle.lines import Line
from tests.oracle.model import Decision


def copy_ledger(ledger: Ledger) -> Ledger:
    """Return an independent copy of ``ledger``."""
    return copy.deepcopy(ledger)


def undo_decisions(ledger: Ledger, before: Ledger) -> None:
    """Give ``ledger`` the state of ``before``."""
    ledger.state, ledger.waiting = copy_ledger(before).state, dict(before.waiting)


def decide_form(rows: Sequence[Line], ledger: Ledger) -> list[Decision]:
    """Decide every act of ``rows`` without holding; if one is refused, refuse them all and restore the ledger."""
    before, last = copy_ledger(ledger), len(ledger.state.items)
    decisions = decide(rows, ledger, holding=False)
    if all(decision.outcome <= Outcome.HELD for decision in decisions):
        return decisions
    undo_decisions(ledger, before)
    is_refused_with_form = [
        decision.outcome <= Outcome.DUPLICATE and decision.entry > last for decision in decisions
    ]
    return [
        Decision(Outcome.FORM_REFUSED) if is_refused else _forget_undone_act(decision, last)
        for is_refused, decision in zip(is_refused_with_form, decisions, strict=True)
    ]


def _forget_undone_act(decision: Decision, last: int) -> Decision:
    """Return the decision without the act that it names, if that act was undone with the form."""
    is_undone = decision.outcome in CODES_WITH_ENTRY and decision.entry > last
    return Decision(decision.outcome) if is_undone else decision
