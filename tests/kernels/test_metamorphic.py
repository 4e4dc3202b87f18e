"""What must not matter to a decision: where the stream is cut, what other programmes do, how often it is asked."""

from collections.abc import Hashable

from hypothesis import given
from hypothesis import strategies as st

from core.catalog import CATALOG, Family
from core.outcome_codes import Outcome
from tests.act_strategies import Case, cases
from tests.kernels.decision_cases import Deciding
from tests.kernels.execution_modes import examples
from tests.oracle.decisions import acts, rows
from tests.oracle.model import NONE, Decision, Line

Acts = list[list[Line]]
_KNOWN = {Outcome.ACCEPTED, Outcome.DUPLICATE}


def _acts(case: Case) -> Acts:
    return [act for batch in case.batches for act in acts(batch.lines)]


def _room(presented: Acts) -> int:
    return sum(map(len, presented))


@examples(100)
@given(cases(), st.booleans(), st.data())
def test_where_a_stream_is_cut_does_not_matter(case: Case, holding: bool, data: st.DataObject) -> None:
    stream = _acts(case)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    whole, cut = Deciding(case.book, _room(stream)), Deciding(case.book, _room(stream))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    told = [decision for piece in pieces for decision in cut.decide(rows(piece), holding)]
    assert told == whole.decide(rows(stream), holding)
    assert cut.remembered() == whole.remembered()


@examples(100)
@given(cases())
def test_acts_on_different_programmes_commute(case: Case) -> None:
    """Whichever come first, each act is answered alike; only entries are numbered otherwise."""
    stream = [act for act in _acts(case) if not _names_payee(act) and not _names_entry(act)]
    places = _apart(case, stream)
    whole, sorted_out = Deciding(case.book, _room(stream)), Deciding(case.book, _room(stream))
    told = _by_act(stream, whole.decide(rows(stream), holding=False))
    others = [stream[at] for at in places]
    again = _by_act(others, sorted_out.decide(rows(others), holding=False))
    assert [_findings(again[places.index(at)]) for at in range(len(stream))] == list(map(_findings, told))
    assert sorted_out.remembered().figures == whole.remembered().figures
    assert sorted_out.remembered().sums == whole.remembered().sums


def _names_payee(act: list[Line]) -> bool:
    return CATALOG[act[0].kind].pays or CATALOG[act[0].kind].family is Family.THIRD_PARTY


def _names_entry(act: list[Line]) -> bool:
    return any(line.previous_entry for line in act)


def _apart(case: Case, stream: Acts) -> list[int]:
    """Places of the acts, those first that have to do with the first one, then those with the next, and so on."""
    groups: list[tuple[set[Hashable], list[int]]] = []
    for place, act in enumerate(stream):
        named, places = _names(case, act), [place]
        for group in [each for each in groups if each[0] & named]:
            groups.remove(group)
            named, places = named | group[0], sorted(places + group[1])
        groups.append((named, places))
    return [place for _, places in groups for place in places]


def _names(case: Case, act: list[Line]) -> set[Hashable]:
    """Every key and programme that ``act`` has to do with."""
    nodes, cells = case.book.world.nodes, case.book.world.cells
    touched = {cells[line.cell].centre_node for line in act if line.cell != NONE} | {
        line.source for line in act
    }
    keys = {key for line in act for key in (line.key, line.previous) if key}
    return keys | {("programme", nodes[node].programme) for node in touched - {NONE}}


def _by_act(stream: Acts, decisions: list[Decision]) -> list[list[Decision]]:
    left = iter(decisions)
    return [[next(left) for _ in act] for act in stream]


def _findings(told: list[Decision]) -> list[tuple[Outcome, int, int]]:
    return [(decision.outcome, decision.node, decision.missing) for decision in told]


@examples(100)
@given(cases())
def test_a_batch_presented_again_decides_nothing_twice(case: Case) -> None:
    """Refused acts may find what they lacked; so again and again, until nothing more is accepted."""
    stream = _acts(case)
    deciding = Deciding(case.book, _room(stream) * 2)
    first = deciding.decide(rows(stream), holding=False)
    while True:
        before = deciding.remembered()
        again = deciding.decide(rows(stream), holding=False)
        for old, new in zip(first, again, strict=True):
            assert new.outcome is Outcome.DUPLICATE or old.outcome not in _KNOWN
            assert new.entry == old.entry or old.outcome not in _KNOWN
        if Outcome.ACCEPTED not in {decision.outcome for decision in again}:
            break
        first = again
    assert deciding.remembered() == before
