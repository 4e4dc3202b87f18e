"""The result of a year and its allocation in small cases worked by hand (A62; loi 2014-855 art. 3 II), without the engine."""

from datetime import date

import pytest

from tests.law_model.opening_balances import list_openings
from tests.law_model.small_year import UNIT, SmallYear
from tests.law_model.state import Row
from tests.law_model.year_end import list_allocation, list_results

_PLACE = {"functional_area": "0177-12", "commitment_item": "31"}
_PERSONS = {"entered_by": "chloe", "validated_by": "david"}
_RESULT, _TRANSFER, _SETTLED, _RENT, _PRODUCT = (
    *("1200000000", "1842300000", "1100000000"),
    *("6113110000", "7280000000"),
)


@pytest.fixture
def year() -> SmallYear:
    """Return a year in which PACA was charged 40 and had a product of 9."""
    small = SmallYear()
    row = (
        {"kind": "accrual", "exercise": "2018", "date": "2018-12-31", "fund_centre": UNIT} | _PLACE | _PERSONS
    )
    income = row | {"kind": "accrued_income", "reference": "PR", "account": _PRODUCT, "amount": "9"}
    charge = row | {"reference": "CP", "account": _RENT, "amount": "40"}
    assert small.send_file([charge, income]) == ["ACCEPTED", "ACCEPTED"]
    return small


def _write_lines(kind: str, *lines: tuple[str, str, str, str], day: str = "2018-12-31") -> list[Row]:
    """Return an act: of each line its side, fund centre, account and amount."""
    return [
        {
            "reference": f"R{kind}",
            "line": str(number),
            "kind": f"{kind}_{side}",
            "exercise": day[:4],
            "date": day,
        }
        | {"fund_centre": centre, "account": account, "amount": amount}
        for number, (side, centre, account, amount) in enumerate(lines, 1)
    ]


def test_charges_and_products_come_to_the_result_over_the_account_between_accountants(
    year: SmallYear,
) -> None:
    rows = list_results(year.model.state, 2018)
    assert [(row["kind"], row["fund_centre"], row["account"], row["amount"]) for row in rows] == [
        ("result_credit", "0177-D013", _RENT, "40.00"),
        ("result_debit", "0177-D013", _PRODUCT, "9.00"),
        ("result_debit", "0177-D013", _TRANSFER, "31.00"),
        ("result_credit", "0117", _TRANSFER, "31.00"),
        ("result_debit", "0117", _RESULT, "31.00"),
    ]
    assert year.send_file(rows, "closing") == ["ACCEPTED"] * 5
    assert [year.balance(account) for account in (_RENT, _PRODUCT, _TRANSFER, _RESULT)] == [0, 0, 0, 31]
    assert list_results(year.model.state, 2018) == []


def test_the_openings_have_the_result_then_and_need_no_technical_account(year: SmallYear) -> None:
    assert {"8900009999"} < {row["account"] for row in list_openings(year.model.state, 2018)}
    year.send_file(list_results(year.model.state, 2018), "closing")
    opened = {row["account"]: row["amount"] for row in list_openings(year.model.state, 2018)}
    assert opened == {"4081000000": "40.00", "4181000000": "9.00", _TRANSFER: "31.00", _RESULT: "31.00"}


def test_a_result_is_balanced_for_each_accountant_and_on_its_own_accounts(year: SmallYear) -> None:
    centre = "0177-D013"
    alone = _write_lines("result", ("credit", centre, _RENT, "5"))
    assert year.send_file(alone, "closing") == ["JOURNAL_UNBALANCED"]
    apart = _write_lines("result", ("credit", centre, _RENT, "5"), ("debit", "0117", _RESULT, "5"))
    assert year.send_file(apart, "closing") == ["ACT_REFUSED", "JOURNAL_UNBALANCED"]
    other = _write_lines("result", ("credit", centre, "4011100000", "5"), ("debit", centre, _RESULT, "5"))
    assert year.send_file(other, "closing") == ["RESULT_ACCOUNT", "ACT_REFUSED"]
    settled = _write_lines("result", ("credit", centre, _SETTLED, "5"), ("debit", centre, _RESULT, "5"))
    assert year.send_file(settled, "closing") == ["RESULT_ACCOUNT", "ACT_REFUSED"]


def test_the_settlement_act_allots_what_the_month_of_the_result_has_once(year: SmallYear) -> None:
    assert list_allocation(year.model.state, 2018, date(2019, 3, 2)) == []
    year.send_file(list_results(year.model.state, 2018), "closing")
    rows = list_allocation(year.model.state, 2018, date(2019, 3, 2))
    assert [(row["kind"], row["account"], row["amount"]) for row in rows] == [
        ("result_allocation_credit", _RESULT, "31.00"),
        ("result_allocation_debit", _SETTLED, "31.00"),
    ]
    assert year.send_file(rows, "closing") == ["ACCEPTED", "ACCEPTED"]
    assert (year.balance(_RESULT, 2019), year.balance(_SETTLED, 2019)) == (-31, 31)
    assert list_allocation(year.model.state, 2018, date(2019, 3, 3)) == []


def test_nothing_is_allotted_in_the_year_of_the_result_or_on_another_account(year: SmallYear) -> None:
    lines = (("credit", "0117", _RESULT, "5"), ("debit", "0117", _SETTLED, "5"))
    early = _write_lines("result_allocation", *lines)
    assert year.send_file(early, "closing") == ["RESULT_ACCOUNT", "ACT_REFUSED"]
    other = _write_lines("result_allocation", lines[0], ("debit", "0117", _TRANSFER, "5"), day="2019-03-02")
    assert year.send_file(other, "closing") == ["ACT_REFUSED", "RESULT_ACCOUNT"]
