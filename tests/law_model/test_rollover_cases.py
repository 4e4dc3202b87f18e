"""What goes on in the next year and what it begins with, in small cases worked by hand (A30, A61, A64, A70)."""

from datetime import date

import pytest

from tests.law_model.nomenclature import Centre, Order, Year
from tests.law_model.opening_balances import list_openings
from tests.law_model.rollover import COMMITMENT_STEP, REQUEST_STEP, Rollover
from tests.law_model.small_year import PAYEE, UNIT, SmallYear
from tests.law_model.state import Row
from tests.law_model.successions import Place, move_place

_PLACE = {"fund_centre": UNIT, "functional_area": "0177-12", "commitment_item": "31"}
_PERSONS = {"entered_by": "chloe", "validated_by": "david"}
_DAY = date(2019, 1, 21)


@pytest.fixture
def years() -> SmallYear:
    """Return two years with credits at the UO."""
    small = SmallYear()
    small.open_credits()
    small.open_credits(year=2019)
    return small


def list_carries(years: SmallYear, step: str) -> list[tuple[str, str, str]]:
    """Return kind, reference and amount of what a step carries."""
    rows = Rollover(years.model.state, 2018).list_rows(step, _DAY)
    return [(row["kind"], row["reference"], row["amount"]) for row in rows]


def list_opened(years: SmallYear) -> list[tuple[str, str, str]]:
    """Return kind, account and amount of what is still to be opened."""
    return [(row["kind"], row["account"], row["amount"]) for row in list_openings(years.model.state, 2018)]


def test_the_latest_service_goes_on_as_requests_use_up_the_earliest(years: SmallYear) -> None:
    """Of 100 and 80 certified 120 are requested: 60 of the second service are left."""
    years.engage("EJ", "300")
    for reference, amount in (("SF-1", "100"), ("SF-2", "80")):
        years.send("service", reference, predecessor="EJ", amount=amount)
    years.send("payment_request", "DP", predecessor="EJ", amount="120", payee=PAYEE)
    assert list_carries(years, COMMITMENT_STEP) == [
        ("commitment_carry", "EJ", "120.00"),
        ("service_carry", "SF-2", "60.00"),
    ]
    assert list_carries(years, REQUEST_STEP) == [("request_carry", "DP", "120.00")]


def test_what_is_used_up_reversed_or_paid_does_not_go_on(years: SmallYear) -> None:
    years.engage("EJ-1", "10")
    years.send("commitment_reversal", "EX", predecessor="EJ-1", amount="10")
    years.engage("EJ-2", "10")
    years.send("service", "SF", predecessor="EJ-2", amount="10")
    years.send("payment_request", "DP", predecessor="EJ-2", amount="10", payee=PAYEE)
    years.send("payment", "PA", "2018-03-11", "treasury", predecessor=years.name("DP"), amount="10")
    assert list_carries(years, COMMITMENT_STEP) == list_carries(years, REQUEST_STEP) == []


def test_the_lines_of_an_act_go_on_together_and_a_taken_name_is_another(years: SmallYear) -> None:
    row = {"reference": "EJ", "kind": "commitment", "exercise": "2018", "date": "2018-03-10", "amount": "10"}
    assert (
        years.send_file([row | _PLACE | {"line": number} for number in ("1", "2")], "CSP") == ["ACCEPTED"] * 2
    )
    last = len(years.model.state.documents)
    years.send(
        "payment_request_without_service", "DQ", predecessor="EJ", amount="10", payee=PAYEE, nature="voyage"
    )
    assert list_carries(years, COMMITMENT_STEP) == [
        ("commitment_carry", "EJ", "0.00"),
        ("commitment_carry", "EJ", "10.00"),
    ]
    years.engage("EJ", "5", "2019-01-05")
    names = {reference for _, reference, _ in list_carries(years, COMMITMENT_STEP)}
    assert names == {f"2018.{last - 1}.{last + 2}"}


def _clear(years: SmallYear, reference: str, day: str, item: str, amount: str) -> list[str]:
    """Clear a debit of 4731 to a charge."""
    row = {"reference": reference, "exercise": day[:4], "date": day, "amount": amount} | _PLACE | _PERSONS
    lines: list[Row] = [
        {"line": "1", "kind": "clearing_credit", "account": "4731000000", "predecessor": item},
        {"line": "2", "kind": "journal_debit", "account": "6188000000"},
    ]
    return years.send_file([row | line for line in lines])


def _open(years: SmallYear) -> None:
    rows = list_openings(years.model.state, 2018)
    assert set(years.send_file(rows, "closing")) == {"ACCEPTED"}


def test_an_item_is_opened_reduced_and_taken_back_where_it_was_cleared_twice(years: SmallYear) -> None:
    """Of 100 on 4731, 60 are cleared in 2019; 70 of 2018 take the 40 that are left there, and 30 back."""
    row = {"reference": "OD", "exercise": "2018", "date": "2018-03-10", "amount": "100"} | _PLACE | _PERSONS
    lines = [
        {"line": "1", "kind": "journal_debit", "account": "4731000000"},
        {"line": "2", "kind": "journal_credit", "account": "6188000000"},
    ]
    assert years.send_file([row | line for line in lines]) == ["ACCEPTED"] * 2
    item = years.name("OD")
    assert list_opened(years) == [
        ("opening_item_debit", "4731000000", "100.00"),
        ("opening_credit", "8900009999", "100.00"),
    ]
    _open(years)
    assert list_opened(years) == []
    opening = f"@{len(years.model.state.documents) - 1}"
    assert _clear(years, "AP-1", "2019-01-10", opening, "60") == ["ACCEPTED"] * 2
    assert _clear(years, "AP-2", "2018-12-20", item, "70") == ["ACCEPTED"] * 2
    assert list_opened(years) == [
        ("opening_reduction_credit", "4731000000", "40.00"),
        ("opening_item_credit", "4731000000", "30.00"),
        ("opening_debit", "8900009999", "70.00"),
    ]
    _open(years)
    assert years.balance("4731000000", 2019) == 100 - 60 - 40 - 30
    assert list_opened(years) == []


def test_charges_are_not_opened_and_no_opening_stands_alone(years: SmallYear) -> None:
    place = {"fund_centre": UNIT, "amount": "9"}
    columns = {"day": "2019-01-01", "sender": "closing"} | place
    assert years.send("opening_debit", "X-1", account="6113110000", **columns) == "OPENING_ACCOUNT"
    assert years.send("opening_debit", "X-2", account="4011100000", **columns) == "JOURNAL_UNBALANCED"
    assert years.send("opening_debit", "X-3", account="4011199999", **columns) == "ACCOUNT_UNKNOWN"


def test_interest_takes_ordinary_credits_of_title_three(years: SmallYear) -> None:
    request = {"amount": "100", "payee": PAYEE} | _PLACE
    assert years.send("direct_payment_request", "DP", **request) == "ACCEPTED"
    claim = {"predecessor": "DP", "amount": "5", "payee": PAYEE, "reason": "jugement"}
    other = _PLACE | {"commitment_item": "63"}
    assert years.send("late_interest", "IM", "2018-03-12", **claim, **other) == "INTEREST_ASSIGNMENT"
    assert years.send("late_interest", "IM", "2018-03-12", **claim) == "ACCEPTED"
    assert years.figures("cp") == years.figures("ae") == (1000, 105, 0)
    assert years.balance("6221000000") == 5


@pytest.mark.parametrize(
    ("place", "act", "after"),
    [
        (Place("0177-D075-DD75", "0177-12", ""), ("CSP", "EJ-9"), Place("0135-D075-DD75", "0135-12", "")),
        (Place("0177-D013-DD13", "0177-12", ""), ("CSP", "EJ-9"), Place("0203-D013-DD13", "0203-12", "")),
        (Place("0177-D013-DD13", "0177-12", ""), ("CSP", "EJ-1"), Place("0135-D075-DD75", "0135-01", "")),
        (Place("0117-CENT-C001", "0117-01", ""), ("CSP", "EJ-9"), Place("0117-CENT-C001", "0117-01", "")),
    ],
)
def test_the_row_of_an_act_comes_before_that_of_the_lower_centre(
    place: Place, act: tuple[str, str], after: Place
) -> None:
    assert move_place(place, act, *_build_years()) == after


def _build_years() -> tuple[Year, Year]:
    """Return two years of which the second has 0135 and 0203 in place of 0177."""
    before, after = Year(), Year()
    for year, programmes in ((before, ("0177", "0117")), (after, ("0135", "0203", "0117"))):
        for code in programmes:
            bops = ("CENT",) if code == "0117" else ("D013", "D075")
            year.centres[code] = Centre(code, "programme", "", code)
            for bop in bops:
                unit = {"CENT": "C001", "D013": "DD13", "D075": "DD75"}[bop]
                year.centres[f"{code}-{bop}"] = Centre(f"{code}-{bop}", "bop", code, code)
                year.centres[f"{code}-{bop}-{unit}"] = Centre(
                    f"{code}-{bop}-{unit}", "uo", f"{code}-{bop}", code
                )
    after.orders = [
        Order("0177", "", ("", ""), "0135", ""),
        Order("0177-D013", "", ("", ""), "0203-D013", ""),
        Order("0177", "", ("CSP", "EJ-1"), "0135-D075-DD75", "0135-01"),
    ]
    return before, after


def test_a_penalty_goes_on_with_the_requests_and_what_is_confirmed_does_not(years: SmallYear) -> None:
    years.engage("EJ", "100")
    years.send("service", "SF", predecessor="EJ", amount="100")
    years.send("penalty", "PE", predecessor="EJ", amount="30", payee=PAYEE)
    assert years.send("penalty_confirmation", "PC", predecessor="PE", amount="20") == "ACCEPTED"
    assert list_carries(years, REQUEST_STEP) == [("penalty_carry", "PE", "10.00")]
    assert [amount for _, _, amount in list_carries(years, COMMITMENT_STEP)] == ["0.00", "70.00"]
    rows = Rollover(years.model.state, 2018).list_rows(REQUEST_STEP, _DAY)
    assert years.send_file(rows, "closing") == ["ACCEPTED"]
    assert list_carries(years, REQUEST_STEP) == []


@pytest.mark.parametrize(
    ("kind", "account", "side"),
    [("suspense_debit", "5129100000", "debit"), ("suspense_return", "5129500000", "credit")],
)
def test_a_movement_of_the_bank_on_suspense_is_opened_as_an_item(
    years: SmallYear, kind: str, account: str, side: str
) -> None:
    columns = {"sender": "bank", "fund_centre": UNIT}
    assert years.send(kind, "MV", amount="25", **columns) == "ACCEPTED"
    assert (f"opening_item_{side}", account, "25.00") in list_opened(years)
    _open(years)
    assert years.balance(account, 2019) == (25 if side == "debit" else -25)
    assert list_opened(years) == []
