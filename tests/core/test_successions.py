"""The programmes that follow others by an order: which row counts, where it leads, and what is refused with its remedy."""

from pathlib import Path

import pytest

from core import nomenclature_years
from core.errors import ReferenceDataError
from core.nomenclature import Nomenclature
from core.succession_rows import ANY_ACT, ActName
from core.successions import (
    AssignmentPlace,
    ProgrammeYear,
    list_followers,
    list_pairs,
    move_over_years,
    move_place,
)
from tests.succession_years import HEAD, cut_programme_anew, write_successions

_UNIT = AssignmentPlace("0177-D013-DD13", "0177-12", "")
_EJ = ActName("ministry", "EJ-1")


def _load(reference: Path, *rows: str) -> dict[int, Nomenclature]:
    write_successions(reference, *rows)
    return nomenclature_years.load_years(reference, (2018, 2019))


@pytest.mark.parametrize(
    ("rows", "moved"),
    [
        ((), _UNIT),
        (("0177,,,,0135,,Arrêté,2019-01-02",), AssignmentPlace("0135-D013-DD13", "0135-12", "")),
        (
            ("0177,,,,0135,,Arrêté,2019-01-02", "0177-D013,,,,0203-D013,,Arrêté,2019-01-02"),
            AssignmentPlace("0203-D013-DD13", "0203-12", ""),
        ),
        (
            ("0177,,,,0135,,Arrêté,2019-01-02", "0177,0177-12,,,0203,,Arrêté,2019-01-02"),
            AssignmentPlace("0203-D013-DD13", "0203-12", ""),
        ),
        (
            (
                "0177-D013-DD13,0177-12,,,0135-D013-DD13,,Arrêté,2019-01-02",
                "0177,,ministry,EJ-1,0203-D013-DR13,0203-12-08,Arrêté,2019-01-02",
            ),
            AssignmentPlace("0203-D013-DR13", "0203-12-08", ""),
        ),
        (("0177,,ministry,EJ-2,0203,,Arrêté,2019-01-02",), _UNIT),
    ],
)
def test_the_row_that_says_most_counts(tmp_path: Path, rows: tuple[str, ...], moved: AssignmentPlace) -> None:
    """That of the act, then that of the lower fund centre, then that of the area."""
    years = _load(cut_programme_anew(tmp_path), *rows)
    assert move_place(_UNIT, _EJ, years[2018], after=years[2019]) == moved


def test_an_operation_keeps_its_number_or_gets_the_one_that_is_named(tmp_path: Path) -> None:
    reference = cut_programme_anew(tmp_path)
    operation = AssignmentPlace("0217-SGAC-IMMO", "0217-07", "OP-0217-000001")
    years = _load(reference, "0217,,,,0203,,Arrêté,2019-01-02")
    moved = move_place(operation, ANY_ACT, years[2018], after=years[2019])
    assert moved == AssignmentPlace("0203-SGAC-IMMO", "0203-07", "OP-0203-000001")
    years = _load(reference, "OP-0217-000001,,,,OP-0217-000002,,Arrêté,2019-01-02")
    moved = move_place(operation, ANY_ACT, years[2018], after=years[2019])
    assert moved == AssignmentPlace("0217-SGAC-IMMO", "0217-07", "OP-0217-000002")


def test_the_orders_of_several_years_follow_one_another(tmp_path: Path) -> None:
    years = _load(cut_programme_anew(tmp_path), "0177,,,,0135,,Arrêté,2019-01-02")
    assert list_followers(years) == [(ProgrammeYear(2018, "0177"), ProgrammeYear(2019, "0135"))]
    assert move_over_years(_UNIT, ANY_ACT, range(2019, 2021), nomenclatures=years).centre == "0135-D013-DD13"
    assert move_over_years(_UNIT, ANY_ACT, range(2020, 2021), nomenclatures=years) == _UNIT
    assert list_pairs(years[2019].successions) == [("0177", "0135")]


def test_a_year_that_shares_its_files_has_its_own_orders(tmp_path: Path) -> None:
    """Programmes that are only cut anew: the year is the same as the one before, and no order leads into that."""
    reference = cut_programme_anew(tmp_path, is_shared=True)
    years = _load(reference, "0177-D075,,,,0217-SGAC-ASPR,0217-07,Arrêté,2019-01-02")
    assert list_pairs(years[2019].successions) == [("0177", "0217")]
    assert not years[2018].successions


@pytest.mark.parametrize(
    ("row", "finding"),
    [
        ("0999,,,,0135,,Arrêté,2019-01-02", "fund_centre '0999' is unknown in 2018"),
        (
            "0177,0217-07,,,0135,,Arrêté,2019-01-02",
            "functional_area '0217-07' is not of programme 0177 in 2018",
        ),
        ("0177,,,,0177,,Arrêté,2019-01-02", "new_fund_centre '0177' is unknown in 2019"),
        (
            "0177,,,,0135,0203-12,Arrêté,2019-01-02",
            "new_functional_area '0203-12' is not of programme 0135 in 2019",
        ),
        ("0177,,ministry,,0135,,Arrêté,2019-01-02", "sender is 'ministry', and reference ''"),
        ("0177,,,,0135,,,2019-01-02", "the row names no order"),
        ("0177,,,,0135,,Arrêté,02/01/2019", "date is '02/01/2019'"),
        ("0177-D013-DD13,,,,0135,,Arrêté,2019-01-02", "fund_centre is a uo, and new_fund_centre a programme"),
        (
            "0177,,,,0135,,Arrêté,2019-01-02\n0177,,,,0203,,Arrêté,2019-01-02",
            "this row is listed twice",
        ),
    ],
)
def test_a_wrong_row_is_refused_with_its_place(tmp_path: Path, row: str, finding: str) -> None:
    with pytest.raises(ReferenceDataError) as refused:
        _load(cut_programme_anew(tmp_path), row)
    assert refused.value.finding == finding
    assert f"successions.csv, line {2 + row.count(chr(10))}" in refused.value.place
    assert refused.value.remedy


def test_orders_need_the_year_before(tmp_path: Path) -> None:
    reference = cut_programme_anew(tmp_path)
    (reference / "2018" / "successions.csv").write_text(HEAD)
    with pytest.raises(ReferenceDataError) as refused:
        nomenclature_years.load_years(reference, (2018, 2019))
    assert "calendar.toml has no exercise 2017" in refused.value.finding


@pytest.mark.parametrize("limit", ["ROWS_MAX", "PAIRS_MAX"])
def test_too_many_rows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(f"core.successions.{limit}", 1)
    rows = ("0177,,,,0135,,Arrêté,2019-01-02", "0177-D013,,,,0203-D013,,Arrêté,2019-01-02")
    with pytest.raises(ReferenceDataError) as refused:
        _load(cut_programme_anew(tmp_path), *rows)
    assert "the file has 2 rows, for 2 pairs of programmes" in refused.value.finding
