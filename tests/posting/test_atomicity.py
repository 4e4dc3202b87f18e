"""Acts that are accepted all or not at all, against the plain rule book."""

from hypothesis import given

from core.outcome_codes import Outcome
from core.tables.columns import allocate_records
from core.tables.journal import Decisions
from kernels import decisions as kernel
from posting.atomicity import enforce_atomicity
from tests.act_strategies import DecisionCase, cases
from tests.kernels.decision_cases import KernelBook, read_ledger_content, to_decision, to_records
from tests.kernels.execution_modes import run_examples
from tests.oracle import rollback as oracle
from tests.oracle.model import Decision, Line

ADDED = (Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.FORM_REFUSED)


def _decide(deciding: KernelBook, lines: list[Line]) -> list[Decision]:
    """As the engine does with a form whose acts are accepted all or not at all."""
    acts, found = to_records(lines), allocate_records(Decisions, len(lines))
    last = int(deciding.tables.counters[0]["entries"])
    kernel.decide(acts, deciding.tables, found, False)
    enforce_atomicity(acts, found, deciding.tables, last)
    return [to_decision(row) for row in found]


@run_examples(250)
@given(cases(acts_max=8))
def test_all_or_none_as_the_rule_book_says(case: DecisionCase) -> None:
    """Each batch as one such form, and then once more: what was accepted repeats itself as a whole."""
    lines = sum(len(batch.lines) for batch in case.batches)
    deciding, ledger = KernelBook(case.book, 2 * lines), case.book.build_ledger()
    for batch in case.batches:
        entries = len(ledger.state.items)
        told = _decide(deciding, batch.lines)
        assert told == oracle.decide_form(batch.lines, ledger)
        assert deciding.read_content() == read_ledger_content(ledger)
        outcomes = {each.outcome for each in told}
        if outcomes - set(ADDED) or Outcome.FORM_REFUSED in outcomes:
            assert len(ledger.state.items) == entries
            assert Outcome.ACCEPTED not in outcomes
        elif outcomes:
            again = _decide(deciding, batch.lines)
            assert {each.outcome for each in again} == {Outcome.DUPLICATE}
            assert [each.entry for each in again] == [each.entry for each in told]
            assert deciding.read_content() == read_ledger_content(ledger)
