"""Advances in small cases worked by hand from the texts, without the engine (GBCP art. 33; chart 4091000000)."""

import pytest

from tests.law_model.small_year import PAYEE, UNIT, SmallYear

_ACCOUNTS = ("4091000000", "4081000000", "4011100000", "5126410000", "5121100000")


@pytest.fixture
def year() -> SmallYear:
    """Return a year with a commitment of 100 euros and an advance of 30 that the bank has debited."""
    small = SmallYear()
    small.open_credits()
    assert small.engage("EJ", "100") == "ACCEPTED"
    assert small.send("advance_request", "AV", predecessor="EJ", amount="30", payee=PAYEE) == "ACCEPTED"
    assert (
        small.send("payment", "P", sender="treasury", predecessor=small.name("AV"), amount="30") == "ACCEPTED"
    )
    assert (
        small.send("bank_debit", "BD", sender="bank", predecessor=small.name("P"), amount="30") == "ACCEPTED"
    )
    return small


def _recover(
    year: SmallYear, reference: str, amount: str, day: str = "2018-04-01", debt: str = "DP"
) -> list[str]:
    """Withhold a sum from a debt and recover the advance by it, in one act; return how both lines ended."""
    head = {"reference": reference, "exercise": day[:4], "date": day, "amount": amount}
    lines = [("1", "advance_withholding", debt), ("2", "advance_recovery", "BD")]
    return year.send_file(
        [head | {"line": line, "kind": kind, "predecessor": year.name(name)} for line, kind, name in lines]
    )


def _request(year: SmallYear, amount: str) -> None:
    assert year.send("service", f"SF-{amount}", predecessor="EJ", amount=amount) == "ACCEPTED"
    code = year.send("payment_request", "DP", predecessor="EJ", amount=amount, payee=PAYEE)
    assert code == "ACCEPTED"


def test_an_advance_consumes_cp_and_is_no_charge(year: SmallYear) -> None:
    assert [year.balance(account) for account in _ACCOUNTS] == [30, 0, 0, 0, -30]
    assert year.balance("6188000000") == 0
    assert (year.figures("ae"), year.figures("cp")) == ((1000, 0, 100), (1000, 0, 30))


def test_what_is_withheld_consumes_no_cp_again(year: SmallYear) -> None:
    """The whole is 100: 30 were paid in advance, 70 are paid now, and CP are consumed by 100."""
    _request(year, "100")
    assert year.figures("cp") == (1000, 100, 30)
    assert _recover(year, "PR", "30") == ["ACCEPTED", "ACCEPTED"]
    assert year.figures("cp") == (1000, 70, 30)
    code = year.send("payment", "P2", sender="treasury", predecessor=year.name("DP"), amount="70")
    assert code == "ACCEPTED"
    assert year.figures("cp") == (1000, 0, 100)
    assert [year.balance(account) for account in _ACCOUNTS] == [0, 0, 0, -70, -30]
    assert year.balance("6188000000") == 100


def test_no_more_is_recovered_than_was_paid(year: SmallYear) -> None:
    _request(year, "100")
    assert _recover(year, "PR1", "31") == ["ACT_REFUSED", "ADVANCE_EXCEEDED"]
    assert _recover(year, "PR2", "20") == ["ACCEPTED", "ACCEPTED"]
    assert _recover(year, "PR3", "11") == ["ACT_REFUSED", "ADVANCE_EXCEEDED"]
    assert _recover(year, "PR4", "10") == ["ACCEPTED", "ACCEPTED"]
    assert year.balance("4091000000") == 0


def test_an_advance_is_recovered_from_its_own_contract(year: SmallYear) -> None:
    place = {"fund_centre": UNIT, "functional_area": "0177-12", "commitment_item": "31", "payee": PAYEE}
    assert year.send("direct_payment_request", "DD", amount="50", **place) == "ACCEPTED"
    assert _recover(year, "PR", "10", debt="DD") == ["ACT_REFUSED", "ADVANCE_MISMATCH"]


def test_an_advance_is_no_more_than_the_rest_of_its_commitment(year: SmallYear) -> None:
    _request(year, "60")
    follows = {"predecessor": "EJ", "payee": PAYEE}
    assert year.send("advance_request", "A2", amount="41", **follows) == "COMMITMENT_EXCEEDED"
    assert year.send("advance_request", "A3", amount="40", **follows) == "ACCEPTED"


def test_an_advance_relies_on_no_later_increase(year: SmallYear) -> None:
    """Of 150, the last 50 are engaged on 2 April: until then 100 are the most."""
    assert year.send("commitment_increase", "EC", "2018-04-02", predecessor="EJ", amount="50") == "ACCEPTED"
    ask = {"predecessor": "EJ", "amount": "101", "payee": PAYEE}
    assert year.send("advance_request", "A2", "2018-04-01", **ask) == "DATE_BEFORE_PREDECESSOR"
    assert year.send("advance_request", "A2", "2018-04-02", **ask) == "ACCEPTED"


def test_an_advance_of_one_year_is_recovered_in_the_next(year: SmallYear) -> None:
    """The commitment goes on in 2019 (A64); CP of 2018 stay consumed by the advance, and 2019 pays the rest."""
    year.open_credits(year=2019)
    place = {
        "fund_centre": UNIT,
        "functional_area": "0177-12",
        "commitment_item": "31",
        "reference_sender": "CSP",
    }
    commitment = {"predecessor": year.name("EJ"), "amount": "100"} | place
    assert year.send("commitment_carry", "EJ", "2019-01-25", "closing", **commitment) == "ACCEPTED"
    bill = {"predecessor": "EJ", "amount": "100"}
    assert year.send("service", "SF", "2019-02-01", **bill) == "ACCEPTED"
    assert year.send("payment_request", "DP", "2019-02-01", payee=PAYEE, **bill) == "ACCEPTED"
    assert _recover(year, "PR", "30", "2019-02-02") == ["ACCEPTED", "ACCEPTED"]
    assert (year.figures("cp"), year.figures("cp", year=2019)) == ((1000, 0, 30), (1000, 70, 0))
    assert year.balance("4091000000", 2018) + year.balance("4091000000", 2019) == 0


def test_an_advance_is_recovered_and_not_asked_back(year: SmallYear) -> None:
    """It would come back twice: in cash, and by what is withheld."""
    repaid = {"fund_centre": UNIT, "commitment_item": "48560", "payee": PAYEE, "amount": "30"}
    assert year.send("repayment_receivable", "TI", predecessor="AV", **repaid) == "REPAYMENT_MISMATCH"


def test_nothing_is_withheld_from_a_suspended_debt(year: SmallYear) -> None:
    _request(year, "100")
    assert year.send("term_suspension", "TS", predecessor=year.name("DP")) == "ACCEPTED"
    assert _recover(year, "PR", "30")[0] == "TERM_SUSPENDED"


def _pay(year: SmallYear, reference: str, amount: str) -> str:
    return year.send("payment", reference, sender="treasury", predecessor=year.name("DP"), amount=amount)


def test_no_more_is_paid_than_is_committed_and_the_advance_is_recovered_first(year: SmallYear) -> None:
    """Of 100 are 30 paid in advance: so 70 more are paid, and 30 can only be withheld."""
    _request(year, "100")
    assert _pay(year, "P2", "70.01") == "ADVANCE_NOT_RECOVERED"
    assert _pay(year, "P2", "70") == "ACCEPTED"
    assert _pay(year, "P3", "0.01") == "ADVANCE_NOT_RECOVERED"
    assert _recover(year, "PR", "30") == ["ACCEPTED", "ACCEPTED"]


def test_a_contract_is_not_withdrawn_below_its_advances(year: SmallYear) -> None:
    assert year.send("commitment_decrease", "CD", predecessor="EJ", amount="70.01") == "ADVANCE_NOT_RECOVERED"
    assert year.send("commitment_decrease", "CD", predecessor="EJ", amount="60") == "ACCEPTED"
    request = {"predecessor": "EJ", "payee": PAYEE}
    assert year.send("advance_request", "A2", amount="10.01", **request) == "COMMITMENT_EXCEEDED"
    assert year.send("advance_request", "A2", amount="10", **request) == "ACCEPTED"
    assert year.send("commitment_increase", "CI", predecessor="EJ", amount="5") == "ACCEPTED"
    assert year.send("advance_request", "A3", amount="5", **request) == "ACCEPTED"
    reversal = year.send("commitment_change_reversal", "CR", predecessor="CI", amount="5")
    assert reversal == "ADVANCE_NOT_RECOVERED"


def test_a_request_before_the_first_advance_does_not_secure_it() -> None:
    """It is paid whole; what was requested or is left after the advance has to be enough to recover it (ours)."""
    year = SmallYear()
    year.open_credits()
    assert year.engage("EJ", "100") == "ACCEPTED"
    _request(year, "50")
    assert year.send("advance_request", "AV", predecessor="EJ", amount="50", payee=PAYEE) == "ACCEPTED"
    assert year.send("commitment_decrease", "CD", predecessor="EJ", amount="1") == "ADVANCE_NOT_RECOVERED"
    assert _pay(year, "P2", "50") == "ACCEPTED"
