"""The inventory: accruals, provisions and what changes them are decided as by the plain model (rule A65)."""

from hypothesis import given

from tests.act_strategies import DecisionCase, cases, find_chains
from tests.kernels.decision_cases import KernelBook, read_ledger_content
from tests.kernels.execution_modes import run_examples
from tests.oracle.decisions import decide


@run_examples(150)
@given(cases(chains=find_chains("inventory_reversal")))
def test_the_inventory_is_decided_as_by_the_plain_model(case: DecisionCase) -> None:
    lines = sum(len(batch.lines) for batch in case.batches)
    kernel_book, ledger = KernelBook(case.book, lines), case.book.build_ledger()
    for batch in case.batches:
        assert kernel_book.decide(batch.lines, batch.holding) == decide(batch.lines, ledger, batch.holding)
        assert kernel_book.read_content() == read_ledger_content(ledger)
