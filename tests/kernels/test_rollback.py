"""Decisions taken back: the book is to the byte what it was, and goes on as if nothing had been decided."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.tables.columns import allocate_records, seal_array
from core.tables.journal import Decisions
from kernels import decisions as decision_kernel
from kernels import rollback as kernel
from tests.act_strategies import CaseBatch, DecisionCase, cases
from tests.kernels.decision_cases import KernelBook, read_ledger_content, to_records
from tests.kernels.execution_modes import run_examples
from tests.oracle.decisions import decide
from tests.oracle.rollback import copy_ledger, undo_decisions


def _read_bytes(deciding: KernelBook) -> list[bytes]:
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


def _lines(case: DecisionCase) -> int:
    return sum(len(batch.lines) for batch in case.batches)


def _decide_and_undo(deciding: KernelBook, batch: CaseBatch) -> np.ndarray:
    """Decide for good and take back; what was decided meanwhile."""
    acts, found = to_records(batch.lines), allocate_records(Decisions, len(batch.lines))
    decision_kernel.decide(acts, deciding.tables, found, False)
    kernel.undo_decisions(acts, deciding.tables, seal_array(found))
    return found


@run_examples(250)
@given(cases(), st.data())
def test_what_is_taken_back_leaves_no_trace(case: DecisionCase, data: st.DataObject) -> None:
    """Before each batch any of them is decided and taken back: the real decisions are what they would have been."""
    deciding, ledger = KernelBook(case.book, 2 * _lines(case)), case.book.build_ledger()
    for batch in case.batches:
        rehearsed = data.draw(st.sampled_from(case.batches))
        before, there = _read_bytes(deciding), copy_ledger(ledger)
        told = _decide_and_undo(deciding, rehearsed)["outcome"].tolist()
        assert told == [each.outcome for each in decide(rehearsed.lines, ledger, holding=False)]
        undo_decisions(ledger, there)
        assert _read_bytes(deciding) == before
        assert deciding.read_content() == read_ledger_content(ledger)
        assert deciding.decide(batch.lines, batch.holding) == decide(batch.lines, ledger, batch.holding)
        assert deciding.read_content() == read_ledger_content(ledger)


@run_examples(100)
@given(cases())
def test_batches_are_taken_back_one_behind_the_other(case: DecisionCase) -> None:
    deciding = KernelBook(case.book, _lines(case))
    before = _read_bytes(deciding)
    done: list[tuple[np.ndarray, np.ndarray]] = []
    for batch in case.batches:
        acts, found = to_records(batch.lines), allocate_records(Decisions, len(batch.lines))
        decision_kernel.decide(acts, deciding.tables, found, False)
        done.append((acts, seal_array(found)))
    for acts, found in reversed(done):
        kernel.undo_decisions(acts, deciding.tables, found)
    assert _read_bytes(deciding) == before
