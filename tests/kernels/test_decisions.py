"""The decision against the plain rule book: every outcome, and everything it leaves behind."""

from hypothesis import given

from tests.act_strategies import DecisionCase, cases
from tests.kernels.decision_cases import KernelBook, read_ledger_content
from tests.kernels.execution_modes import run_examples
from tests.oracle.decisions import decide


def _lines(case: DecisionCase) -> int:
    return sum(len(batch.lines) for batch in case.batches)


@run_examples(250)
@given(cases())
def test_every_line_is_decided_as_the_rule_book_says(case: DecisionCase) -> None:
    deciding, ledger = KernelBook(case.book, _lines(case)), case.book.build_ledger()
    for batch in case.batches:
        assert deciding.decide(batch.lines, batch.holding) == decide(batch.lines, ledger, batch.holding)
        assert deciding.read_content() == read_ledger_content(ledger)
