"""Decisions taken back: the book is to the byte what it was, and goes on as if nothing had been decided."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.tables.columns import records, sealed
from core.tables.journal import Decisions
from kernels import decisions as decision_kernel
from kernels import rollback as kernel
from tests.act_strategies import Batch, Case, cases
from tests.kernels.decision_cases import Deciding, acts_of, remembered
from tests.kernels.execution_modes import examples
from tests.oracle.decisions import decide
from tests.oracle.rollback import copied, take_back


def _bytes(deciding: Deciding) -> list[bytes]:
    """All of the book that anything counts or finds, but for the marks of what was touched."""
    tables, count = deciding.tables, deciding.tables.counters[0]
    counted = (
        tables.items[: count["entries"] + 1],
        tables.keys[: count["keys"]],
        tables.payees[: count["payees"]],
    )
    sums = (tables.ledger["debit"], tables.ledger["credit"])
    whole = (*sums, tables.counters, tables.figures, tables.slots, tables.payee_slots)
    return [each.tobytes() for each in (*counted, *whole)]


def _lines(case: Case) -> int:
    return sum(len(batch.lines) for batch in case.batches)


def _rehearse(deciding: Deciding, batch: Batch) -> np.ndarray:
    """Decide for good and take back; what was decided meanwhile."""
    acts, found = acts_of(batch.lines), records(Decisions, len(batch.lines))
    decision_kernel.decide(acts, deciding.tables, found, False)
    kernel.take_back(acts, deciding.tables, sealed(found))
    return found


@examples(250)
@given(cases(), st.data())
def test_what_is_taken_back_leaves_no_trace(case: Case, data: st.DataObject) -> None:
    """Before each batch any of them is decided and taken back: the real decisions are what they would have been."""
    deciding, ledger = Deciding(case.book, 2 * _lines(case)), case.book.ledger()
    for batch in case.batches:
        rehearsed = data.draw(st.sampled_from(case.batches))
        before, there = _bytes(deciding), copied(ledger)
        told = _rehearse(deciding, rehearsed)["outcome"].tolist()
        assert told == [each.outcome for each in decide(rehearsed.lines, ledger, holding=False)]
        take_back(ledger, there)
        assert _bytes(deciding) == before
        assert deciding.remembered() == remembered(ledger)
        assert deciding.decide(batch.lines, batch.holding) == decide(batch.lines, ledger, batch.holding)
        assert deciding.remembered() == remembered(ledger)


@examples(100)
@given(cases())
def test_batches_are_taken_back_one_behind_the_other(case: Case) -> None:
    deciding = Deciding(case.book, _lines(case))
    before = _bytes(deciding)
    done: list[tuple[np.ndarray, np.ndarray]] = []
    for batch in case.batches:
        acts, found = acts_of(batch.lines), records(Decisions, len(batch.lines))
        decision_kernel.decide(acts, deciding.tables, found, False)
        done.append((acts, sealed(found)))
    for acts, found in reversed(done):
        kernel.take_back(acts, deciding.tables, found)
    assert _bytes(deciding) == before
