"""The years worked by hand in ``docs/worked_years``, played on the plain model and on the real engine with a database.

Each page states every outcome, the credits at every level and every account; what it does not list must be untouched.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.reference.files import SAMPLE_FOLDER
from tests.embedded_servers import run_server
from tests.file_strategies import REFERENCE
from tests.oracle.engine import Engine
from tests.oracle.reference import Reference
from tests.succession_years import write_successions
from tests.test_engine import engine
from tests.test_scenarios import Driver, Scenario, ScenarioTable, play
from tests.worked_years import FOLDER, load_years

YEARS = list(load_years())
ACTS = 20
_ACCOUNT_FILES = (
    *("accounts.csv", "roles.csv", "creditors.csv", "treasury.csv", "receipts.csv", "restricted.csv"),
    *("liaison.csv", "suspense.csv", "assets.csv", "opening.csv", "result.csv", "inventory.csv"),
    "restorations.csv",
)
_FURTHER_PROGRAMMES = (
    ("0114", "Appels en garantie de l'État", "Mission", True),
    ("0110", "Aide économique et financière au développement", "Mission", False),
    ("0501", "Présidence de la République", "Mission", False),
)
"""Programmes of the finance bill of 2018 that pay guarantees, shares and endowments."""
_SUCCESSIONS = (
    "0110,,,,0501,,order of year 31,2019-01-02",
    "0110,,ministry,EJ-2,0114,,order of year 31,2019-01-02",
)
"""The order of year 31."""
_each_year = pytest.mark.parametrize("year", YEARS, ids=lambda year: year.place)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart, the items and the calendar that are delivered, on the small tree of fund centres of the tests."""
    folder = tmp_path_factory.mktemp("years") / "reference"
    shutil.copytree(REFERENCE, folder)
    for name in (*_ACCOUNT_FILES, "items.csv", "before_service.csv"):
        shutil.copy(SAMPLE_FOLDER / "2018" / name, folder / "2018" / name)
    shutil.copy(SAMPLE_FOLDER / "calendar.toml", folder)
    for programme, label, mission, is_estimated in _FURTHER_PROGRAMMES:
        _add_programme(folder / "2018", programme, f"{label},{mission}", is_estimated=is_estimated)
    write_successions(folder, *_SUCCESSIONS)
    return folder


def _add_programme(year: Path, programme: str, titles: str, *, is_estimated: bool) -> None:
    """Add a programme with one BOP, one UO and one action; ``titles`` are its label and its mission."""
    bop = f"{programme}-CENT"
    lines = {
        "programmes.csv": f"{programme},{titles},Ministère,{int(is_estimated)}\n",
        "centres.csv": f"{bop},{programme},bop,Centre\n{bop}-C001,{bop},uo,Centre\n",
        "areas.csv": f"{programme}-01,{programme},Action\n",
        "assigned.csv": f"{programme},ADCE\n",
    }
    for name, text in lines.items():
        with (year / name).open("a", encoding="utf-8") as file:
            file.write(text)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of an embedded server that runs in another thread."""
    with run_server(tmp_path_factory.mktemp("server")) as dsn:
        yield dsn


@_each_year
def test_the_plain_model_comes_to_the_figures_of_the_page(year: Scenario, folder: Path) -> None:
    _play_whole(year, Engine(Reference.load(folder)))


@_each_year
def test_the_engine_comes_to_the_figures_of_the_page(
    year: Scenario, folder: Path, server: str, tmp_path: Path
) -> None:
    with engine(server, tmp_path, folder) as driver:
        _play_whole(year, driver)


def _play_whole(year: Scenario, driver: Driver) -> None:
    play(year, driver)
    listed = {row["account"] for _, row in _find_last(year, "account").rows}
    assert driver.list_posted_accounts() == listed, f"{year.place}: other accounts were posted to"


def _find_last(year: Scenario, category: str) -> ScenarioTable:
    return [table for table in year.tables if table.category == category][-1]


@_each_year
def test_a_page_has_twenty_acts_both_budgets_and_balanced_accounts(year: Scenario) -> None:
    acts = {
        (row.get("exercise"), row.get("sender"), row["reference"])
        for table in year.tables
        if table.category in ("file", "form")
        for _, row in table.rows
    }
    assert len(acts) == ACTS
    opened = [row for table in year.tables if table.category == "budget" for _, row in table.rows]
    nodes = {(row["budget"], row["item"], row.get("budget_year", "")) for row in opened}
    for category in ("consumed", "left"):
        rows = [row for _, row in _find_last(year, category).rows]
        assert {(row[category], row["item"], row.get("budget_year", "")) for row in rows} >= nodes
    sides = [(row["debit"], row["credit"]) for _, row in _find_last(year, "account").rows]
    cents = [[int(amount.replace(".", "")) for amount in side] for side in zip(*sides, strict=True)]
    assert sum(cents[0]) == sum(cents[1])


def test_the_list_names_every_page() -> None:
    text = FOLDER.joinpath("README.md").read_text()
    assert all(f"({path.name})" in text for path in FOLDER.glob("[0-9]*.md"))
