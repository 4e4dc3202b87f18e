"""Tables on a terminal: nothing is split but sentences, between words; what does not fit is left out, and named."""

import ast
import os
import pty
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reporting.report_tables import CellType, Column, ReportTable
from reporting.table_layout import measure_width
from service.terminal import console
from tests.service.terminal.command_terminal import close_terminal, end_screen, read_terminal, split_screen
from tests.service.terminal.filled_tables import build_tables
from tests.test_house_rules import read_sources

ROOT = Path(__file__).parents[3]
TABLES = build_tables()
WIDTHS = (80, 120, 200)
ATOMIC = (CellType.TEXT, CellType.COUNT, CellType.MONEY)


def print_on_terminal(table: ReportTable, width: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Print the table on a terminal of that width, and return the lines."""
    terminal, process_side = pty.openpty()
    monkeypatch.setenv("COLUMNS", str(width))
    with ThreadPoolExecutor(1) as pool:
        screen = pool.submit(read_terminal, terminal)
        with os.fdopen(process_side, "w", closefd=False) as stream, monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", stream)
            console.print_table(table)
        end_screen(process_side)
    close_terminal(terminal, process_side)
    return split_screen(screen.result())


def list_left_out(lines: list[str]) -> set[str]:
    """Return the columns that the note below the table names."""
    note = " ".join(lines).partition("Left out at ")[2].partition(": ")[2]
    names = note.partition(". A wider terminal")[0]
    return {name for table in TABLES.values() for name in _list_names(table) if _is_named(name, names)}


def _is_named(name: str, names: str) -> bool:
    return re.search(rf"(^|; ){re.escape(name)}($|; )", names) is not None


def _list_names(table: ReportTable) -> list[str]:
    return [column.name for column in table.columns]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", TABLES)
def test_no_amount_reference_or_code_is_split(name: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    table = TABLES[name]
    lines = print_on_terminal(table, width, monkeypatch)
    assert max(map(measure_width, lines)) <= width
    left_out = list_left_out(lines)
    visible = [
        (column.name, cell)
        for row in (*table.format_rows(), table.format_footer())
        for column, cell in zip(table.columns, row, strict=bool(row))
        if column.name not in left_out and column.cell_type in ATOMIC
    ]
    assert visible, "at least one column is shown"
    for heading, cell in visible:
        assert any(cell in line for line in lines), f"{heading}: {cell} is split"


@pytest.mark.parametrize("name", TABLES)
def test_columns_are_left_out_in_the_order_of_the_table(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table = TABLES[name]
    assert table.drop_order is not None, "each table states its order"
    order = [heading for heading in table.drop_order if heading in _list_names(table)]
    for width in (40, 60, *WIDTHS):
        left_out = list_left_out(print_on_terminal(table, width, monkeypatch))
        assert left_out == set(order[: len(left_out)])


@pytest.mark.parametrize("name", TABLES)
def test_a_pipe_shows_every_column_and_every_cell(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    table = TABLES[name]
    console.print_table(table)
    lines = capsys.readouterr().out.splitlines()
    assert not any("Left out" in line for line in lines)
    heading = next(line for line in lines if line.lstrip().startswith(table.columns[0].name))
    assert all(name in heading for name in _list_names(table))
    assert all(any(cell in line for line in lines) for row in table.format_rows() for cell in row)


def test_every_table_of_the_program_is_listed_here() -> None:
    """A function that builds a table has its row in ``filled_tables``."""
    builders = {
        f"{Path(source.path).stem}.{function.name}"
        for source in read_sources()
        for function in ast.walk(source.tree)
        if isinstance(function, ast.FunctionDef) and any(map(_builds_table, ast.walk(function)))
    }
    assert builders == {name.partition(",")[0] for name in TABLES}


def _builds_table(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ReportTable"


@pytest.mark.parametrize("name", TABLES)
def test_the_order_stands_in_the_docs(name: str) -> None:
    order = "; ".join(TABLES[name].drop_order or ["none"])
    assert f" | {order} |\n" in ROOT.joinpath("docs/tables.md").read_text()


def test_rows_that_do_not_fit_are_shown_as_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = [Column("reference"), Column("amount", CellType.MONEY), Column("why", CellType.PROSE)]
    table = ReportTable(
        "", columns, [["R" * 35, 1_403_825_771, "too much"], ["S" * 35, -1, ""]], drop_order=()
    )
    assert print_on_terminal(table, 50, monkeypatch)[1:] == [
        f"reference  {'R' * 35}",
        "amount     14,038,257.71",
        "why        too much",
        "",
        f"reference  {'S' * 35}",
        "amount     -0.01",
    ]


def test_sentences_and_headings_are_wrapped_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = [Column("what it means", CellType.PROSE), Column("amounts after it", CellType.MONEY)]
    table = ReportTable("A title", columns, [["one two three four five six", 100_000_000]], drop_order=())
    assert print_on_terminal(table, 30, monkeypatch)[1:] == [
        "A title",
        "                       amounts",
        "what it means         after it",
        "----------------  ------------",
        "one two three     1,000,000.00",
        "four five six",
    ]


def test_control_characters_are_written_as_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name from outside moves no cursor and begins no line."""
    table = ReportTable("", [Column("file")], [["a\x1b[2J\nb à\u00a0c"]])
    assert print_on_terminal(table, 80, monkeypatch)[-1] == "a\\x1b[2J\\nb à\u00a0c"


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("Run 1: 14,038,257.71 euros", 14, ["Run 1:", "14,038,257.71", "euros"]),
        ("14,038,257.71 euros", 5, ["14,038,257.71", "euros"]),
        (
            "  posted     debit 4010 and credit 5121",
            30,
            ["  posted     debit 4010 and", "             credit 5121"],
        ),
        ("  a\nb", 20, ["  a", "b"]),
        ("chain   3124e045da5f", 15, ["chain", "3124e045da5f"]),
    ],
)
def test_lines_are_wrapped_between_words(text: str, width: int, lines: list[str]) -> None:
    assert console.fit_text(text, width).split("\n") == lines
