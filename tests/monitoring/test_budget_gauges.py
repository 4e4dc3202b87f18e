"""What is left of the budget, as the board knows it: what the batches brought is what a loaded book brings."""

from fractions import Fraction
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings

from core.nomenclature import Level
from monitoring.budget_gauges import Budget, Credits, Near, Programme
from posting.book.book_state import State, empty
from posting.book.registry import SHEETS, Coded, Numbers, Reference, Registry, number
from tests.file_strategies import File, files, openings
from tests.posting.text_engine import Desk, node, registry
from tests.reference_years import two_years
from tests.service.http.act_files import commitment

few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def opened(state: State) -> Budget:
    budget = Budget()
    budget.opened(state)
    return budget


def of(budget: Budget, code: str) -> Programme:
    (found,) = [each for each in budget.programmes() if each.code == code]
    return found


def near(budget: Budget, level: Level, measure: str) -> int:
    return {(each.level, each.measure): each.nodes for each in budget.near()}[level, measure]


def by_hand(state: State) -> dict[tuple[Level, str], int]:
    """Nodes near exhaustion, looked at one by one, in fractions."""
    found: dict[tuple[Level, str], int] = {}
    meanings = registry().meanings
    for at in np.flatnonzero(state.book.figures.any(axis=1)).tolist():
        year, centre = divmod(at // SHEETS, 131_072)
        level = Level(meanings.centre_level[year, centre])
        for measure, first in (("ae", 0), ("cp", 4)):
            given_, _, reserved, consumed = state.book.figures[at, first : first + 4].tolist()
            if (
                given_
                and not meanings.centre_estimated[year, centre]
                and Fraction(reserved + consumed, given_) >= Fraction(9, 10)
            ):
                found[level, measure] = found.get((level, measure), 0) + 1
    return found


@few
@given(presented=files(acts_max=25))
def test_what_batches_brought_is_what_the_book_holds(presented: list[File]) -> None:
    desk = Desk()
    budget = opened(desk.state)
    for rows in presented:
        budget.committed(desk.present(rows))
        fresh = opened(desk.state)
        assert budget.programmes() == fresh.programmes()
        assert budget.near() == fresh.near()
        assert {(each.level, each.measure): each.nodes for each in budget.near() if each.nodes} == by_hand(
            desk.state
        )


def test_a_programme_has_what_its_envelopes_have_together() -> None:
    desk = Desk()
    budget = opened(desk.state)
    assert budget.programmes() == []
    budget.committed(desk.present(openings()))
    assert [each.code for each in budget.programmes()] == ["0117", "0177", "0217"]
    assert of(budget, "0217") == Programme(2018, "0217", False, Credits(300_000, 0), Credits(37_400, 0))
    budget.committed(desk.present([commitment("C", "250.00"), commitment("TOO MUCH", "9999.00")]))
    assert of(budget, "0177").ae == Credits(200_000, 25_000)
    assert of(budget, "0177").ae.available == 175_000
    assert of(budget, "0177").cp == Credits(25_000, 0)


def test_a_node_is_near_exhaustion_from_nine_tenths_on() -> None:
    desk = Desk()
    budget = opened(desk.state)
    budget.committed(desk.present(openings()))
    assert {each.nodes for each in budget.near()} == {0}
    budget.committed(desk.present([commitment("C", "539.99")]))
    assert near(budget, Level.UO, "ae") == 0
    assert budget.nodes_near(Level.UO) == []
    budget.committed(desk.present([commitment("D", "0.01")]))
    assert [each for each in budget.near() if each.nodes] == [Near(Level.UO, "ae", 1)]
    (found,) = budget.nodes_near(Level.UO)
    assert found.number == node("0177-D013-DD13") + registry().first_node
    assert (found.measure, found.credits) == ("ae", Credits(60_000, 54_000))


def test_where_credits_are_estimated_nothing_is_exhausted() -> None:
    desk = Desk()
    budget = opened(desk.state)
    budget.committed(desk.present(openings()))
    estimated = [
        code
        for code, number in registry().numbers[Coded.CENTRE].items()
        if registry().meanings.centre_estimated[0, number]
    ]
    assert "0117" in estimated
    drawn = {
        **commitment("E", "500.00", "0117-CENT-C001"),
        "functional_area": "0117-01",
        "commitment_item": "41",
    }
    budget.committed(desk.present([drawn]))
    assert of(budget, "0117").is_estimated
    assert of(budget, "0117").ae == Credits(10_000, 50_000)
    assert {each.nodes for each in budget.near()} == {0}


def test_a_book_loaded_anew_says_what_counts() -> None:
    """A batch that was decided and never committed is not in it."""
    desk = Desk()
    budget = opened(desk.state)
    budget.committed(desk.present(openings()))
    budget.committed(desk.present([commitment("C", "250.00")]))
    budget.opened(Desk().state)
    assert budget.programmes() == []


def test_each_year_has_its_own_ceilings(tmp_path: Path) -> None:
    """0117 is estimated in 2018 and not in 2019, 0217 the other way round; both are nearly used up in both years."""
    folder = Reference.load(two_years(tmp_path))
    numbers: Numbers = {}
    number(numbers, folder.codes())
    state = empty(Registry(folder, numbers))
    registry_ = state.registry
    for code in ("0117", "0217"):
        for year in (2018, 2019):
            place = np.array(numbers[Coded.CENTRE][code]), np.array(year), np.array(0)
            state.book.figures[registry_.node_positions(*place)] = (100, 0, 0, 95, 100, 0, 95, 0)
    budget = opened(state)
    estimated = {(each.year, each.code) for each in budget.programmes() if each.is_estimated}
    assert estimated == {(2018, "0117"), (2019, "0217")}
    assert len(budget.programmes()) == 4
    near_ones = {each.number // SHEETS // 131_072 + 2000: each for each in budget.nodes_near(Level.PROGRAMME)}
    assert near(budget, Level.PROGRAMME, "ae") == near(budget, Level.PROGRAMME, "cp") == 2
    centres = {year: each.number // SHEETS % 131_072 for year, each in near_ones.items()}
    assert centres == {2018: numbers[Coded.CENTRE]["0217"], 2019: numbers[Coded.CENTRE]["0117"]}
