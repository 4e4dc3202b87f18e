"""Invoice services in small cases worked by hand from the text, without the engine (GBCP 41)."""

import pytest

from tests.law_model.small_year import PAYEE, SmallYear

_UNIT = "0177-D075-DD75"
"""It has an invoice service from 1 June 2018 on."""


@pytest.fixture
def year() -> SmallYear:
    """Return a year in which 100 euros are committed at the unit, of which 60 are certified."""
    small = SmallYear()
    small.open_credits()
    for budget in ("ae", "cp"):
        for kind, place in (("budget_opening", "0177"), ("allotment", "0177-D075"), ("allotment", _UNIT)):
            columns = {"fund_centre": place, "commitment_item": "HT2", "amount": "200"}
            code = small.send(f"{kind}_{budget}", f"C-{place}-{budget}", "2018-03-05", **columns)
            assert code == "ACCEPTED"
    assert small.engage("EJ", "100", fund_centre=_UNIT) == "ACCEPTED"
    assert small.send("service", "SF", predecessor="EJ", amount="60") == "ACCEPTED"
    return small


def _request(year: SmallYear, kind: str, amount: str, day: str) -> str:
    reference = f"{kind[:2]}-{len(year.model.state.documents)}"
    return year.send(kind, reference, day, predecessor=year.name("EJ"), amount=amount, payee=PAYEE)


def test_the_service_requests_from_its_first_day_on_and_the_officer_before(year: SmallYear) -> None:
    assert _request(year, "invoice_request", "10", "2018-05-31") == "INVOICE_SERVICE_MISMATCH"
    assert _request(year, "payment_request", "10", "2018-05-31") == "ACCEPTED"
    assert _request(year, "payment_request", "10", "2018-06-01") == "INVOICE_SERVICE_MISMATCH"
    assert _request(year, "invoice_request", "10", "2018-06-01") == "ACCEPTED"
    assert year.figures("cp", _UNIT) == (200, 20, 0)


def test_no_more_is_requested_than_is_certified(year: SmallYear) -> None:
    """The certified service is the order, so without it there is none."""
    assert _request(year, "invoice_request", "60.01", "2018-06-04") == "SERVICE_INSUFFICIENT"
    assert _request(year, "invoice_request", "60", "2018-06-04") == "ACCEPTED"
    assert _request(year, "invoice_request", "0.01", "2018-06-04") == "SERVICE_INSUFFICIENT"
    assert year.send("service", "SF-2", "2018-06-05", predecessor=year.name("EJ"), amount="5") == "ACCEPTED"
    assert _request(year, "invoice_request", "5", "2018-06-05") == "ACCEPTED"


def test_a_rejection_gives_the_certified_service_back(year: SmallYear) -> None:
    assert year.send(
        "invoice_request", "DF", "2018-06-04", predecessor=year.name("EJ"), amount="60", payee=PAYEE
    ) == ("ACCEPTED")
    rejection = {"predecessor": year.name("DF"), "amount": "20"}
    assert year.send("payment_request_rejection", "RJ", "2018-06-06", **rejection) == "ACCEPTED"
    assert year.figures("cp", _UNIT) == (200, 40, 0)
    assert _request(year, "invoice_request", "20", "2018-06-07") == "ACCEPTED"


def test_elsewhere_the_officer_orders(year: SmallYear) -> None:
    assert year.engage("EJ-2", "50") == "ACCEPTED"
    assert year.send("service", "SF-3", predecessor="EJ-2", amount="50") == "ACCEPTED"
    columns = {"predecessor": year.name("EJ-2"), "amount": "50", "payee": PAYEE}
    assert year.send("invoice_request", "DF-9", "2018-06-04", **columns) == "INVOICE_SERVICE_MISMATCH"
    assert year.send("payment_request", "DP-9", "2018-06-04", **columns) == "ACCEPTED"
