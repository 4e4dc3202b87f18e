"""Acts that are accepted all or not at all, against the plain rule book."""

from hypothesis import given

from core.outcome_codes import Outcome
from core.tables.columns import records
from core.tables.journal import Decisions
from kernels import decisions as kernel
from posting.atomicity import all_or_none
from tests.act_strategies import Case, cases
from tests.kernels.decision_cases import Deciding, acts_of, decision, remembered
from tests.kernels.execution_modes import examples
from tests.oracle import rollback as oracle
from tests.oracle.model import Decision, Line

ADDED = (Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.FORM_REFUSED)


def _decide(deciding: Deciding, lines: list[Line]) -> list[Decision]:
    """As the engine does with a form whose acts are accepted all or not at all."""
    acts, found = acts_of(lines), records(Decisions, len(lines))
    last = int(deciding.tables.counters[0]["entries"])
    kernel.decide(acts, deciding.tables, found, False)
    all_or_none(acts, found, deciding.tables, last)
    return [decision(row) for row in found]


@examples(250)
@given(cases(acts_max=8))
def test_all_or_none_as_the_rule_book_says(case: Case) -> None:
    """Each batch as one such form, and then once more: what was accepted repeats itself as a whole."""
    lines = sum(len(batch.lines) for batch in case.batches)
    deciding, ledger = Deciding(case.book, 2 * lines), case.book.ledger()
    for batch in case.batches:
        entries = len(ledger.state.items)
        told = _decide(deciding, batch.lines)
        assert told == oracle.all_or_none(batch.lines, ledger)
        assert deciding.remembered() == remembered(ledger)
        outcomes = {each.outcome for each in told}
        if outcomes - set(ADDED) or Outcome.FORM_REFUSED in outcomes:
            assert len(ledger.state.items) == entries
            assert Outcome.ACCEPTED not in outcomes
        elif outcomes:
            again = _decide(deciding, batch.lines)
            assert {each.outcome for each in again} == {Outcome.DUPLICATE}
            assert [each.entry for each in again] == [each.entry for each in told]
            assert deciding.remembered() == remembered(ledger)
