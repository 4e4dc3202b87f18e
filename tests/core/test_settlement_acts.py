"""The file of the settlement act: one line of the year after the result, whose account takes it."""

from datetime import date
from pathlib import Path

import pytest

from core.errors import ReferenceDataError
from core.result_accounts import ResultAccounts
from core.settlement_acts import NO_ACT, SettlementAct, list_accounts, read

_RESULT = ResultAccounts("1200000000", "1842300000", "ADCE")
_ACCOUNTS = ("1100000000", "1200000000", "1842300000", "6188000000")
_HEAD = "act,date,account,source\n"


def _read(folder: Path, rows: str) -> SettlementAct:
    path = folder / "settlement_act.csv"
    path.write_text(_HEAD + rows, encoding="utf-8")
    return read(path, 2019, _ACCOUNTS, result=_RESULT)


def test_the_act_names_the_account_of_earlier_results(tmp_path: Path) -> None:
    act = _read(tmp_path, "Loi,2019-07-25,1100000000,ours\n")
    assert act == SettlementAct("Loi", date(2019, 7, 25), "1100000000")
    assert list_accounts(act, _RESULT) == {"1100000000", "1200000000"}


def test_without_a_file_nothing_is_allotted(tmp_path: Path) -> None:
    act = read(tmp_path / "settlement_act.csv", 2019, _ACCOUNTS, result=_RESULT)
    assert act == NO_ACT
    assert list_accounts(act, _RESULT) == frozenset()


@pytest.mark.parametrize(
    ("rows", "finding"),
    [
        ("", "the file has no line"),
        ("Loi,2019-07-25,1100000000,ours\n" * 2 + "malformed", "the file has more than one line"),
        (",2019-07-25,1100000000,ours\n", "no act or no source"),
        ("Loi,2019-07-25,1100000000,\n", "no act or no source"),
        ("Loi,2018-07-25,1100000000,ours\n", "date is '2018-07-25'"),
        ("Loi,25/07/2019,1100000000,ours\n", "date is '25/07/2019'"),
        ("Loi,2019-07-25,1200000000,ours\n", "'1200000000' is unknown"),
        ("Loi,2019-07-25,6188000000,ours\n", "'6188000000' is unknown"),
        ("Loi,2019-07-25,1109999999,ours\n", "'1109999999' is unknown"),
    ],
)
def test_a_line_that_allots_nothing_is_refused(tmp_path: Path, rows: str, finding: str) -> None:
    with pytest.raises(ReferenceDataError) as refused:
        _read(tmp_path, rows)
    assert finding in refused.value.finding
