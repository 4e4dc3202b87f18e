"""The decision against the plain rule book: every outcome, and everything it leaves behind."""

from hypothesis import given

from tests.act_strategies import Case, cases
from tests.kernels.decision_cases import Deciding, remembered
from tests.kernels.execution_modes import examples
from tests.oracle.decisions import decide


def _lines(case: Case) -> int:
    return sum(len(batch.lines) for batch in case.batches)


@examples(250)
@given(cases())
def test_every_line_is_decided_as_the_rule_book_says(case: Case) -> None:
    deciding, ledger = Deciding(case.book, _lines(case)), case.book.ledger()
    for batch in case.batches:
        assert deciding.decide(batch.lines, batch.holding) == decide(batch.lines, ledger, batch.holding)
        assert deciding.remembered() == remembered(ledger)
