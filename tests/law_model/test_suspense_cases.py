"""Suspense accounts in small cases worked by hand from the texts, without the engine (LOLF art. 28; chart 4741000000)."""

import pytest

from tests.law_model.small_year import UNIT, SmallYear

_PERSONS = {"entered_by": "chloe", "validated_by": "david"}
_PLACE = {"functional_area": "0177-12", "commitment_item": "31"}
_SUSPENSE, _CHARGE = "4721000000", "6113110000"
_OTHER_UNIT = "0177-D075-DD75"


@pytest.fixture
def year() -> SmallYear:
    """Return a year in which 100 euros stand on a suspense account, credited there on 5 March."""
    small = SmallYear()
    lines = [("journal_debit", "6188000000", ""), ("journal_credit", _SUSPENSE, "")]
    assert _post(small, "OD1", "100", lines, day="2018-03-05") == ["ACCEPTED"] * 2
    return small


def _post(
    year: SmallYear,
    reference: str,
    amount: str,
    lines: list[tuple[str, str, str]],
    *,
    day: str = "2018-04-01",
    centre: str = UNIT,
) -> list[str]:
    """Send an entry by hand: each line with its kind, account and predecessor; return how its lines ended."""
    head = {"reference": reference, "exercise": day[:4], "date": day, "fund_centre": centre, "amount": amount}
    rows = [
        head
        | {"line": str(line), "kind": kind, "account": account}
        | ({"predecessor": predecessor} if predecessor else {})
        | _PLACE
        | _PERSONS
        for line, (kind, account, predecessor) in enumerate(lines, 1)
    ]
    return year.send_file(rows)


def _clear(
    year: SmallYear, reference: str, amount: str, *, account: str = _SUSPENSE, centre: str = UNIT
) -> list[str]:
    """Take an amount off the account, to a charge."""
    lines = [("clearing_debit", account, "OD1#2"), ("journal_credit", _CHARGE, "")]
    return _post(year, reference, amount, lines, centre=centre)


def _justify(
    year: SmallYear, reference: str, reason: str, *, line: str = "OD1#2", day: str = "2018-04-02"
) -> str:
    row = {"predecessor": line, "account": _SUSPENSE, "reason": reason}
    return year.send("justification", reference, day, **row)


def test_an_amount_is_cleared_in_parts_and_never_beyond_it(year: SmallYear) -> None:
    """Of 100, 60 and 40 are taken off; then nothing stands there, and not a cent more is cleared."""
    assert _clear(year, "OD2", "60") == ["ACCEPTED"] * 2
    assert year.balance(_SUSPENSE) == -40
    assert _clear(year, "OD3", "40.01")[0] == "SUSPENSE_EXCEEDED"
    assert _clear(year, "OD4", "40") == ["ACCEPTED"] * 2
    assert year.balance(_SUSPENSE) == 0
    assert _clear(year, "OD5", "0.01")[0] == "SUSPENSE_EXCEEDED"
    assert year.balance(_CHARGE) == -100


def test_what_is_cleared_is_of_its_account_accountant_and_side(year: SmallYear) -> None:
    """The balance of a suspense account is that of one accountant, so another one has nothing to clear there."""
    assert _clear(year, "OD2", "60", centre=_OTHER_UNIT)[0] == "NOT_ON_SUSPENSE"
    assert _clear(year, "OD3", "60", account="4731000000")[0] == "NOT_ON_SUSPENSE"
    assert _clear(year, "OD4", "60", account=_CHARGE)[0] == "ACCOUNT_MISMATCH"
    wrong_side = [("clearing_credit", _SUSPENSE, "OD1#2"), ("journal_debit", _CHARGE, "")]
    assert _post(year, "OD5", "60", wrong_side)[0] == "NOT_ON_SUSPENSE"
    of_charge = [("clearing_credit", _SUSPENSE, "OD1#1"), ("journal_debit", _CHARGE, "")]
    assert _post(year, "OD6", "60", of_charge)[0] == "NOT_ON_SUSPENSE"
    assert year.balance(_SUSPENSE) == -100


def test_a_clearing_is_an_entry_by_hand_like_others(year: SmallYear) -> None:
    """Alone it is not balanced."""
    assert _post(year, "OD2", "60", [("clearing_debit", _SUSPENSE, "OD1#2")]) == ["JOURNAL_UNBALANCED"]
    assert year.balance(_SUSPENSE) == -100


def test_what_stays_is_justified_in_words_until_it_is_cleared(year: SmallYear) -> None:
    """A70: item by item; the reason may change, and what is cleared needs none."""
    assert _justify(year, "JU1", "sender unknown") == "ACCEPTED"
    assert _justify(year, "JU2", "sender found") == "ACCEPTED"
    assert _justify(year, "JU3", "") == "JUSTIFICATION_MISSING"
    assert _justify(year, "JU4", "sender found", line="OD1") == "NOT_ON_SUSPENSE"
    assert _justify(year, "JU5", "x" * 141) == "FIELD_INVALID"
    assert _justify(year, "JU6", "sender found", day="2018-03-04") == "DATE_BEFORE_PREDECESSOR"
    assert _clear(year, "OD2", "100") == ["ACCEPTED"] * 2
    assert _justify(year, "JU7", "sender found") == "SUSPENSE_EXCEEDED"


def test_an_entry_of_the_year_before_is_justified_and_not_cleared(year: SmallYear) -> None:
    """Its balance went on by the opening, on which the next year clears it."""
    year.open_credits(year=2019)
    named = year.model.state.documents[1]
    entry = f"@{named.number}"
    assert _justify(year, "JU1", "sender unknown", line=entry, day="2019-02-01") == "ACCEPTED"
    lines = [("clearing_debit", _SUSPENSE, entry), ("journal_credit", _CHARGE, "")]
    assert _post(year, "OD2", "100", lines, day="2019-02-01")[0] == "NOT_ON_SUSPENSE"


@pytest.mark.parametrize("kind", ["suspense_identification", "transfer_identification"])
def test_the_first_line_says_what_the_second_may_be(year: SmallYear, kind: str) -> None:
    """Money of a receivable and a movement of a transfer are identified by different pairs of lines."""
    year.send("suspense_return", "MV", sender="bank", fund_centre=UNIT, amount="25")
    head = {"reference": "ID", "exercise": "2018", "date": "2018-04-01", "amount": "25"}
    item = {"line": "1", "kind": kind, "predecessor": year.name("MV")}
    second = "identification_receipt" if kind == "transfer_identification" else "identification_return"
    after = {"line": "2", "kind": second, "predecessor": "#1"}
    assert year.send_file([head | item, head | after])[0] == "IDENTIFICATION_UNPAIRED"
