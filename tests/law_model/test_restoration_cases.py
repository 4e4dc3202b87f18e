"""Restorations of credits in small cases worked by hand from the texts, without the engine (chart 6099910000)."""

import pytest

from tests.law_model.small_year import PAYEE, UNIT, SmallYear

_COSTS = {"fund_centre": UNIT, "functional_area": "0177-12", "commitment_item": "31"}
_GRANT = _COSTS | {"commitment_item": "63"}
_REPAID = {"fund_centre": UNIT, "commitment_item": "48560", "payee": PAYEE}


def _pay(year: SmallYear, debt: str, amount: str) -> str:
    return year.send("payment", f"PA-{debt}", sender="treasury", predecessor=year.name(debt), amount=amount)


def _ask_back(year: SmallYear, reference: str, debt: str, amount: str = "10") -> str:
    return year.send("repayment_receivable", reference, predecessor=year.name(debt), amount=amount, **_REPAID)


def _reject(year: SmallYear, reference: str, debt: str, amount: str) -> str:
    return year.send("payment_request_rejection", reference, predecessor=year.name(debt), amount=amount)


@pytest.fixture
def year() -> SmallYear:
    """Return a year with an expense of 100 euros, paid, of which 40 are asked back."""
    small = SmallYear()
    small.open_credits()
    assert small.send("direct_payment_request", "DP", amount="100", payee=PAYEE, **_COSTS) == "ACCEPTED"
    assert _pay(small, "DP", "100") == "ACCEPTED"
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
    assert _pay(year, "DG", "50") == "ACCEPTED"
    repaid = _REPAID | {"commitment_item": "48565"}
    assert year.send("repayment_receivable", "TG", predecessor="DG", amount="50", **repaid) == "ACCEPTED"
    assert year.send("receipt", "EG", collected, predecessor=year.name("TG"), amount="50") == "ACCEPTED"
    place = {"predecessor": year.name("EG"), "amount": "50"} | _GRANT
    assert year.send("credit_restoration", "RG", "2019-02-01", **place) == code
    expected = -50 if code == "ACCEPTED" else 0
    assert (year.figures("ae", year=2019)[2], year.figures("cp", year=2019)[2]) == (expected, expected)
    assert year.figures("cp") == (1000, 0, 150)


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


def _request(year: SmallYear, reference: str, amount: str = "100") -> str:
    return year.send("direct_payment_request", reference, amount=amount, payee=PAYEE, **_COSTS)


def test_what_was_only_requested_is_not_asked_back(year: SmallYear) -> None:
    assert _request(year, "D2") == "ACCEPTED"
    assert _ask_back(year, "T2", "D2") == "REPAYMENT_EXCEEDS_PAYMENT"
    assert _pay(year, "D2", "10") == "ACCEPTED"
    assert _ask_back(year, "T3", "D2") == "ACCEPTED"


def test_a_request_is_rejected_before_it_is_asked_back(year: SmallYear) -> None:
    """Of 100, 60 are paid, and 40 need not be: they are rejected first, and then 10 of the 60 come back."""
    assert _request(year, "D2") == "ACCEPTED"
    assert _pay(year, "D2", "60") == "ACCEPTED"
    assert _ask_back(year, "T2", "D2") == "ACCEPTED"
    assert _reject(year, "R2", "D2", "40") == "ORIGINAL_FOLLOWED"
    receivable = {"predecessor": year.name("T2"), "amount": "10"}
    assert year.send("receivable_cancellation", "A2", **receivable) == "ACCEPTED"
    assert _reject(year, "R3", "D2", "40") == "ACCEPTED"
    assert _ask_back(year, "T3", "D2") == "ACCEPTED"
    assert year.figures("cp") == (1000, 0, 160)


def test_credits_do_not_come_back_twice(year: SmallYear) -> None:
    """Of 100, 60 are paid and 40 rejected: 60 come back in all, by two receivables, and a reduction allows as much again."""
    assert _request(year, "D2") == "ACCEPTED"
    assert _pay(year, "D2", "60") == "ACCEPTED"
    assert _reject(year, "R2", "D2", "40") == "ACCEPTED"
    assert _ask_back(year, "T2", "D2", "61") == "REPAYMENT_EXCEEDS_PAYMENT"
    assert _ask_back(year, "T2", "D2", "50") == "ACCEPTED"
    assert _ask_back(year, "T3", "D2", "11") == "REPAYMENT_EXCEEDS_PAYMENT"
    receivable = {"predecessor": year.name("T2"), "amount": "20"}
    assert year.send("receivable_reduction", "A2", **receivable) == "ACCEPTED"
    assert _ask_back(year, "T3", "D2", "31") == "REPAYMENT_EXCEEDS_PAYMENT"
    assert _ask_back(year, "T3", "D2", "30") == "ACCEPTED"
    assert _ask_back(year, "T4", "D2", "1") == "REPAYMENT_EXCEEDS_PAYMENT"
    receivable = {"predecessor": year.name("T3"), "amount": "30"}
    assert year.send("receivable_cancellation", "A3", **receivable) == "ACCEPTED"
    assert _ask_back(year, "T4", "D2", "30") == "ACCEPTED"


def test_a_request_and_what_it_passed_on_are_asked_back_together_once(year: SmallYear) -> None:
    """Of 100, 30 go to a creditor of the creditor: what is asked back of both is what was paid of the request."""
    assert _request(year, "D2") == "ACCEPTED"
    divert = {"predecessor": year.name("D2"), "amount": "30", "payee": PAYEE}
    assert year.send("attachment", "OP", sender="accountant", **divert) == "ACCEPTED"
    assert _pay(year, "OP", "30") == "ACCEPTED"
    assert _pay(year, "D2", "70") == "ACCEPTED"
    assert _ask_back(year, "T2", "OP", "31") == "REPAYMENT_EXCEEDS_PAYMENT"
    assert _ask_back(year, "T2", "D2", "80") == "ACCEPTED"
    assert _ask_back(year, "T3", "OP", "21") == "REPAYMENT_EXCEEDS_PAYMENT"
    assert _ask_back(year, "T3", "OP", "20") == "ACCEPTED"
    assert _ask_back(year, "T4", "D2", "1") == "REPAYMENT_EXCEEDS_PAYMENT"


def test_what_was_passed_on_counts_until_it_is_rejected(year: SmallYear) -> None:
    """An opposition takes up the request, and is not paid itself; rejected in full, it has taken up nothing."""
    assert _request(year, "D2") == "ACCEPTED"
    divert = {"predecessor": year.name("D2"), "amount": "30", "payee": PAYEE}
    assert year.send("attachment", "OP", sender="accountant", **divert) == "ACCEPTED"
    assert _ask_back(year, "T2", "OP") == "REPAYMENT_EXCEEDS_PAYMENT"
    assert _reject(year, "R2", "OP", "30") == "ACCEPTED"
    assert _ask_back(year, "T3", "D2") == "REPAYMENT_EXCEEDS_PAYMENT"
    assert year.send("attachment", "O2", sender="accountant", **divert) == "ACCEPTED"
    assert _ask_back(year, "T4", "D2") == "ACCEPTED"
    assert _reject(year, "R3", "O2", "30") == "ORIGINAL_FOLLOWED"
    assert _pay(year, "O2", "30") == "ACCEPTED"
    assert _ask_back(year, "T5", "O2") == "ACCEPTED"


def test_nothing_is_asked_back_of_a_request_that_was_rejected_whole(year: SmallYear) -> None:
    assert _request(year, "D2") == "ACCEPTED"
    assert _reject(year, "R2", "D2", "100") == "ACCEPTED"
    assert _ask_back(year, "T2", "D2") == "REPAYMENT_EXCEEDS_PAYMENT"
    assert year.figures("cp") == (1000, 0, 100)


def test_a_carried_request_is_rejected_before_it_is_asked_back(year: SmallYear) -> None:
    """The carry takes up the request of 2018, and nothing has taken up the carry itself until it is paid."""
    year.open_credits(year=2019)
    assert _request(year, "D2") == "ACCEPTED"
    carried = {"predecessor": year.name("D2"), "amount": "100", "reference_sender": "CSP"} | _COSTS
    assert year.send("request_carry", "D2", "2019-01-25", "closing", **carried) == "ACCEPTED"
    carry = f"@{year.model.state.documents[-1].number}"
    ask = {"predecessor": carry, "amount": "10"} | _REPAID
    assert year.send("repayment_receivable", "T2", "2019-02-01", **ask) == "REPAYMENT_EXCEEDS_PAYMENT"
    paid = {"predecessor": carry, "amount": "60"}
    assert year.send("payment", "P2", "2019-02-02", "treasury", **paid) == "ACCEPTED"
    assert year.send("repayment_receivable", "T3", "2019-02-03", **ask) == "ACCEPTED"
    rejected = {"predecessor": carry, "amount": "40"}
    assert year.send("payment_request_rejection", "R2", "2019-02-04", **rejected) == "ORIGINAL_FOLLOWED"
