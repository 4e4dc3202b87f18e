"""The rollover in small cases worked by hand from the texts, without the engine (GBCP art. 159 to 161, LOLF art. 28)."""

import pytest

from tests.law_model.small_year import PAYEE, UNIT, SmallYear

_PLACE = {"fund_centre": UNIT, "functional_area": "0177-12", "commitment_item": "31"}
_OF_CSP = {"reference_sender": "CSP"}


@pytest.fixture
def years() -> SmallYear:
    """Return two years with 1,000 euros of AE and of CP at the UO, of which 400 are engaged and 300 are requested directly."""
    small = SmallYear()
    small.open_credits()
    small.open_credits(year=2019)
    small.engage("EJ", "400")
    request = {"amount": "300", "payee": PAYEE} | _PLACE
    assert small.send("direct_payment_request", "DP", "2018-11-05", **request) == "ACCEPTED"
    return small


def carry(years: SmallYear, kind: str, reference: str, amount: str, day: str = "2019-01-21") -> str:
    """Carry an act of 2018 into 2019, under its own reference."""
    columns = {"predecessor": years.name(reference), "amount": amount} | _PLACE | _OF_CSP
    return years.send(kind, reference, day, "closing", **columns)


def test_a_carried_commitment_consumes_no_ae_and_goes_on_by_its_reference(years: SmallYear) -> None:
    years.send("service", "SF", predecessor="EJ", amount="150")
    assert carry(years, "commitment_carry", "EJ", "400") == "CARRY_AMOUNT_DIFFERS"
    assert carry(years, "commitment_carry", "EJ", "250") == "ACCEPTED"
    assert years.figures("ae") == (1000, 300, 400)
    assert years.figures("ae", year=2019) == (1000, 0, 0)
    assert years.send("service", "S2", "2019-02-01", predecessor="EJ", amount="251") == "COMMITMENT_EXCEEDED"
    assert years.send("service", "S2", "2019-02-01", predecessor="EJ", amount="250") == "ACCEPTED"
    bills = {"predecessor": "EJ", "amount": "250", "payee": PAYEE}
    assert years.send("payment_request", "D2", "2019-02-02", **bills) == "ACCEPTED"
    assert years.figures("cp", year=2019) == (1000, 250, 0)


def test_no_year_gives_back_ae_that_another_year_consumed(years: SmallYear) -> None:
    carry(years, "commitment_carry", "EJ", "400")
    decrease = {"predecessor": "EJ", "amount": "100"}
    assert years.send("commitment_decrease", "ER", "2019-02-01", **decrease) == "BUDGET_YEAR_CLOSED"


def test_what_is_carried_is_withdrawn_and_its_ae_are_not_available_again(years: SmallYear) -> None:
    carry(years, "commitment_carry", "EJ", "400")
    withdrawal = {"predecessor": "EJ", "amount": "100"}
    assert years.send("prior_withdrawal", "RA", "2019-02-01", **withdrawal) == "ACCEPTED"
    assert years.figures("ae", year=2019) == (1000, 0, 0)
    assert years.send("service", "SF", "2019-02-01", predecessor="EJ", amount="301") == "COMMITMENT_EXCEEDED"


def test_nothing_follows_a_commitment_in_its_own_year_once_it_is_carried(years: SmallYear) -> None:
    years.send("service", "SF", predecessor="EJ", amount="400")
    assert carry(years, "commitment_carry", "EJ", "0") == "ACCEPTED"
    assert years.send("service", "S2", "2018-12-31", predecessor="EJ", amount="1") == "COMMITMENT_CARRIED"
    assert years.send("service", "S2", "2019-02-01", predecessor="EJ", amount="1") == "COMMITMENT_EXCEEDED"


def test_certified_service_goes_on_and_is_billed_or_cancelled_in_the_next_year(years: SmallYear) -> None:
    years.send("service", "SF", predecessor="EJ", amount="400")
    bill = {"predecessor": "EJ", "payee": PAYEE}
    assert years.send("payment_request", "D1", "2018-11-05", amount="150", **bill) == "ACCEPTED"
    assert carry(years, "service_carry", "SF", "250") == "CARRY_MISSING"
    carry(years, "commitment_carry", "EJ", "0")
    assert carry(years, "service_carry", "SF", "251") == "SERVICE_INSUFFICIENT"
    assert carry(years, "service_carry", "SF", "250") == "ACCEPTED"
    assert years.balance("4081000000") == -250
    assert years.send("payment_request", "D2", "2019-02-01", amount="200", **bill) == "ACCEPTED"
    cancellation = {"predecessor": "SF"}
    assert years.send("service_cancellation", "AS", "2019-02-02", amount="51", **cancellation) == (
        "SERVICE_ALREADY_BILLED"
    )
    assert years.send("service_cancellation", "AS", "2019-02-02", amount="50", **cancellation) == "ACCEPTED"
    assert years.balance("4081000000", 2019) == 250
    assert years.send("service", "S2", "2019-02-03", predecessor="EJ", amount="50") == "ACCEPTED"


def test_what_is_rejected_of_the_year_before_is_requested_or_cancelled_in_the_next(years: SmallYear) -> None:
    years.send("service", "SF", predecessor="EJ", amount="100")
    bill = {"predecessor": "EJ", "payee": PAYEE}
    years.send("payment_request", "D1", "2018-11-05", amount="100", **bill)
    carry(years, "commitment_carry", "EJ", "300")
    rejection = {"predecessor": years.name("D1"), "amount": "100"}
    assert years.send("payment_request_rejection", "RJ", "2019-02-01", **rejection) == "ACCEPTED"
    assert years.send("payment_request", "D2", "2019-02-01", amount="60", **bill) == "ACCEPTED"
    cancellation = {"predecessor": years.name("SF")}
    assert years.send("service_cancellation", "AS", "2019-02-02", amount="40", **cancellation) == "ACCEPTED"
    assert years.send("service", "S2", "2019-02-03", predecessor="EJ", amount="341") == "COMMITMENT_EXCEEDED"
    assert years.send("service", "S2", "2019-02-03", predecessor="EJ", amount="340") == "ACCEPTED"


def test_no_carry_is_reversed_nor_what_was_carried(years: SmallYear) -> None:
    carry(years, "commitment_carry", "EJ", "400")
    carried = f"@{len(years.model.state.documents)}"
    reversal = {"amount": "400"}
    for predecessor in ("EJ", carried):
        assert years.send("commitment_reversal", "EX", "2019-02-01", predecessor=predecessor, **reversal) == (
            "REVERSAL_FORBIDDEN"
        )
    original = years.name("EJ")
    assert years.send("commitment_reversal", "EX", "2019-02-01", predecessor=original, **reversal) == (
        "ORIGINAL_FOLLOWED"
    )


def test_an_increase_of_a_carried_commitment_is_reversed_in_its_year(years: SmallYear) -> None:
    carry(years, "commitment_carry", "EJ", "400")
    years.send("commitment_increase", "EA", "2019-02-01", predecessor="EJ", amount="50")
    assert years.figures("ae", year=2019) == (1000, 0, 50)
    reversal = {"predecessor": "EA", "amount": "50"}
    assert years.send("commitment_change_reversal", "EX", "2019-02-02", **reversal) == "ACCEPTED"
    assert years.figures("ae", year=2019) == (1000, 0, 0)


@pytest.mark.parametrize(("day", "code"), [("2019-01-20", "CARRY_YEAR"), ("2019-01-21", "ACCEPTED")])
def test_nothing_is_carried_while_the_year_before_still_pays(years: SmallYear, day: str, code: str) -> None:
    assert carry(years, "request_carry", "DP", "300", day) == code
    assert carry(years, "commitment_carry", "EJ", "400", day) == code


def test_an_unpaid_request_is_released_and_reserved_and_paid_in_the_next_year(years: SmallYear) -> None:
    assert carry(years, "request_carry", "DP", "300") == "ACCEPTED"
    assert years.figures("cp") == (1000, 0, 0)
    assert years.figures("ae") == (1000, 0, 400)
    assert years.figures("ae", year=2019) == years.figures("cp", year=2019) == (1000, 300, 0)
    carried = f"@{len(years.model.state.documents)}"
    payment = {"predecessor": carried, "amount": "300"}
    assert years.send("payment", "PA", "2019-02-01", "treasury", **payment) == "ACCEPTED"
    assert years.figures("ae", year=2019) == years.figures("cp", year=2019) == (1000, 0, 300)


def test_a_rejection_of_a_carry_gives_the_request_back(years: SmallYear) -> None:
    carry(years, "request_carry", "DP", "300")
    rejection = {"predecessor": "DP", "amount": "300"}
    assert years.send("payment_request_rejection", "RJ", "2019-02-01", **rejection) == "ACCEPTED"
    assert years.figures("cp") == (1000, 300, 0)
    assert years.figures("cp", year=2019) == (1000, 0, 0)
    original = rejection | {"predecessor": years.name("DP")}
    assert years.send("payment_request_rejection", "RK", "2019-02-02", **original) == "ACCEPTED"
    assert years.figures("cp") == (1000, 0, 0)


def test_a_carried_request_needs_credits_of_the_next_year(years: SmallYear) -> None:
    """Others leave its credits alone, but the level above took some back before the year began."""
    columns = {"fund_centre": UNIT, "commitment_item": "HT2", "budget_year": "2019", "amount": "701"}
    assert years.send("credit_return_ae", "R1", "2018-12-31", **columns) == "ACCEPTED"
    assert carry(years, "request_carry", "DP", "300") == "AE_EXCEEDED"


def test_only_a_carry_states_whose_reference_it_has(years: SmallYear) -> None:
    assert years.engage("E3", "1", **_OF_CSP) == "FIELD_INVALID"


def test_what_the_year_before_reserves_comes_first_for_the_credits(years: SmallYear) -> None:
    """1,000 less 300 of DP are left for others in 2019, before the carry and after it, which takes its 300."""
    assert years.engage("E2", "701", "2019-01-10") == "PRIOR_REQUESTS_FIRST"
    assert years.engage("E2", "700", "2019-01-10") == "ACCEPTED"
    bill = {"predecessor": "E2", "nature": "location", "payee": PAYEE}
    for amount, code in (("701", "COMMITMENT_EXCEEDED"), ("500", "ACCEPTED")):
        assert (
            years.send("payment_request_without_service", "D2", "2019-01-10", amount=amount, **bill) == code
        )
    place = {"fund_centre": UNIT, "commitment_item": "HT2"}
    for day, amount, code in (
        ("2018-12-31", "100", "ACCEPTED"),  # the year goes on
        ("2019-01-02", "101", "PRIOR_REQUESTS_FIRST"),
        ("2019-01-02", "50", "ACCEPTED"),
    ):
        columns = {"budget_year": "2019", "amount": amount} | place
        assert years.send("credit_return_cp", f"R{amount}", day, **columns) == code
    assert years.send("payment_request_without_service", "D3", "2019-01-10", amount="51", **bill) == (
        "PRIOR_REQUESTS_FIRST"
    )
    assert (
        years.send("payment_request_without_service", "D3", "2019-01-10", amount="50", **bill) == "ACCEPTED"
    )
    assert carry(years, "request_carry", "DP", "300") == "ACCEPTED"
    assert years.figures("cp", year=2019) == (850, 850, 0)
    assert years.figures("ae", year=2019) == (1000, 300, 700)


def test_a_request_that_is_rejected_or_paid_on_its_year_claims_nothing(years: SmallYear) -> None:
    assert years.engage("E2", "800", "2019-01-10") == "PRIOR_REQUESTS_FIRST"
    rejection = {"predecessor": years.name("DP"), "amount": "100"}
    assert years.send("payment_request_rejection", "RJ", "2019-01-10", **rejection) == "ACCEPTED"
    assert years.engage("E2", "801", "2019-01-10") == "PRIOR_REQUESTS_FIRST"
    payment = {"predecessor": years.name("DP"), "amount": "200", "exercise": "2018"}
    assert years.send("payment", "PA", "2019-01-15", "treasury", **payment) == "ACCEPTED"
    assert years.engage("E2", "1000", "2019-01-16") == "ACCEPTED"
