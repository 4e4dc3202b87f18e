"""What must not matter to a decision: where the stream is cut, what other programmes do, how often it is asked."""

from collections.abc import Hashable

from hypothesis import given
from hypothesis import strategies as st

from core.catalog import CATALOG, Family
from core.outcome_codes import Outcome
from tests.act_strategies import DecisionCase, cases
from tests.kernels.decision_cases import KernelBook
from tests.kernels.execution_modes import run_examples
from tests.oracle.decisions import join_acts, split_acts
from tests.oracle.model import NONE, Decision, Line

Acts = list[list[Line]]
_KNOWN = {Outcome.ACCEPTED, Outcome.DUPLICATE}


def _acts(case: DecisionCase) -> Acts:
    return [act for batch in case.batches for act in split_acts(batch.lines)]


def _count_lines(presented: Acts) -> int:
    return sum(map(len, presented))


@run_examples(100)
@given(cases(), st.booleans(), st.data())
def test_where_a_stream_is_cut_does_not_matter(
    case: DecisionCase, holding: bool, data: st.DataObject
) -> None:
    stream = _acts(case)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    whole, cut = KernelBook(case.book, _count_lines(stream)), KernelBook(case.book, _count_lines(stream))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    told = [decision for piece in pieces for decision in cut.decide(join_acts(piece), holding)]
    assert told == whole.decide(join_acts(stream), holding)
    assert cut.read_content() == whole.read_content()


@run_examples(100)
@given(cases())
def test_acts_on_different_programmes_commute(case: DecisionCase) -> None:
    """Whichever come first, each act is answered alike; only entries are numbered otherwise."""
    stream = [act for act in _acts(case) if not _names_payee(act) and not _names_entry(act)]
    places = _draw_apart(case, stream)
    whole, sorted_out = (
        KernelBook(case.book, _count_lines(stream)),
        KernelBook(case.book, _count_lines(stream)),
    )
    told = _split_decisions(stream, whole.decide(join_acts(stream), holding=False))
    others = [stream[at] for at in places]
    again = _split_decisions(others, sorted_out.decide(join_acts(others), holding=False))
    assert [_list_findings(again[places.index(at)]) for at in range(len(stream))] == list(
        map(_list_findings, told)
    )
    assert sorted_out.read_content().figures == whole.read_content().figures
    assert sorted_out.read_content().sums == whole.read_content().sums


def _names_payee(act: list[Line]) -> bool:
    return CATALOG[act[0].kind].pays or CATALOG[act[0].kind].family is Family.THIRD_PARTY


def _names_entry(act: list[Line]) -> bool:
    return any(line.previous_entry for line in act)


def _draw_apart(case: DecisionCase, stream: Acts) -> list[int]:
    """Places of the acts, those first that have to do with the first one, then those with the next, and so on."""
    groups: list[tuple[set[Hashable], list[int]]] = []
    for place, act in enumerate(stream):
        named, places = _list_names(case, act), [place]
        for group in [each for each in groups if each[0] & named]:
            groups.remove(group)
            named, places = named | group[0], sorted(places + group[1])
        groups.append((named, places))
    return [place for _, places in groups for place in places]


def _list_names(case: DecisionCase, act: list[Line]) -> set[Hashable]:
    """Every key and programme that ``act`` has to do with."""
    nodes, cells = case.book.world.nodes, case.book.world.cells
    touched = {cells[line.cell].centre_node for line in act if line.cell != NONE} | {
        line.source for line in act
    }
    keys = {key for line in act for key in (line.key, line.previous) if key}
    return keys | {("programme", nodes[node].programme) for node in touched - {NONE}}


def _split_decisions(stream: Acts, decisions: list[Decision]) -> list[list[Decision]]:
    left = iter(decisions)
    return [[next(left) for _ in act] for act in stream]


def _list_findings(told: list[Decision]) -> list[tuple[Outcome, int, int]]:
    return [(decision.outcome, decision.node, decision.missing) for decision in told]


@run_examples(100)
@given(cases())
def test_a_batch_presented_again_decides_nothing_twice(case: DecisionCase) -> None:
    """Refused acts may find what they lacked; so again and again, until nothing more is accepted."""
    stream = _acts(case)
    deciding = KernelBook(case.book, _count_lines(stream) * 2)
    first = deciding.decide(join_acts(stream), holding=False)
    while True:
        before = deciding.read_content()
        again = deciding.decide(join_acts(stream), holding=False)
        for old, new in zip(first, again, strict=True):
            assert new.outcome is Outcome.DUPLICATE or old.outcome not in _KNOWN
            assert new.entry == old.entry or old.outcome not in _KNOWN
        if Outcome.ACCEPTED not in {decision.outcome for decision in again}:
            break
        first = again
    assert deciding.read_content() == before
