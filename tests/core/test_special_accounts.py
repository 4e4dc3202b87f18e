"""The special accounts of a year: the shipped list, and the errors of its files."""

from pathlib import Path

import pytest

from core import nomenclature
from core.errors import ReferenceDataError
from core.reference.files import SAMPLE_FOLDER
from core.special_accounts import Category, forbids_pay, list_earmarked_accounts, read_special_accounts
from core.state_payees import read_state_payees

_MISSIONS = {"0741": "Pensions", "0742": "Pensions", "0851": "Prêts"}
_HEADERS = {
    "special_accounts.csv": "account,category,pays_staff,source\n",
    "special_balances.csv": "account,section,year,balance,source\n",
    "special_sections.csv": "programme,section,source\n",
}
_PENSIONS, _BOTH = "Pensions,earmarked,0,x\n", "0741,1,x\n0742,2,x\n"


def _write(folder: Path, accounts: str, balances: str = "", sections: str = "") -> Path:
    for (name, header), lines in zip(_HEADERS.items(), (accounts, balances, sections), strict=True):
        if lines:
            folder.joinpath(name).write_text(header + lines)
    return folder


def test_the_sample_has_the_accounts_of_the_bill_of_2018() -> None:
    codes = nomenclature.load(SAMPLE_FOLDER / "2018")
    categories = [account.category for account in codes.special_accounts.values()]
    assert (categories.count(Category.EARMARKED), categories.count(Category.LENDING)) == (11, 5)
    earmarked = list_earmarked_accounts(codes)
    assert {code[:2] for account in earmarked for code in account.programmes} == {"07"}
    assert sum(len(account.programmes) for account in earmarked) == 24
    assert [(account.section, account.programmes) for account in earmarked if account.section] == [
        ("1", ("0751",)),
        ("2", ("0753", "0754", "0755")),
    ]
    assert [account.programmes for account in earmarked if account.name == "Pensions"] == [
        ("0741", "0742", "0743")
    ]
    assert not any(account.brought_cents for account in earmarked)


def test_pay_is_charged_to_the_account_of_pensions_alone() -> None:
    codes = nomenclature.load(SAMPLE_FOLDER / "2018")
    unpaid = {code for code in codes.programmes if forbids_pay(codes, code)}
    assert {"0753", "0823"} <= unpaid
    assert not unpaid & {"0741", "0742", "0743", "0177"}
    assert not forbids_pay(codes, "9999")


@pytest.mark.parametrize(
    ("rows", "finding"),
    [
        (",,x\n", "the row has no payee or no source"),
        ("100,Pensions,\n", "the row has no payee or no source"),
        ("100,Culture,x\n", "'Culture' is no special account"),
        ("100,,x\n100,,x\n", "100 is listed twice"),
        ("100,Pensions,x\n100,Pensions,x\n", "100 is listed twice"),
    ],
)
def test_a_faulty_payee_is_refused_with_its_place(tmp_path: Path, rows: str, finding: str) -> None:
    path = tmp_path / "state_payees.csv"
    path.write_text("payee,account,source\n" + rows)
    with pytest.raises(ReferenceDataError) as refused:
        read_state_payees(path, {"Pensions"})
    assert finding in str(refused.value)


def test_an_earmarked_account_pays_the_state_where_a_row_allows_it(tmp_path: Path) -> None:
    folder = _write(tmp_path, _PENSIONS + "Prêts,lending,0,x\n")
    folder.joinpath("state_payees.csv").write_text(
        "payee,account,source\n100,,x\n101,Pensions,law\n102,Prêts,law\n"
    )
    accounts = read_special_accounts(folder, _MISSIONS)
    assert accounts["Pensions"].forbidden_payees == {"100", "102"}
    assert accounts["Prêts"].forbidden_payees == frozenset()


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert read_special_accounts(tmp_path, _MISSIONS) == {}


def test_a_balance_is_of_one_year(tmp_path: Path) -> None:
    folder = _write(tmp_path, _PENSIONS, "Pensions,,2018,1250,law\nPensions,,2019,0.05,law\n")
    (account,) = read_special_accounts(folder, _MISSIONS).values()
    assert account.balances == {("", 2018): 125_000, ("", 2019): 5}


def test_a_section_has_programmes_and_balances_of_its_own(tmp_path: Path) -> None:
    folder = _write(tmp_path, _PENSIONS, "Pensions,1,2018,7,law\nPensions,2,2018,8,law\n", _BOTH)
    (account,) = read_special_accounts(folder, _MISSIONS).values()
    assert account.sections == {"0741": "1", "0742": "2"}
    assert account.balances == {("1", 2018): 700, ("2", 2018): 800}


@pytest.mark.parametrize(
    ("accounts", "balances", "sections", "finding"),
    [
        ("Culture,earmarked,0,x\n", "", "", "mission 'Culture' has no programme"),
        ("Pensions,commerce,0,x\n", "", "", "category is 'commerce'"),
        ("Pensions,earmarked,0,\n", "", "", "Pensions has no source"),
        ("Pensions,earmarked,2,x\n", "", "", "the cell contains '2', not 0 or 1"),
        ("Pensions,earmarked,0,x\nPensions,lending,0,x\n", "", "", "Pensions is listed twice"),
        (_PENSIONS, "Prêts,,2018,1,x\n", "", "'Prêts' is no special account"),
        (_PENSIONS, "Pensions,,18,1,x\n", "", "year is '18'"),
        (_PENSIONS, "Pensions,,2018,-1,x\n", "", "balance is '-1'"),
        (_PENSIONS, "Pensions,,2018,1.5,x\n", "", "balance is '1.5'"),
        (_PENSIONS, "Pensions,,2018,99999999999999,x\n", "", "balance is '99999999999999'"),
        (_PENSIONS, "Pensions,,2018,1,\n", "", "the balance of Pensions has no source"),
        (_PENSIONS, "Pensions,,2018,1,x\nPensions,,2018,2,x\n", "", "listed twice for 2018"),
        (_PENSIONS, "Pensions,1,2018,1,x\n", "", "Pensions has no section '1'"),
        (_PENSIONS, "Pensions,,2018,1,x\n", _BOTH, "Pensions has no section ''"),
        (_PENSIONS, "", "0741,1,x\n", "programme 0742 has none"),
        (_PENSIONS, "", "0741,1,x\n0741,2,x\n", "0741 is listed twice"),
        (_PENSIONS, "", "0177,1,x\n", "there is no programme '0177'"),
        (_PENSIONS, "", "0741,,x\n", "has no name or no source"),
        (_PENSIONS, "", "0851,1,x\n", "'Prêts' is no special account"),
    ],
)
def test_a_faulty_row_is_refused_with_its_place(
    tmp_path: Path, accounts: str, balances: str, sections: str, finding: str
) -> None:
    with pytest.raises(ReferenceDataError) as refused:
        read_special_accounts(_write(tmp_path, accounts, balances, sections), _MISSIONS)
    assert finding in str(refused.value)
    assert ".csv" in str(refused.value)
