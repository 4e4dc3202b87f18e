"""The plans of assets: what the files may say, and what is refused with its place."""

from pathlib import Path

import pytest

from core import chart, nomenclature
from core.asset_plans import MONTHS_MAX, AssetPlan, check_uses, load
from core.errors import ReferenceDataError
from tests.reference_years import copy_reference, replace_text

_ACCOUNTS = ("2183", "2184", "2318", "2818", "2819", "6811", "6272")
_HEAD = "account,under_construction,depreciation,charge,net_value,months,source\n"
_PLAN = "2183,2318,2818,6811,6272,36,ours\n"


def read(folder: Path, *lines: str) -> dict[str, AssetPlan]:
    path = folder / "assets.csv"
    path.write_text(_HEAD + "".join(lines))
    return load(path, _ACCOUNTS)


def test_an_account_has_a_plan_or_none(tmp_path: Path) -> None:
    assert read(tmp_path, _PLAN, "2184,2318,,,6272,,ours\n") == {
        "2183": AssetPlan("2318", "2818", "6811", "6272", 36),
        "2184": AssetPlan("2318", "", "", "6272", 0),
    }


def test_without_a_file_there_are_no_assets(tmp_path: Path) -> None:
    assert load(tmp_path / "assets.csv", _ACCOUNTS) == {}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((_PLAN, _PLAN), "line 3: account 2183 is listed twice"),
        ((_PLAN, "2184,2318,2818,6811,6272,36,ours\n"), "account 2818 is listed twice"),
        ((_PLAN, "2184,2318,2183,6811,6272,36,ours\n"), "account 2183 is listed twice"),
        (("9999,2318,2818,6811,6272,36,ours\n",), "line 2: account '9999' is no account of the year"),
        (("2183,2318,,6811,6272,36,ours\n",), "line 2: depreciation '' is no account of the year"),
        (("2183,2318,2818,,6272,36,ours\n",), "line 2: charge '' is no account of the year"),
        (("2183,2318,2818,6811,,36,ours\n",), "line 2: net_value '' is no account of the year"),
        (("2183,2318,2818,6811,6272,36,\n",), "line 2: the line has no source"),
        *(
            ((f"2183,2318,2818,6811,6272,{months},ours\n",), f"'{months}' is not the months of a plan")
            for months in ("", "0", "-1", "1.5", "x", str(MONTHS_MAX + 1), "9" * 5000)
        ),
    ],
)
def test_a_wrong_line_is_refused_with_its_place(tmp_path: Path, lines: tuple[str, ...], message: str) -> None:
    with pytest.raises(ReferenceDataError) as error:
        read(tmp_path, *lines)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("plan", "uses", "admitted"),
    [
        (AssetPlan("2318", "2818", "6811", "6272", 36), ["2183"], []),
        (AssetPlan("2318", "2818", "6811", "6272", 36), ["2818"], []),
        (AssetPlan("2318", "2818", "6811", "6272", 36), [], ["61", "21"]),
        (AssetPlan("2183", "2818", "6811", "6272", 36), [], []),
        (AssetPlan("2318", "2818", "2818", "6272", 36), [], []),
        (AssetPlan("2318", "", "", "2183", 0), [], []),
    ],
)
def test_nothing_else_posts_to_an_account_of_assets(
    tmp_path: Path, plan: AssetPlan, uses: list[str], admitted: list[str]
) -> None:
    with pytest.raises(ReferenceDataError, match="has another use"):
        check_uses(tmp_path / "assets.csv", {"2183": plan}, uses=uses, admitted=admitted)


def test_a_commitment_item_that_admits_accounts_of_assets_is_refused(tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    replace_text(reference, "2018/roles.csv", "606 607 611", "606 607 611 2183")
    with pytest.raises(ReferenceDataError, match="account 2183200000 has another use"):
        chart.load(reference / "2018", nomenclature.load(reference / "2018"))
