"""The budget gauges: after committed batches they equal those of a newly loaded book."""

from fractions import Fraction
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings

from core.nomenclature import SHEETS, CentreLevel
from monitoring.budget_gauges import BudgetGauges, ExhaustionCount, MeasureCredits, ProgrammeCredits
from posting.book.book_state import BookState
from posting.book.code_numbers import CodeKind, NumbersByCode, number_codes
from posting.book.empty_book import create_empty_book
from posting.book.registry import ReferenceData, Registry
from tests.file_strategies import File, build_openings, files
from tests.posting.text_engine import TextEngine, build_registry, find_node
from tests.reference_years import build_two_years
from tests.service.http.act_files import build_commitment

few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def load_gauges(state: BookState) -> BudgetGauges:
    gauges = BudgetGauges()
    gauges.load(state)
    return gauges


def find_programme(gauges: BudgetGauges, code: str) -> ProgrammeCredits:
    (programme,) = [gauge for gauge in gauges.list_programmes() if gauge.code == code]
    return programme


def count_near(gauges: BudgetGauges, level: CentreLevel, measure: str) -> int:
    return {(count.level, count.measure): count.nodes for count in gauges.count_near_exhaustion()}[
        level, measure
    ]


def count_by_hand(state: BookState) -> dict[tuple[CentreLevel, str], int]:
    """Count the nodes near exhaustion one by one, with fractions."""
    counts: dict[tuple[CentreLevel, str], int] = {}
    meanings = build_registry().meanings
    for row in np.flatnonzero(state.book.figures.any(axis=1)).tolist():
        year, centre = divmod(row // SHEETS, 131_072)
        level = CentreLevel(meanings.centre_level[year, centre])
        for measure, first in (("ae", 0), ("cp", 4)):
            opened_cents, _, reserved, consumed = state.book.figures[row, first : first + 4].tolist()
            if (
                opened_cents
                and not meanings.centre_estimated[year, centre]
                and Fraction(reserved + consumed, opened_cents) >= Fraction(9, 10)
            ):
                counts[level, measure] = counts.get((level, measure), 0) + 1
    return counts


@few
@given(presented=files(acts_max=25))
def test_gauges_after_batches_equal_those_of_the_book(presented: list[File]) -> None:
    engine = TextEngine()
    gauges = load_gauges(engine.state)
    for rows in presented:
        gauges.apply_commit(engine.decide_files(rows))
        fresh = load_gauges(engine.state)
        assert gauges.list_programmes() == fresh.list_programmes()
        assert gauges.count_near_exhaustion() == fresh.count_near_exhaustion()
        assert {
            (count.level, count.measure): count.nodes
            for count in gauges.count_near_exhaustion()
            if count.nodes
        } == count_by_hand(engine.state)


def test_a_programme_sums_its_envelopes() -> None:
    engine = TextEngine()
    gauges = load_gauges(engine.state)
    assert gauges.list_programmes() == []
    gauges.apply_commit(engine.decide_files(build_openings()))
    assert [gauge.code for gauge in gauges.list_programmes()] == ["0117", "0177", "0217"]
    assert find_programme(gauges, "0217") == ProgrammeCredits(
        2018, "0217", False, MeasureCredits(300_000, 0), MeasureCredits(37_400, 0)
    )
    gauges.apply_commit(
        engine.decide_files([build_commitment("C", "250.00"), build_commitment("TOO MUCH", "9999.00")])
    )
    assert find_programme(gauges, "0177").ae == MeasureCredits(200_000, 25_000)
    assert find_programme(gauges, "0177").ae.available == 175_000
    assert find_programme(gauges, "0177").cp == MeasureCredits(25_000, 0)


def test_a_node_is_near_exhaustion_from_nine_tenths_on() -> None:
    engine = TextEngine()
    gauges = load_gauges(engine.state)
    gauges.apply_commit(engine.decide_files(build_openings()))
    assert {count.nodes for count in gauges.count_near_exhaustion()} == {0}
    gauges.apply_commit(engine.decide_files([build_commitment("C", "539.99")]))
    assert count_near(gauges, CentreLevel.UO, "ae") == 0
    assert gauges.list_near_exhaustion(CentreLevel.UO) == []
    gauges.apply_commit(engine.decide_files([build_commitment("D", "0.01")]))
    assert [count for count in gauges.count_near_exhaustion() if count.nodes] == [
        ExhaustionCount(CentreLevel.UO, "ae", 1)
    ]
    (node,) = gauges.list_near_exhaustion(CentreLevel.UO)
    assert node.number == find_node("0177-D013-DD13") + build_registry().first_node
    assert (node.measure, node.credits) == ("ae", MeasureCredits(60_000, 54_000))


def test_estimated_credits_are_never_near_exhaustion() -> None:
    engine = TextEngine()
    gauges = load_gauges(engine.state)
    gauges.apply_commit(engine.decide_files(build_openings()))
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
    gauges.apply_commit(engine.decide_files([drawn]))
    assert find_programme(gauges, "0117").is_estimated
    assert find_programme(gauges, "0117").ae == MeasureCredits(10_000, 50_000)
    assert {count.nodes for count in gauges.count_near_exhaustion()} == {0}


def test_loading_a_book_replaces_the_gauges() -> None:
    """Batches that were decided but never committed do not count."""
    engine = TextEngine()
    gauges = load_gauges(engine.state)
    gauges.apply_commit(engine.decide_files(build_openings()))
    gauges.apply_commit(engine.decide_files([build_commitment("C", "250.00")]))
    gauges.load(TextEngine().state)
    assert gauges.list_programmes() == []


def test_each_year_has_its_own_ceilings(tmp_path: Path) -> None:
    """0117 is estimated in 2018 and not in 2019, 0217 the reverse; the credits of both are nearly exhausted in both years."""
    reference = ReferenceData.load(build_two_years(tmp_path))
    numbers: NumbersByCode = {}
    number_codes(numbers, reference.list_codes())
    state = create_empty_book(Registry(reference, numbers))
    registry = state.registry
    for code in ("0117", "0217"):
        for year in (2018, 2019):
            position = np.array(numbers[CodeKind.CENTRE][code]), np.array(year), np.array(0)
            state.book.figures[registry.find_node_positions(*position)] = (100, 0, 0, 95, 100, 0, 95, 0)
    gauges = load_gauges(state)
    estimated = {(gauge.year, gauge.code) for gauge in gauges.list_programmes() if gauge.is_estimated}
    assert estimated == {(2018, "0117"), (2019, "0217")}
    assert len(gauges.list_programmes()) == 4
    nodes_by_year = {
        node.number // SHEETS // 131_072 + 2000: node
        for node in gauges.list_near_exhaustion(CentreLevel.PROGRAMME)
    }
    assert (
        count_near(gauges, CentreLevel.PROGRAMME, "ae")
        == count_near(gauges, CentreLevel.PROGRAMME, "cp")
        == 2
    )
    centres = {year: node.number // SHEETS % 131_072 for year, node in nodes_by_year.items()}
    assert centres == {2018: numbers[CodeKind.CENTRE]["0217"], 2019: numbers[CodeKind.CENTRE]["0117"]}
