"""Small cases of the law model worked by hand: credits that go back, are cancelled or frozen."""

import pytest

from tests.law_model.small_year import UNIT, SmallYear


@pytest.fixture
def year() -> SmallYear:
    """A year with 1,000 euros of AE and CP on a UO."""
    small = SmallYear()
    small.open_credits()
    return small


def _send(year: SmallYear, kind: str, reference: str, place: str, amount: str) -> str:
    return year.send(kind, reference, fund_centre=place, commitment_item="HT2", amount=amount)


def test_what_a_unit_has_not_used_goes_back_level_by_level(year: SmallYear) -> None:
    year.engage("EJ", "400")
    assert _send(year, "credit_return_ae", "R1", UNIT, "601") == "BUDGET_BELOW_CONSUMPTION"
    assert _send(year, "credit_return_ae", "R1", UNIT, "600") == "ACCEPTED"
    assert _send(year, "credit_return_ae", "R2", "0177-D013", "601") == "BUDGET_BELOW_CONSUMPTION"
    assert _send(year, "credit_return_ae", "R2", "0177-D013", "500") == "ACCEPTED"
    assert [year.figures("ae", place) for place in (UNIT, "0177-D013", "0177")] == [
        (400, 0, 400),
        (500, 0, 400),
        (1000, 0, 400),
    ]
    assert _send(year, "credit_return_ae", "R3", "0177", "1") == "FUND_CENTRE_LEVEL"


def test_what_is_with_the_level_below_does_not_go_back(year: SmallYear) -> None:
    assert _send(year, "credit_return_cp", "R1", "0177-D013", "1") == "ALLOTMENT_EXCEEDED"
    assert _send(year, "credit_return_cp", "R2", UNIT, "10") == "ACCEPTED"
    assert _send(year, "credit_return_cp", "R3", "0177-D013", "10") == "ACCEPTED"


def test_only_credits_that_are_still_with_the_programme_are_cancelled(year: SmallYear) -> None:
    assert _send(year, "cancellation_ae", "A1", "0177", "1") == "ALLOTMENT_EXCEEDED"
    _send(year, "credit_return_ae", "R1", UNIT, "300")
    _send(year, "credit_return_ae", "R2", "0177-D013", "300")
    assert _send(year, "cancellation_ae", "A2", "0177", "301") == "ALLOTMENT_EXCEEDED"
    assert _send(year, "cancellation_ae", "A2", "0177", "300") == "ACCEPTED"
    assert year.figures("ae", "0177") == (700, 0, 0)
    assert _send(year, "cancellation_ae", "A3", UNIT, "1") == "FUND_CENTRE_LEVEL"


def test_what_is_cancelled_of_a_title_is_no_base_for_commitments_in_advance(year: SmallYear) -> None:
    """A quarter of what is left of the title: 400 of title 3, of which 200 are cancelled, leave 50."""
    title = {"fund_centre": "0177", "commitment_item": "T3"}
    year.send("budget_opening_ae", "O3", amount="400", **title)
    assert year.send("cancellation_ae", "A3", amount="200", **title) == "ACCEPTED"
    columns = {"budget_year": "2019", "service_start": "2019-01-01"}
    assert year.engage("EJ1", "50.01", "2018-11-05", **columns) == "ANTICIPATION_LIMIT"
    assert year.engage("EJ2", "50", "2018-11-05", **columns) == "ACCEPTED"


def test_frozen_credits_are_neither_spent_nor_passed_on_until_they_are_unfrozen(year: SmallYear) -> None:
    assert _send(year, "freeze_ae", "G1", "0177", "1") == "ALLOTMENT_EXCEEDED"
    assert _send(year, "freeze_ae", "G1", UNIT, "300") == "ACCEPTED"
    assert year.engage("EJ1", "700.01") == "AE_EXCEEDED"
    assert year.engage("EJ1", "600") == "ACCEPTED"
    assert _send(year, "credit_return_ae", "R1", UNIT, "100.01") == "BUDGET_BELOW_CONSUMPTION"
    assert _send(year, "freeze_ae", "G2", UNIT, "100.01") == "BUDGET_BELOW_CONSUMPTION"
    assert _send(year, "unfreeze_ae", "D1", UNIT, "300.01") == "UNFREEZE_EXCEEDED"
    assert _send(year, "unfreeze_ae", "D1", "0177-D013", "1") == "UNFREEZE_EXCEEDED"
    assert _send(year, "unfreeze_ae", "D1", UNIT, "300") == "ACCEPTED"
    assert year.engage("EJ2", "400") == "ACCEPTED"


def test_what_a_level_froze_is_not_passed_on_nor_cancelled(year: SmallYear) -> None:
    _send(year, "budget_opening_cp", "O2", "0177", "100")
    assert _send(year, "freeze_cp", "G1", "0177", "60") == "ACCEPTED"
    assert _send(year, "allotment_cp", "M1", "0177-D075", "40.01") == "ALLOTMENT_EXCEEDED"
    assert _send(year, "cancellation_cp", "A1", "0177", "40.01") == "ALLOTMENT_EXCEEDED"
    assert _send(year, "cancellation_cp", "A1", "0177", "40") == "ACCEPTED"


def test_an_operation_gives_back_what_is_not_engaged_on_it(year: SmallYear) -> None:
    for centre, kind in (
        ("0217", "budget_opening"),
        ("0217-SGAC", "allotment"),
        ("0217-SGAC-IMMO", "allotment"),
    ):
        _send(year, f"{kind}_ae", centre, centre, "100")
    place = {"fund_centre": "0217-SGAC-IMMO", "operation": "OP-0217-000001"}
    year.send("earmark", "AF", commitment_item="HT2", amount="60", **place)
    year.send("commitment", "EJ", functional_area="0217-07", commitment_item="51", amount="45", **place)
    columns = {"commitment_item": "HT2", **place}
    assert year.send("earmark_decrease", "RA1", amount="15.01", **columns) == "BUDGET_BELOW_CONSUMPTION"
    assert year.send("earmark_decrease", "RA2", amount="15", **columns) == "ACCEPTED"
    assert year.figures("ae", "0217-SGAC-IMMO") == (100, 0, 45)
    assert _send(year, "credit_return_ae", "R1", "0217-SGAC-IMMO", "55") == "ACCEPTED"


def test_no_earmark_is_used_after_its_year() -> None:
    """So none is left that could lapse two years later (GBCP art. 158): a later year has AE and earmarks of its own."""
    year = SmallYear()
    place = {"fund_centre": "0217-SGAC-IMMO", "operation": "OP-0217-000001"}
    works = {"functional_area": "0217-07", "commitment_item": "51", **place}
    for exercise in (2018, 2019):
        day = f"{exercise}-03-05"
        for centre, kind in (
            ("0217", "budget_opening"),
            ("0217-SGAC", "allotment"),
            ("0217-SGAC-IMMO", "allotment"),
        ):
            columns = {"fund_centre": centre, "commitment_item": "HT2", "amount": "100"}
            assert year.send(f"{kind}_ae", f"{centre}-{exercise}", day, **columns) == "ACCEPTED"
    year.send("earmark", "AF", "2018-03-10", commitment_item="HT2", amount="60", **place)
    assert year.send("commitment", "EJ1", "2018-12-31", amount="20", **works) == "ACCEPTED"
    before = {"exercise": "2018", "amount": "1"}
    assert year.send("commitment", "EJ2", "2019-01-15", **before, **works) == "BUDGET_YEAR_CLOSED"
    assert year.send("commitment", "EJ3", "2019-02-05", amount="1", budget_year="2018", **works) == (
        "BUDGET_YEAR_CLOSED"
    )
    assert year.send("commitment", "EJ4", "2019-02-05", amount="1", **works) == "AE_EXCEEDED"
    assert year.send("earmark", "AF2", "2019-02-05", commitment_item="HT2", amount="5", **place) == "ACCEPTED"
    assert year.send("commitment", "EJ5", "2019-02-06", amount="5.01", **works) == "AE_EXCEEDED"
    assert year.send("commitment", "EJ6", "2019-02-06", amount="5", **works) == "ACCEPTED"
