"""What people read: tables and sentences, with colour on a terminal and plain text anywhere else.

Results go to standard output; progress, notes and errors to standard error, so that output can be piped.
"""

import sys
from collections.abc import Sequence
from typing import Any, NamedTuple, TextIO

import msgspec

WIDTH_MIN = 80


class Column(NamedTuple):
    """A heading, and whether what stands below it are figures."""

    name: str
    figures: bool = False


class Sheet(NamedTuple):
    """A table to show; ``foot`` is a last row set apart, as a total."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    foot: Sequence[str] = ()


def is_terminal(stream: TextIO) -> bool:
    """Whether somebody looks on."""
    return stream.isatty()


def say(text: str = "") -> None:
    """Write a sentence of the result."""
    print(text)


def note(text: str) -> None:
    """Write a remark beside the result."""
    print(text, file=sys.stderr, flush=True)


def complain(text: str) -> None:
    """Write what went wrong."""
    red, plain = ("\x1b[31m", "\x1b[0m") if is_terminal(sys.stderr) else ("", "")
    print(f"{red}crescendo:{plain} {text}", file=sys.stderr, flush=True)


def heading(text: str) -> None:
    """Write the title of a part of the result."""
    bold, plain = ("\x1b[1m", "\x1b[0m") if is_terminal(sys.stdout) else ("", "")
    print(f"\n{bold}{text}{plain}")


def as_json(value: Any) -> None:
    """Write a result for programs: one JSON document."""
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def show(sheet: Sheet) -> None:
    """Write a table."""
    if is_terminal(sys.stdout):
        _show_drawn(sheet)
        return
    if sheet.title:
        print(f"\n{sheet.title}")
    for line in plain(sheet):
        print(line)


def plain(sheet: Sheet) -> list[str]:
    """A table as aligned text, for files, pipes and logs."""
    rows = [[column.name for column in sheet.columns], *sheet.rows, *([sheet.foot] if sheet.foot else [])]
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    rule = ["-" * width for width in widths]
    laid = [rows[0], rule, *sheet.rows, *([rule, sheet.foot] if sheet.foot else [])]
    return [_aligned(cells, widths, sheet.columns) for cells in laid]


def _aligned(cells: Sequence[str], widths: Sequence[int], columns: Sequence[Column]) -> str:
    parts = [
        cell.rjust(width) if column.figures else cell.ljust(width)
        for cell, width, column in zip(cells, widths, columns, strict=True)
    ]
    return "  ".join(parts).rstrip()


def _show_drawn(sheet: Sheet) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, title_justify="left", title_style="bold", show_footer=bool(sheet.foot))
    table.title = sheet.title or None
    feet = sheet.foot or [""] * len(sheet.columns)
    for column, foot in zip(sheet.columns, feet, strict=True):
        table.add_column(
            column.name,
            foot,
            justify="right" if column.figures else "left",
            overflow="fold",
            footer_style="bold",
        )
    for row in sheet.rows:
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False).print(table)


def count(number: int, one: str, many: str = "") -> str:
    """``1 line``, ``2,345 lines``."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
