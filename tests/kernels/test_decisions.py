"""The decision compared with the plain model: every outcome, and all state that it changes."""

from hypothesis import given

from tests.act_strategies import DecisionCase, cases
from tests.kernels.decision_cases import KernelBook, read_ledger_content
from tests.kernels.execution_modes import run_examples
from tests.oracle.decisions import decide


def _count_lines(case: DecisionCase) -> int:
    return sum(len(batch.lines) for batch in case.batches)


@run_examples(250)
@given(cases())
def test_every_line_is_decided_as_by_the_plain_model(case: DecisionCase) -> None:
    kernel_book, ledger = KernelBook(case.book, _count_lines(case)), case.book.build_ledger()
    for batch in case.batches:
        assert kernel_book.decide(batch.lines, batch.holding) == decide(batch.lines, ledger, batch.holding)
        assert kernel_book.read_content() == read_ledger_content(ledger)
        kernel_book.merge_payees(ledger, batch.merged)
