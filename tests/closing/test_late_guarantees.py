"""A guarantee that no closing carried in time: it goes into any later year, and is released there (rule A36)."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from reporting.verification import verify
from tests.embedded_servers import run_server
from tests.file_strategies import Row
from tests.oracle.engine import Engine
from tests.oracle.reference import Reference
from tests.reference_years import copy_reference
from tests.succession_years import write_successions
from tests.test_engine import engine

_UNIT = "0177-D013-DD13"
_PLACE = {"fund_centre": _UNIT, "functional_area": "0177-12", "commitment_item": "31"}
_PAYEE = {"payee": "P1"}


def _act(kind: str, reference: str, amount: str, day: str, **columns: str) -> Row:
    return {
        "kind": kind,
        "reference": reference,
        "amount": amount,
        "exercise": day[:4],
        "date": day,
    } | columns


def _open_credits(year: int, day: str) -> list[Row]:
    places = (("budget_opening", "0177"), ("allotment", "0177-D013"), ("allotment", _UNIT))
    return [
        _act(
            f"{kind}_{budget}",
            f"{year}-{budget}-{place}",
            "100.00",
            day,
            fund_centre=place,
            commitment_item="HT2",
        )
        for budget in ("ae", "cp")
        for kind, place in places
    ]


_DAY = "2018-05-02"
_FIRST_YEAR = [
    *_open_credits(2018, _DAY),
    _act("third_party", "T-1", "", _DAY, payee_name="Durand", iban="FR7630006000011234567890189", **_PAYEE),
    _act("commitment", "EJ-1", "100.00", _DAY, **_PLACE),
    _act("service", "SF-1", "100.00", _DAY, predecessor="EJ-1"),
    _act("payment_request", "DP-1", "80.00", _DAY, predecessor="EJ-1", **_PAYEE),
    _act("payment_request", "DP-2", "20.00", _DAY, predecessor="EJ-1", **_PAYEE),
    _act("retention", "RG-1", "4.00", _DAY, predecessor="DP-1"),
    _act("payment", "P-1", "76.00", _DAY, predecessor="DP-1"),
]
"""Entries 1 to 13: DP-2 is entry 11, RG-1 12."""
_LATE = {"predecessor": "@12", "reference_sender": "ministry", **_PLACE}
_CARRIES = [
    _act("retention_carry", "RG-1", "4.00", "2020-01-10", budget_year="2019", **_LATE),
    _act("retention_carry", "RG-1", "4.00", "2019-02-10", budget_year="2020", **_LATE),
    _act("retention_carry", "RG-1", "4.00", "2020-01-10", budget_year="2018", **_LATE),
    _act("request_carry", "DP-2", "20.00", "2020-01-10", **(_LATE | {"predecessor": "@11"})),
    _act("retention_carry", "RG-1", "4.00", "2020-01-10", **_LATE),
]
_RELEASE = [
    *_open_credits(2020, "2020-01-02"),
    _act("retention_release", "LG-1", "4.00", "2020-02-03", predecessor="@14"),
    _act("payment", "P-2", "4.00", "2020-02-04", predecessor="LG-1"),
]


def _build_three_years(folder: Path) -> Path:
    reference = copy_reference(folder)
    with (reference / "calendar.toml").open("a") as file:
        file.write("\n[exercise.2020]\nmonths_open_at_start = [1, 2]\ncomplementary_days = 0\n")
    (reference / "2020").mkdir()
    (reference / "2020" / "year.toml").write_text("year = 2020\nsame_as = 2018\n")
    return reference


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of an embedded server that runs in another thread."""
    with run_server(tmp_path_factory.mktemp("guarantees")) as address:
        yield address


def test_a_guarantee_goes_into_any_later_year(server: str, tmp_path: Path) -> None:
    """A request goes into the next year alone; a guarantee reserves nothing, and no year in between has to carry it."""
    reference = _build_three_years(tmp_path)
    model = Engine(Reference.load(reference))
    with engine(server, tmp_path, reference) as driver:
        outcomes = []
        for sender, rows in (("ministry", _FIRST_YEAR), ("closing", _CARRIES), ("ministry", _RELEASE)):
            results = driver.submit(rows, sender)
            assert results == model.submit(rows, sender)
            outcomes.append([outcome for outcome, _, _ in results])
        assert outcomes == [
            ["ACCEPTED"] * 13,
            ["BUDGET_YEAR_CLOSED", "BUDGET_YEAR_CLOSED", "CARRY_YEAR", "CARRY_YEAR", "ACCEPTED"],
            ["ACCEPTED"] * 8,
        ]
        assert asyncio.run(verify(driver.dsn, folder=reference)).findings == []


_FIRST, _SECOND = (
    "0177,,,,0217-SGAC-ASPR,0217-07,Order,2019-01-02",
    "0217,,,,0117-CENT-C001,0117-01,Order,2019-01-02",
)
_OF_THIRD = _LATE | {"fund_centre": "0117-CENT-C001", "functional_area": "0117-01"}


@pytest.mark.parametrize(
    ("orders", "outcome"),
    [((_FIRST, _SECOND), "ACCEPTED"), ((_SECOND, _FIRST), "ASSIGNMENT_DIFFERS")],
    ids=["one after the other", "in the other order"],
)
def test_a_guarantee_goes_over_the_orders_of_several_years(
    server: str, tmp_path: Path, orders: tuple[str, str], outcome: str
) -> None:
    reference = _build_three_years(tmp_path)
    with (reference / "2018" / "assigned.csv").open("a") as file:
        file.write("0217-SGAC-ASPR,PACA\n0117-CENT-C001,PACA\n")
    for year, order in zip((2019, 2020), orders, strict=True):
        write_successions(reference, order, year=year)
    model = Engine(Reference.load(reference))
    carry = _act("retention_carry", "RG-1", "4.00", "2020-01-10", **_OF_THIRD)
    with engine(server, tmp_path, reference) as driver:
        for sender, rows, expected in (("ministry", _FIRST_YEAR, "ACCEPTED"), ("closing", [carry], outcome)):
            results = driver.submit(rows, sender)
            assert results == model.submit(rows, sender)
            assert {result[0] for result in results} == {expected}
        assert asyncio.run(verify(driver.dsn, folder=reference)).findings == []
