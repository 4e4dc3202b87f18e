"""Small cases of invoices, lapse, staff and anticipation, worked by hand from the texts, without the engine."""

from tests.law_model.codes import INVOICE_TWICE, LAPSED, TITLE_TWO_COMMITMENT
from tests.law_model.small_year import PAYEE, UNIT, SmallYear


def _begin() -> SmallYear:
    year = SmallYear()
    year.open_credits()
    return year


def _request(year: SmallYear, reference: str, sender: str = "CSP", **columns: str) -> str:
    place = {"fund_centre": UNIT, "functional_area": "0177-12", "commitment_item": "31", "payee": PAYEE}
    return year.send("direct_payment_request", reference, sender=sender, amount="10", **(place | columns))


def test_an_invoice_is_requested_once_over_all_senders() -> None:
    year, invoice = _begin(), {"invoice_number": "F-77", "invoice_date": "2018-03-01"}
    assert _request(year, "D1", **invoice) == "ACCEPTED"
    assert _request(year, "D2", "SP-B", **invoice) == INVOICE_TWICE
    assert _request(year, "D3", **(invoice | {"invoice_number": "f 77"})) == INVOICE_TWICE
    assert _request(year, "D4", **(invoice | {"invoice_date": "2018-03-02"})) == "ACCEPTED"
    assert _request(year, "D5") == "ACCEPTED"


def test_an_invoice_without_a_date_may_be_any_of_its_number() -> None:
    year = _begin()
    assert _request(year, "D1", invoice_number="F-77", invoice_date="2018-03-01") == "ACCEPTED"
    assert _request(year, "D2", invoice_number="F-77") == INVOICE_TWICE
    assert _request(year, "D3", invoice_number="F-78") == "ACCEPTED"
    assert _request(year, "D4", invoice_number="F-78", invoice_date="2018-03-01") == INVOICE_TWICE
    assert _request(year, "D5", invoice_number="F-78") == INVOICE_TWICE


def test_a_rejection_in_full_gives_the_invoice_back() -> None:
    year, invoice = _begin(), {"invoice_number": "F-77", "invoice_date": "2018-03-01"}
    _request(year, "D1", **invoice)
    year.send("payment_request_rejection", "R1", predecessor=year.name("D1"), amount="4")
    assert _request(year, "D2", **invoice) == INVOICE_TWICE
    year.send("payment_request_rejection", "R2", predecessor=year.name("D1"), amount="6")
    assert _request(year, "D2", **invoice) == "ACCEPTED"


def test_parts_of_an_invoice_are_requested_once_each() -> None:
    year, invoice = _begin(), {"invoice_number": "F-77", "invoice_date": "2018-03-01"}
    assert _request(year, "D1", invoice_part="1", **invoice) == "ACCEPTED"
    assert _request(year, "D2", invoice_part="2", **invoice) == "ACCEPTED"
    assert _request(year, "D3", invoice_part="1", **invoice) == INVOICE_TWICE
    assert _request(year, "D4", **invoice) == INVOICE_TWICE


def test_a_debt_of_2013_lapses_on_the_first_day_of_2018() -> None:
    year = _begin()
    assert _request(year, "D1", right_year="2013") == LAPSED
    assert _request(year, "D2", right_year="2014") == "ACCEPTED"
    assert _request(year, "D3", invoice_date="2013-12-31") == LAPSED
    assert _request(year, "D4", invoice_date="2013-12-31", right_year="2014") == "ACCEPTED"
    assert _request(year, "D5", right_year="2013", prescription_stop="interruption 2016-4") == "ACCEPTED"


def test_an_old_invoice_of_certified_service_has_lapsed() -> None:
    year = _begin()
    year.engage("EJ", "10", "2018-03-01")
    year.send("service", "SF", predecessor=year.name("EJ"), amount="10", date="2018-03-02")
    bill = {"predecessor": year.name("EJ"), "payee": PAYEE, "amount": "1", "date": "2018-03-03"}
    assert year.send("payment_request", "D1", invoice_date="2010-06-30", **bill) == LAPSED
    assert year.send("payment_request", "D2", invoice_date="2014-01-01", **bill) == "ACCEPTED"
    assert (
        year.send("payment_request", "D3", right_year="2018", invoice_date="2010-06-30", **bill) == "ACCEPTED"
    )
    assert year.send("payment_request", "D4", **bill) == "ACCEPTED"


def test_staff_is_not_committed() -> None:
    place = {"fund_centre": "0217-SGAC-ASPR", "functional_area": "0217-07", "commitment_item": "21"}
    assert _begin().send("commitment", "EJ", amount="1", **place) == TITLE_TWO_COMMITMENT


def test_anticipation_needs_openings_of_the_title() -> None:
    """No finance law has opened credits of title 3 by title here: nothing may be anticipated."""
    year = _begin()
    start = {"budget_year": "2019", "service_start": "2019-01-01"}
    assert year.engage("E1", "1", "2018-11-01", **start) == "ANTICIPATION_LIMIT"
    assert year.engage("E2", "1", "2018-10-31", **start) == "BUDGET_YEAR_CLOSED"
    early = start | {"service_start": "2018-12-27"}
    assert year.engage("E3", "1", "2018-11-01", **early) == "BUDGET_YEAR_CLOSED"


def _open_title(year: SmallYear, reference: str, amount: str, item: str = "T3", **columns: str) -> None:
    place = {"fund_centre": "0177", "commitment_item": item}
    assert year.send("budget_opening_ae", reference, amount=amount, **(place | columns)) == "ACCEPTED"


START = {"budget_year": "2019", "service_start": "2019-01-01"}


def test_a_quarter_of_what_finance_laws_opened_on_the_title_is_committed_in_advance() -> None:
    """Opened on title 3: 400 by the finance law, 100 by an amending law; 414 by others, and 2,000 on title 6, do not count."""
    year = _begin()
    _open_title(year, "O1", "400")
    _open_title(year, "O2", "100", origin="amending_law")
    _open_title(year, "O-A", "14", origin="decree_of_advance")
    for origin in ("transfer", "carry_over"):
        _open_title(year, f"O-{origin}", "200", origin=origin)
    _open_title(year, "O3", "2000", "T6")
    assert year.engage("E1", "125.01", "2018-11-02", **START) == "ANTICIPATION_LIMIT"
    assert year.engage("E2", "100", "2018-11-02", **START) == "ACCEPTED"
    increase = {"predecessor": "E2", "amount": "25", "service_start": "2019-02-01"}
    assert year.send("commitment_increase", "I1", "2018-12-02", **increase) == "ACCEPTED"
    assert year.engage("E3", "0.01", "2018-12-03", **START) == "ANTICIPATION_LIMIT"
    assert year.figures("ae") == (1000, 0, 0)
    assert year.figures("ae", year=2019) == (0, 0, 125)


def test_investment_and_funds_are_not_committed_in_advance() -> None:
    year = _begin()
    opening = {"fund_centre": "0217", "amount": "400", "origin": "finance_law"}
    for item, fund in (("T5", ""), ("T3", "1-1-00733")):
        year.send("budget_opening_ae", f"O{item}", commitment_item=item, fund=fund, **opening)
    works = {"fund_centre": "0217-SGAC-IMMO", "functional_area": "0217-07", "commitment_item": "51"}
    assert year.engage("E1", "1", "2018-11-02", **START, **works) == "ANTICIPATION_LIMIT"
    paid = {"fund_centre": "0217-SGAC-ASPR", "functional_area": "0217-07", "fund": "1-1-00733"}
    assert year.engage("E2", "1", "2018-11-02", **START, **paid) == "ANTICIPATION_LIMIT"
    assert year.engage("E3", "1", "2018-11-02", **START, **(paid | {"fund": ""})) == "ANTICIPATION_LIMIT"


def test_what_is_committed_in_advance_is_served_withdrawn_and_requested_from_1_january() -> None:
    """Of 100 AE opened in 2019, 60 were committed in advance: 40 are left, and a withdrawal of 10 gives 10 back."""
    year = _begin()
    _open_title(year, "O1", "240")
    assert year.engage("E1", "60", "2018-11-02", **START) == "ACCEPTED"
    follows = {"predecessor": year.name("E1"), "amount": "10"}
    for kind in ("service", "commitment_decrease"):
        assert year.send(kind, f"{kind}-18", "2018-12-31", **follows) == "BUDGET_YEAR_CLOSED"
    for place, kind in (
        ("0177", "budget_opening"),
        ("0177-D013", "allotment"),
        (UNIT, "allotment"),
    ):
        columns = {"fund_centre": place, "commitment_item": "HT2", "amount": "100"}
        for budget in ("ae", "cp"):
            assert (
                year.send(f"{kind}_{budget}", f"{place}-{budget}-19", "2019-01-02", **columns) == "ACCEPTED"
            )
    assert year.engage("E2", "40.01", "2019-01-02") == "AE_EXCEEDED"
    assert year.engage("E2", "40", "2019-01-02") == "ACCEPTED"
    for kind in ("service", "commitment_decrease"):
        assert year.send(kind, f"{kind}-19", "2019-01-02", **follows) == "ACCEPTED"
    assert year.figures("ae", year=2019) == (100, 0, 90)
    assert year.send("payment_request", "D1", "2019-01-03", payee=PAYEE, **follows) == "ACCEPTED"
    assert year.figures("cp", year=2019) == (100, 10, 0)
