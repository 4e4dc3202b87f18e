"""The rules of restorations: the shipped list, and the errors of a file."""

from pathlib import Path

import pytest

from core import nomenclature, restorations
from core.errors import ReferenceDataError
from core.reference.files import SAMPLE_FOLDER

_HEAD = "nature,title,years,until_closed,source\n"


def test_the_sample_gives_each_title_the_deadline_of_the_law() -> None:
    """Staff: none; investment: the year after, then while the operation is open; others: the year after (order of 2013)."""
    codes = nomenclature.load(SAMPLE_FOLDER / "2018")
    rules = {(rule.title, rule.years, rule.until_closed) for rule in codes.restorations.values()}
    assert rules == {(2, None, False), (5, 1, True), (3, 1, False), (6, 1, False)}
    assert codes.restorations.keys() <= codes.receipt_natures.keys()
    assert {codes.receipt_natures[nature].product[0] for nature in codes.restorations} == {"2", "6", "7"}


def test_without_a_file_nothing_is_restored(tmp_path: Path) -> None:
    assert restorations.read(tmp_path / "restorations.csv", ()) == {}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("485,3,1,0,law\n485,3,1,0,law", "nature '485' is listed twice, or is not in receipts.csv"),
        ("999,3,1,0,law", "nature '999' is listed twice, or is not in receipts.csv"),
        ("485,0,1,0,law", "title is '0', not 1 to 7"),
        ("485,31,1,0,law", "title is '31', not 1 to 7"),
        ("485,3,soon,0,law", "years is 'soon'"),
        ("485,3,100,0,law", "years is '100'"),
        ("485,3,1,yes,law", "the cell contains 'yes', not 0 or 1"),
        ("485,3,1,0,", "485 has no source"),
    ],
)
def test_a_faulty_line_is_refused_by_place(lines: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "restorations.csv"
    path.write_text(_HEAD + lines + "\n")
    with pytest.raises(ReferenceDataError, match=message) as refused:
        restorations.read(path, {"485"})
    assert "restorations.csv, line " in str(refused.value)
