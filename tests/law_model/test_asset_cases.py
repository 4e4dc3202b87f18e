"""Assets in small cases worked by hand from the chart (2183200000, 2818320000, 6811200000, 6272200000), without the engine."""

import pytest

from tests.law_model.small_year import UNIT, SmallYear

_PLACE = {"fund_centre": UNIT, "functional_area": "0177-12", "commitment_item": "31"}
_OTHER_UNIT = "0177-D075-DD75"
_PERSONS = {"entered_by": "chloe", "validated_by": "david"}
_EQUIPMENT, _LAND = "2183200000", "2111000000"


def _serve(
    year: SmallYear, reference: str, amount: str, account: str, *, day: str = "2018-04-10", **columns: str
) -> str:
    row = _PLACE | _PERSONS | {"amount": amount, "account": account} | columns
    return year.send("asset_service", reference, day, **row)


def _change(
    year: SmallYear, kind: str, reference: str, amount: str, *, day: str = "2018-12-31", **columns: str
) -> str:
    row = _PLACE | _PERSONS | {"amount": amount, "predecessor": "IM"} | columns
    return year.send(kind, reference, day, **row)


@pytest.fixture
def year() -> SmallYear:
    """Return a year with an asset of 3,600 euros, 100 a month, in service since April."""
    small = SmallYear()
    assert _serve(small, "IM", "3600", _EQUIPMENT) == "ACCEPTED"
    assert (small.balance(_EQUIPMENT), small.balance("2318000000")) == (3600, -3600)
    return small


def test_a_month_is_due_from_its_first_day_and_the_first_one_whole(year: SmallYear) -> None:
    assert _change(year, "asset_depreciation", "A1", "100.01", day="2018-04-10") == "DEPRECIATION_EXCEEDED"
    assert _change(year, "asset_depreciation", "A2", "100", day="2018-04-10") == "ACCEPTED"
    assert _change(year, "asset_depreciation", "A3", "100.01", day="2018-05-01") == "DEPRECIATION_EXCEEDED"
    assert _change(year, "asset_depreciation", "A4", "100", day="2018-05-01") == "ACCEPTED"
    assert (year.balance("6811200000"), year.balance("2818320000")) == (200, -200)


def test_what_was_not_charged_may_be_charged_later(year: SmallYear) -> None:
    """Nine months of 2018, and three of 2019, are 1,200."""
    assert _change(year, "asset_depreciation", "A1", "400") == "ACCEPTED"
    late = {"predecessor": year.name("IM"), "day": "2019-03-31"}
    assert _change(year, "asset_depreciation", "A2", "800.01", **late) == "DEPRECIATION_EXCEEDED"
    assert _change(year, "asset_depreciation", "A3", "800", **late) == "ACCEPTED"
    assert year.balance("6811200000", 2019) == 800


def test_an_asset_leaves_with_its_depreciation_and_at_its_net_value(year: SmallYear) -> None:
    assert _change(year, "asset_depreciation", "A1", "900") == "ACCEPTED"
    assert _change(year, "asset_disposal", "S1", "2700.01") == "ASSET_VALUE_EXCEEDED"
    assert _change(year, "asset_depreciation_disposal", "S2", "900.01") == "ASSET_VALUE_EXCEEDED"
    assert _change(year, "asset_disposal", "S3", "2700") == "ACCEPTED"
    assert _change(year, "asset_depreciation_disposal", "S4", "900") == "ACCEPTED"
    assert [year.balance(account) for account in (_EQUIPMENT, "2818320000", "6272200000")] == [0, 0, 2700]
    assert _change(year, "asset_depreciation", "A2", "0.01") == "DEPRECIATION_EXCEEDED"


def test_land_is_not_depreciated(year: SmallYear) -> None:
    assert _serve(year, "TE", "500", _LAND) == "ACCEPTED"
    assert _change(year, "asset_depreciation", "A1", "1", predecessor="TE") == "DEPRECIATION_EXCEEDED"
    assert _change(year, "asset_disposal", "S1", "500", predecessor="TE") == "ACCEPTED"
    assert (year.balance(_LAND), year.balance("6272100000")) == (0, 500)


def test_an_asset_stays_with_its_accountant_and_two_persons_serve_it(year: SmallYear) -> None:
    other = {"fund_centre": _OTHER_UNIT}
    assert _change(year, "asset_depreciation", "A1", "1", **other) == "ASSIGNMENT_DIFFERS"
    nobody = {"entered_by": "", "validated_by": ""}
    assert _serve(year, "I2", "1", _EQUIPMENT, **nobody) == "TWO_PERSONS_MISSING"
    assert _change(year, "asset_disposal", "S1", "1", **nobody) == "TWO_PERSONS_MISSING"
    assert _change(year, "asset_depreciation", "A2", "1", **nobody) == "ACCEPTED"
    assert _serve(year, "I3", "1", "2318000000") == "ACCOUNT_MISMATCH"
    assert _change(year, "asset_disposal", "S2", "1", predecessor="A2") == "PREDECESSOR_STAGE"


def test_a_part_takes_the_same_share_of_net_value_and_depreciation(year: SmallYear) -> None:
    """Of 2,700 net, 900 leave: a third, and so a third of the 900 that are depreciated; never more, and not before it."""
    assert _change(year, "asset_depreciation", "A1", "900") == "ACCEPTED"
    assert _change(year, "asset_depreciation_disposal", "S1", "0.01") == "DEPRECIATION_SHARE_EXCEEDED"
    assert _change(year, "asset_disposal", "S2", "900") == "ACCEPTED"
    assert _change(year, "asset_depreciation_disposal", "S3", "300.01") == "DEPRECIATION_SHARE_EXCEEDED"
    assert _change(year, "asset_depreciation_disposal", "S4", "100") == "ACCEPTED"
    assert _change(year, "asset_depreciation_disposal", "S5", "200.01") == "DEPRECIATION_SHARE_EXCEEDED"
    assert _change(year, "asset_depreciation_disposal", "S6", "200") == "ACCEPTED"
    # 2,400 are left, 1,800 net: the plan gives 2,400 x 12 / 36 = 800 by March 2019, less 600
    late = {"predecessor": year.name("IM"), "day": "2019-03-31"}
    assert _change(year, "asset_depreciation", "A2", "200.01", **late) == "DEPRECIATION_EXCEEDED"
    assert _change(year, "asset_depreciation", "A3", "200", **late) == "ACCEPTED"
    assert [year.balance(account) for account in (_EQUIPMENT, "2818320000")] == [2400, -600]


def test_a_share_is_rounded_down_and_the_last_part_takes_the_rest(year: SmallYear) -> None:
    """Of 2,999.99 net and 600.01 depreciated, a third of the net value leaves: 200.00, and 400.01 stay."""
    assert _change(year, "asset_depreciation", "A1", "600.01") == "ACCEPTED"
    assert _change(year, "asset_disposal", "S1", "1000") == "ACCEPTED"
    assert _change(year, "asset_depreciation_disposal", "S2", "200.01") == "DEPRECIATION_SHARE_EXCEEDED"
    assert _change(year, "asset_depreciation_disposal", "S3", "200") == "ACCEPTED"
    assert _change(year, "asset_disposal", "S4", "1999.99") == "ACCEPTED"
    assert _change(year, "asset_depreciation_disposal", "S5", "400.02") == "ASSET_VALUE_EXCEEDED"
    assert _change(year, "asset_depreciation_disposal", "S6", "400.01") == "ACCEPTED"
    assert [year.balance(account) for account in (_EQUIPMENT, "2818320000")] == [0, 0]


def test_once_no_net_value_is_left_any_part_of_the_depreciation_leaves(year: SmallYear) -> None:
    assert _change(year, "asset_depreciation", "A1", "900") == "ACCEPTED"
    assert _change(year, "asset_disposal", "S1", "2700") == "ACCEPTED"
    assert _change(year, "asset_depreciation_disposal", "S2", "500") == "ACCEPTED"
    assert _change(year, "asset_depreciation", "A2", "0.01") == "DEPRECIATION_EXCEEDED"
    assert _change(year, "asset_depreciation_disposal", "S3", "400.01") == "ASSET_VALUE_EXCEEDED"
    assert _change(year, "asset_depreciation_disposal", "S4", "400") == "ACCEPTED"
