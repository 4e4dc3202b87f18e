"""The inventory in small cases worked by hand from the chart (60, 4081000000, 4860000000, 4870000000, 6815128000)."""

import pytest

from tests.law_model.periods import PeriodDecision
from tests.law_model.small_year import UNIT, SmallYear
from tests.law_model.year_end import list_reversals

_PLACE = {"fund_centre": UNIT, "functional_area": "0177-12", "commitment_item": "31"}
_PERSONS = {"entered_by": "chloe", "validated_by": "david"}
_DAY = "2018-12-31"
_RENT, _PROVISION, _RELEASE = "6113110000", "6815128000", "7815128000"


@pytest.fixture
def year() -> SmallYear:
    """Return an empty ledger."""
    return SmallYear()


def _enter(
    year: SmallYear, kind: str, reference: str, amount: str, account: str, *, day: str = _DAY, **columns: str
) -> str:
    return year.send(kind, reference, day, amount=amount, account=account, **(_PLACE | _PERSONS | columns))


def _change(
    year: SmallYear, kind: str, reference: str, amount: str, *, day: str = _DAY, **columns: str
) -> str:
    return year.send(kind, reference, day, amount=amount, **(_PERSONS | columns))


def _reverse(year: SmallYear, reference: str, entry: str, amount: str, day: str = "2019-01-02") -> str:
    columns = {"predecessor": year.name(entry), "amount": amount}
    return year.send("inventory_reversal", reference, day, "closing", **columns)


def test_an_accrual_charges_its_year_and_the_next_one_less(year: SmallYear) -> None:
    assert _enter(year, "accrual", "CP", "100", _RENT) == "ACCEPTED"
    assert (year.balance(_RENT), year.balance("4081000000")) == (100, -100)
    assert _reverse(year, "X1", "CP", "99.99") == "REVERSAL_NOT_WHOLE"
    assert _reverse(year, "X2", "CP", "100", "2019-01-03") == "INVENTORY_DAY"
    assert _reverse(year, "X3", "CP", "100") == "ACCEPTED"
    assert (year.balance(_RENT, 2019), year.balance("4081000000", 2019)) == (-100, 100)
    assert _reverse(year, "X4", "CP", "100") == "REVERSAL_EXCEEDS_ORIGINAL"


@pytest.mark.parametrize(
    ("kind", "account", "counterpart", "debit"),
    [
        ("accrual", "6411110000", "4286100000", 5),
        ("accrual", "2318800000", "4081000000", 5),
        ("imprest_accrual", _RENT, "5481100000", 5),
        ("prepaid_expense", _RENT, "4860000000", -5),
        ("unsettled_advance", "6531230000", "4091300000", -5),
        ("accrued_income", "7280000000", "4181000000", -5),
        ("deferred_income", "7280000000", "4870000000", 5),
        ("provision", _PROVISION, "1512800000", 5),
    ],
)
def test_each_kind_has_its_side_and_its_account(
    kind: str, account: str, counterpart: str, debit: int, year: SmallYear
) -> None:
    assert _enter(year, kind, "IN", "5", account) == "ACCEPTED"
    assert (year.balance(account), year.balance(counterpart)) == (debit, -debit)
    assert _enter(year, kind, "IX", "5", "4011100000") == "INVENTORY_ACCOUNT"


def test_an_entry_is_of_the_last_day_and_of_two_persons(year: SmallYear) -> None:
    assert _enter(year, "accrual", "A1", "5", _RENT, day="2018-12-30") == "INVENTORY_DAY"
    assert _enter(year, "accrual", "A2", "5", _RENT, budget_year="2019") == "INVENTORY_DAY"
    assert _enter(year, "accrual", "A3", "5", _RENT, validated_by="") == "PERSON_MISSING"
    assert _enter(year, "accrual", "A4", "5", _RENT, entered_by="", validated_by="") == "TWO_PERSONS_MISSING"
    assert _enter(year, "accrual", "A5", "5", "") == "FIELD_MISSING"
    late = {"exercise": "2018", "date": "2019-02-05"}
    assert _enter(year, "accrual", "A6", "5", _RENT, **late) == "DATE_OUTSIDE_EXERCISE"


def test_a_correction_is_of_the_year_and_lowers_what_is_reversed(year: SmallYear) -> None:
    assert _enter(year, "accrual", "CP", "100", _RENT) == "ACCEPTED"
    assert _change(year, "inventory_correction", "C1", "30", predecessor="CP") == "ACCEPTED"
    assert (
        _change(year, "inventory_correction", "C2", "70.01", predecessor="CP") == "REVERSAL_EXCEEDS_ORIGINAL"
    )
    late = {"day": "2019-12-31", "predecessor": year.name("CP")}
    assert _change(year, "inventory_correction", "C3", "1", **late) == "INVENTORY_DAY"
    assert [(row["amount"], row["date"]) for row in list_reversals(year.model.state, 2018)] == [
        ("70.00", "2019-01-02")
    ]
    assert _reverse(year, "X1", "CP", "70") == "ACCEPTED"
    assert list_reversals(year.model.state, 2018) == []


def test_a_provision_stays_until_it_is_released(year: SmallYear) -> None:
    assert _enter(year, "provision", "PR", "50", _PROVISION) == "ACCEPTED"
    assert _reverse(year, "X1", "PR", "50") == "PREDECESSOR_STAGE"
    assert _change(year, "inventory_correction", "C1", "5", predecessor="PR") == "PREDECESSOR_STAGE"
    assert _change(year, "provision_correction", "C2", "5", predecessor="PR") == "ACCEPTED"
    release = {"day": "2019-12-31", "predecessor": year.name("PR")}
    assert (
        _change(year, "provision_release", "R1", "5", account="7280000000", **release) == "INVENTORY_ACCOUNT"
    )
    assert (
        _change(year, "provision_release", "R2", "45.01", account=_RELEASE, **release)
        == "REVERSAL_EXCEEDS_ORIGINAL"
    )
    assert _change(year, "provision_release", "R3", "45", account=_RELEASE, **release) == "ACCEPTED"
    balances = [year.balance("1512800000"), year.balance("1512800000", 2019), year.balance(_RELEASE, 2019)]
    assert balances == [-45, 45, -45]


def test_the_inventory_stands_behind_december_in_two_months(year: SmallYear) -> None:
    assert year.model.decide_period(PeriodDecision(2018, 12, "close"))
    assert _enter(year, "accrual", "CP", "5", _RENT) == "ACCEPTED"
    assert year.model.decide_period(PeriodDecision(2018, 13, "close"))
    assert _enter(year, "accrual", "CQ", "5", _RENT) == "PERIOD_CLOSED"
    assert _enter(year, "provision", "PR", "5", _PROVISION) == "ACCEPTED"
    assert year.model.decide_period(PeriodDecision(2018, 13, "lock"))
    assert _change(year, "inventory_correction", "C1", "5", predecessor="CP") == "PERIOD_LOCKED"
    assert _change(year, "provision_correction", "C2", "5", predecessor="PR") == "ACCEPTED"


def test_the_inventory_is_not_opened_again_once_the_result_is_locked(year: SmallYear) -> None:
    for month, action in ((14, "close"), (15, "close")):
        assert year.model.decide_period(PeriodDecision(2018, month, action))
    assert year.model.decide_period(PeriodDecision(2018, 14, "reopen", "PACA"))
    assert year.model.decide_period(PeriodDecision(2018, 15, "lock", "PACA"))
    assert year.model.decide_period(PeriodDecision(2018, 14, "reopen", "COHE"))
    assert not year.model.decide_period(PeriodDecision(2018, 14, "reopen"))


def test_what_the_inventory_posts_to_is_not_posted_to_by_hand(year: SmallYear) -> None:
    row = {"reference": "OD", "exercise": "2018", "date": _DAY, "amount": "5"} | _PLACE | _PERSONS
    for account in ("4860000000", "1512800000", "1200000000", "1842300000"):
        lines = [
            row | {"line": "1", "kind": "journal_debit", "account": account},
            row | {"line": "2", "kind": "journal_credit", "account": _RENT},
        ]
        assert year.send_file(lines)[0] == "ACCOUNT_RESTRICTED"
