"""Receivables in small cases worked by hand from the texts, without the engine (LOLF art. 28; chart 4111100000)."""

import pytest

from tests.law_model.small_year import IBAN, PAYEE, UNIT, SmallYear

_OTHER = "1001488371"
_DIVERS = {"fund_centre": UNIT, "commitment_item": "269906", "payee": PAYEE}


@pytest.fixture
def year() -> SmallYear:
    """Return a year with a receivable of 100 euros."""
    small = SmallYear()
    small.open_credits()
    assert small.send("receivable", "TP", amount="100", **_DIVERS) == "ACCEPTED"
    return small


def test_what_is_collected_is_never_more_than_what_is_left(year: SmallYear) -> None:
    assert year.send("receipt", "E1", predecessor="TP", amount="60") == "ACCEPTED"
    assert year.send("receivable_reduction", "R1", predecessor="TP", amount="15") == "ACCEPTED"
    assert year.send("receipt", "E2", predecessor="TP", amount="26") == "REVERSAL_EXCEEDS_ORIGINAL"
    assert year.send("receipt", "E3", predecessor="TP", amount="25") == "ACCEPTED"
    assert (year.balance("4111100000"), year.balance("7280000000"), year.balance("5121100000")) == (
        0,
        -85,
        85,
    )
    assert year.figures("cp") == (1000, 0, 0)


def test_a_receipt_that_never_came_is_taken_back_and_the_receivable_is_due_again(year: SmallYear) -> None:
    assert year.send("receipt", "E1", predecessor="TP", amount="60") == "ACCEPTED"
    assert year.send("receipt_reversal", "A1", predecessor="E1", amount="61") == "REVERSAL_EXCEEDS_ORIGINAL"
    assert (
        year.send("receipt_reversal", "A2", predecessor=year.name("E1"), amount="60") == "RECEIPT_NOT_BY_HAND"
    )
    assert year.send("receipt_reversal", "A3", predecessor="E1", amount="45") == "ACCEPTED"
    assert year.send("receipt_reversal", "A4", predecessor="E1", amount="16") == "REVERSAL_EXCEEDS_ORIGINAL"
    assert year.send("receipt", "E2", predecessor="TP", amount="86") == "REVERSAL_EXCEEDS_ORIGINAL"
    assert year.send("receipt", "E3", predecessor="TP", amount="85") == "ACCEPTED"
    assert (year.balance("4111100000"), year.balance("5121100000")) == (0, 100)


def test_only_what_nothing_follows_is_cancelled_and_nothing_follows_it_then(year: SmallYear) -> None:
    assert year.send("receivable_cancellation", "A1", predecessor="TP", amount="99") == "REVERSAL_NOT_WHOLE"
    assert year.send("receivable_cancellation", "A2", predecessor="TP", amount="100") == "ACCEPTED"
    assert year.send("receipt", "E1", predecessor="TP", amount="1") == "PREDECESSOR_STAGE"
    assert year.send("receivable_cancellation", "A3", predecessor="TP", amount="100") == "ORIGINAL_FOLLOWED"


def test_what_is_annulled_later_does_not_lower_the_products_of_the_later_year(year: SmallYear) -> None:
    receivable = year.name("TP")
    code = year.send("receivable_reduction", "R1", "2019-02-01", predecessor=receivable, amount="30")
    assert code == "ACCEPTED"
    assert year.balance("7280000000", 2019) == 0
    assert year.balance("7291000000", 2019) == 30


def test_receivables_and_expenses_have_items_of_their_own(year: SmallYear) -> None:
    assert (
        year.send("receivable", "T2", amount="1", **_DIVERS | {"commitment_item": "31"})
        == "NOMENCLATURE_MISMATCH"
    )
    assert year.engage("EJ", "1", commitment_item="269906") == "NOMENCLATURE_MISMATCH"


def _set_off(year: SmallYear, amount: str, receivable: str) -> list[str]:
    """Send a set-off of the debt DP in one act; return how both lines ended."""
    head = {
        "reference": f"SO-{amount}-{receivable}",
        "exercise": "2018",
        "date": "2018-04-01",
        "amount": amount,
    }
    lines = [("1", "set_off", "DP"), ("2", "set_off_receipt", receivable)]
    return year.send_file(
        [
            head | {"line": line, "kind": kind, "predecessor": year.name(reference)}
            for line, kind, reference in lines
        ]
    )


def test_a_set_off_takes_the_same_sum_of_a_debt_and_a_receivable(year: SmallYear) -> None:
    place = {"fund_centre": UNIT, "functional_area": "0177-12", "commitment_item": "31", "payee": PAYEE}
    assert year.send("direct_payment_request", "DP", amount="60", **place) == "ACCEPTED"
    assert _set_off(year, "61", "TP") == ["REVERSAL_EXCEEDS_ORIGINAL", "ACT_REFUSED"]
    assert _set_off(year, "60", "TP") == ["ACCEPTED", "ACCEPTED"]
    by_reference = {"predecessor": "SO-60-TP#2", "amount": "60"}
    assert year.send("receipt_reversal", "A1", "2018-04-02", **by_reference) == "PREDECESSOR_MISSING"
    by_entry = {"predecessor": "@999", "amount": "60"}
    assert year.send("receipt_reversal", "A2", "2018-04-02", **by_entry) == "RECEIPT_NOT_BY_HAND"
    assert (year.figures("ae"), year.figures("cp")) == ((1000, 0, 60), (1000, 0, 60))
    balances = [year.balance(account) for account in ("4011100000", "4678840000", "4111100000", "5121100000")]
    assert balances == [0, 0, 40, 0]


def test_a_receivable_is_not_set_off_before_its_term(year: SmallYear) -> None:
    """The set-offs are of 1 April: a day before the receivable's own has no effect."""
    place = {"fund_centre": UNIT, "functional_area": "0177-12", "commitment_item": "31", "payee": PAYEE}
    assert year.send("direct_payment_request", "DP", amount="60", **place) == "ACCEPTED"
    for reference, due in (("R1", "2018-04-02"), ("R2", "2018-04-01"), ("R3", "2018-01-01")):
        assert year.send("receivable", reference, amount="20", due=due, **_DIVERS) == "ACCEPTED"
    assert _set_off(year, "20", "R1") == ["ACT_REFUSED", "RECEIVABLE_NOT_DUE"]
    assert _set_off(year, "20", "R2") == ["ACCEPTED", "ACCEPTED"]
    assert _set_off(year, "20", "R3") == ["ACCEPTED", "ACCEPTED"]


def test_what_is_asked_back_is_set_off_against_a_debt_to_its_own_debtor(year: SmallYear) -> None:
    """The debtor may be another person than the one who was paid."""
    place = {"fund_centre": UNIT, "functional_area": "0177-12", "commitment_item": "31"}
    person = {"payee": _OTHER, "payee_name": "Durand", "iban": IBAN}
    assert year.send("third_party", "T2", **person) == "ACCEPTED"
    assert year.send("direct_payment_request", "DP1", amount="80", payee=_OTHER, **place) == "ACCEPTED"
    assert year.send("payment", "PA", predecessor="DP1", amount="80") == "ACCEPTED"
    repaid = {"fund_centre": UNIT, "commitment_item": "48560", "payee": PAYEE}
    assert year.send("repayment_receivable", "TI", predecessor="DP1", amount="40", **repaid) == "ACCEPTED"
    assert year.send("direct_payment_request", "DP", amount="40", payee=PAYEE, **place) == "ACCEPTED"
    assert _set_off(year, "40", "TI") == ["ACCEPTED", "ACCEPTED"]


def _identify(year: SmallYear, reference: str, amount: str, item: str, day: str = "2018-04-01") -> list[str]:
    """Take an amount off suspense and collect the receivable with it."""
    head = {"reference": reference, "exercise": day[:4], "date": day, "amount": amount}
    first = {"kind": "suspense_identification", "line": "1", "predecessor": item}
    second = {"kind": "identification_receipt", "line": "2", "predecessor": year.name("TP")}
    return year.send_file([head | first, head | second])


def test_what_the_bank_credits_is_identified_in_parts(year: SmallYear) -> None:
    """Of 70 that nobody knew, 40 and 30 collect the receivable; then nothing stands on suspense, and 30 are due."""
    assert year.send("suspense_receipt", "U1", sender="bank", fund_centre=UNIT, amount="70") == "ACCEPTED"
    assert (year.balance("5121100000"), year.balance("4721000000")) == (70, -70)
    credit = year.name("U1")
    assert _identify(year, "I1", "40", credit) == ["ACCEPTED", "ACCEPTED"]
    assert _identify(year, "I2", "31", credit) == ["SUSPENSE_EXCEEDED", "ACT_REFUSED"]
    assert _identify(year, "I3", "30", credit) == ["ACCEPTED", "ACCEPTED"]
    assert _identify(year, "I4", "1", credit) == ["SUSPENSE_EXCEEDED", "ACT_REFUSED"]
    assert (year.balance("4721000000"), year.balance("4111100000"), year.balance("5121100000")) == (0, 30, 70)
    assert year.figures("cp") == (1000, 0, 0)


def test_what_is_identified_is_of_the_accountant_and_the_year_of_the_credit(year: SmallYear) -> None:
    """The receivable is due to the accountant of the unit, who keeps another account at the bank than the other one."""
    for reference, centre in (("U1", UNIT), ("U2", "0177-D075-DD75")):
        columns = {"fund_centre": centre, "amount": "70"}
        assert year.send("suspense_receipt", reference, sender="bank", **columns) == "ACCEPTED"
    assert _identify(year, "I1", "40", year.name("U2")) == ["ACT_REFUSED", "IDENTIFICATION_MISMATCH"]
    assert _identify(year, "I2", "40", year.name("TP")) == ["NOT_ON_SUSPENSE", "ACT_REFUSED"]
    assert _identify(year, "I3", "40", year.name("U1"), "2019-02-01")[0] == "BUDGET_YEAR_CLOSED"
    alone = {"predecessor": year.name("U1"), "amount": "40"}
    assert year.send("suspense_identification", "I4", **alone) == "IDENTIFICATION_UNPAIRED"
    assert (
        year.send("identification_receipt", "I5", predecessor="TP", amount="40") == "IDENTIFICATION_MISMATCH"
    )


def test_what_is_identified_restores_as_what_is_collected_by_a_receipt(year: SmallYear) -> None:
    """It repays no expense here, so nothing is restored; the line that takes it off suspense collects nothing."""
    assert year.send("suspense_receipt", "U1", sender="bank", fund_centre=UNIT, amount="70") == "ACCEPTED"
    assert _identify(year, "I1", "40", year.name("U1")) == ["ACCEPTED", "ACCEPTED"]
    place = {"fund_centre": UNIT, "functional_area": "0177-12", "commitment_item": "31", "amount": "10"}
    assert year.send("credit_restoration", "R1", "2018-04-02", predecessor="I1#2", **place) == (
        "RESTORATION_WITHOUT_EXPENSE"
    )
    assert year.send("credit_restoration", "R2", "2018-04-02", predecessor="I1#1", **place) != "ACCEPTED"
