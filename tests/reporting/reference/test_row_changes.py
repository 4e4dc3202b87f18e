"""The changes between two folders, row by row."""

import shutil
from pathlib import Path

from core.reference.files import SAMPLE_FOLDER
from reporting.reference.folder_files import KEY_COLUMNS
from reporting.reference.row_changes import CellChange, ChangeType, RowChange, compare_folders
from tests.file_strategies import REFERENCE
from tests.reference_years import copy_reference, copy_year, remove_lines, replace_text
from tests.succession_years import write_successions


def _compare(changed: Path) -> list[tuple[str, str, list[int], str]]:
    return [(str(row.change), row.file, row.years, row.code) for row in compare_folders(REFERENCE, changed)]


def test_equal_folders_have_no_change() -> None:
    assert compare_folders(REFERENCE, REFERENCE) == []


def test_order_spaces_and_comments_are_no_change(tmp_path: Path) -> None:
    changed = copy_reference(tmp_path)
    path = changed / "2018" / "areas.csv"
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *(row.replace(",", " , ", 1) for row in reversed(rows))]) + "\n")
    with (changed / "calendar.toml").open("a") as file:
        file.write("# a comment\n")
    assert compare_folders(REFERENCE, changed) == []


def test_rows_are_added_changed_and_removed(tmp_path: Path) -> None:
    changed = copy_reference(tmp_path)
    replace_text(
        changed, "2018/items.csv", "63,Transferts aux collectivités territoriales,6", "63,Transferts,6"
    )
    remove_lines(changed, "2018/areas.csv", "0177-12-08,")
    with (changed / "2018" / "areas.csv").open("a") as file:
        file.write("0177-99,0177,New\n")
    assert _compare(changed) == [
        ("removed", "areas.csv", [2018, 2019], "0177-12-08"),
        ("added", "areas.csv", [2018, 2019], "0177-99"),
        ("changed", "items.csv", [2018, 2019], "63"),
    ]
    assert compare_folders(REFERENCE, changed)[-1].cells == [
        CellChange("label", "Transferts aux collectivités territoriales", "Transferts")
    ]


def test_every_file_of_a_year_is_compared(tmp_path: Path) -> None:
    """A file that no list names would change without a word."""
    assert {path.name for path in SAMPLE_FOLDER.glob("20*/*.csv")} <= KEY_COLUMNS.keys()
    changed = tmp_path / "reference"
    shutil.copytree(SAMPLE_FOLDER, changed)
    replace_text(changed, "2018/opening.csv", "8900009999,", "8900009998,")
    changes = [(str(row.change), row.file, row.code) for row in compare_folders(SAMPLE_FOLDER, changed)]
    assert sorted(changes) == [
        ("added", "opening.csv", "8900009998"),
        ("removed", "opening.csv", "8900009999"),
    ]


def test_values_of_rules_are_compared_by_their_keys(tmp_path: Path) -> None:
    changed = copy_reference(tmp_path)
    replace_text(
        changed, "calendar.toml", "months_open_at_start = [1, 2, 3]", "months_open_at_start = [1, 2]"
    )
    assert compare_folders(REFERENCE, changed) == [
        RowChange(
            ChangeType.CHANGED,
            "value of the calendar",
            "calendar.toml",
            [],
            "exercise.2019.months_open_at_start",
            [CellChange("value", "1, 2, 3", "1, 2")],
        )
    ]


def test_a_year_with_files_of_its_own_is_compared_with_those_it_shared(tmp_path: Path) -> None:
    changed = copy_reference(tmp_path)
    copy_year(changed)
    remove_lines(changed, "2019/areas.csv", "0177-12-08,")
    act = ("removed", "settlement_act.csv", [2019], "Loi de règlement de 2018")
    assert _compare(changed) == [("removed", "areas.csv", [2019], "0177-12-08"), act]


def test_a_new_year_that_shares_files_adds_its_exercise_alone(tmp_path: Path) -> None:
    changed = copy_reference(tmp_path)
    with (changed / "calendar.toml").open("a") as file:
        file.write("\n[exercise.2020]\nmonths_open_at_start = []\ncomplementary_days = 0\n")
    (changed / "2020").mkdir()
    (changed / "2020" / "year.toml").write_text("year = 2020\nsame_as = 2018\n")
    assert {(change, file) for change, file, _, _ in _compare(changed)} == {("added", "calendar.toml")}


def test_a_new_year_with_files_of_its_own_adds_all_its_rows(tmp_path: Path) -> None:
    changed = copy_reference(tmp_path)
    with (changed / "calendar.toml").open("a") as file:
        file.write("\n[exercise.2020]\nmonths_open_at_start = []\ncomplementary_days = 0\n")
    (changed / "2020").mkdir()
    copy_year(changed, 2020)
    rows = (changed / "2020" / "programmes.csv").read_text().splitlines()[1:]
    added = [row for row in _compare(changed) if row[1] == "programmes.csv"]
    assert sorted(added) == sorted(("added", "programmes.csv", [2020], row[:4]) for row in rows)


def test_a_file_that_appears_or_disappears_adds_or_removes_its_rows(tmp_path: Path) -> None:
    changed = copy_reference(tmp_path)
    rows = (changed / "2018" / "recycling.csv").read_text().splitlines()[1:]
    (changed / "2018" / "recycling.csv").unlink()
    assert [(change, file) for change, file, _, _ in _compare(changed)] == [
        ("removed", "recycling.csv")
    ] * len(rows)


def _replace_accounts(folder: Path, *rows: str) -> Path:
    """Write the rows of expense accounts of late_interest.toml, and return the folder."""
    path = folder / "late_interest.toml"
    head = path.read_text().split("[[accounts]]")[0]
    path.write_text(head + "".join(f"[[accounts]]\n{row}\n\n" for row in rows))
    return folder


def test_rows_of_one_expense_are_compared_each_by_its_creditor(tmp_path: Path) -> None:
    """Of two rows with one expense, and of rows that begin with another value, each change is listed."""
    row = 'expense = "6131000000"\ncontract = "{}"\nsource = "x"'
    other = 'contract = "{}"\nsource = "y"\nexpense = "6131000000"\ncreditor = "4211110000"'
    before = _replace_accounts(
        copy_reference(tmp_path / "before"), row.format("services"), other.format("none")
    )
    after = _replace_accounts(
        copy_reference(tmp_path / "after"), other.format("works"), row.format("supplies")
    )
    changes = [(change.code, change.cells) for change in compare_folders(before, after)]
    assert changes == [
        ("accounts[6131000000 4211110000].contract", [CellChange("value", "none", "works")]),
        ("accounts[6131000000].contract", [CellChange("value", "services", "supplies")]),
    ]


def test_a_row_that_repeats_a_key_is_compared_by_its_number(tmp_path: Path) -> None:
    row = 'expense = "6131000000"\ncontract = "{}"\nsource = "x"'
    before = _replace_accounts(
        copy_reference(tmp_path / "before"), row.format("services"), row.format("none")
    )
    after = _replace_accounts(copy_reference(tmp_path / "after"), row.format("works"), row.format("none"))
    changes = [(change.code, change.cells) for change in compare_folders(before, after)]
    assert changes == [("accounts[6131000000].contract", [CellChange("value", "services", "works")])]
    third = copy_reference(tmp_path)
    _replace_accounts(third, row.format("services"), row.format("works"))
    changes = [(change.code, change.cells) for change in compare_folders(before, third)]
    assert changes == [("accounts[6131000000 (2)].contract", [CellChange("value", "none", "works")])]


def test_changes_of_one_kind_are_in_the_order_of_their_codes(tmp_path: Path) -> None:
    changed = copy_reference(tmp_path)
    codes = [f"0177-{at}" for at in range(30, 90)]
    path = changed / "2018" / "areas.csv"
    path.write_text(path.read_text() + "".join(f"{code},0177,New\n" for code in reversed(codes)))
    assert [row.code for row in compare_folders(REFERENCE, changed)] == codes


def test_the_orders_of_a_year_are_its_own_although_it_shares_the_other_files(tmp_path: Path) -> None:
    changed = copy_reference(tmp_path)
    row = "0177-D075,,ministry,EJ-1,0217-SGAC-ASPR,0217-07,Order,2019-01-02"
    write_successions(changed, row)
    assert _compare(changed) == [("added", "successions.csv", [2019], "0177-D075 ministry EJ-1")]
    assert compare_folders(changed, REFERENCE)[0].change is ChangeType.REMOVED
