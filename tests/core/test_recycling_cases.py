"""Recycling cases: the shipped list, and the errors of a file."""

from pathlib import Path

import pytest

from core import nomenclature, recycling_cases
from core.errors import ReferenceDataError
from core.recycling_cases import RecyclingCase
from core.reference.files import SAMPLE_FOLDER

_HEAD = "case,number,operation,label,source\n"


def test_the_sample_lists_the_case_of_operations_with_its_source() -> None:
    (case,) = nomenclature.load(SAMPLE_FOLDER / "2018").recycling_cases.values()
    assert (case.code, case.number, case.of_operation, case.mark) == ("affectation", 1, True, 257)
    assert case.source.startswith("GBCP art. 160")
    assert "unverified" in case.source


def test_without_a_file_nothing_is_recycled(tmp_path: Path) -> None:
    assert recycling_cases.read(tmp_path / "recycling.csv") == {}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("a,1,0,A,law\na,2,0,A,law", "a or its number is listed twice"),
        ("a,1,0,A,law\nb,1,0,B,law", "b or its number is listed twice"),
        ("A!,1,0,A,law", "case 'A!' is malformed"),
        ("a,0,0,A,law", "number '0' of a is not one"),
        ("a,256,0,A,law", "number '256' of a is not one"),
        ("a,1,yes,A,law", "operation is 'yes', not 0 or 1"),
        ("a,1,0,A,", "a has no source"),
    ],
)
def test_a_faulty_line_is_refused_by_place(lines: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "recycling.csv"
    path.write_text(_HEAD + lines + "\n")
    with pytest.raises(ReferenceDataError, match=message) as refused:
        recycling_cases.read(path)
    assert "recycling.csv, line " in str(refused.value)


def test_a_number_means_one_case_in_all_years() -> None:
    first, second = (RecyclingCase(code, 1, False, code, "law") for code in ("a", "b"))
    recycling_cases.check_numbers({2018: {"a": first}, 2019: {"a": first}})
    with pytest.raises(ReferenceDataError, match="number 1 is that of a in another year"):
        recycling_cases.check_numbers({2018: {"a": first}, 2019: {"b": second}})
