"""Rollback of decisions: the book is as before, to the byte, and later decisions are the same."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.tables.columns import allocate_records, seal_array
from core.tables.journal import Decisions
from kernels import decisions as decision_kernel
from kernels import rollback as kernel
from tests.act_strategies import CaseBatch, DecisionCase, cases, find_chains
from tests.kernels.decision_cases import KernelBook, read_ledger_content, to_records
from tests.kernels.execution_modes import run_examples
from tests.oracle.decisions import decide
from tests.oracle.rollback import copy_ledger, undo_decisions


def _read_bytes(kernel_book: KernelBook) -> list[bytes]:
    """Return all content of the book that can be found or counted, without the marks of touched rows."""
    tables, count = kernel_book.tables, kernel_book.tables.counters[0]
    counted = (
        tables.items[: count["entries"] + 1],
        tables.keys[: count["keys"]],
        tables.payees[: count["payees"]],
    )
    whole = (tables.counters, tables.figures, tables.slots, tables.payee_slots)
    whole = (*whole, np.ascontiguousarray(tables.withdrawn["withdrawn"]))
    whole = (
        *whole,
        *(np.ascontiguousarray(tables.special[name]) for name in ("collected", "engaged", "carried")),
    )
    sums = repr(kernel_book.read_sums()).encode()
    return [sums, *(array.tobytes() for array in (*counted, *whole))]


def _count_lines(case: DecisionCase) -> int:
    return sum(len(batch.lines) for batch in case.batches)


def _decide_and_undo(kernel_book: KernelBook, batch: CaseBatch) -> np.ndarray:
    """Decide and undo; return the decisions."""
    acts, decisions = to_records(batch.lines), allocate_records(Decisions, len(batch.lines))
    decision_kernel.decide(acts, kernel_book.tables, decisions, False)
    kernel.undo_decisions(acts, kernel_book.tables, seal_array(decisions))
    return decisions


@run_examples(150)
@given(cases() | cases(chains=find_chains("asset_disposal")), st.data())
def test_undone_decisions_leave_no_trace(case: DecisionCase, data: st.DataObject) -> None:
    """Before each batch some batch is decided and undone, which does not change the following decisions."""
    kernel_book, ledger = KernelBook(case.book, 2 * _count_lines(case)), case.book.build_ledger()
    for batch in case.batches:
        other_batch = data.draw(st.sampled_from(case.batches))
        before, ledger_before = _read_bytes(kernel_book), copy_ledger(ledger)
        outcomes = _decide_and_undo(kernel_book, other_batch)["outcome"].tolist()
        assert outcomes == [decision.outcome for decision in decide(other_batch.lines, ledger, holding=False)]
        undo_decisions(ledger, ledger_before)
        assert _read_bytes(kernel_book) == before
        assert kernel_book.read_content() == read_ledger_content(ledger)
        assert kernel_book.decide(batch.lines, batch.holding) == decide(batch.lines, ledger, batch.holding)
        assert kernel_book.read_content() == read_ledger_content(ledger)


@run_examples(100)
@given(cases())
def test_batches_are_undone_one_after_the_other(case: DecisionCase) -> None:
    kernel_book = KernelBook(case.book, _count_lines(case))
    before = _read_bytes(kernel_book)
    decided: list[tuple[np.ndarray, np.ndarray]] = []
    for batch in case.batches:
        acts, decisions = to_records(batch.lines), allocate_records(Decisions, len(batch.lines))
        decision_kernel.decide(acts, kernel_book.tables, decisions, False)
        decided.append((acts, seal_array(decisions)))
    for acts, decisions in reversed(decided):
        kernel.undo_decisions(acts, kernel_book.tables, decisions)
    assert _read_bytes(kernel_book) == before
