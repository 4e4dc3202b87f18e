"""Penalties in small cases worked by hand from the chart, without the engine (chart 4016000000, 4046000000, 7220000000)."""

import pytest

from tests.law_model.small_year import PAYEE, UNIT, SmallYear

_ACCOUNTS = ("4081000000", "4016000000", "4011100000", "7220000000", "5126410000")


@pytest.fixture
def year() -> SmallYear:
    """Return a year with certified service of 200 euros, of which 30 are withheld as a penalty."""
    small = SmallYear()
    small.open_credits()
    assert small.engage("EJ", "200") == "ACCEPTED"
    assert small.send("service", "SF", predecessor="EJ", amount="200") == "ACCEPTED"
    assert _withhold(small, "PE", "30") == "ACCEPTED"
    return small


def _withhold(year: SmallYear, reference: str, amount: str) -> str:
    return year.send("penalty", reference, predecessor="EJ", amount=amount, payee=PAYEE)


def _request(year: SmallYear, reference: str, amount: str) -> str:
    return year.send("payment_request", reference, predecessor="EJ", amount=amount, payee=PAYEE)


def _pay(year: SmallYear, debt: str, amount: str, day: str = "2018-04-01") -> str:
    return year.send("payment", f"P-{debt}", day, "treasury", predecessor=year.name(debt), amount=amount)


def test_what_is_confirmed_consumes_cp_and_is_a_product(year: SmallYear) -> None:
    """170 are requested and paid, 20 of the 30 are confirmed: the charge stays 200, the product is 20."""
    assert [year.balance(account) for account in _ACCOUNTS] == [-170, -30, 0, 0, 0]
    assert year.figures("cp") == (1000, 0, 0)
    assert _request(year, "DP", "170.01") == "SERVICE_INSUFFICIENT"
    assert _request(year, "DP", "170") == "ACCEPTED"
    assert _pay(year, "DP", "170") == "ACCEPTED"
    assert year.send("penalty_confirmation", "PC", predecessor="PE", amount="20") == "ACCEPTED"
    assert (year.figures("ae"), year.figures("cp")) == ((1000, 0, 200), (1000, 0, 190))
    assert [year.balance(account) for account in _ACCOUNTS] == [0, -10, 0, -20, -170]


def test_what_is_remitted_is_owed_and_paid(year: SmallYear) -> None:
    assert (
        year.send("penalty_remission", "PR", predecessor="PE", amount="30.01") == "REVERSAL_EXCEEDS_ORIGINAL"
    )
    assert year.send("penalty_remission", "PR", predecessor="PE", amount="30") == "ACCEPTED"
    assert year.figures("cp") == (1000, 30, 0)
    assert _pay(year, "PR", "30") == "ACCEPTED"
    assert (year.figures("ae"), year.figures("cp")) == ((1000, 0, 200), (1000, 0, 30))
    assert [year.balance(account) for account in _ACCOUNTS] == [-170, 0, 0, 0, -30]


def test_a_remission_that_is_rejected_is_withheld_again(year: SmallYear) -> None:
    assert year.send("penalty_remission", "PR", predecessor="PE", amount="30") == "ACCEPTED"
    rejection = {"predecessor": year.name("PR"), "amount": "30"}
    assert year.send("payment_request_rejection", "RE", **rejection) == "ACCEPTED"
    assert (year.figures("cp"), year.balance("4016000000")) == ((1000, 0, 0), -30)
    assert year.send("penalty_confirmation", "PC", predecessor="PE", amount="30") == "ACCEPTED"


def test_a_wrong_penalty_is_rejected_and_its_service_requested(year: SmallYear) -> None:
    assert year.send("penalty_rejection", "PX", predecessor="PE", amount="30") == "ACCEPTED"
    assert [year.balance(account) for account in _ACCOUNTS] == [-200, 0, 0, 0, 0]
    assert _request(year, "DP", "200") == "ACCEPTED"


def test_what_is_withheld_is_neither_paid_nor_withheld_twice(year: SmallYear) -> None:
    assert _pay(year, "PE", "30") == "PREDECESSOR_STAGE"
    assert _withhold(year, "P2", "170.01") == "SERVICE_INSUFFICIENT"
    assert _withhold(year, "P2", "170") == "ACCEPTED"


def test_a_penalty_of_one_year_is_confirmed_in_the_next(year: SmallYear) -> None:
    """CP belong to the year in which they are consumed (LOLF 28)."""
    year.open_credits(year=2019)
    confirmation = {"predecessor": year.name("PE"), "amount": "30"}
    assert year.send("penalty_confirmation", "PC", "2019-02-01", **confirmation) == "BUDGET_YEAR_CLOSED"
    place = {
        "fund_centre": UNIT,
        "functional_area": "0177-12",
        "commitment_item": "31",
        "reference_sender": "CSP",
    }
    assert year.send("penalty_carry", "PE", "2019-01-25", "closing", **confirmation, **place) == "ACCEPTED"
    later = {"predecessor": "PE", "amount": "30"}
    assert year.send("penalty_confirmation", "PC", "2019-02-01", **later) == "ACCEPTED"
    assert (year.figures("cp"), year.figures("cp", year=2019)) == ((1000, 0, 0), (1000, 0, 30))
    assert year.balance("4016000000", 2018) + year.balance("4016000000", 2019) == 0


def test_no_penalty_takes_what_recovers_an_advance(year: SmallYear) -> None:
    """Of 200 are 30 withheld, so 170 may be advanced; then nothing more is withheld."""
    assert year.engage("E2", "100") == "ACCEPTED"
    assert year.send("advance_request", "AV", predecessor="E2", amount="80", payee=PAYEE) == "ACCEPTED"
    assert year.send("service", "S2", predecessor="E2", amount="100") == "ACCEPTED"
    penalty = {"predecessor": "E2", "payee": PAYEE}
    assert year.send("penalty", "P2", amount="20.01", **penalty) == "ADVANCE_NOT_RECOVERED"
    assert year.send("penalty", "P2", amount="20", **penalty) == "ACCEPTED"
