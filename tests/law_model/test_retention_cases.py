"""Guarantees in small cases worked by hand from the texts, without the engine (chart 4017000000 and 4047000000; R2191-33)."""

import pytest

from tests.law_model.small_year import PAYEE, UNIT, SmallYear

_ACCOUNTS = ("4017000000", "4081000000", "4011100000", "5126410000")


@pytest.fixture
def year() -> SmallYear:
    """Return a year with a request of 100 euros on a commitment."""
    small = SmallYear()
    small.open_credits()
    assert small.engage("EJ", "200") == "ACCEPTED"
    assert small.send("service", "SF", predecessor="EJ", amount="200") == "ACCEPTED"
    assert _request(small, "DP", "100") == "ACCEPTED"
    return small


def _request(year: SmallYear, reference: str, amount: str) -> str:
    return year.send("payment_request", reference, predecessor="EJ", amount=amount, payee=PAYEE)


def _pay(year: SmallYear, debt: str, amount: str, day: str = "2018-04-01") -> str:
    return year.send("payment", f"P-{debt}", day, "treasury", predecessor=year.name(debt), amount=amount)


def test_what_is_retained_reserves_nothing_until_it_is_released(year: SmallYear) -> None:
    """The request is 100: 95 are paid now, 5 once the guarantee is released; AE stay those of the commitment."""
    assert year.figures("cp") == (1000, 100, 0)
    assert year.send("retention", "RG", predecessor="DP", amount="5") == "ACCEPTED"
    assert year.figures("cp") == (1000, 95, 0)
    assert _pay(year, "DP", "95") == "ACCEPTED"
    assert year.figures("cp") == (1000, 0, 95)
    assert [year.balance(account) for account in _ACCOUNTS] == [-5, -100, 0, -95]
    assert year.send("retention_release", "LG", predecessor="RG", amount="5") == "ACCEPTED"
    assert year.figures("cp") == (1000, 5, 95)
    assert [year.balance(account) for account in _ACCOUNTS] == [0, -100, -5, -95]
    assert _pay(year, "LG", "5") == "ACCEPTED"
    assert (year.figures("ae"), year.figures("cp")) == ((1000, 0, 200), (1000, 0, 100))
    assert [year.balance(account) for account in _ACCOUNTS] == [0, -100, 0, -100]


def test_no_more_than_five_percent_is_retained_and_once(year: SmallYear) -> None:
    assert year.send("retention", "R1", predecessor="DP", amount="5.01") == "RETENTION_EXCEEDED"
    assert year.send("retention", "R2", predecessor="DP", amount="4") == "ACCEPTED"
    assert year.send("retention", "R3", predecessor="DP", amount="1") == "RETENTION_LATE"


def test_what_is_retained_is_not_paid(year: SmallYear) -> None:
    assert year.send("retention", "RG", predecessor="DP", amount="5") == "ACCEPTED"
    assert _pay(year, "RG", "5") == "PREDECESSOR_STAGE"
    assert _pay(year, "DP", "95.01") == "REVERSAL_EXCEEDS_ORIGINAL"


def test_a_guarantee_comes_from_the_payments_of_a_contract(year: SmallYear) -> None:
    """Neither from an advance (R2191-32), nor from what no commitment bears."""
    place = {"fund_centre": UNIT, "functional_area": "0177-12", "commitment_item": "31", "payee": PAYEE}
    assert year.send("direct_payment_request", "DD", amount="50", **place) == "ACCEPTED"
    assert year.send("retention", "R1", predecessor="DD", amount="1") == "RETENTION_REQUEST"
    assert year.engage("E2", "50") == "ACCEPTED"
    assert year.send("advance_request", "AV", predecessor="E2", amount="50", payee=PAYEE) == "ACCEPTED"
    assert year.send("retention", "R2", predecessor="AV", amount="1") == "RETENTION_REQUEST"


def test_a_guarantee_of_one_year_is_released_in_the_next(year: SmallYear) -> None:
    """CP belong to the year of payment (LOLF 28): those of 2019 pay what 2018 retained."""
    year.open_credits(year=2019)
    assert year.send("retention", "RG", predecessor="DP", amount="5") == "ACCEPTED"
    release = {"predecessor": year.name("RG"), "amount": "5"}
    assert year.send("retention_release", "LG", "2019-02-01", **release) == "BUDGET_YEAR_CLOSED"
    place = {
        "fund_centre": UNIT,
        "functional_area": "0177-12",
        "commitment_item": "31",
        "reference_sender": "CSP",
    }
    assert year.send("retention_carry", "RG", "2019-01-25", "closing", **release, **place) == "ACCEPTED"
    assert year.figures("cp", year=2019) == (1000, 0, 0)
    release = {"predecessor": "RG", "amount": "5"}
    assert year.send("retention_release", "LG", "2019-02-01", **release) == "ACCEPTED"
    assert year.figures("cp", year=2019) == (1000, 5, 0)
    assert _pay(year, "LG", "5", "2019-02-02") == "ACCEPTED"
    assert (year.figures("cp"), year.figures("cp", year=2019)) == ((1000, 95, 0), (1000, 0, 5))
    assert year.balance("4017000000", 2018) + year.balance("4017000000", 2019) == 0


def test_a_rejected_release_is_retained_again(year: SmallYear) -> None:
    assert year.send("retention", "RG", predecessor="DP", amount="5") == "ACCEPTED"
    assert year.send("retention_release", "L1", predecessor="RG", amount="5") == "ACCEPTED"
    rejection = {"predecessor": year.name("L1"), "amount": "5"}
    assert year.send("payment_request_rejection", "RE", **rejection) == "ACCEPTED"
    assert (year.figures("cp"), year.balance("4017000000")) == ((1000, 95, 0), -5)
    assert year.send("retention_release", "L2", predecessor="RG", amount="5") == "ACCEPTED"


def test_a_guarantee_of_a_wrong_request_is_rejected_with_it(year: SmallYear) -> None:
    """Its CP are reserved again, and then released with the request (ours)."""
    assert year.send("retention", "RG", predecessor="DP", amount="5") == "ACCEPTED"
    assert (
        year.send("retention_rejection", "RR", predecessor="RG", amount="5.01") == "REVERSAL_EXCEEDS_ORIGINAL"
    )
    assert year.send("retention_rejection", "RR", predecessor="RG", amount="5") == "ACCEPTED"
    assert (year.figures("cp"), year.balance("4017000000")) == ((1000, 100, 0), 0)
    rejection = {"predecessor": year.name("DP"), "amount": "100"}
    assert year.send("payment_request_rejection", "RE", **rejection) == "ACCEPTED"
    assert (year.figures("cp"), year.balance("4011100000")) == ((1000, 0, 0), 0)
