"""Small cases of months that persons close, reopen and lock, worked by hand, without the engine."""

from tests.law_model.periods import PeriodDecision
from tests.law_model.small_year import PAYEE, UNIT, SmallYear

_ELSEWHERE = {"fund_centre": "0217-SGAC-ASPR", "functional_area": "0217-07"}
"""A place of another accountant, without credits."""


def _decide(year: SmallYear, action: str, accountant: str = "", month: int = 4) -> bool:
    return year.model.decide_period(PeriodDecision(2018, month, action, accountant))


def _begin() -> SmallYear:
    year = SmallYear()
    year.open_credits()
    return year


def test_a_month_is_closed_for_one_accountant_and_for_what_follows_his_acts() -> None:
    """0177-D013 is assigned to PACA, 0217 to ECOL."""
    year = _begin()
    assert year.engage("E1", "10", "2018-04-10") == "ACCEPTED"
    assert _decide(year, "close", "PACA")
    assert year.engage("E2", "10", "2018-04-10") == "PERIOD_CLOSED"
    assert year.engage("E2", "10", "2018-04-10", **_ELSEWHERE) == "AE_EXCEEDED"
    served = {"predecessor": "E1", "amount": "10"}
    assert year.send("service", "S1", "2018-04-11", **served) == "PERIOD_CLOSED"
    assert year.send("service", "S1", "2018-04-11", predecessor="E9", amount="1") == "PREDECESSOR_MISSING"
    assert year.send("service", "S1", "2018-05-01", **served) == "ACCEPTED"


def test_a_closed_month_is_reopened_and_a_locked_one_never() -> None:
    year = _begin()
    assert not _decide(year, "lock")
    assert not _decide(year, "reopen")
    assert _decide(year, "close")
    assert not _decide(year, "close")
    assert _decide(year, "reopen", "PACA")
    assert year.engage("E1", "10", "2018-04-10") == "ACCEPTED"
    assert year.engage("E2", "10", "2018-04-10", **_ELSEWHERE) == "PERIOD_CLOSED"
    assert not _decide(year, "lock")
    assert _decide(year, "close", "PACA")
    assert _decide(year, "lock")
    assert not _decide(year, "reopen")
    assert year.engage("E3", "10", "2018-04-10") == "PERIOD_LOCKED"


def test_the_window_is_posted_in_december() -> None:
    year = _begin()
    assert _decide(year, "close", "PACA", month=12)
    place = {"fund_centre": UNIT, "functional_area": "0177-12", "commitment_item": "31", "payee": PAYEE}
    assert year.send("direct_payment_request", "D1", "2018-11-30", amount="2", **place) == "ACCEPTED"
    payment = {"exercise": "2018", "predecessor": year.name("D1"), "amount": "1"}
    assert year.send("payment", "P1", "2019-01-05", "treasury", **payment) == "PERIOD_CLOSED"
    assert _decide(year, "reopen", "PACA", month=12)
    assert year.send("payment", "P1", "2019-01-05", "treasury", **payment) == "ACCEPTED"


def test_the_day_of_posting_is_the_one_that_counts() -> None:
    """Orders of 2018 are given by 19 December in these reference data."""
    year, place = _begin(), {"fund_centre": UNIT, "functional_area": "0177-12", "commitment_item": "31"}
    assert year.engage("E1", "10", "2018-04-10", posting_date="2018-04-20") == "ACCEPTED"
    served = {"predecessor": "E1", "amount": "10"}
    assert year.send("service", "S1", "2018-04-15", **served) == "DATE_BEFORE_PREDECESSOR"
    assert year.send("service", "S1", "2018-04-15", posting_date="2018-04-20", **served) == "ACCEPTED"
    ordered = {"amount": "1", "payee": PAYEE, "posting_date": "2018-12-20"} | place
    assert year.send("direct_payment_request", "D1", "2018-12-18", **ordered) == "AFTER_LAST_DATE"
