"""What decrees may do, in small cases worked by hand (LOLF 12 to 14)."""

import pytest

from tests.law_model.small_year import SmallYear

_DECREE = {"commitment_item": "HT2", "document_hash": "5e" * 32}


@pytest.fixture
def year() -> SmallYear:
    """A year without credits."""
    return SmallYear()


def _open(year: SmallYear, centre: str, amount: str, **columns: str) -> str:
    columns = {"commitment_item": "HT2"} | columns
    return year.send("budget_opening_ae", f"O{centre}{amount}", fund_centre=centre, amount=amount, **columns)


def test_a_virement_stops_at_a_fiftieth_of_what_the_first_law_opened(year: SmallYear) -> None:
    _open(year, "0177", "1000")
    _open(year, "0217", "5000")
    _open(year, "0177", "9000", origin="amending_law")
    move = {"fund_centre": "0217", "counterpart": "0177", **_DECREE}
    assert year.send("virement_ae", "V1", amount="20.01", **move) == "VIREMENT_LIMIT"
    assert year.send("virement_ae", "V2", amount="12", **move) == "ACCEPTED"
    back = {"fund_centre": "0177", "counterpart": "0217", **_DECREE}
    assert year.send("virement_ae", "V3", amount="8.01", **back) == "VIREMENT_LIMIT"
    assert year.send("virement_ae", "V4", amount="8", **back) == "ACCEPTED"
    assert year.send("decree_transfer_ae", "T1", amount="8", **back) == "DECREE_MISMATCH"


@pytest.mark.parametrize(("centre", "code"), [("0177", "ACCEPTED"), ("0217", "PROGRAMME_NOT_VOTED")])
def test_a_transfer_goes_to_a_voted_programme_without_that_limit(
    year: SmallYear, centre: str, code: str
) -> None:
    _open(year, "0177", "10")
    _open(year, "0217", "10", origin="carry_over")
    _open(year, "0117", "1000")
    move = {"fund_centre": centre, "counterpart": "0117", **_DECREE}
    assert year.send("decree_transfer_ae", "T1", amount="500", **move) == code


def test_decrees_open_a_hundredth_and_cancel_fifteen_thousandths(year: SmallYear) -> None:
    _open(year, "0177", "1000")
    _open(year, "0217", "1000", origin="amending_law")
    assert _open(year, "0177", "10.01", origin="decree_of_advance") == "ADVANCE_LIMIT"
    assert _open(year, "0177", "10", origin="decree_of_advance") == "ACCEPTED"
    columns = {"fund_centre": "0177", **_DECREE}
    assert year.send("decree_cancellation_ae", "X1", amount="30.01", **columns) == "CANCELLATION_LIMIT"
    assert year.send("decree_cancellation_ae", "X2", amount="30", **columns) == "ACCEPTED"
