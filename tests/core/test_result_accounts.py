"""The accounts of the result: which file is taken, and what is said about one that is not."""

import shutil
from pathlib import Path

import pytest

from core.errors import ReferenceDataError
from core.result_accounts import NO_RESULT, ResultAccounts, read_accounts
from posting.book.registry import ReferenceData
from tests.file_strategies import REFERENCE

ACCOUNTS = ("1200000000", "1842300000", "4011100000", "6113110000", "7280000000")
HEADER = "account,transfer_account,accountant,source\n"
OWN = ResultAccounts("1200000000", "1842300000", "ADCE")


def read(folder: Path, *rows: str) -> ResultAccounts:
    path = folder / "result.csv"
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return read_accounts(path, ACCOUNTS)


def test_one_line_names_the_accounts_and_who_centralises(tmp_path: Path) -> None:
    assert read(tmp_path, "1200000000,1842300000,ADCE,chart") == OWN
    assert OWN.list_accounts(ACCOUNTS) == {"1200000000", "1842300000", "6113110000", "7280000000"}


def test_a_year_without_the_file_has_no_result(tmp_path: Path) -> None:
    assert read_accounts(tmp_path / "result.csv", ACCOUNTS) == NO_RESULT
    assert NO_RESULT.list_accounts(ACCOUNTS) == frozenset()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((), "the file has 0 lines"),
        (("1200000000,1842300000,ADCE,chart", "1200000000,1842300000,ADCE,chart"), "the file has 2 lines"),
        (("1200000001,1842300000,ADCE,chart",), "'1200000001' is unknown"),
        (("4011100000,1842300000,ADCE,chart",), "'4011100000' is unknown, or no account of class 1"),
        (("1200000000,6113110000,ADCE,chart",), "'6113110000' is unknown, or no account of class 1"),
        (("1200000000,1200000000,ADCE,chart",), "one account twice"),
        (("1200000000,1842300000,,chart",), "no accountant"),
        (("1200000000,1842300000,ADCE,",), "no source"),
    ],
)
def test_a_line_that_names_no_result_is_refused(tmp_path: Path, rows: tuple[str, ...], message: str) -> None:
    with pytest.raises(ReferenceDataError, match=message):
        read(tmp_path, *rows)


def test_who_centralises_is_an_accountant_with_a_fund_centre(tmp_path: Path) -> None:
    folder = tmp_path / "reference"
    shutil.copytree(REFERENCE, folder)
    assert ReferenceData.load(folder).charts[2018].result == OWN
    path = folder / "2018" / "result.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",ADCE,", ",NONE,"), encoding="utf-8")
    with pytest.raises(ReferenceDataError, match="'NONE' is no accountant of the year"):
        ReferenceData.load(folder)
