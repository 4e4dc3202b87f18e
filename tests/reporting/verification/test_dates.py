"""Years and dates of a journal with credits of two years: it is proven, and every planted breach of their rules is found."""

from pathlib import Path

import pytest

from tests.databases import open_connection
from tests.reporting.journals import ASPR, BUDGET, PAID, SPENDING, act, grant, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_NEXT = {"exercise": "2019", "date": "2019-01-02"}
_BILLS = {"predecessor": "C1"} | PAID
_ACTS = [
    SPENDING[0],
    act("commitment", "C1", "100.00", ASPR),
    act("service", "S1", "60.00", predecessor="C1", date="2018-04-02"),
    act("commitment_increase", "I1", "20.00", predecessor="C1", date="2018-05-02"),
    act("service", "S2", "50.00", predecessor="C1", date="2018-06-01"),
    act("payment_request", "D1", "60.01", _BILLS, date="2018-05-31"),  # refused: 0.01 is certified in June
    act("payment_request", "D2", "50.00", _BILLS, date="2018-05-31"),
    act("payment_request", "D3", "30.00", _BILLS, date="2018-06-01"),
    act("service_cancellation", "X1", "20.00", predecessor="S2", date="2018-06-01"),
    act("payment_request_rejection", "J1", "5.00", predecessor="D2", date="2018-06-01"),
    act("payment_request", "D4", "15.00", _BILLS, date="2018-06-01"),
]
"""Entries 16 to 25, behind those of the budget; D1 is refused: D2 is entry 21, D3 22, X1 23, J1 24, D4 25."""
_OPENINGS = [
    grant("budget_opening_ae", "N1", "400.00", "0217", "T3", origin="finance_law"),
    grant("budget_opening_ae", "N2", "300.00", "0217", budget_year="2019", **_NEXT),
    grant("allotment_ae", "N3", "200.00", "0217-SGAC", budget_year="2019", **_NEXT),
    grant("allotment_ae", "N4", "150.00", "0217-SGAC-ASPR", budget_year="2019", **_NEXT),
]
"""Entries 26, and 28 to 30."""
_AHEAD = act(
    "commitment", "A1", "100.00", ASPR, date="2018-11-02", budget_year="2019", service_start="2019-01-01"
)
"""Entry 27."""
_FOLLOWING = [
    act("service", "A2", "10.00", exercise="2019", predecessor="@27", date="2019-01-02"),
    act("commitment", "A3", "50.00", ASPR, **_NEXT),
]
"""Entries 31 and 32: nothing is left."""
_FILES = (
    ("BUDGET", BUDGET),
    ("MINISTRY", _ACTS),
    ("BUDGET", _OPENINGS[:1]),
    ("MINISTRY", [_AHEAD]),
    ("BUDGET", _OPENINGS[1:]),
    ("MINISTRY", _FOLLOWING),
)
_DATED = "update entry set day = '{day}' where entry_id = {entry}"
BREACHES = {
    "a request before its service": (_DATED.format(entry=22, day="2018-05-31"), "amounts_before_acts", "entry 22 "),
    "a request beyond its service": (
        "update entry set amount = amount + 1001 where entry_id = 21", "amounts_before_acts", "entry 21 ",
    ),
    "service before the increase that it uses": (
        _DATED.format(entry=20, day="2018-05-01"), "amounts_before_acts", "entry 20 ",
    ),
    "an increase after the service that uses it": (
        _DATED.format(entry=19, day="2018-06-02"), "amounts_before_acts", "entry 20 ",
    ),
    "service before the year of its credits": (
        _DATED.format(entry=31, day="2018-12-31"), "budget_years", "entry 31 ",
    ),
    "an opening after its year": (_DATED.format(entry=1, day="2019-01-02"), "budget_years", "entry 1 "),
    "an allotment after its year": (_DATED.format(entry=9, day="2019-01-02"), "budget_years", "entry 9 "),
    "an earmark after its year": (_DATED.format(entry=15, day="2019-01-02"), "budget_years", "entry 15 "),
    "a cent over what is left beside an advance": (
        "update entry set amount = amount + 1 where entry_id = 32", "availability_after_advance", "entry 32 ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_year_or_date_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    async with open_connection(dsn) as connection:
        assert [row["code"] for row in await connection.fetch("select code from refusal")] == [53]
    planted = Breach(*BREACHES[breach]) if breach else None
    await assert_found(dsn, planted, entries=32)
