"""The special accounts of a year: the shipped list, and the errors of its files."""

from pathlib import Path

import pytest

from core import nomenclature
from core.errors import ReferenceDataError
from core.reference.files import SAMPLE_FOLDER
from core.special_accounts import Category, list_earmarked_programmes, read_special_accounts

_MISSIONS = ("Pensions", "Prêts")
_HEADER, _BALANCES = "account,category,source\n", "account,year,balance,source\n"


def _write(folder: Path, accounts: str, balances: str = "") -> Path:
    folder.joinpath("special_accounts.csv").write_text(_HEADER + accounts)
    if balances:
        folder.joinpath("special_balances.csv").write_text(_BALANCES + balances)
    return folder


def test_the_sample_has_the_accounts_of_the_bill_of_2018() -> None:
    codes = nomenclature.load(SAMPLE_FOLDER / "2018")
    categories = [account.category for account in codes.special_accounts.values()]
    assert (categories.count(Category.EARMARKED), categories.count(Category.LENDING)) == (11, 5)
    earmarked = list_earmarked_programmes(codes)
    assert {code[:2] for account in earmarked for code in account.programmes} == {"07"}
    assert sum(len(account.programmes) for account in earmarked) == 24
    assert [account.programmes for account in earmarked if account.name == "Pensions"] == [
        ("0741", "0742", "0743")
    ]
    assert not any(account.brought_cents for account in earmarked)


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert read_special_accounts(tmp_path, _MISSIONS) == {}


def test_a_balance_is_of_one_year(tmp_path: Path) -> None:
    folder = _write(
        tmp_path, "Pensions,earmarked,art. 21\n", "Pensions,2018,1250,law\nPensions,2019,0.05,law\n"
    )
    (account,) = read_special_accounts(folder, _MISSIONS).values()
    assert account.balances == {2018: 125_000, 2019: 5}


@pytest.mark.parametrize(
    ("accounts", "balances", "finding"),
    [
        ("Culture,earmarked,x\n", "", "mission 'Culture' has no programme"),
        ("Pensions,commerce,x\n", "", "category is 'commerce'"),
        ("Pensions,earmarked,\n", "", "Pensions has no source"),
        ("Pensions,earmarked,x\nPensions,lending,x\n", "", "Pensions is listed twice"),
        ("Pensions,earmarked,x\n", "Prêts,2018,1,x\n", "'Prêts' is no special account"),
        ("Pensions,earmarked,x\n", "Pensions,18,1,x\n", "year is '18'"),
        ("Pensions,earmarked,x\n", "Pensions,2018,-1,x\n", "balance is '-1'"),
        ("Pensions,earmarked,x\n", "Pensions,2018,1.5,x\n", "balance is '1.5'"),
        ("Pensions,earmarked,x\n", "Pensions,2018,99999999999999,x\n", "balance is '99999999999999'"),
        ("Pensions,earmarked,x\n", "Pensions,2018,1,\n", "the balance of Pensions has no source"),
        ("Pensions,earmarked,x\n", "Pensions,2018,1,x\nPensions,2018,2,x\n", "listed twice for 2018"),
    ],
)
def test_a_faulty_row_is_refused_with_its_place(
    tmp_path: Path, accounts: str, balances: str, finding: str
) -> None:
    with pytest.raises(ReferenceDataError) as refused:
        read_special_accounts(_write(tmp_path, accounts, balances), _MISSIONS)
    assert finding in str(refused.value)
    assert ".csv" in str(refused.value)
