"""The check of a folder: each fault once, with the line of the original file, whatever was removed before it."""

import shutil
from collections.abc import Generator
from pathlib import Path

import pytest

from core.errors import ReferenceDataError
from core.reference.files import SAMPLE_FOLDER
from posting.book.registry import ReferenceData
from reporting.reference import folder_files
from reporting.reference.folder_faults import FAULTS_MAX, Fault, check_folder
from tests.file_strategies import REFERENCE
from tests.reference_years import copy_reference, copy_year, remove_lines, replace_text
from tests.succession_years import write_successions


def _find_line(path: Path, start: str) -> int:
    return next(at for at, line in enumerate(path.read_text().splitlines(), 1) if line.startswith(start))


def _list_places(faults: list[Fault]) -> list[str]:
    return [fault.place for fault in faults]


@pytest.mark.parametrize("folder", [REFERENCE, SAMPLE_FOLDER], ids=["small", "sample"])
def test_what_the_engine_reads_has_no_fault(folder: Path) -> None:
    check = check_folder(folder)
    assert (check.faults, check.unread, check.consequences, check.warnings) == ([], [], 0, [])


def test_each_faulty_row_is_named_by_its_own_line(tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    path = reference / "2018" / "accounts.csv"
    lines = path.read_text().splitlines(keepends=True)
    for at in (2, 4, 5):
        lines[at - 1] = (
            lines[at - 1]
            .replace(",debit,", ",left,")
            .replace(",credit,", ",left,")
            .replace(",either,", ",left,")
        )
    path.write_text("".join(lines))
    check = check_folder(reference)
    assert _list_places(check.faults)[:3] == [f"2018/accounts.csv, line {at}" for at in (2, 4, 5)]
    assert {fault.finding for fault in check.faults[:3]} == {"'left' is not a normal side"}


def test_a_quoted_cell_of_several_lines_counts_each(tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    path = reference / "2018" / "areas.csv"
    first, *others = path.read_text().splitlines(keepends=True)
    path.write_text("".join([first, 'X,0177,"a\nb"\n', *others, "Y,0177,c\n"]))
    check = check_folder(reference)
    assert _list_places(check.faults) == [
        "2018/areas.csv, line 3",
        f"2018/areas.csv, line {len(others) + 4}",
    ]


def test_rows_of_a_faulty_code_are_counted_and_not_listed(tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    replace_text(reference, "2018/programmes.csv", "0177,", "177,")
    check = check_folder(reference)
    lines = (reference / "2018" / "programmes.csv").read_text().splitlines()
    line = next(at for at, text in enumerate(lines, 1) if text.startswith("177,"))
    assert check.faults[0].place == f"2018/programmes.csv, line {line}"
    assert check.faults[0].finding == "'177' is not a programme code"
    unknown = [fault.finding for fault in check.faults[1:]]
    assert all("'0177'" in finding for finding in unknown), unknown
    assert len(unknown) == 1
    assert check.consequences > 3


def test_independent_files_are_all_read(tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    replace_text(reference, "calendar.toml", "complementary_days = 0", "complementary_days = 99")
    replace_text(reference, "payments.toml", "ahead_days", "ahead_day")
    replace_text(reference, "2018/treasury.csv", "transit,", "tranzit,")
    check = check_folder(reference)
    assert [fault.file for fault in check.faults][:2] == ["calendar.toml", "payments.toml"]
    calendar = _find_line(reference / "calendar.toml", "complementary_days = 99")
    assert check.faults[0].place == f"calendar.toml, line {calendar}"
    assert any(fault.finding.startswith("'tranzit'") for fault in check.faults)
    assert {"calendar.toml", "payments.toml"} <= set(check.unread)


def test_a_header_is_a_fault_of_the_first_line(tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    replace_text(reference, "2018/funds.csv", "code,family", "code,famille")
    (fault,) = check_folder(reference).faults
    assert (fault.place, fault.remedy) == (
        *("2018/funds.csv, line 1", "The first line must be code,family,programme"),
    )


def test_text_that_is_no_csv_is_named_by_its_line(tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    path = reference / "2018" / "funds.csv"
    count = len(path.read_text().splitlines())
    path.write_text(path.read_text() + '1-1-00999,"contribution"x,0177\n')
    (fault,) = check_folder(reference).faults
    assert fault.place == f"2018/funds.csv, line {count + 1}"


def test_bytes_that_are_no_text_are_a_fault(tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    (reference / "2018" / "funds.csv").write_bytes(b"code,family,programme\nN/A,ordinary,\xff\n")
    (fault,) = check_folder(reference).faults
    assert (fault.file, "not CSV in UTF-8" in fault.finding) == ("2018/funds.csv", True)


def test_faults_before_a_text_that_is_no_csv_are_found_too(tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    path = reference / "2018" / "funds.csv"
    header, *others = path.read_text().splitlines()
    path.write_text("\n".join([header, "X,ordinary,", *others, '1-1-00999,"contribution"x,0177', ""]))
    places = [fault.place for fault in check_folder(reference).faults]
    assert places == ["2018/funds.csv, line 2", f"2018/funds.csv, line {len(others) + 3}"]


def test_faults_before_bytes_that_are_no_text_are_found_too(tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    path = reference / "2018" / "areas.csv"
    rows = "".join(f"0177-{at % 100:02}-{at:04},0177,Area\n" for at in range(2_000))
    path.write_bytes(b"code,programme,label\nX,0177,Area\n" + rows.encode() + b"0177-99,0177,\xff\n")
    faults = check_folder(reference).faults
    assert (faults[0].place, "not CSV in UTF-8" in faults[1].finding) == ("2018/areas.csv, line 2", True)


@pytest.mark.parametrize("text", ["a = " + "[" * 5_000 + "]" * 5_000, "a = " + "9" * 5_000])
def test_toml_beyond_the_limits_of_python_is_a_fault(text: str, tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    (reference / "prescription.toml").write_text(text)
    (fault,) = check_folder(reference).faults
    assert (fault.file, "is not TOML" in fault.finding) == ("prescription.toml", True)


def test_an_empty_folder_lacks_its_files(tmp_path: Path) -> None:
    check = check_folder(tmp_path)
    assert {"calendar.toml", "payments.toml"} <= {fault.file for fault in check.faults}


def test_toml_that_cannot_be_parsed_is_named_by_its_line(tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    count = len((reference / "prescription.toml").read_text().splitlines())
    with (reference / "prescription.toml").open("a") as file:
        file.write("years ==\n")
    assert check_folder(reference).faults[0].place == f"prescription.toml, line {count + 1}"


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    (reference / "2018" / "centres.csv").unlink()
    (fault,) = check_folder(reference).faults
    assert (fault.place, "cannot be read" in fault.finding) == ("2018/centres.csv", True)


def test_what_two_years_must_agree_on_is_checked(tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    copy_year(reference)
    remove_lines(reference, "2019/items.csv", "31,")
    remove_lines(reference, "2019/roles.csv", "31,")
    findings = [fault.finding for fault in check_folder(reference).faults]
    assert len(findings) == 1
    assert "of 2019 has no such item of title 3" in findings[0]


def test_the_folder_of_a_missing_exercise_is_a_fault(tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    shutil.rmtree(reference / "2019")
    (fault,) = check_folder(reference).faults
    assert fault.file == "2019/year.toml"


def test_a_file_that_nothing_reads_is_a_warning(tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    for name in ("2018/reciepts.csv", "2019/areas.csv", "2021/areas.csv", "notes.csv", "old/areas.csv"):
        path = reference / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x\n")
    check = check_folder(reference)
    assert (check.faults, {warning.file for warning in check.warnings}) == (
        *([], {"2018/reciepts.csv", "2019/areas.csv", "2021/areas.csv", "notes.csv", "old/areas.csv"}),
    )


def test_the_list_of_faults_has_an_end(tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    path = reference / "2018" / "areas.csv"
    path.write_text(path.read_text() + "".join(f"X{at},0177,Area\n" for at in range(FAULTS_MAX + 50)))
    check = check_folder(reference)
    assert (len(check.faults), check.unread) == (
        FAULTS_MAX,
        ["2018: the files of the nomenclature", "2018: the files of the chart and of the accountants"],
    )


def test_a_folder_that_is_too_large_is_refused(tmp_path: Path) -> None:
    for at in range(folder_files.FILES_MAX + 1):
        (tmp_path / f"{at}.csv").touch()
    (fault,) = check_folder(tmp_path).faults
    assert "more than 2,000 files" in fault.finding


def test_the_check_changes_nothing(tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    replace_text(reference, "2018/treasury.csv", "transit,", "tranzit,")
    before = {path: path.read_bytes() for path in reference.rglob("*.*")}
    check_folder(reference)
    assert {path: path.read_bytes() for path in reference.rglob("*.*")} == before


def test_the_first_fault_is_that_of_the_engine(tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    replace_text(reference, "2018/centres.csv", "0177-D013,0177,bop", "0177-D013,0177,bopp")
    with pytest.raises(ReferenceDataError) as refused:
        ReferenceData.load(reference)
    first = check_folder(reference).faults[0]
    assert refused.value.place.endswith(first.place)
    assert (refused.value.finding, refused.value.remedy) == (first.finding, first.remedy)


def test_a_short_code_of_a_faulty_row_hides_no_other_fault(tmp_path: Path) -> None:
    """A word of a finding is no code: the fault of treasury.csv says that its role "is not" one."""
    reference = copy_reference(tmp_path)
    path = reference / "2018" / "areas.csv"
    path.write_text(path.read_text() + "is,0999,New\n")
    replace_text(reference, "2018/treasury.csv", "transit,", "tranzit,")
    check = check_folder(reference)
    assert any(fault.finding.startswith("'tranzit' is not") for fault in check.faults), check


@pytest.mark.parametrize(("limit", "number"), [("FILES_MAX", 3), ("PATHS_MAX", 3)])
def test_the_walk_through_a_folder_ends_at_its_limits(
    limit: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_files, limit, number)
    reference = tmp_path / "reference"
    reference.mkdir()
    for at in range(9):
        reference.joinpath(f"{at}.{'csv' if limit == 'FILES_MAX' else 'txt'}").touch()
    walk: list[Path] = []

    class Folder(type(tmp_path)):
        """A folder that notes what is walked."""

        def rglob(self, pattern: str) -> Generator[Path, None, None]:
            for path in super().rglob(pattern):
                walk.append(path)
                yield path

    with pytest.raises(ReferenceDataError, match="the folder has more than"):
        folder_files.copy_folder(Folder(reference), tmp_path / "copy")
    assert len(walk) == number + 1


def test_each_wrong_order_is_named_by_its_line(tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    rows = ("0177,,,,0217,,Order,2019-01-02", "0999,,,,0217,,Order,2019-01-02", "0217,,,,0177,,,2019-01-02")
    write_successions(reference, *rows)
    check = check_folder(reference)
    assert _list_places(check.faults) == ["2019/successions.csv, line 3", "2019/successions.csv, line 4"]
    assert check.faults[0].finding == "fund_centre '0999' is unknown in 2018"
    assert (check.warnings, check.unread) == ([], [])
