"""Decisions taken back: nothing is undone here, the state of before is simply the state again."""

import copy
from collections.abc import Sequence

from core.outcome_codes import Outcome
from tests.oracle.decisions import decide
from tests.oracle.ledger import Ledger
from tests.oracle.model import Decision, Line


def copy_ledger(ledger: Ledger) -> Ledger:
    """A ledger that knows the same, and goes its own way."""
    return copy.deepcopy(ledger)


def undo_decisions(ledger: Ledger, before: Ledger) -> None:
    """Let ``ledger`` stand where ``before`` stood."""
    ledger.state, ledger.waiting = copy_ledger(before).state, dict(before.waiting)


def decide_form(rows: Sequence[Line], ledger: Ledger) -> list[Decision]:
    """Decide every act of ``rows`` for good; where one is refused, the others fall with it and nothing has happened."""
    before, last = copy_ledger(ledger), len(ledger.state.items)
    found = decide(rows, ledger, holding=False)
    if all(each.outcome <= Outcome.HELD for each in found):
        return found
    undo_decisions(ledger, before)
    falls = [each.outcome <= Outcome.DUPLICATE and each.entry > last for each in found]
    return [Decision(Outcome.FORM_REFUSED) if fall else each for fall, each in zip(falls, found, strict=True)]
