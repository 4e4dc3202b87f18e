"""Credits that leave a year that is over, in small cases worked by hand (LOLF art. 15 and 21; A66, A67)."""

import pytest

from tests.law_model.small_year import SmallYear
from tests.law_model.state import Row

_DAY = "2019-02-15"
_UNIT, _OPERATION = "0217-SGAC-IMMO", "OP-0217-000001"


def _open(year: SmallYear, centre: str, amount: str, *, item: str = "HT2", number: int = 2018) -> None:
    kind = "budget_opening" if "-" not in centre else "allotment"
    for budget in ("ae", "cp"):
        columns = {"fund_centre": centre, "commitment_item": item, "amount": amount}
        reference = f"{centre}-{item}-{budget}-{number}"
        assert year.send(f"{kind}_{budget}", reference, f"{number}-03-01", **columns) == "ACCEPTED"


@pytest.fixture
def year() -> SmallYear:
    """Return a year with 1,000 at 0217, of which 400 at its BOP and 300 at a UO; 500 on title 2; 100 are engaged."""
    small = SmallYear()
    for centre, amount in (("0217", "1000"), ("0217-SGAC", "400"), (_UNIT, "300")):
        _open(small, centre, amount)
    _open(small, "0217", "500", item="T2")
    area = {"fund_centre": _UNIT, "functional_area": "0217-07"}
    assert small.engage("EJ", "100", **area) == "ACCEPTED"
    return small


def _carry(year: SmallYear, reference: str, budget: str, amount: str, **columns: str) -> list[str]:
    """Carry to the programme; columns that end in ``_after`` are of the second line alone."""
    later = {name.removesuffix("_after"): text for name, text in columns.items() if name.endswith("_after")}
    own = {name: text for name, text in columns.items() if not name.endswith("_after")}
    base: Row = {"reference": reference, "exercise": "2019", "date": _DAY, "amount": amount}
    base |= {"fund_centre": _UNIT, "commitment_item": "HT2"} | own
    first = base | {"line": "1", "kind": f"carryover_out_{budget}", "budget_year": "2018"}
    second = base | {
        "line": "2",
        "kind": f"carryover_in_{budget}",
        "budget_year": "2019",
        "fund_centre": "0217",
    }
    return year.send_file([first, second | later], "closing")


def _take(year: SmallYear, kind: str, reference: str, amount: str, *, day: str = _DAY, **columns: str) -> str:
    row = {"fund_centre": _UNIT, "commitment_item": "HT2", "budget_year": "2018", "amount": amount} | columns
    return year.send(kind, reference, day, "closing", **row)


def test_what_is_available_at_every_level_is_carried_to_the_programme(year: SmallYear) -> None:
    assert _carry(year, "R1", "ae", "200.01") == ["BUDGET_BELOW_CONSUMPTION", "ACT_REFUSED"]
    assert _carry(year, "R2", "ae", "200", date="2019-01-20") == ["BUDGET_YEAR_CLOSED", "ACT_REFUSED"]
    assert _carry(year, "R3", "ae", "150") == ["ACCEPTED", "ACCEPTED"]
    assert (year.figures("ae", _UNIT), year.figures("ae", "0217")) == ((150, 0, 100), (850, 0, 100))
    assert year.figures("ae", "0217", 2019) == (150, 0, 0)
    assert _carry(year, "R4", "ae", "100.01", fund_centre="0217-SGAC") == [
        "ALLOTMENT_EXCEEDED",
        "ACT_REFUSED",
    ]


def test_the_rest_is_annulled_from_the_unit_up(year: SmallYear) -> None:
    """Of 1,000 at the programme 900 are available, and 600 not distributed."""
    assert _take(year, "unused_cancellation_ae", "A0", "600.01", fund_centre="0217") == "ALLOTMENT_EXCEEDED"
    assert _take(year, "unused_cancellation_ae", "A1", "200") == "ACCEPTED"
    assert _take(year, "unused_cancellation_ae", "A2", "100", fund_centre="0217-SGAC") == "ACCEPTED"
    assert _take(year, "unused_cancellation_ae", "A3", "600", fund_centre="0217") == "ACCEPTED"
    assert year.figures("ae", "0217") == (100, 0, 100)
    assert _take(year, "unused_cancellation_ae", "A4", "1", budget_year="2019") == "BUDGET_YEAR_CLOSED"


def test_cp_are_carried_within_3_percent_of_the_first_law(year: SmallYear) -> None:
    """3 % of 1,000 are 30, and of 500 on title 2 are 15."""
    place = {"fund_centre": "0217"}
    assert _carry(year, "R1", "cp", "20", **place) == ["ACCEPTED", "ACCEPTED"]
    assert _carry(year, "R2", "cp", "10.01", **place) == ["CARRY_OVER_LIMIT", "ACT_REFUSED"]
    assert _carry(year, "R3", "cp", "10", **place) == ["ACCEPTED", "ACCEPTED"]
    staff = place | {"commitment_item": "T2"}
    assert _carry(year, "R4", "cp", "15.01", **staff) == ["CARRY_OVER_LIMIT", "ACT_REFUSED"]
    assert _carry(year, "R5", "cp", "15", **staff) == ["ACCEPTED", "ACCEPTED"]
    year.model.state.reference.years[2019].lifted.add("0217")
    try:
        assert _carry(year, "R6", "cp", "40", **place) == ["ACCEPTED", "ACCEPTED"]
        assert _carry(year, "R7", "cp", "1", **staff) == ["CARRY_OVER_LIMIT", "ACT_REFUSED"]
    finally:
        year.model.state.reference.years[2019].lifted.clear()


@pytest.mark.parametrize(
    "columns",
    [
        {"amount_after": "9"},
        {"kind_after": "carryover_in_cp"},
        {"fund_centre_after": "0177"},
        {"commitment_item_after": "T2"},
        {"budget_year_after": "2018"},
        {"commitment_item": "T2"},
        {"date_after": "2019-02-16"},
    ],
)
def test_both_lines_are_about_the_same_credits(columns: dict[str, str], year: SmallYear) -> None:
    assert _carry(year, "R1", "ae", "10", fund_centre="0217", **columns) == [
        "CARRY_OVER_MISMATCH",
        "ACT_REFUSED",
    ]


def test_a_second_line_that_is_wrong_by_itself_has_its_own_code(year: SmallYear) -> None:
    columns = {"fund_centre": "0217", "amount_after": "-1"}
    assert _carry(year, "R1", "ae", "10", **columns) == ["ACT_REFUSED", "AMOUNT_NOT_POSITIVE"]


def test_credits_may_come_to_a_bop_of_the_programme(year: SmallYear) -> None:
    _open(year, "0217", "50", number=2019)
    assert _carry(year, "R1", "ae", "10", fund_centre_after="0217-SGAC") == ["ACCEPTED", "ACCEPTED"]
    assert (year.figures("ae", "0217", 2019), year.figures("ae", "0217-SGAC", 2019)) == (
        (60, 0, 0),
        (10, 0, 0),
    )


def test_one_line_alone_carries_nothing(year: SmallYear) -> None:
    assert _take(year, "carryover_out_ae", "R1", "10", fund_centre="0217") == "CARRY_OVER_MISMATCH"
    later = {"fund_centre": "0217", "budget_year": "2019"}
    assert _take(year, "carryover_in_ae", "R2", "10", **later) == "CARRY_OVER_MISMATCH"


def test_what_is_earmarked_goes_on_with_its_operation_or_back_to_its_unit(year: SmallYear) -> None:
    """Of 120 that are earmarked and not engaged 90 are carried, 20 released, 10 annulled."""
    columns = {"fund_centre": _UNIT, "commitment_item": "51", "operation": _OPERATION, "amount": "120"}
    assert year.send("earmark", "AF", "2018-03-12", **columns) == "ACCEPTED"
    goes_on = {"operation": _OPERATION, "fund_centre_after": _UNIT}
    assert _carry(year, "R1", "ae", "120.01", **goes_on) == ["BUDGET_BELOW_CONSUMPTION", "ACT_REFUSED"]
    assert _carry(year, "R2", "ae", "90", **goes_on) == ["ACCEPTED", "ACCEPTED"]
    assert _take(year, "unused_earmark_release", "L1", "20", operation=_OPERATION) == "ACCEPTED"
    assert _take(year, "unused_cancellation_ae", "A1", "10", operation=_OPERATION) == "ACCEPTED"
    assert (
        _take(year, "unused_earmark_release", "L2", "0.01", operation=_OPERATION)
        == "BUDGET_BELOW_CONSUMPTION"
    )
    assert year.figures("ae", _UNIT) == (200, 0, 100)
    assert (year.figures("ae", _OPERATION, 2019), year.figures("ae", _UNIT, 2019)) == (
        (90, 0, 0),
        (90, 90, 0),
    )


def test_frozen_credits_are_unfrozen_first(year: SmallYear) -> None:
    place = {"fund_centre": "0217", "commitment_item": "HT2"}
    assert year.send("freeze_cp", "GE", "2018-06-02", amount="40", **place) == "ACCEPTED"
    assert _take(year, "unused_cancellation_cp", "A1", "600", fund_centre="0217") == "ALLOTMENT_EXCEEDED"
    assert _take(year, "unused_unfreeze_cp", "D1", "40.01", fund_centre="0217") == "UNFREEZE_EXCEEDED"
    assert _take(year, "unused_unfreeze_cp", "D2", "40", fund_centre="0217") == "ACCEPTED"
    assert _take(year, "unused_cancellation_cp", "A2", "600", fund_centre="0217") == "ACCEPTED"


def test_estimated_credits_are_not_carried(year: SmallYear) -> None:
    _open(year, "0117", "100")
    codes = _carry(year, "R1", "cp", "1", fund_centre="0117", fund_centre_after="0117")
    assert codes == ["CARRY_OVER_MISMATCH", "ACT_REFUSED"]


def test_a_special_account_carries_what_its_receipts_left(year: SmallYear) -> None:
    """Of 60 collected 10 are ordered: 50 are left, whatever 3 % of its credits are."""
    for centre in ("0751", "0751-CENT", "0751-CENT-C001"):
        _open(year, centre, "1000")
    unit = {"fund_centre": "0751-CENT-C001"}
    year.send("third_party", "T1", payee="P1", payee_name="Durand", iban="FR7630001007941234567890185")
    due = {"commitment_item": "269906", "amount": "100", "payee": "P1"}
    assert year.send("receivable", "TP", "2018-05-02", **unit, **due) == "ACCEPTED"
    assert year.send("receipt", "EN", "2018-05-04", predecessor="TP", amount="60") == "ACCEPTED"
    place = unit | {"functional_area": "0751-01", "commitment_item": "31"}
    assert (
        year.send("direct_payment_request", "DP", "2018-05-05", payee="P1", amount="10", **place)
        == "ACCEPTED"
    )
    ends = {"fund_centre": "0751-CENT-C001", "fund_centre_after": "0751"}
    assert _carry(year, "R1", "cp", "50.01", **ends) == ["CARRY_OVER_LIMIT", "ACT_REFUSED"]
    assert _carry(year, "R2", "cp", "50", **ends) == ["ACCEPTED", "ACCEPTED"]
