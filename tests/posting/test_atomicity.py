"""Atomic pieces, compared with the oracle."""

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
from tests.oracle.lines import Line
from tests.oracle.model import Decision

ADDED = (Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.FORM_REFUSED)


def _decide(deciding: KernelBook, lines: list[Line]) -> list[Decision]:
    """Decide as the engine decides an atomic form."""
    acts, engine_decisions = to_records(lines), allocate_records(Decisions, len(lines))
    last = int(deciding.tables.counters[0]["entries"])
    kernel.decide(acts, deciding.tables, engine_decisions, False)
    enforce_atomicity(acts, engine_decisions, deciding.tables, last_entry=last)
    return [to_decision(row) for row in engine_decisions]


@run_examples(250)
@given(cases(acts_max=8))
def test_atomic_acts_are_decided_as_by_the_oracle(case: DecisionCase) -> None:
    """Each batch as one atomic form, and then once more: an accepted form is repeated as a whole."""
    lines = sum(len(batch.lines) for batch in case.batches)
    deciding, ledger = KernelBook(case.book, 2 * lines), case.book.build_ledger()
    for batch in case.batches:
        entries = len(ledger.state.items)
        decisions = _decide(deciding, batch.lines)
        assert decisions == oracle.decide_form(batch.lines, ledger)
        assert deciding.read_content() == read_ledger_content(ledger)
        outcomes = {line.outcome for line in decisions}
        if outcomes - set(ADDED) or Outcome.FORM_REFUSED in outcomes:
            assert len(ledger.state.items) == entries
            assert Outcome.ACCEPTED not in outcomes
        elif outcomes:
            again = _decide(deciding, batch.lines)
            assert {line.outcome for line in again} == {Outcome.DUPLICATE}
            assert [line.entry for line in again] == [line.entry for line in decisions]
            assert deciding.read_content() == read_ledger_content(ledger)
