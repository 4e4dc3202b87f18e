"""The entries that lines follow, compared with the plain model, between the batches of a ledger."""

import numpy as np
from hypothesis import given

from core.tables.columns import allocate_zeros, seal_array
from core.tables.predecessor_entries import PredecessorEntries
from kernels import predecessor_entries as kernel
from tests.act_strategies import DecisionCase, cases
from tests.kernels.decision_cases import KernelBook, to_records
from tests.kernels.execution_modes import run_examples
from tests.oracle import predecessor_entries as oracle
from tests.oracle.decisions import decide


@run_examples(120)
@given(cases())
def test_lines_find_what_they_follow_as_in_the_plain_model(case: DecisionCase) -> None:
    """Of an act that is accepted already, too; a line of the same act is none."""
    lines = [line for batch in case.batches for line in batch.lines]
    kernel_book, ledger = KernelBook(case.book, len(lines)), case.book.build_ledger()
    for batch in case.batches:
        kernel_book.decide(batch.lines, batch.holding)
        decide(batch.lines, ledger, batch.holding)
        entries = len(ledger.state.items)
        expected = oracle.find_predecessor_entries(lines, ledger.state.keys, entries)
        assert _find_by_kernel(kernel_book, to_records(lines), entries) == expected


def _find_by_kernel(book: KernelBook, acts: np.ndarray, entries: int) -> list[tuple[int, bool]]:
    predecessors, tables = allocate_zeros(PredecessorEntries, len(acts)), book.tables
    items = tables.items[: entries + 1]
    kernel.find_predecessor_entries(acts, *map(seal_array, (tables.slots, tables.keys, items)), predecessors)
    return list(zip(predecessors.entry.tolist(), (predecessors.is_known > 0).tolist(), strict=True))
