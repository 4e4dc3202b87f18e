"""Small cases worked by hand from the texts, without the engine."""

import pytest

from tests.law_model.budget import NodeKey
from tests.law_model.form import is_iban, read_cents, write_euros
from tests.law_model.small_year import IBAN, PAYEE, UNIT, SmallYear


@pytest.fixture
def year() -> SmallYear:
    """Return a year with 1,000 euros of AE and of CP at the UO."""
    small = SmallYear()
    small.open_credits()
    return small


def test_amounts_are_whole_cents() -> None:
    assert [read_cents(text) for text in ("12", "12.5", "12,05", "-5.00", "0.01")] == [
        1200,
        1250,
        1205,
        -500,
        1,
    ]
    assert write_euros(120_005) == "1200.05"
    assert is_iban(IBAN)
    assert not is_iban(IBAN[:-1] + "6")


def test_a_commitment_consumes_ae_at_every_level_and_no_cp(year: SmallYear) -> None:
    assert year.engage("EJ", "400") == "ACCEPTED"
    assert (
        year.figures("ae") == year.figures("ae", "0177-D013") == year.figures("ae", "0177") == (1000, 0, 400)
    )
    assert year.figures("cp") == (1000, 0, 0)


def test_a_commitment_beyond_the_ae_consumes_nothing(year: SmallYear) -> None:
    assert year.engage("EJ", "1000.01") == "AE_EXCEEDED"
    assert year.figures("ae") == (1000, 0, 0)
    assert year.engage("EJ", "1000") == "ACCEPTED"


def test_a_withdrawal_of_the_year_gives_ae_back(year: SmallYear) -> None:
    year.engage("EJ", "400")
    assert year.send("commitment_decrease", "ER", predecessor="EJ", amount="150") == "ACCEPTED"
    assert year.figures("ae") == (1000, 0, 250)
    assert year.send("commitment_decrease", "ER2", predecessor="EJ", amount="250.01") == "COMMITMENT_EXCEEDED"


def test_a_commitment_is_not_lowered_under_the_certified_service(year: SmallYear) -> None:
    year.engage("EJ", "400")
    year.send("service", "SF", predecessor="EJ", amount="300")
    assert year.send("commitment_decrease", "ER", predecessor="EJ", amount="101") == "COMMITMENT_EXCEEDED"
    assert year.send("commitment_decrease", "ER", predecessor="EJ", amount="100") == "ACCEPTED"


def test_a_request_takes_certified_service_and_reserves_cp(year: SmallYear) -> None:
    year.engage("EJ", "400")
    columns = {"predecessor": "EJ", "payee": PAYEE}
    assert year.send("payment_request", "DP", amount="300", **columns) == "SERVICE_INSUFFICIENT"
    year.send("service", "SF", predecessor="EJ", amount="300")
    assert year.send("payment_request", "DP", amount="300", **columns) == "ACCEPTED"
    assert year.figures("cp") == (1000, 300, 0)
    assert year.send("payment_request", "DP2", amount="1", **columns) == "SERVICE_INSUFFICIENT"
    assert year.send("service_cancellation", "SA", predecessor="SF", amount="1") == "SERVICE_ALREADY_BILLED"


def test_a_request_may_stand_before_its_service_in_one_file(year: SmallYear) -> None:
    year.engage("EJ", "100")
    day = {"exercise": "2018", "date": "2018-03-10", "predecessor": "EJ", "amount": "100"}
    request = {"reference": "DP", "kind": "payment_request", "payee": PAYEE} | day
    service = {"reference": "SF", "kind": "service"} | day
    assert year.send_file([request, service]) == ["ACCEPTED", "ACCEPTED"]


def test_a_rejection_frees_the_whole_reservation(year: SmallYear) -> None:
    request_directly(year, "DP", "200")
    assert year.figures("ae") == year.figures("cp") == (1000, 200, 0)
    assert (
        year.send("payment_request_rejection", "RJ", predecessor=year.name("DP"), amount="200") == "ACCEPTED"
    )
    assert year.figures("ae") == year.figures("cp") == (1000, 0, 0)
    assert year.balance(usual_account(year, "expense")) == 0


def request_directly(year: SmallYear, reference: str, amount: str, **columns: str) -> str:
    """Ask for a payment without commitment."""
    place = {"fund_centre": UNIT, "functional_area": "0177-12", "commitment_item": "31", "payee": PAYEE}
    return year.send("direct_payment_request", reference, amount=amount, **(place | columns))


def usual_account(year: SmallYear, role: str) -> str:
    """Return the account of running costs in a role."""
    return getattr(year.model.state.reference.years[2018].roles["31"], role)


def test_a_direct_request_consumes_ae_as_cp_when_it_is_paid(year: SmallYear) -> None:
    request_directly(year, "DP", "200")
    assert pay(year, "PA", "DP", "200") == "ACCEPTED"
    assert year.figures("ae") == year.figures("cp") == (1000, 0, 200)


def pay(year: SmallYear, reference: str, request: str, amount: str, day: str = "2018-03-20") -> str:
    """Pay a request."""
    return year.send("payment", reference, day, "treasury", predecessor=year.name(request), amount=amount)


def test_a_payment_takes_what_is_left_of_its_request(year: SmallYear) -> None:
    request_directly(year, "DP", "200")
    assert pay(year, "PA", "DP", "150") == "ACCEPTED"
    assert pay(year, "PB", "DP", "51") == "REVERSAL_EXCEEDS_ORIGINAL"
    assert pay(year, "PB", "DP", "50") == "ACCEPTED"
    assert pay(year, "PC", "DP", "1") == "PREDECESSOR_STAGE"


def test_a_returned_transfer_changes_no_credits_and_stays_due(year: SmallYear) -> None:
    request_directly(year, "DP", "200")
    pay(year, "PA", "DP", "200")
    assert bank(year, "bank_debit", "BD", "PA", "200") == "ACCEPTED"
    assert bank(year, "bank_return", "BR", "BD", "199") == "TRANSFER_AMOUNT_DIFFERS"
    assert bank(year, "bank_return", "BR", "BD", "200") == "ACCEPTED"
    settlement = year.model.state.reference.years[2018].settlement
    assert year.balance(settlement["returned"]) == -200
    assert year.balance(usual_account(year, "creditor")) == 0
    assert bank(year, "return_identified", "RI", "BR", "200") == "ACCEPTED"
    assert year.balance(settlement["returned"]) == -200
    assert bank(year, "reissue", "RE", "RI", "200") == "ACCEPTED"
    assert year.balance(settlement["returned"]) == 0
    assert year.balance(settlement["transit"]) == -200
    assert year.figures("cp") == (1000, 0, 200)


def bank(year: SmallYear, kind: str, reference: str, predecessor: str, amount: str) -> str:
    """Send an act on a transfer."""
    return year.send(kind, reference, "2018-03-25", "bank", predecessor=year.name(predecessor), amount=amount)


def test_goods_received_stand_on_one_account_until_they_are_billed(year: SmallYear) -> None:
    year.engage("EJ", "400")
    year.send("service", "SF", predecessor="EJ", amount="300")
    assert year.balance(usual_account(year, "expense")) == 300
    assert year.balance(usual_account(year, "accrued")) == -300
    year.send("payment_request", "DP", predecessor="EJ", amount="300", payee=PAYEE)
    assert year.balance(usual_account(year, "accrued")) == 0
    assert year.balance(usual_account(year, "creditor")) == -300


def test_an_attachment_diverts_a_part_and_its_rejection_gives_it_back(year: SmallYear) -> None:
    request_directly(year, "DP", "200")
    columns = {"predecessor": year.name("DP"), "payee": PAYEE}
    assert year.send("attachment", "OP", amount="80", **columns) == "ACCEPTED"
    assert pay(year, "PA", "DP", "121") == "REVERSAL_EXCEEDS_ORIGINAL"
    assert pay(year, "PB", "OP", "30") == "ACCEPTED"
    assert year.figures("cp") == (1000, 170, 30)
    assert (
        year.send("payment_request_rejection", "RJ", predecessor=year.name("OP"), amount="50") == "ACCEPTED"
    )
    assert pay(year, "PA", "DP", "170") == "ACCEPTED"


def test_a_blocked_payee_and_a_suspended_term_stop_the_payment(year: SmallYear) -> None:
    request_directly(year, "DP", "200")
    year.send("payee_block", "BL", payee=PAYEE)
    assert pay(year, "PA", "DP", "200") == "PAYEE_BLOCKED"
    year.send("payee_release", "BR", payee=PAYEE)
    year.send("term_suspension", "TS", predecessor="DP")
    assert pay(year, "PA", "DP", "200") == "TERM_SUSPENDED"
    assert year.send("term_suspension", "TS2", predecessor="DP") == "TERM_ALREADY_SUSPENDED"
    year.send("term_resumption", "TR", predecessor="TS")
    assert pay(year, "PA", "DP", "200") == "ACCEPTED"


def test_title_two_may_feed_the_other_titles_and_never_the_reverse(year: SmallYear) -> None:
    for item in ("T2", "HT2"):
        year.send("budget_opening_ae", f"O{item}", fund_centre="0217", commitment_item=item, amount="100")
    columns = {"fund_centre": "0217", "amount": "40"}
    assert (
        year.send("budget_move_ae", "M1", commitment_item="HT2", counterpart="0217/T2", **columns)
        == "ACCEPTED"
    )
    assert year.figures("ae", "0217") == (140, 0, 0)
    code = year.send("budget_move_ae", "M2", commitment_item="T2", counterpart="0217/HT2", **columns)
    assert code == "MOVE_FORBIDDEN"


def test_an_earmark_bounds_what_its_operation_engages_and_is_closed_to_others() -> None:
    year, columns = SmallYear(), {"commitment_item": "HT2", "amount": "100"}
    for place, kind in (
        ("0217", "budget_opening"),
        ("0217-SGAC", "allotment"),
        ("0217-SGAC-IMMO", "allotment"),
    ):
        year.send(f"{kind}_ae", place, fund_centre=place, **columns)
    place = {"fund_centre": "0217-SGAC-IMMO", "operation": "OP-0217-000001"}
    assert year.send("earmark", "AF", commitment_item="HT2", amount="60", **place) == "ACCEPTED"
    works = {"fund_centre": "0217-SGAC-IMMO", "functional_area": "0217-07", "commitment_item": "51"}
    assert year.send("commitment", "EJ1", amount="41", **works) == "AE_EXCEEDED"
    assert year.send("commitment", "EJ2", amount="61", **works, operation="OP-0217-000001") == "AE_EXCEEDED"
    assert year.send("commitment", "EJ3", amount="60", **works, operation="OP-0217-000001") == "ACCEPTED"
    assert year.figures("ae", "0217-SGAC-IMMO") == (100, 0, 60)


def test_estimated_credits_are_not_checked() -> None:
    year = SmallYear()
    place = {"fund_centre": "0117-CENT-C001", "functional_area": "0117-01", "commitment_item": "41"}
    assert year.send("commitment", "EJ", amount="500", **place) == "ACCEPTED"
    assert year.figures("ae", "0117") == (0, 0, 500)


def test_an_account_is_stated_by_the_act_that_charges_it(year: SmallYear) -> None:
    account = usual_account(year, "expense")
    assert year.engage("EJ", "100", account=account) == "ACCOUNT_MISMATCH"
    assert request_directly(year, "DP", "100", account=account) == "ACCEPTED"
    assert year.balance(account) == 100


def test_the_same_act_twice_is_one_and_another_of_its_name_is_refused(year: SmallYear) -> None:
    year.engage("EJ", "400")
    assert year.engage("EJ", "400") == "DUPLICATE"
    assert year.engage("EJ", "401") == "REFERENCE_CONFLICT"
    assert year.figures("ae") == (1000, 0, 400)


def test_an_act_that_waits_keeps_its_reference(year: SmallYear) -> None:
    """Another content under the name of an act that waits changes nothing of it, whatever becomes of that act."""
    row = {"reference": "SF", "kind": "service", "exercise": "2018", "date": "2018-03-10", "amount": "5"}
    rows = [row | {"predecessor": "EJ-LATER"}, row | {"predecessor": "EJ", "amount": "-5"}]
    assert year.send_file(rows) == ["PREDECESSOR_MISSING", "REFERENCE_CONFLICT"]


def test_months_that_are_closed_take_no_entry(year: SmallYear) -> None:
    assert year.engage("EJ", "1", "2018-02-28") == "PERIOD_CLOSED"
    assert year.engage("EJ", "1", "2017-12-28", exercise="2018") in {
        "DATE_OUTSIDE_EXERCISE",
        "EXERCISE_UNKNOWN",
    }


def test_an_act_of_two_lines_is_accepted_whole_or_not_at_all(year: SmallYear) -> None:
    place = {"fund_centre": UNIT, "functional_area": "0177-12", "commitment_item": "31"}
    base = {"reference": "EJ", "kind": "commitment", "exercise": "2018", "date": "2018-03-10"} | place
    rows = [base | {"line": "1", "amount": "600"}, base | {"line": "2", "amount": "401"}]
    assert year.send_file(rows) == ["ACT_REFUSED", "AE_EXCEEDED"]
    assert year.figures("ae") == (1000, 0, 0)
    rows[1]["amount"] = "400"
    assert year.send_file(rows) == ["ACCEPTED", "ACCEPTED"]
    assert year.figures("ae") == (1000, 0, 1000)


def test_no_act_is_dated_before_the_one_it_follows(year: SmallYear) -> None:
    year.engage("EJ", "400", "2018-04-10")
    columns = {"predecessor": "EJ", "amount": "10"}
    assert year.send("service", "SF", "2018-04-09", **columns) == "DATE_BEFORE_PREDECESSOR"
    assert year.send("commitment_decrease", "ER", "2018-04-09", **columns) == "DATE_BEFORE_PREDECESSOR"
    assert year.send("service", "SF", "2018-04-10", **columns) == "ACCEPTED"


def test_credits_are_those_of_the_year_of_the_act(year: SmallYear) -> None:
    assert year.engage("EJ", "1", "2018-05-10", budget_year="2019") == "BUDGET_YEAR_CLOSED"
    assert year.engage("EJ", "1", "2019-01-10", exercise="2018") == "BUDGET_YEAR_CLOSED"
    assert year.figures("ae") == (1000, 0, 0)


def test_a_request_is_not_dated_before_the_service_that_it_bills(year: SmallYear) -> None:
    year.engage("EJ", "400")
    year.send("service", "S1", "2018-04-10", predecessor="EJ", amount="100")
    year.send("service", "S2", "2018-06-20", predecessor="EJ", amount="100")
    bills = {"predecessor": "EJ", "payee": PAYEE}
    assert (
        year.send("payment_request", "D1", "2018-05-10", amount="101", **bills) == "DATE_BEFORE_PREDECESSOR"
    )
    assert year.send("payment_request", "D2", "2018-05-10", amount="201", **bills) == "SERVICE_INSUFFICIENT"
    assert year.send("payment_request", "D3", "2018-05-10", amount="100", **bills) == "ACCEPTED"
    assert year.send("payment_request", "D4", "2018-06-19", amount="1", **bills) == "DATE_BEFORE_PREDECESSOR"
    assert year.send("payment_request", "D5", "2018-06-20", amount="100", **bills) == "ACCEPTED"


def test_service_is_not_dated_before_the_increase_that_it_uses(year: SmallYear) -> None:
    year.engage("EJ", "100")
    year.send("commitment_increase", "EA", "2018-07-01", predecessor="EJ", amount="50")
    early = {"predecessor": "EJ", "amount": "101"}
    assert year.send("service", "S1", "2018-06-01", **early) == "DATE_BEFORE_PREDECESSOR"
    assert year.send("service", "S2", "2018-06-01", **(early | {"amount": "100"})) == "ACCEPTED"
    assert year.send("service", "S3", "2018-07-01", **(early | {"amount": "50"})) == "ACCEPTED"


def test_what_is_withdrawn_of_an_earlier_year_is_reported_and_not_available(year: SmallYear) -> None:
    assert year.engage("EJ", "400") == "ACCEPTED"
    early = {"predecessor": year.name("EJ"), "amount": "10"}
    assert year.send("prior_withdrawal", "RA", "2018-12-31", **early) == "COMMITMENT_NOT_PRIOR"
    assert (
        year.send("prior_withdrawal", "RB", "2019-02-01", **early | {"amount": "401"})
        == "COMMITMENT_EXCEEDED"
    )
    assert year.send("prior_withdrawal", "RC", "2019-02-01", **early | {"amount": "150"}) == "ACCEPTED"
    assert year.figures("ae", year=2019) == (0, 0, 0)
    assert year.model.state.budget.withdrawn[NodeKey(2019, "0177", False, "ordinary")] == 15_000
    operation = early | {"recycling_case": "affectation"}
    assert year.send("prior_withdrawal", "RD", "2019-02-01", **operation) == "RECYCLING_MISMATCH"
    assert year.send("prior_withdrawal", "RE", "2019-02-01", **early, recycling_case="x") == "FIELD_INVALID"
    by_order = early | {"amount": "100", "recycling_case": "arrete"}
    assert year.send("prior_withdrawal", "RF", "2019-02-01", **by_order) == "ACCEPTED"
    assert year.figures("ae", year=2019) == (0, 0, -100)
    assert year.figures("ae", year=2018) == (1000, 0, 400)


def test_credits_are_brought_in_their_year_at_the_latest(year: SmallYear) -> None:
    late = {"exercise": "2019", "budget_year": "2018", "fund_centre": "0177", "commitment_item": "HT2"}
    assert year.send("budget_opening_ae", "O1", "2019-03-05", amount="1", **late) == "BUDGET_YEAR_CLOSED"


def test_the_day_of_posting_brings_no_credits_that_the_day_of_the_act_does_not(year: SmallYear) -> None:
    misplaced = "DATE_OUTSIDE_EXERCISE"
    assert year.engage("EJ", "1", "2018-05-10", posting_date="2018-06-10") == "ACCEPTED"
    assert year.engage("EJ2", "1", "2018-05-10", posting_date="2018-05-09") == misplaced
    assert year.engage("EJ3", "1", "2018-12-30", exercise="2019", posting_date="2019-03-10") == misplaced
    ahead = {"budget_year": "2019", "service_start": "2019-01-01", "posting_date": "2018-11-01"}
    assert year.engage("EJ4", "1", "2018-10-31", **ahead) == misplaced


@pytest.mark.parametrize(
    ("ordered", "paid", "code"),
    [
        ("2018-12-01", "2018-12-28", "ACCEPTED"),
        ("2018-12-01", "2019-01-20", "ACCEPTED"),
        ("2018-10-01", "2019-01-20", "ACCEPTED"),
        ("2018-09-30", "2019-01-20", "BUDGET_YEAR_CLOSED"),
        ("2018-12-01", "2019-01-21", "BUDGET_YEAR_CLOSED"),
    ],
)
def test_payment_takes_the_credits_of_its_own_year_or_of_the_window(
    year: SmallYear, ordered: str, paid: str, code: str
) -> None:
    """Twenty days of window are open in these reference data, for what was ordered from 1 October on."""
    request_directly(year, "DP", "200", day=ordered)
    assert pay(year, "PA", "DP", "200", day=paid) == code


def test_no_payment_is_ordered_after_the_last_day(year: SmallYear) -> None:
    assert request_directly(year, "D1", "1", day="2018-12-19") == "ACCEPTED"
    assert request_directly(year, "D2", "1", day="2018-12-20") == "AFTER_LAST_DATE"


def test_a_set_off_needs_a_receivable(year: SmallYear) -> None:
    request_directly(year, "DP", "200")
    code = year.send("set_off", "SO", predecessor=year.name("DP"), amount="200")
    assert code == "RECEIVABLE_MISSING"
    assert year.figures("cp") == (1000, 200, 0)
