"""Visas of the budget controller in small cases worked by hand from the texts, without the engine (GBCP 103)."""

import pytest

from tests.law_model.small_year import SmallYear

_PLACE = {"fund_centre": "0217-SGAC-IMMO", "functional_area": "0217-07", "commitment_item": "51"}
_HASH = "5e" * 32


@pytest.fixture
def year() -> SmallYear:
    """Return a year with 2,000,000 euros of AE for the investments of a ministry whose threshold is 500,000."""
    small = SmallYear()
    for kind, centre in (
        ("budget_opening", "0217"),
        ("allotment", "0217-SGAC"),
        ("allotment", "0217-SGAC-IMMO"),
    ):
        columns = {"fund_centre": centre, "commitment_item": "HT2", "amount": "2000000"}
        assert small.send(f"{kind}_ae", f"C-{centre}", "2018-03-05", **columns) == "ACCEPTED"
    return small


def _request(year: SmallYear, reference: str, amount: str, day: str = "2018-04-02") -> str:
    return year.send("visa_request", reference, day, amount=amount, **_PLACE)


def _decide(
    year: SmallYear, kind: str, follows: str, amount: str, day: str = "2018-04-03", **columns: str
) -> str:
    """Let ``kind`` decide on the act ``follows``; the reference says both."""
    return year.send(
        kind, f"{kind}-{follows}"[-35:], day, predecessor=year.name(follows), amount=amount, **columns
    )


def _commit(year: SmallYear, reference: str, follows: str, amount: str, day: str = "2018-05-18") -> str:
    return year.send("commitment_with_visa", reference, day, predecessor=year.name(follows), amount=amount)


def _figures(year: SmallYear) -> tuple[int, int, int]:
    return year.figures("ae", "0217-SGAC-IMMO")


def test_a_commitment_at_the_threshold_needs_a_visa(year: SmallYear) -> None:
    assert year.send("commitment", "EJ-1", amount="500000", **_PLACE) == "VISA_MISSING"
    assert year.send("commitment", "EJ-2", amount="499999.99", **_PLACE) == "ACCEPTED"
    assert year.send("commitment_increase", "EC", predecessor="EJ-2", amount="500000") == "VISA_MISSING"
    assert year.send("commitment_increase", "EC", predecessor="EJ-2", amount="0.01") == "ACCEPTED"


def test_lines_of_one_act_are_one_commitment(year: SmallYear) -> None:
    """Two lines of 300,000 are a commitment of 600,000."""
    row = {
        "reference": "EJ",
        "kind": "commitment",
        "exercise": "2018",
        "date": "2018-03-10",
        "amount": "300000",
    }
    lines = [row | _PLACE | {"line": number} for number in ("1", "2")]
    assert year.send_file(lines) == ["VISA_MISSING", "ACT_REFUSED"]
    assert _figures(year) == (2_000_000, 0, 0)


def test_a_visa_takes_no_credits_and_a_commitment_uses_it(year: SmallYear) -> None:
    """Of a visa for 900,000 the commitments are 600,000 and 300,000, and no cent more."""
    assert _request(year, "DV", "900000") == "ACCEPTED"
    assert _commit(year, "EJ-0", "DV", "900000") == "PREDECESSOR_STAGE"
    assert _decide(year, "visa", "DV", "900000") == "ACCEPTED"
    assert _figures(year) == (2_000_000, 0, 0)
    assert _commit(year, "EJ-1", "visa-DV", "600000") == "ACCEPTED"
    assert _commit(year, "EJ-2", "visa-DV", "300000.01") == "VISA_EXCEEDED"
    assert _commit(year, "EJ-2", "visa-DV", "300000") == "ACCEPTED"
    assert _figures(year) == (2_000_000, 0, 900_000)
    assert (
        year.send("commitment_reversal", "EX", "2018-05-19", predecessor="EJ-2", amount="300000")
        == "ACCEPTED"
    )
    assert _figures(year) == (2_000_000, 0, 600_000)
    assert _commit(year, "EJ-3", "visa-DV", "0.01", "2018-05-20") == "PREDECESSOR_STAGE"


def test_silence_of_fifteen_days_lets_the_officer_go_on(year: SmallYear) -> None:
    """Of a request of 2 April the controller has the days to 17 April."""
    assert _request(year, "DV", "600000") == "ACCEPTED"
    assert _decide(year, "tacit_visa", "DV", "600000", "2018-04-17") == "VISA_PENDING"
    assert _decide(year, "tacit_visa", "DV", "600000", "2018-04-18") == "ACCEPTED"
    assert _decide(year, "visa_refusal", "DV", "600000", "2018-04-18") == "PREDECESSOR_STAGE"
    assert _commit(year, "EJ", "tacit_visa-DV", "600000") == "ACCEPTED"


def test_the_minister_of_the_budget_overrides_a_refusal(year: SmallYear) -> None:
    assert _request(year, "DV", "600000") == "ACCEPTED"
    assert _decide(year, "visa_refusal", "DV", "600000") == "ACCEPTED"
    assert _decide(year, "tacit_visa", "DV", "600000", "2018-05-02") == "PREDECESSOR_STAGE"
    assert _commit(year, "EJ", "visa_refusal-DV", "600000") == "PREDECESSOR_STAGE"
    assert _decide(year, "visa_override", "visa_refusal-DV", "600000", "2018-05-02") == "FIELD_MISSING"
    override = {"day": "2018-05-02", "document_hash": _HASH}
    assert _decide(year, "visa_override", "visa_refusal-DV", "600000", **override) == "ACCEPTED"
    assert _commit(year, "EJ", "visa_override-visa_refusal-DV", "600000") == "ACCEPTED"


def test_a_decision_is_about_the_whole_of_what_is_planned(year: SmallYear) -> None:
    assert _request(year, "DV", "600000") == "ACCEPTED"
    assert _decide(year, "visa", "DV", "599999.99") == "VISA_AMOUNT_DIFFERS"
    other = _PLACE | {"fund_centre": "0217-SGAC-ASPR"}
    assert _decide(year, "visa", "DV", "600000", **other) == "ASSIGNMENT_DIFFERS"
