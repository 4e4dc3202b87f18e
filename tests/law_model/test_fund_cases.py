"""Contribution funds and assigned revenue in small cases worked by hand from LOLF art. 17, without the engine."""

import pytest

from tests.law_model.budget import NodeKey
from tests.law_model.small_year import IBAN, PAYEE, SmallYear

FUND, OTHER_FUND = "1-1-00733", "2-1-00041"
_UNIT = {"fund_centre": "0217-SGAC-ASPR", "commitment_item": "269906", "payee": PAYEE}
_PROGRAMME = {"fund_centre": "0217", "commitment_item": "HT2"}


def _open(year: SmallYear, reference: str, amount: str, day: str = "2018-05-10", **columns: str) -> str:
    return year.send("fund_opening", reference, day, sender="DB", amount=amount, **(_PROGRAMME | columns))


def _collect(year: SmallYear, reference: str, amount: str, day: str = "2018-05-01", **columns: str) -> str:
    """Issue a receivable of 100 euros and collect a part of it; return the name of the receipt."""
    code = year.send("receivable", f"T{reference}", "2018-03-15", amount="100", **(_UNIT | columns))
    assert code == "ACCEPTED"
    due = year.name(f"T{reference}")
    assert year.send("receipt", reference, day, predecessor=due, amount=amount) == "ACCEPTED"
    return year.name(reference)


def _read_opened(year: SmallYear, family: str, of: int = 2018) -> tuple[int, int]:
    node = year.model.state.budget.nodes[NodeKey(of, "0217", False, family)]
    return node.ae.opened // 100, node.cp.opened // 100


@pytest.fixture
def year() -> SmallYear:
    small = SmallYear()
    small.send("third_party", "T", "2018-03-05", payee=PAYEE, payee_name="Donateur", iban=IBAN)
    return small


def test_ae_and_cp_are_opened_by_what_was_collected_and_no_cent_more(year: SmallYear) -> None:
    """Of 100 due, 60 are collected: 45 and 15 are opened, and the hundredth that is left of nothing is refused."""
    receipt = _collect(year, "E1", "60", fund=FUND)
    place = {"predecessor": receipt, "fund": FUND}
    assert _open(year, "F1", "60.01", **place) == "FUND_RECEIPT_EXCEEDED"
    assert _open(year, "F2", "45", **place) == "ACCEPTED"
    assert _open(year, "F3", "15.01", **place) == "FUND_RECEIPT_EXCEEDED"
    assert _open(year, "F4", "15", **place) == "ACCEPTED"
    assert _open(year, "F5", "0.01", **place) == "PREDECESSOR_STAGE"
    assert _read_opened(year, "contribution") == (60, 60)
    assert _read_opened(year, "ordinary") == (0, 0)


def test_what_is_due_opens_nothing_before_it_is_collected(year: SmallYear) -> None:
    _collect(year, "E1", "60", fund=FUND)
    assert _open(year, "F1", "40", predecessor=year.name("TE1"), fund=FUND) == "PREDECESSOR_STAGE"


def test_the_receipt_of_another_fund_or_of_none_opens_nothing(year: SmallYear) -> None:
    other, none = _collect(year, "E1", "60", fund=OTHER_FUND), _collect(year, "E2", "60")
    for at, receipt in enumerate((other, none)):
        assert _open(year, f"F{at}", "10", predecessor=receipt, fund=FUND) == "FUND_RECEIPT_MISMATCH"
    assert _open(year, "F3", "10", predecessor=none) == "FUND_RECEIPT_MISMATCH"
    assert _open(year, "F4", "10", predecessor=other, fund=OTHER_FUND) == "ACCEPTED"


def test_credits_are_those_of_the_year_of_the_collection(year: SmallYear) -> None:
    """Collected in December 2018 and January 2019 of one receivable: each opens credits of its own year alone."""
    december = _collect(year, "E1", "60", "2018-12-20", fund=FUND)
    due = year.name("TE1")
    assert year.send("receipt", "E2", "2019-01-10", predecessor=due, amount="40") == "ACCEPTED"
    place = {"predecessor": december, "fund": FUND}
    assert _open(year, "F1", "60", "2019-01-11", **place) == "FUND_RECEIPT_MISMATCH"
    assert _open(year, "F2", "60", "2019-01-11", budget_year="2018", **place) == "BUDGET_YEAR_CLOSED"
    late = {"predecessor": year.name("E2"), "fund": FUND}
    assert _open(year, "F3", "40", "2019-01-11", **late) == "ACCEPTED"
    assert (_read_opened(year, "contribution"), _read_opened(year, "contribution", 2019)) == (
        (0, 0),
        (40, 40),
    )


def test_an_order_gives_the_receipts_of_a_programme_to_another(year: SmallYear) -> None:
    """What is collected in 2019 of a receivable of 0217 opens credits of 0177, as an order gives 0217 to it; not before."""
    after = year.model.state.reference.years[2019]
    after.funds = after.funds | {FUND: (after.funds[FUND][0], "0177")}
    receipt = _collect(year, "E1", "60", "2019-01-10", fund=FUND)
    place = {"predecessor": receipt, "fund": FUND, "fund_centre": "0177"}
    assert _open(year, "F1", "60", "2019-01-11", **place) == "FUND_RECEIPT_MISMATCH"
    after.successions.add(("0217", "0177"))
    assert _open(year, "F2", "60", "2019-01-11", **place) == "ACCEPTED"


@pytest.mark.parametrize(
    ("fund", "origin", "code"),
    [
        (FUND, "", "FUND_RECEIPT_MISSING"),
        (FUND, "contribution_fund", "FUND_RECEIPT_MISSING"),
        (FUND, "finance_law", "FUND_RECEIPT_MISSING"),
        (FUND, "decree_of_advance", "FUND_RECEIPT_MISSING"),
        ("", "contribution_fund", "FUND_RECEIPT_MISSING"),
        (FUND, "carry_over", "ACCEPTED"),
        (FUND, "transfer", "ACCEPTED"),
        ("", "finance_law", "ACCEPTED"),
    ],
)
def test_an_opening_without_a_receipt_is_of_ordinary_credits_or_of_what_was_carried_over(
    year: SmallYear, fund: str, origin: str, code: str
) -> None:
    columns = _PROGRAMME | {"fund": fund, "origin": origin}
    assert year.send("budget_opening_ae", "O1", sender="DB", amount="10", **columns) == code
