"""Reassignments in small cases worked by hand from the texts, without the engine (GBCP art. 159; domain 3.4)."""

import pytest

from tests.law_model.small_year import PAYEE, UNIT, SmallYear

_OTHER = "0177-D013-DR13"
_PLACE = {"functional_area": "0177-12", "commitment_item": "31"}


@pytest.fixture
def year() -> SmallYear:
    """Return a year in which a unit has paid 60 euros, and another unit has credits of 50."""
    small = SmallYear()
    small.open_credits()
    for budget in ("ae", "cp"):
        moved = {"fund_centre": _OTHER, "counterpart": UNIT, "commitment_item": "HT2", "amount": "50"}
        assert small.send(f"budget_move_{budget}", f"M-{budget}", **moved) == "ACCEPTED"
    assert _pay(small, "1", "60") == "ACCEPTED"
    return small


def _pay(year: SmallYear, number: str, amount: str) -> str:
    """Request without a commitment, pay and debit an amount."""
    request = {"fund_centre": UNIT, "payee": PAYEE, "amount": amount, **_PLACE}
    assert year.send("direct_payment_request", f"DP{number}", **request) == "ACCEPTED"
    return _settle(year, number, amount)


def _settle(year: SmallYear, number: str, amount: str) -> str:
    paid = {"predecessor": year.name(f"DP{number}"), "amount": amount}
    assert year.send("payment", f"PA{number}", sender="treasury", **paid) == "ACCEPTED"
    debit = {"predecessor": year.name(f"PA{number}"), "amount": amount}
    return year.send("bank_debit", f"BD{number}", sender="bank", **debit)


def _move(
    year: SmallYear, debit: str, amount: str, *targets: tuple[str, str], day: str = "2018-04-01"
) -> list[str]:
    """Send a reassignment in one act; return how its lines ended."""
    head = {"reference": f"RI-{debit}-{amount}", "exercise": day[:4], "date": day}
    origin = {"line": "1", "kind": "reassignment_origin", "predecessor": year.name(debit), "amount": amount}
    lines = [
        {
            "line": str(line),
            "kind": "reassignment_target",
            "predecessor": "#1",
            "fund_centre": centre,
            **_PLACE,
        }
        | {"amount": part}
        for line, (centre, part) in enumerate(targets, 2)
    ]
    return year.send_file([head | line for line in (origin, *lines)])


def test_a_paid_expense_goes_to_another_imputation(year: SmallYear) -> None:
    """Of 60 paid by one unit 45 are of the other: 15 stay, AE and CP alike, and neither debts nor cash change."""
    assert _move(year, "BD1", "60", (_OTHER, "45"), (UNIT, "15")) == ["ACCEPTED"] * 3
    assert (year.figures("ae"), year.figures("cp")) == ((950, 0, 15), (950, 0, 15))
    assert (year.figures("ae", _OTHER), year.figures("cp", _OTHER)) == ((50, 0, 45), (50, 0, 45))
    assert year.figures("cp", "0177") == (1000, 0, 60)
    balances = [year.balance(account) for account in ("6188000000", "4011100000", "5126410000", "5121100000")]
    assert balances == [60, 0, 0, -60]


def test_the_credits_of_the_new_imputation_are_checked(year: SmallYear) -> None:
    assert _move(year, "BD1", "50.01", (_OTHER, "50.01")) == ["ACT_REFUSED", "AE_EXCEEDED"]
    assert _move(year, "BD1", "50", (_OTHER, "50")) == ["ACCEPTED", "ACCEPTED"]


def test_an_expense_is_moved_once_and_never_more_than_was_paid(year: SmallYear) -> None:
    assert _move(year, "BD1", "60.01", (UNIT, "60.01"))[0] == "REVERSAL_EXCEEDS_ORIGINAL"
    assert _move(year, "BD1", "40", (UNIT, "40")) == ["ACCEPTED", "ACCEPTED"]
    assert _move(year, "BD1", "20", (UNIT, "20"))[0] == "EXPENSE_REASSIGNED"


def test_what_was_sent_again_is_the_same_expense(year: SmallYear) -> None:
    assert _move(year, "BD1", "40", (_OTHER, "40")) == ["ACCEPTED", "ACCEPTED"]
    steps = (("bank_return", "BR", "BD1"), ("return_identified", "ID", "BR"), ("reissue", "RE", "ID"))
    for kind, reference, before in (*steps, ("bank_debit", "BD2", "RE")):
        code = year.send(kind, reference, "2018-04-02", predecessor=year.name(before), amount="60")
        assert code == "ACCEPTED"
    assert _move(year, "BD2", "10", (_OTHER, "10"), day="2018-04-03")[0] == "EXPENSE_REASSIGNED"
    assert year.figures("cp", _OTHER) == (50, 0, 40)


def test_all_lines_are_whole_of_one_day_and_one_accountant(year: SmallYear) -> None:
    assert _move(year, "BD1", "60") == ["REASSIGNMENT_UNPAIRED"]
    assert _move(year, "BD1", "50", (UNIT, "49.99"))[0] == "REASSIGNMENT_UNPAIRED"
    assert _move(year, "BD1", "40", ("0177-D075-DD75", "40"))[0] == "REASSIGNMENT_UNPAIRED"


def test_an_expense_of_an_earlier_year_or_a_commitment_is_not_moved(year: SmallYear) -> None:
    assert _move(year, "BD1", "60", (UNIT, "60"), day="2019-02-01")[0] == "BUDGET_YEAR_CLOSED"
    assert year.engage("EJ", "30") == "ACCEPTED"
    assert year.send("service", "SF", predecessor="EJ", amount="30") == "ACCEPTED"
    assert year.send("payment_request", "DP2", predecessor="EJ", amount="30", payee=PAYEE) == "ACCEPTED"
    assert _settle(year, "2", "30") == "ACCEPTED"
    assert _move(year, "BD2", "30", (UNIT, "30"))[0] == "REASSIGNMENT_FORBIDDEN"


def test_an_advance_is_not_moved(year: SmallYear) -> None:
    assert year.engage("EJ", "30") == "ACCEPTED"
    assert year.send("advance_request", "DP2", predecessor="EJ", amount="30", payee=PAYEE) == "ACCEPTED"
    assert _settle(year, "2", "30") == "ACCEPTED"
    assert _move(year, "BD2", "30", (UNIT, "30"))[0] == "REASSIGNMENT_FORBIDDEN"


_REPAID = {"fund_centre": UNIT, "commitment_item": "48560", "payee": PAYEE}


def test_a_moved_expense_is_not_asked_back(year: SmallYear) -> None:
    """What is restored would come back to the unit that the expense has left."""
    assert _move(year, "BD1", "60", (_OTHER, "45"), (UNIT, "15")) == ["ACCEPTED"] * 3
    code = year.send("repayment_receivable", "TI", predecessor="DP1", amount="10", **_REPAID)
    assert code == "REPAYMENT_MISMATCH"


def test_an_expense_that_is_asked_back_is_not_moved(year: SmallYear) -> None:
    assert year.send("repayment_receivable", "TI", predecessor="DP1", amount="10", **_REPAID) == "ACCEPTED"
    assert _move(year, "BD1", "60", (_OTHER, "45"), (UNIT, "15"))[0] == "REASSIGNMENT_FORBIDDEN"


def test_an_expense_is_moved_once_the_receivable_is_cancelled(year: SmallYear) -> None:
    """A receivable that was issued by mistake keeps the expense where it is only until it is cancelled."""
    assert year.send("repayment_receivable", "TI", predecessor="DP1", amount="10", **_REPAID) == "ACCEPTED"
    assert year.send("receivable_cancellation", "AT", predecessor="TI", amount="10") == "ACCEPTED"
    assert _move(year, "BD1", "60", (_OTHER, "45"), (UNIT, "15")) == ["ACCEPTED"] * 3
