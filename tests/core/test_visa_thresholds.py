"""The thresholds of visas: which row counts, and what is refused with its place and remedy."""

from pathlib import Path

import pytest

from core import nomenclature, visa_thresholds
from core.errors import ReferenceDataError
from core.reference.files import SAMPLE_FOLDER
from core.visa_thresholds import MINISTRIES_MAX, NO_THRESHOLD, find_threshold, read

_HEAD = "ministry,title,threshold,source\n"
_MINISTRIES = ("Culture", "Justice")


def _write(folder: Path, *rows: str) -> Path:
    path = folder / "visas.csv"
    path.write_text(_HEAD + "".join(f"{row}\n" for row in rows))
    return path


def test_the_row_that_says_most_counts(tmp_path: Path) -> None:
    """Ministry and title, then the ministry, then the title, then all others."""
    rows = ("*,*,900,x", "*,5,800,x", "Culture,*,700,x", "Culture,5,600,x", "Justice,6,,x", "Culture,6,0,x")
    thresholds = read(_write(tmp_path, *rows), _MINISTRIES)
    result = {
        (ministry, title): find_threshold(thresholds, ministry, title)
        for ministry in _MINISTRIES
        for title in (3, 5, 6)
    }
    assert result == {
        ("Culture", 3): 700_00,
        ("Culture", 5): 600_00,
        ("Culture", 6): 1,
        ("Justice", 3): 900_00,
        ("Justice", 5): 800_00,
        ("Justice", 6): NO_THRESHOLD,
    }


def test_without_a_file_nothing_needs_a_visa(tmp_path: Path) -> None:
    assert read(tmp_path / "visas.csv", _MINISTRIES) == {}
    assert find_threshold({}, "Culture", 5) == NO_THRESHOLD


def test_the_sample_has_no_threshold() -> None:
    sample = nomenclature.load(SAMPLE_FOLDER / "2018")
    ministries = {programme.ministry for programme in sample.programmes.values()}
    result = {
        find_threshold(sample.visa_thresholds, ministry, title)
        for ministry in ministries
        for title in range(8)
    }
    assert result == {NO_THRESHOLD}


@pytest.mark.parametrize(
    ("row", "finding"),
    [
        ("Sports,5,600,x", "ministry 'Sports' has no programme"),
        ("Culture,2,600,x", "title is '2'"),
        ("Culture,53,600,x", "title is '53'"),
        ("Culture,5,-1,x", "threshold is '-1'"),
        ("Culture,5,600.50,x", "threshold is '600.50'"),
        ("Culture,5,1000000000001,x", "threshold is '1000000000001'"),
        (f"Culture,5,{'9' * 5000},x", "threshold is '999"),
        ("Culture,5,600,", "the threshold has no source"),
        ("*,*,5,x", "listed twice"),
    ],
)
def test_a_row_that_is_wrong_is_refused_with_its_place(row: str, finding: str, tmp_path: Path) -> None:
    with pytest.raises(ReferenceDataError) as refused:
        read(_write(tmp_path, "*,*,1,x", row), _MINISTRIES)
    assert "visas.csv, line 3" in str(refused.value)
    assert finding in str(refused.value)


def test_there_are_as_many_ministries_as_the_book_has_rows_for(tmp_path: Path) -> None:
    path = _write(tmp_path, "*,*,1,x")
    names = [f"M{number}" for number in range(MINISTRIES_MAX + 1)]
    assert read(path, names[:-1]) == {(visa_thresholds.ANY, 0): 100}
    with pytest.raises(ReferenceDataError, match="Name at most 255"):
        read(path, names)
