"""Merges of third parties: which code stays in use, and what is refused with its place and remedy."""

from datetime import date
from pathlib import Path

import pytest

from core.errors import ReferenceDataError
from core.merges import FILE, Merges, find_survivor, load
from core.reference.files import SAMPLE_FOLDER

_HEAD = "code,into,first_day,reason\n"


def _load(folder: Path, *rows: str) -> Merges:
    (folder / FILE).write_text(_HEAD + "".join(f"{row}\n" for row in rows))
    return load(folder)


def test_a_merge_of_the_code_that_stayed_in_use_is_followed(tmp_path: Path) -> None:
    """The lines may stand in any order."""
    merges = _load(tmp_path, "B,C,2018-05-01,x", "A,B,2018-03-01,x")
    assert merges["A"][:2] == ("B", date(2018, 3, 1))
    assert [find_survivor(merges, code) for code in "ABCD"] == ["C", "C", "C", "D"]


def test_without_a_file_there_is_none(tmp_path: Path) -> None:
    assert load(tmp_path) == {}
    assert load(SAMPLE_FOLDER) == {}


@pytest.mark.parametrize(
    ("row", "finding"),
    [
        ("C,,2018-05-01,x", "code is 'C', and into ''"),
        (",C,2018-05-01,x", "code is '', and into 'C'"),
        ("C,C,2018-05-01,x", "code is 'C', and into 'C'"),
        ("C,D,2018-05-01,", "the merge has no reason"),
        ("C,D,,x", "first_day is ''"),
        ("C,D,20180501,x", "first_day is '20180501'"),
        ("C,D,1970-01-01,x", "first_day is '1970-01-01'"),
        ("A,C,2018-05-01,x", "third party A is listed twice"),
        ("B,A,2018-05-01,x", "third party B is merged into itself by way of A"),
        ("C,A,2018-04-01,x", "third party A is merged itself from 2018-04-01 on"),
    ],
)
def test_a_row_that_is_wrong_is_refused_with_its_place(row: str, finding: str, tmp_path: Path) -> None:
    with pytest.raises(ReferenceDataError) as refused:
        _load(tmp_path, "A,B,2018-04-01,x", row)
    assert f"{FILE}, line 3" in str(refused.value)
    assert finding in str(refused.value)


def test_the_remedy_names_the_code_that_stays_in_use(tmp_path: Path) -> None:
    with pytest.raises(ReferenceDataError) as refused:
        _load(tmp_path, "A,B,2018-04-01,x", "B,C,2018-04-02,x", "D,A,2018-05-01,x")
    assert "Write C as the code that stays in use." in str(refused.value)
