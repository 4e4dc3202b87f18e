"""Decisions do not depend on the cuts between batches, on other programmes, or on how often an act is presented."""

from collections.abc import Hashable

from hypothesis import given
from hypothesis import strategies as st

from core.catalog import CATALOG, BudgetAction, Family
from core.kind_rules import BY_DECREE, MOVES_CREDITS
from core.outcome_codes import Outcome
from tests.act_strategies import DecisionCase, cases
from tests.kernels.decision_cases import KernelBook
from tests.kernels.execution_modes import run_examples
from tests.oracle.decisions import join_acts, split_acts
from tests.oracle.lines import Line
from tests.oracle.model import NONE, Decision

Acts = list[list[Line]]
_FINAL = {Outcome.ACCEPTED, Outcome.DUPLICATE}


def _list_acts(case: DecisionCase) -> Acts:
    return [act for batch in case.batches for act in split_acts(batch.lines)]


def _count_lines(acts: Acts) -> int:
    return sum(map(len, acts))


@run_examples(100)
@given(cases(), st.booleans(), st.data())
def test_cuts_between_batches_do_not_change_decisions(
    case: DecisionCase, holding: bool, data: st.DataObject
) -> None:
    stream = _list_acts(case)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    whole, cut = KernelBook(case.book, _count_lines(stream)), KernelBook(case.book, _count_lines(stream))
    parts = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    decisions = [decision for part in parts for decision in cut.decide(join_acts(part), holding)]
    assert decisions == whole.decide(join_acts(stream), holding)
    assert cut.read_content() == whole.read_content()


@run_examples(100)
@given(cases())
def test_acts_on_different_programmes_commute(case: DecisionCase) -> None:
    """In any order each act gets the same answer; only the numbers of entries differ."""
    stream = [act for act in _list_acts(case) if not _has_payee(act) and not _has_entry(act)]
    places = _group_connected(case, stream)
    whole, reordered = (
        KernelBook(case.book, _count_lines(stream)),
        KernelBook(case.book, _count_lines(stream)),
    )
    decisions = _split_decisions(stream, whole.decide(join_acts(stream), holding=False))
    others = [stream[at] for at in places]
    reordered_decisions = _split_decisions(others, reordered.decide(join_acts(others), holding=False))
    assert [_list_findings(reordered_decisions[places.index(at)]) for at in range(len(stream))] == list(
        map(_list_findings, decisions)
    )
    assert reordered.read_content().figures == whole.read_content().figures
    assert reordered.read_content().sums == whole.read_content().sums


def _has_payee(act: list[Line]) -> bool:
    return CATALOG[act[0].kind].pays or CATALOG[act[0].kind].family is Family.THIRD_PARTY


def _has_entry(act: list[Line]) -> bool:
    return any(line.previous_entry for line in act)


def _group_connected(case: DecisionCase, stream: Acts) -> list[int]:
    """Return the positions of the acts, grouped: first those connected with the first act, then with the next, and so on."""
    groups: list[tuple[set[Hashable], list[int]]] = []
    for place, act in enumerate(stream):
        names, places = _list_names(case, act), [place]
        for group in [group for group in groups if group[0] & names]:
            groups.remove(group)
            names, places = names | group[0], sorted(places + group[1])
        groups.append((names, places))
    return [place for _, places in groups for place in places]


def _list_names(case: DecisionCase, act: list[Line]) -> set[Hashable]:
    """Return every key and programme that ``act`` refers to."""
    nodes, cells = case.book.world.nodes, case.book.world.cells
    touched = {cells[line.cell].centre_node for line in act if line.cell != NONE} | {
        line.source for line in act if CATALOG[line.kind].budget in MOVES_CREDITS
    }
    budgets = {CATALOG[line.kind].budget for line in act}
    limits = {"decrees"} if budgets & (BY_DECREE | {BudgetAction.OPEN}) else set[Hashable]()
    keys = {key for line in act for key in (line.key, line.previous, line.invoice) if key}
    return keys | limits | {("programme", nodes[node].programme) for node in touched - {NONE}}


def _split_decisions(stream: Acts, decisions: list[Decision]) -> list[list[Decision]]:
    remaining = iter(decisions)
    return [[next(remaining) for _ in act] for act in stream]


def _list_findings(decisions: list[Decision]) -> list[tuple[Outcome, int, int]]:
    return [(decision.outcome, decision.node, decision.missing) for decision in decisions]


@run_examples(100)
@given(cases())
def test_a_batch_presented_again_changes_nothing(case: DecisionCase) -> None:
    """Refused acts may succeed later, so the batch is presented until nothing more is accepted."""
    stream = _list_acts(case)
    kernel_book = KernelBook(case.book, _count_lines(stream) * 2)
    first = kernel_book.decide(join_acts(stream), holding=False)
    while True:
        before = kernel_book.read_content()
        repeated = kernel_book.decide(join_acts(stream), holding=False)
        for old, new in zip(first, repeated, strict=True):
            assert new.outcome is Outcome.DUPLICATE or old.outcome not in _FINAL
            assert new.entry == old.entry or old.outcome not in _FINAL
        if Outcome.ACCEPTED not in {decision.outcome for decision in repeated}:
            break
        first = repeated
    assert kernel_book.read_content() == before
