"""The whole engine compared with the scenarios and with the plain model, on a real database."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.embedded_servers import create_ledger, run_server
from tests.engine_driver import EngineDriver
from tests.file_strategies import PLACES, REFERENCE, File, build_openings, files
from tests.oracle.engine import Engine
from tests.oracle.reference import Reference
from tests.reference_years import build_two_years, shift_to_2019
from tests.reporting.scenario_reports import SUBJECTS, check_reconciliation, check_reports
from tests.test_scenarios import SCENARIOS, Scenario, play

_PLACES = [
    {"fund_centre": place.unit, "commitment_item": place.items[0], "exercise": "2018"} for place in PLACES
]
_databases = count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of an embedded server that runs in another thread."""
    with run_server(tmp_path_factory.mktemp("engine")) as dsn:
        yield dsn


@contextmanager
def engine(server: str, folder: Path, reference: Path = REFERENCE) -> Iterator[EngineDriver]:
    """Yield a driver on a new database, dropped afterwards."""
    home = folder / f"engine_{next(_databases)}"
    home.mkdir()
    with create_ledger(server, home.name) as dsn, EngineDriver(dsn, home, reference) as driver:
        yield driver


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"{scenario.place} {scenario.title}")
def test_the_engine_passes_the_scenario(scenario: Scenario, server: str, tmp_path: Path) -> None:
    """After some of them the reports of what is open agree, too; after all, budget balance and result are reconciled."""
    with engine(server, tmp_path) as driver:
        play(scenario, driver)
        asyncio.run(check_reconciliation(driver.dsn))
        if scenario.place.startswith(SUBJECTS):
            asyncio.run(check_reports(driver.dsn))


@given(files=files(acts_max=30))
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_the_engine_agrees_with_the_plain_model(server: str, tmp_path: Path, files: list[File]) -> None:
    """Files of all kinds, with duplicates, conflicts, refusals and held acts; the book is loaded again for every file."""
    model = Engine(Reference.load(REFERENCE))
    with engine(server, tmp_path) as driver:
        for rows in [build_openings(), *filter(None, files)]:
            assert driver.submit(rows) == model.submit(rows)
            assert driver.list_held() == model.list_held()
        accounts = list(model.reference.accounts)
        for account in (*accounts[:4], *accounts[-6:]):
            assert driver.read_totals(account) == model.read_totals(account)
        for fields in _PLACES:
            assert driver.read_consumed(fields) == model.read_consumed(fields)


@given(presented=files(acts_max=12), data=st.data())
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_the_engine_agrees_on_years_with_different_codes(
    server: str, tmp_path_factory: pytest.TempPathFactory, presented: list[File], data: st.DataObject
) -> None:
    """The same acts in 2018, in 2019, or charged to the budget of the other year; payments cross the years."""
    home = tmp_path_factory.mktemp("years")
    reference = build_two_years(home)
    model = Engine(Reference.load(reference))
    with engine(server, home, reference) as driver:
        for rows in [build_openings(), shift_to_2019(build_openings()), *filter(None, presented)]:
            moved = _charge_other_year(shift_to_2019(rows) if data.draw(st.booleans()) else rows, data)
            assert driver.submit(moved) == model.submit(moved)
            assert driver.list_held() == model.list_held()
        for account in model.reference.accounts:
            assert driver.read_totals(account) == model.read_totals(account)
        for fields in _PLACES:
            for year in ({}, {"budget_year": "2019"}):
                if fields["fund_centre"] in model.reference.years[2019].nomenclature.centres:
                    assert driver.read_consumed(fields | year) == model.read_consumed(fields | year)


def _charge_other_year(rows: File, data: st.DataObject) -> File:
    """Return the rows, some of them with a budget year."""
    years = st.sampled_from(({}, {}, {}, {"budget_year": "2018"}, {"budget_year": "2019"}))
    return [row | data.draw(years) if "fund_centre" in row else row for row in rows]
