"""Restorations of credits in small cases worked by hand from the texts, without the engine (chart 6099910000)."""

import pytest

from tests.law_model.small_year import PAYEE, UNIT, SmallYear

_COSTS = {"fund_centre": UNIT, "functional_area": "0177-12", "commitment_item": "31"}
_GRANT = _COSTS | {"commitment_item": "63"}
_REPAID = {"fund_centre": UNIT, "commitment_item": "48560", "payee": PAYEE}


@pytest.fixture
def year() -> SmallYear:
    """Return a year with an expense of 100 euros, paid, of which 40 are asked back."""
    small = SmallYear()
    small.open_credits()
    assert small.send("direct_payment_request", "DP", amount="100", payee=PAYEE, **_COSTS) == "ACCEPTED"
    assert (
        small.send("payment", "PA", sender="treasury", predecessor=small.name("DP"), amount="100")
        == "ACCEPTED"
    )
    assert small.send("repayment_receivable", "TI", predecessor="DP", amount="40", **_REPAID) == "ACCEPTED"
    return small


def test_what_came_back_is_available_again_and_lowers_the_charge(year: SmallYear) -> None:
    assert (year.figures("ae"), year.figures("cp")) == ((1000, 0, 100), (1000, 0, 100))
    assert year.send("receipt", "E1", predecessor="TI", amount="30") == "ACCEPTED"
    assert year.send("credit_restoration", "R1", predecessor="E1", amount="31", **_COSTS) == (
        "RESTORATION_EXCEEDS_RECEIPT"
    )
    assert year.send("credit_restoration", "R2", predecessor="E1", amount="30", **_COSTS) == "ACCEPTED"
    assert (
        year.send("credit_restoration", "R3", predecessor="E1", amount="1", **_COSTS) == "PREDECESSOR_STAGE"
    )
    assert (year.figures("ae"), year.figures("cp")) == ((1000, 0, 70), (1000, 0, 70))
    balances = [year.balance(account) for account in ("6188000000", "6099910000", "4111100000", "5121100000")]
    assert balances == [70, -10, 10, 30]


def test_nothing_comes_back_before_it_is_collected(year: SmallYear) -> None:
    receivable = year.name("TI")
    code = year.send("credit_restoration", "R1", predecessor=receivable, amount="40", **_COSTS)
    assert code == "PREDECESSOR_STAGE"
    assert year.figures("cp") == (1000, 0, 100)


def test_only_the_assignment_of_the_first_expense_is_restored(year: SmallYear) -> None:
    assert year.send("receipt", "E1", predecessor="TI", amount="40") == "ACCEPTED"
    assert (
        year.send("credit_restoration", "R1", predecessor="E1", amount="40", **_GRANT) == "ASSIGNMENT_DIFFERS"
    )


def test_a_receivable_that_names_no_expense_restores_nothing(year: SmallYear) -> None:
    assert year.send("receivable", "TP", amount="10", **_REPAID) == "ACCEPTED"
    assert year.send("receipt", "E1", predecessor="TP", amount="10") == "ACCEPTED"
    code = year.send("credit_restoration", "R1", predecessor="E1", amount="10", **_COSTS)
    assert code == "RESTORATION_WITHOUT_EXPENSE"


def test_a_nature_repays_expenses_of_one_title(year: SmallYear) -> None:
    staff = _REPAID | {"commitment_item": "48564"}
    assert (
        year.send("repayment_receivable", "T2", predecessor="DP", amount="1", **staff) == "REPAYMENT_MISMATCH"
    )


@pytest.mark.parametrize(
    ("collected", "code"), [("2018-12-31", "ACCEPTED"), ("2019-01-15", "RESTORATION_TOO_LATE")]
)
def test_the_day_of_collection_is_held_against_the_deadline(
    year: SmallYear, collected: str, code: str
) -> None:
    """The tests' file gives grants no year after their own; what was collected in time is restored in 2019 all the same."""
    year.open_credits("10", "10", year=2019)
    grant = {"amount": "50", "payee": PAYEE, **_GRANT}
    assert year.send("direct_payment_request", "DG", **grant) == "ACCEPTED"
    repaid = _REPAID | {"commitment_item": "48565"}
    assert year.send("repayment_receivable", "TG", predecessor="DG", amount="50", **repaid) == "ACCEPTED"
    assert year.send("receipt", "EG", collected, predecessor=year.name("TG"), amount="50") == "ACCEPTED"
    place = {"predecessor": year.name("EG"), "amount": "50"} | _GRANT
    assert year.send("credit_restoration", "RG", "2019-02-01", **place) == code
    expected = -50 if code == "ACCEPTED" else 0
    assert (year.figures("ae", year=2019)[2], year.figures("cp", year=2019)[2]) == (expected, expected)
    assert year.figures("cp") == (1000, 50, 100)


def test_a_later_year_restores_its_own_credits(year: SmallYear) -> None:
    year.open_credits("10", "10", year=2019)
    collected = {"predecessor": year.name("TI"), "amount": "40"}
    assert year.send("receipt", "E1", "2019-01-15", **collected) == "ACCEPTED"
    place = {"predecessor": "E1", "amount": "40"} | _COSTS
    assert (
        year.send("credit_restoration", "R1", "2019-02-01", budget_year="2018", **place)
        == "BUDGET_YEAR_CLOSED"
    )
    assert year.send("credit_restoration", "R2", "2019-02-01", **place) == "ACCEPTED"
    assert (year.figures("cp"), year.figures("cp", year=2019)) == ((1000, 0, 100), (10, 0, -40))
