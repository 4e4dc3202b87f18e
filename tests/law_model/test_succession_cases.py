"""Suppressed programmes in small cases worked by hand from the texts, without the engine (GBCP art. 161)."""

import pytest

from tests.law_model.small_year import PAYEE, UNIT, SmallYear

_AFTER = {"fund_centre": "0217-SGAC-ASPR", "functional_area": "0217-07", "commitment_item": "31"}


@pytest.fixture
def years() -> SmallYear:
    """Return two years; an order gives the commitments of 0177 to 0217, which has the accountant of 0177 in 2019."""
    small = SmallYear()
    small.open_credits()
    small.engage("EJ", "400")
    after = small.model.state.reference.years[2019]
    after.successions.add(("0177", "0217"))
    after.accountants["0217"] = "PACA"
    return small


def _carry(years: SmallYear, kind: str, reference: str, amount: str, **columns: str) -> str:
    whose = {"predecessor": years.name(reference), "amount": amount, "reference_sender": "CSP"}
    return years.send(kind, reference, "2019-01-21", "closing", **whose, **(columns or _AFTER))


def test_a_commitment_and_its_service_go_to_the_programme_that_the_order_names(years: SmallYear) -> None:
    years.send("service", "SF", predecessor="EJ", amount="150")
    other = {"fund_centre": "0117-CENT-C001", "functional_area": "0117-01", "commitment_item": "41"}
    assert _carry(years, "commitment_carry", "EJ", "250", **other) == "ASSIGNMENT_DIFFERS"
    assert _carry(years, "commitment_carry", "EJ", "250") == "ACCEPTED"
    stays = {"fund_centre": UNIT, "functional_area": "0177-12", "commitment_item": "31"}
    assert _carry(years, "service_carry", "SF", "150", **stays) == "ASSIGNMENT_DIFFERS"
    assert _carry(years, "service_carry", "SF", "150") == "ACCEPTED"
    assert years.figures("ae", year=2019) == (0, 0, 0)
    withdrawal = {"predecessor": "EJ", "amount": "100"}
    assert years.send("prior_withdrawal", "RA", "2019-02-01", **withdrawal) == "ACCEPTED"
    assert years.send("service", "S2", "2019-02-01", predecessor="EJ", amount="151") == "COMMITMENT_EXCEEDED"


def test_without_an_order_it_stays_on_its_programme(years: SmallYear) -> None:
    years.model.state.reference.years[2019].successions.clear()
    assert _carry(years, "commitment_carry", "EJ", "400") == "ASSIGNMENT_DIFFERS"


def test_an_order_leads_one_way_and_into_its_year_alone(years: SmallYear) -> None:
    after = years.model.state.reference.years[2019]
    after.successions.clear()
    after.successions.add(("0217", "0177"))
    assert _carry(years, "commitment_carry", "EJ", "400") == "ASSIGNMENT_DIFFERS"


def test_what_is_paid_too_much_of_the_old_programme_comes_back_to_the_new_one(years: SmallYear) -> None:
    place = {"fund_centre": UNIT, "functional_area": "0177-12", "commitment_item": "31"}
    request = {"amount": "300", "payee": PAYEE} | place
    assert years.send("direct_payment_request", "DP", "2018-11-05", **request) == "ACCEPTED"
    payment = {"predecessor": years.name("DP"), "amount": "300"}
    assert years.send("payment", "PA", "2018-11-06", "treasury", **payment) == "ACCEPTED"
    back = {"predecessor": years.name("DP"), "amount": "50", "payee": PAYEE, "commitment_item": "48560"}
    for centre, code in (("0117-CENT-C001", "ASSIGNMENT_DIFFERS"), ("0217-SGAC-ASPR", "ACCEPTED")):
        assert years.send("repayment_receivable", "RT", "2019-02-01", fund_centre=centre, **back) == code
    assert years.send("receipt", "EN", "2019-02-02", predecessor="RT", amount="50") == "ACCEPTED"
    restoration = {"predecessor": "EN", "amount": "50"}
    other = _AFTER | {"commitment_item": "63"}
    for item, code in ((other, "ASSIGNMENT_DIFFERS"), (_AFTER, "ACCEPTED")):
        assert years.send("credit_restoration", "RC", "2019-02-03", **restoration, **item) == code
    assert years.figures("cp", "0217-SGAC-ASPR", 2019) == (0, 0, -50)
