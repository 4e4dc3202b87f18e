"""Earmarked special accounts in small cases worked by hand from LOLF art. 21, without the engine."""

import pytest

from tests.law_model.small_year import IBAN, PAYEE, SmallYear

_TICKETS = {"fund_centre": "0753-CENT-C001", "functional_area": "0753-01", "commitment_item": "31"}
_TOWNS = {"fund_centre": "0754-CENT-C001", "functional_area": "0754-01", "commitment_item": "31"}
_DUE = {"fund_centre": "0753-CENT-C001", "commitment_item": "269906", "payee": PAYEE}


@pytest.fixture
def year() -> SmallYear:
    small = SmallYear()
    small.send("third_party", "T", "2018-03-05", payee=PAYEE, payee_name="Durand", iban=IBAN)
    for number in (2018, 2019):
        for budget in ("ae", "cp"):
            for place in ("0753", "0753-CENT", "0753-CENT-C001", "0754", "0754-CENT", "0754-CENT-C001"):
                kind = "allotment" if "-" in place else "budget_opening"
                columns = {"fund_centre": place, "commitment_item": "HT2", "amount": "1000"}
                day = f"{number}-03-05"
                assert (
                    small.send(f"{kind}_{budget}", f"{place}{budget}{number}", day, **columns) == "ACCEPTED"
                )
    assert small.send("receivable", "TP", "2018-03-15", amount="100", **_DUE) == "ACCEPTED"
    return small


def _order(
    year: SmallYear, reference: str, amount: str, place: dict[str, str], day: str = "2018-05-02"
) -> str:
    return year.send("direct_payment_request", reference, day, payee=PAYEE, amount=amount, **place)


def test_both_programmes_spend_what_was_collected_for_one(year: SmallYear) -> None:
    """Of 100 due 60 are collected: 25 and 35 are ordered, a hundredth more is refused, and the same after the payment."""
    assert _order(year, "D1", "0.01", _TICKETS) == "SPECIAL_RECEIPTS_EXCEEDED"
    assert year.send("receipt", "E1", "2018-04-03", predecessor=year.name("TP"), amount="60") == "ACCEPTED"
    assert _order(year, "D2", "25", _TOWNS) == "ACCEPTED"
    assert _order(year, "D3", "35.01", _TICKETS) == "SPECIAL_RECEIPTS_EXCEEDED"
    assert _order(year, "D4", "35", _TICKETS) == "ACCEPTED"
    pay = {"predecessor": year.name("D4"), "amount": "35"}
    assert year.send("payment", "P", "2018-05-03", **pay) == "ACCEPTED"
    assert _order(year, "D5", "0.01", _TOWNS) == "SPECIAL_RECEIPTS_EXCEEDED"
    reject = {"predecessor": year.name("D2"), "amount": "5"}
    assert year.send("payment_request_rejection", "R", "2018-05-03", **reject) == "ACCEPTED"
    assert _order(year, "D6", "5", _TICKETS) == "ACCEPTED"


def test_the_account_of_a_suppressed_programme_goes_on_with_the_others(year: SmallYear) -> None:
    """In 2019 the account has 0754 alone: what is due to 0753 of 2018 counts for it, beside 12.50 brought forward."""
    after = year.model.state.reference.years[2019]
    after.earmarked = {"0754": after.earmarked["0754"]}
    after.centres = {code: centre for code, centre in after.centres.items() if centre.programme != "0753"}
    late = {"predecessor": year.name("TP"), "amount": "30"}
    assert year.send("receipt", "E1", "2019-03-06", **late) == "ACCEPTED"
    assert _order(year, "D1", "42.51", _TOWNS, "2019-03-07") == "SPECIAL_RECEIPTS_EXCEEDED"
    assert _order(year, "D2", "42.50", _TOWNS, "2019-03-07") == "ACCEPTED"


def test_what_is_due_to_a_programme_that_leaves_its_section_is_collected_for_the_section(
    year: SmallYear,
) -> None:
    """In 2019 0753 is with the radars: what is due to it of 2018 counts for 0754, beside 12.50 brought forward."""
    after = year.model.state.reference.years[2019]
    after.earmarked = {**after.earmarked, "0753": after.earmarked["0751"]}
    late = {"predecessor": year.name("TP"), "amount": "30"}
    assert year.send("receipt", "E1", "2019-03-06", **late) == "ACCEPTED"
    assert _order(year, "D1", "42.51", _TOWNS, "2019-03-07") == "SPECIAL_RECEIPTS_EXCEEDED"
    assert _order(year, "D2", "42.50", _TOWNS, "2019-03-07") == "ACCEPTED"


def test_a_year_spends_its_receipts_and_what_it_brought_forward(year: SmallYear) -> None:
    """2019 brings 12.50 forward, and collects 30 of the receivable of 2018; 2018 has nothing of both."""
    late = {"predecessor": year.name("TP"), "amount": "30"}
    assert year.send("receipt", "E1", "2019-03-06", **late) == "ACCEPTED"
    assert _order(year, "D1", "0.01", _TICKETS) == "SPECIAL_RECEIPTS_EXCEEDED"
    assert _order(year, "D2", "42.51", _TICKETS, "2019-03-07") == "SPECIAL_RECEIPTS_EXCEEDED"
    assert _order(year, "D3", "42.50", _TICKETS, "2019-03-07") == "ACCEPTED"


def test_what_is_engaged_stays_within_what_was_collected(year: SmallYear) -> None:
    """Of 60 collected 35 are engaged by a commitment, 25 with a request; what is taken back may be engaged again."""
    assert year.send("receipt", "E1", "2018-04-03", predecessor=year.name("TP"), amount="60") == "ACCEPTED"
    engage = {"day": "2018-04-04", **_TICKETS}
    assert year.send("commitment", "C1", amount="60.01", **engage) == "SPECIAL_RECEIPTS_EXCEEDED"
    assert year.send("commitment", "C2", amount="35", **engage) == "ACCEPTED"
    assert _order(year, "D1", "25.01", _TOWNS) == "SPECIAL_RECEIPTS_EXCEEDED"
    assert _order(year, "D2", "25", _TOWNS) == "ACCEPTED"
    lower = {"predecessor": year.name("C2"), "amount": "5"}
    assert year.send("commitment_decrease", "W1", "2018-05-03", **lower) == "ACCEPTED"
    assert year.send("commitment", "C3", amount="5.01", **engage) == "SPECIAL_RECEIPTS_EXCEEDED"
    assert year.send("commitment", "C4", amount="5", **engage) == "ACCEPTED"
    undo = {"predecessor": year.name("W1"), "amount": "5"}
    assert year.send("commitment_change_reversal", "U1", "2018-05-04", **undo) == "SPECIAL_RECEIPTS_EXCEEDED"


def test_no_section_spends_what_the_other_collected(year: SmallYear) -> None:
    """What is due to the radars (0751, section 1) is collected for them alone."""
    due = _DUE | {"fund_centre": "0751-CENT-C001"}
    assert year.send("receivable", "TP1", "2018-03-15", amount="50", **due) == "ACCEPTED"
    assert year.send("receipt", "E1", "2018-04-03", predecessor=year.name("TP1"), amount="50") == "ACCEPTED"
    assert _order(year, "D1", "0.01", _TICKETS) == "SPECIAL_RECEIPTS_EXCEEDED"
    for budget in ("ae", "cp"):
        for place in ("0751", "0751-CENT", "0751-CENT-C001"):
            kind = "allotment" if "-" in place else "budget_opening"
            columns = {"fund_centre": place, "commitment_item": "HT2", "amount": "1000"}
            assert year.send(f"{kind}_{budget}", f"{place}{budget}", "2018-04-04", **columns) == "ACCEPTED"
    radars = {"fund_centre": "0751-CENT-C001", "functional_area": "0751-01", "commitment_item": "31"}
    assert _order(year, "D2", "50.01", radars) == "SPECIAL_RECEIPTS_EXCEEDED"
    assert _order(year, "D3", "50", radars) == "ACCEPTED"


def test_what_is_carried_is_engaged_in_the_next_year(year: SmallYear) -> None:
    """Of 12.50 that 2019 brings forward 12 are carried in: 7 open, 3 certified, 2 requested; what is withdrawn is free."""
    assert year.send("receipt", "E1", "2018-04-03", predecessor=year.name("TP"), amount="12.50") == "ACCEPTED"
    assert year.send("commitment", "C1", "2018-04-04", amount="12", **_TICKETS) == "ACCEPTED"
    assert year.send("service", "S1", "2018-04-05", predecessor=year.name("C1"), amount="5") == "ACCEPTED"
    request = {"predecessor": year.name("C1"), "amount": "2", "payee": PAYEE}
    assert year.send("payment_request", "R1", "2018-04-06", **request) == "ACCEPTED"
    for kind, name, amount in (
        ("request_carry", "R1", "2"),
        ("commitment_carry", "C1", "7"),
        ("service_carry", "S1", "3"),
    ):
        columns = {
            "predecessor": year.name(name),
            "amount": amount,
            "reference_sender": "ministry",
            **_TICKETS,
        }
        assert year.send(kind, f"{name}-2019", "2019-03-06", **columns) == "ACCEPTED"
    later = {"day": "2019-03-07", **_TICKETS}
    assert year.send("commitment", "C2", amount="0.51", **later) == "SPECIAL_RECEIPTS_EXCEEDED"
    assert year.send("commitment", "C3", amount="0.50", **later) == "ACCEPTED"
    lower = {"predecessor": year.name("C1-2019"), "amount": "1"}
    assert year.send("prior_withdrawal", "W1", "2019-03-08", **lower) == "ACCEPTED"
    assert year.send("commitment", "C4", amount="1.01", **later) == "SPECIAL_RECEIPTS_EXCEEDED"
    assert year.send("commitment", "C5", amount="1", **later) == "ACCEPTED"
    for name in ("R1-2019", "R1"):
        undo = {"predecessor": year.name(name), "amount": "2"}
        assert year.send("payment_request_rejection", f"X-{name}", "2019-03-09", **undo) == "ACCEPTED"
    assert year.send("commitment", "C6", amount="0.01", **later) == "SPECIAL_RECEIPTS_EXCEEDED"


def test_no_pay_is_charged_and_the_state_is_not_paid(year: SmallYear) -> None:
    """The account has no pay by its nature, and a law lets it pay the annexed budget alone (LOLF 20 I, 21 II)."""
    assert year.send("receipt", "E1", "2018-04-03", predecessor=year.name("TP"), amount="60") == "ACCEPTED"
    staff = {"fund_centre": "0753", "commitment_item": "T2", "amount": "1"}
    assert year.send("budget_opening_ae", "O1", "2018-04-04", **staff) == "SPECIAL_PAY_FORBIDDEN"
    for number, code in (("1", "1001488398"), ("2", "1001488399")):
        bank = {"payee": code, "payee_name": "Budget", "iban": IBAN}
        assert year.send("third_party", f"T{number}", "2018-04-04", **bank) == "ACCEPTED"
    pay = {"amount": "1", **_TICKETS}
    general, annexed = {"payee": "1001488398", **pay}, {"payee": "1001488399", **pay}
    assert year.send("direct_payment_request", "D1", "2018-04-05", **general) == "SPECIAL_PAYMENT_FORBIDDEN"
    assert year.send("direct_payment_request", "D2", "2018-04-05", **annexed) == "ACCEPTED"
