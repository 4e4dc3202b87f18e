"""What is left of the budget, as the board knows it: what the batches brought is what a loaded book brings."""

from fractions import Fraction
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings

from core.nomenclature import CentreLevel
from monitoring.budget_gauges import BudgetGauges, ExhaustionCount, MeasureCredits, ProgrammeCredits
from posting.book.book_state import BookState, create_empty_book
from posting.book.registry import SHEETS, CodeKind, NumbersByCode, ReferenceData, Registry, number_codes
from tests.file_strategies import File, build_openings, files
from tests.posting.text_engine import TextEngine, build_registry, find_node
from tests.reference_years import build_two_years
from tests.service.http.act_files import build_commitment

few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def load_gauges(state: BookState) -> BudgetGauges:
    budget = BudgetGauges()
    budget.load(state)
    return budget


def find_programme(budget: BudgetGauges, code: str) -> ProgrammeCredits:
    (found,) = [each for each in budget.list_programmes() if each.code == code]
    return found


def count_near(budget: BudgetGauges, level: CentreLevel, measure: str) -> int:
    return {(each.level, each.measure): each.nodes for each in budget.count_near_exhaustion()}[level, measure]


def count_by_hand(state: BookState) -> dict[tuple[CentreLevel, str], int]:
    """Nodes near exhaustion, looked at one by one, in fractions."""
    found: dict[tuple[CentreLevel, str], int] = {}
    meanings = build_registry().meanings
    for at in np.flatnonzero(state.book.figures.any(axis=1)).tolist():
        year, centre = divmod(at // SHEETS, 131_072)
        level = CentreLevel(meanings.centre_level[year, centre])
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
    desk = TextEngine()
    budget = load_gauges(desk.state)
    for rows in presented:
        budget.apply_commit(desk.decide_files(rows))
        fresh = load_gauges(desk.state)
        assert budget.list_programmes() == fresh.list_programmes()
        assert budget.count_near_exhaustion() == fresh.count_near_exhaustion()
        assert {
            (each.level, each.measure): each.nodes for each in budget.count_near_exhaustion() if each.nodes
        } == count_by_hand(desk.state)


def test_a_programme_has_what_its_envelopes_have_together() -> None:
    desk = TextEngine()
    budget = load_gauges(desk.state)
    assert budget.list_programmes() == []
    budget.apply_commit(desk.decide_files(build_openings()))
    assert [each.code for each in budget.list_programmes()] == ["0117", "0177", "0217"]
    assert find_programme(budget, "0217") == ProgrammeCredits(
        2018, "0217", False, MeasureCredits(300_000, 0), MeasureCredits(37_400, 0)
    )
    budget.apply_commit(
        desk.decide_files([build_commitment("C", "250.00"), build_commitment("TOO MUCH", "9999.00")])
    )
    assert find_programme(budget, "0177").ae == MeasureCredits(200_000, 25_000)
    assert find_programme(budget, "0177").ae.available == 175_000
    assert find_programme(budget, "0177").cp == MeasureCredits(25_000, 0)


def test_a_node_is_near_exhaustion_from_nine_tenths_on() -> None:
    desk = TextEngine()
    budget = load_gauges(desk.state)
    budget.apply_commit(desk.decide_files(build_openings()))
    assert {each.nodes for each in budget.count_near_exhaustion()} == {0}
    budget.apply_commit(desk.decide_files([build_commitment("C", "539.99")]))
    assert count_near(budget, CentreLevel.UO, "ae") == 0
    assert budget.list_near_exhaustion(CentreLevel.UO) == []
    budget.apply_commit(desk.decide_files([build_commitment("D", "0.01")]))
    assert [each for each in budget.count_near_exhaustion() if each.nodes] == [
        ExhaustionCount(CentreLevel.UO, "ae", 1)
    ]
    (found,) = budget.list_near_exhaustion(CentreLevel.UO)
    assert found.number == find_node("0177-D013-DD13") + build_registry().first_node
    assert (found.measure, found.credits) == ("ae", MeasureCredits(60_000, 54_000))


def test_where_credits_are_estimated_nothing_is_exhausted() -> None:
    desk = TextEngine()
    budget = load_gauges(desk.state)
    budget.apply_commit(desk.decide_files(build_openings()))
    estimated = [
        code
        for code, number in build_registry().numbers[CodeKind.CENTRE].items()
        if build_registry().meanings.centre_estimated[0, number]
    ]
    assert "0117" in estimated
    drawn = {
        **build_commitment("E", "500.00", "0117-CENT-C001"),
        "functional_area": "0117-01",
        "commitment_item": "41",
    }
    budget.apply_commit(desk.decide_files([drawn]))
    assert find_programme(budget, "0117").is_estimated
    assert find_programme(budget, "0117").ae == MeasureCredits(10_000, 50_000)
    assert {each.nodes for each in budget.count_near_exhaustion()} == {0}


def test_a_book_loaded_anew_says_what_counts() -> None:
    """A batch that was decided and never committed is not in it."""
    desk = TextEngine()
    budget = load_gauges(desk.state)
    budget.apply_commit(desk.decide_files(build_openings()))
    budget.apply_commit(desk.decide_files([build_commitment("C", "250.00")]))
    budget.load(TextEngine().state)
    assert budget.list_programmes() == []


def test_each_year_has_its_own_ceilings(tmp_path: Path) -> None:
    """0117 is estimated in 2018 and not in 2019, 0217 the other way round; both are nearly used up in both years."""
    folder = ReferenceData.load(build_two_years(tmp_path))
    numbers: NumbersByCode = {}
    number_codes(numbers, folder.list_codes())
    state = create_empty_book(Registry(folder, numbers))
    registry_ = state.registry
    for code in ("0117", "0217"):
        for year in (2018, 2019):
            place = np.array(numbers[CodeKind.CENTRE][code]), np.array(year), np.array(0)
            state.book.figures[registry_.find_node_positions(*place)] = (100, 0, 0, 95, 100, 0, 95, 0)
    budget = load_gauges(state)
    estimated = {(each.year, each.code) for each in budget.list_programmes() if each.is_estimated}
    assert estimated == {(2018, "0117"), (2019, "0217")}
    assert len(budget.list_programmes()) == 4
    near_ones = {
        each.number // SHEETS // 131_072 + 2000: each
        for each in budget.list_near_exhaustion(CentreLevel.PROGRAMME)
    }
    assert (
        count_near(budget, CentreLevel.PROGRAMME, "ae")
        == count_near(budget, CentreLevel.PROGRAMME, "cp")
        == 2
    )
    centres = {year: each.number // SHEETS % 131_072 for year, each in near_ones.items()}
    assert centres == {2018: numbers[CodeKind.CENTRE]["0217"], 2019: numbers[CodeKind.CENTRE]["0117"]}
