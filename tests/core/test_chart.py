"""The chart of accounts: the accounts of each item by role, and the other accounts that a sender may give."""

from pathlib import Path

import pytest

from core import chart, nomenclature
from core.catalog import Role
from core.chart import Chart
from core.errors import ReferenceDataError
from core.nomenclature import Nomenclature
from core.reference.files import SAMPLE_FOLDER
from tests.core.test_nomenclature import SMALL

ACCOUNTS = """\
number,label
4010000000,
4081000000,
6060000000,
6110000000,
6411000000,
4210000000,
4280000000,
"""
ROLES = "item,expense,accrued,creditor,payroll,admits\n31,6110000000,4081000000,4010000000,,60 61 62\n"
STAFF = "21,6411000000,4280000000,4210000000,4210000000,641\n"


@pytest.fixture(scope="module")
def sample() -> Chart:
    return chart.load(SAMPLE_FOLDER / "2018", nomenclature.load(SAMPLE_FOLDER / "2018"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    year = tmp_path / "2018"
    year.mkdir()
    files = SMALL | {"accounts.csv": ACCOUNTS, "roles.csv": ROLES + STAFF}
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
    for code, by_role in sample.role_accounts.items():
        payroll = {Role.PAYROLL} if codes.items[code].staff else set()
        assert by_role.keys() == {Role.EXPENSE, Role.ACCRUED, Role.CREDITOR} | payroll
        assert set(by_role.values()) <= sample.accounts.keys()


@pytest.mark.parametrize(
    ("item", "expense", "accrued", "creditor"),
    [
        ("31", "6", "4081", "401"),
        ("51", "231", "4084", "404"),
        ("21", "641", "428", "421"),
        ("63", "653", "44", "44"),
    ],
)
def test_items_post_to_the_accounts_of_their_title(
    sample: Chart, item: str, expense: str, accrued: str, creditor: str
) -> None:
    by_role = sample.role_accounts[item]
    assert by_role[Role.EXPENSE].startswith(expense)
    assert by_role[Role.ACCRUED].startswith(accrued)
    assert by_role[Role.CREDITOR].startswith(creditor)


def test_an_item_admits_its_own_account_and_its_prefixes(sample: Chart) -> None:
    assert all(
        sample.is_admitted(item, by_role[Role.EXPENSE]) for item, by_role in sample.role_accounts.items()
    )
    assert sample.is_admitted("31", "6060000000")
    assert not sample.is_admitted("31", "6411000000")
    assert not sample.is_admitted("31", "6069999999"), "has an admitted prefix, but is not in the chart"
    assert not sample.is_admitted("31", sample.role_accounts["31"][Role.CREDITOR])


def test_a_budget_only_item_admits_nothing(sample: Chart) -> None:
    assert not any(sample.is_admitted("HT2", account) for account in sample.accounts)
    assert not any(sample.is_admitted("nothing", account) for account in sample.accounts)


def test_a_year_may_share_the_chart_of_another(sample: Chart) -> None:
    later = chart.load(SAMPLE_FOLDER / "2019", nomenclature.load(SAMPLE_FOLDER / "2019"))
    assert (later.year, later.accounts, later.role_accounts) == (2019, sample.accounts, sample.role_accounts)


INVALID_LINES = {
    "short account": ("accounts.csv", "401,", "'401' is not an account"),
    "account in letters": ("accounts.csv", "40100000AB,", "'40100000AB' is not an account"),
    "account twice": ("accounts.csv", "4010000000,again", "4010000000 is listed twice"),
    "item unknown": ("roles.csv", "32,6110000000,4081000000,4010000000,,61", "'32' is not an item"),
    "item of budget acts": ("roles.csv", "T2,6411000000,4280000000,4210000000,,641", "'T2' is not an item"),
    "item twice": ("roles.csv", "21,6411000000,4280000000,4210000000,,641", "item 21 is listed twice"),
}


@pytest.mark.parametrize("case", INVALID_LINES)
def test_an_invalid_line_is_refused_by_place(case: str, folder: Path, items: Nomenclature) -> None:
    name, line, message = INVALID_LINES[case]
    with (folder / name).open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(ReferenceDataError, match=message) as refused:
        chart.load(folder, items)
    assert f"{name}, line " in str(refused.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "item 21 has no accounts"),
        ("21,6411000000,4280000000,4219999999,4210000000,641\n", "creditor account '4219999999' is unknown"),
        ("21,6411000000,4280000000,4210000000,4210000000,645\n", "6411000000 is not among those admitted"),
        ("21,6411000000,4280000000,4210000000,4210000000,\n", "6411000000 is not among those admitted"),
        ("21,6411000000,4280000000,4210000000,,641\n", "payroll account '' is unknown"),
        ("21,6411000000,4280000000,4210000000,4219999999,641\n", "payroll account '4219999999' is unknown"),
    ],
)
def test_an_item_without_its_accounts_is_refused(
    line: str, message: str, folder: Path, items: Nomenclature
) -> None:
    (folder / "roles.csv").write_text(ROLES + line)
    with pytest.raises(ReferenceDataError, match=message):
        chart.load(folder, items)
