"""The chart of accounts: the accounts of each item by role, and the other accounts that a sender may give."""

from dataclasses import replace
from pathlib import Path
from typing import Never

import pytest

from core import chart, nomenclature
from core.catalog import Role
from core.chart import Chart, Side
from core.errors import ReferenceDataError
from core.nomenclature import Nomenclature
from core.own_creditors import CreditorUse
from core.reference.files import SAMPLE_FOLDER
from tests.core.test_nomenclature import SMALL

ACCOUNTS = """\
number,label,side,statement,source
4011100000,,either,,chart
4081000000,,nil,,chart
6060000000,,debit,,chart
6110000000,,debit,,chart
6411110000,,either,,chart
4211110000,,either,,chart
4280000000,,nil,,chart
5126410000,,credit,,chart
5121100000,,either,,chart
4671518000,,credit,,chart
4678840000,,credit,,chart
4111100000,,debit,,chart
6221000000,,debit,,chart
1853200000,,either,,chart
4678410000,Dégrèvements,credit,,chart
4091000000,,debit,,chart
4017000000,,credit,,chart
4047000000,,credit,,chart
4016000000,,credit,,chart
4046000000,,credit,,chart
7220000000,,credit,,chart
4721000000,,credit,,chart
5129100000,,debit,,chart
5129500000,,credit,,chart
"""
ROLES = "item,expense,accrued,creditor,payroll,admits,source\n31,6110000000,4081000000,4011100000,,60 61 62,chart\n"
STAFF = "21,6411110000,4280000000,4211110000,4211110000,641,chart\n"
TREASURY = """\
role,account,source
transit,5126410000,chart
treasury,5121100000,chart
returned,4671518000,chart
other_creditor,4678840000,chart
receivable,4111100000,chart
late_interest,6221000000,chart
debt_liaison,1853200000,chart
tax_relief,4678410000,chart
advance,4091000000,chart
retention,4017000000,chart
asset_retention,4047000000,chart
penalty,4016000000,chart
asset_penalty,4046000000,chart
penalty_product,7220000000,chart
suspense_receipt,4721000000,chart
suspense_debit,5129100000,chart
suspense_return,5129500000,chart
"""
SUSPENSE = "account,source\n472,chart\n5129,chart\n"
CREDITORS = "expense,creditor,payroll,source\n606,4211110000,,chart\n"


@pytest.fixture(scope="module")
def sample() -> Chart:
    return chart.load(SAMPLE_FOLDER / "2018", nomenclature.load(SAMPLE_FOLDER / "2018"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    year = tmp_path / "2018"
    year.mkdir()
    files = SMALL | {
        "accounts.csv": ACCOUNTS,
        "roles.csv": ROLES + STAFF,
        "treasury.csv": TREASURY,
        "suspense.csv": SUSPENSE,
        "creditors.csv": CREDITORS,
    }
    for name, text in files.items():
        (year / name).write_text(text, encoding="utf-8")
    return year


@pytest.fixture
def items(folder: Path) -> Nomenclature:
    return nomenclature.load(folder)


def test_every_spending_item_has_every_role(sample: Chart) -> None:
    codes = nomenclature.load(SAMPLE_FOLDER / "2018")
    spending = {code for code, item in codes.items.items() if not item.budget_only}
    assert sample.role_accounts.keys() == sample.admitted_prefixes.keys() == spending
    for by_role in sample.role_accounts.values():
        assert by_role.keys() - {Role.PAYROLL} == {Role.EXPENSE, Role.ACCRUED, Role.CREDITOR}
        assert set(by_role.values()) <= sample.accounts.keys()


@pytest.mark.parametrize(
    ("item", "expense", "accrued", "creditor"),
    [
        ("11", "6281500000", "4081000000", "4011100000"),
        ("21", "6411110000", "4286100000", "4211110000"),
        ("31", "6188000000", "4081000000", "4011100000"),
        ("41", "6650000000", "4081000000", "1853200000"),
        ("51", "2318000000", "4081000000", "4011100000"),
        ("63", "6531280000", "4081000000", "4011100000"),
        ("73", "2611400000", "4081000000", "4011100000"),
    ],
)
def test_items_post_to_the_accounts_of_their_title(
    sample: Chart, item: str, expense: str, accrued: str, creditor: str
) -> None:
    by_role = sample.role_accounts[item]
    assert (by_role[Role.EXPENSE], by_role[Role.ACCRUED], by_role[Role.CREDITOR]) == (
        expense,
        accrued,
        creditor,
    )


def test_an_item_admits_its_own_account_and_its_prefixes(sample: Chart) -> None:
    assert all(
        sample.is_admitted(item, by_role[Role.EXPENSE]) for item, by_role in sample.role_accounts.items()
    )
    assert sample.is_admitted("31", "6066610000")
    assert not sample.is_admitted("31", "6411110000")
    assert not sample.is_admitted("31", "6066699999"), "has an admitted prefix, but is not in the chart"
    assert not sample.is_admitted("31", sample.role_accounts["31"][Role.CREDITOR])


def test_what_the_inventory_alone_charges_is_not_admitted(sample: Chart) -> None:
    admitted_prefixes = {"51": ("2",)}
    chart_of_assets = replace(sample, admitted_prefixes=admitted_prefixes)
    assert not chart_of_assets.is_admitted("51", "2313318000")
    assert replace(chart_of_assets, inventory={}).is_admitted("51", "2313318000")


def test_the_inventory_is_not_read_for_an_expense(sample: Chart) -> None:
    """A start asks for every item and account of each year, so that no question may go through the whole inventory."""
    assert replace(sample, inventory=_Unread()).is_admitted("31", "6066610000")


class _Unread(dict[str, dict[str, str]]):
    """An inventory that must not be read."""

    def values(self) -> Never:
        raise AssertionError


def test_a_budget_only_item_admits_nothing(sample: Chart) -> None:
    assert not any(sample.is_admitted("HT2", account) for account in sample.accounts)
    assert not any(sample.is_admitted("nothing", account) for account in sample.accounts)


def test_a_year_may_share_the_chart_of_another(sample: Chart) -> None:
    later = chart.load(SAMPLE_FOLDER / "2019", nomenclature.load(SAMPLE_FOLDER / "2019"))
    assert (later.year, later.accounts, later.role_accounts) == (2019, sample.accounts, sample.role_accounts)


INVALID_LINES = {
    "accounts.csv": {
        "short account": ("401,,,,", "'401' is not an account"),
        "account in letters": ("40100000AB,,,,", "'40100000AB' is not an account"),
        "account twice": ("4011100000,again,either,,chart", "4011100000 is listed twice"),
        "side unknown": ("6068800000,,both,,chart", "'both' is not a normal side"),
        "account without source": ("6068800000,,debit,,", "the line has no source"),
    },
    "roles.csv": {
        "item unknown": ("32,6110000000,4081000000,4011100000,,61,chart", "'32' is not an item"),
        "item of budget acts": ("T2,6411110000,4280000000,4211110000,,641,chart", "'T2' is not an item"),
        "item twice": ("21,6411110000,4280000000,4211110000,,641,chart", "item 21 is listed twice"),
    },
    "creditors.csv": {
        "creditor unknown": ("611,4999999999,,chart", "creditor account '4999999999' is unknown"),
        "creditor of no account": ("699,4011100000,,chart", "no account begins with '699'"),
        "two creditors": ("60,4011100000,,chart", "one has a creditor already"),
    },
}


@pytest.mark.parametrize(
    ("name", "case"), [(name, case) for name, cases in INVALID_LINES.items() for case in cases]
)
def test_an_invalid_line_is_refused_by_place(name: str, case: str, folder: Path, items: Nomenclature) -> None:
    line, message = INVALID_LINES[name][case]
    with (folder / name).open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(ReferenceDataError, match=message) as refused:
        chart.load(folder, items)
    assert f"{name}, line " in str(refused.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "item 21 has no accounts"),
        (
            "21,6411110000,4280000000,4211110000,4219999999,641,chart\n",
            "payroll account '4219999999' is unknown",
        ),
        ("21,6411110000,4280000000,4211110000,,641,\n", "the line has no source"),
        ("21,6411110000,4280000000,4219999999,,641,chart\n", "creditor account '4219999999' is unknown"),
        ("21,6411110000,4280000000,4211110000,,645,chart\n", "6411110000 is not among those admitted"),
        ("21,6411110000,4280000000,4211110000,,,chart\n", "6411110000 is not among those admitted"),
        (
            "21,6411110000,4280000000,4211110000,,641,chart\n",
            "item 21 is of staff and has no payroll account",
        ),
    ],
)
def test_an_item_without_its_accounts_is_refused(
    line: str, message: str, folder: Path, items: Nomenclature
) -> None:
    (folder / "roles.csv").write_text(ROLES + line)
    with pytest.raises(ReferenceDataError, match=message):
        chart.load(folder, items)


def test_the_sample_has_the_accounts_of_the_state(sample: Chart) -> None:
    """Cases from the chart of December 2017: numbers, normal sides, and an account that another one cites without a row."""
    sides = {number: sample.accounts[number].side for number in ("4081000000", "4011100000", "5126410000")}
    assert sides == {"4081000000": Side.NIL, "4011100000": Side.EITHER, "5126410000": Side.CREDIT}
    cited = {number for number, account in sample.accounts.items() if account.source != "chart"}
    assert cited == {"1853200000", sample.opening, "1100000000", "1200000000", "1842300000"}


def test_payroll_has_creditors_of_its_own(sample: Chart) -> None:
    payroll = {item: by_role.get(Role.PAYROLL) for item, by_role in sample.role_accounts.items()}
    assert {item: account for item, account in payroll.items() if account} == {
        "21": "4211180000",
        "22": "4322000000",
        "23": "4211180000",
    }


def test_an_expense_account_may_have_its_own_creditor(sample: Chart) -> None:
    """By payroll pensions are owed to their special account, by a request travel to the staff."""
    own, request, payroll = sample.own_creditors, Role.CREDITOR, Role.PAYROLL
    assert own[CreditorUse("6452110000", payroll)] == "4312110000"
    assert own[CreditorUse("6452510000", payroll)] == "4371120000"
    assert own[CreditorUse("6153110000", request)] == own[CreditorUse("6155000000", request)] == "4211110000"
    absent = {
        ("6452110000", request),
        ("6153110000", payroll),
        ("6451110000", request),
        ("6451110000", payroll),
    }
    assert absent.isdisjoint(own)


def test_contributions_that_payroll_does_not_touch_are_not_owed_to_social_security(sample: Chart) -> None:
    """By payroll 4322000000 takes the accounts alone whose text names it (6452420000 and 64582x refer to one of them)."""
    usual = sample.role_accounts["22"][Role.PAYROLL]
    charged = [account for account in sample.accounts if account.startswith("645")]
    creditors = {
        account: sample.own_creditors.get(CreditorUse(account, Role.PAYROLL), usual) for account in charged
    }
    assert {account for account, creditor in creditors.items() if creditor == "4322000000"} == {
        "6451110000",
        "6451140000",
        "6451220000",
        "6452410000",
        "6452420000",
        "6455000000",
        "6456000000",
        "6458210000",
        "6458220000",
    }
    assert {account for account, creditor in creditors.items() if creditor == "4011100000"} == {
        *("6452610000", "6452620000", "6452630000", "6452640000", "6454200000", "6454300000", "6457110000"),
        *("6457120000", "6457180000", "6457211000", "6457212000", "6457222000", "6457230000"),
        *("6458100000", "6458300000"),
    }
    assert (
        creditors["6457130000"]
        == sample.own_creditors[CreditorUse("6457130000", Role.CREDITOR)]
        == "4221180000"
    )


def test_taxes_given_back_are_not_owed_to_suppliers(sample: Chart) -> None:
    """Words of 4673100000 (779112x) and 4678410000 (77912x and the charges of local taxes)."""
    own = {
        account: creditor
        for (account, role), creditor in sample.own_creditors.items()
        if role is Role.CREDITOR
    }
    assert own["7791124000"] == own["7791121000"] == "4673100000"
    assert own["7791221000"] == own["6537800000"] == own["6537100000"] == "4678410000"


@pytest.mark.parametrize(
    ("side", "contrary"),
    [
        (Side.DEBIT, [True, False, False]),
        (Side.CREDIT, [False, False, True]),
        (Side.EITHER, [False] * 3),
        (Side.NIL, [False] * 3),
    ],
)
def test_a_balance_stands_on_the_wrong_side(side: Side, contrary: list[bool]) -> None:
    assert [side.is_contrary(cents) for cents in (-1, 0, 1)] == contrary
