"""Printed output: tables and sentences, with colour on a terminal and as plain text elsewhere.

Results go to standard output; progress, notes and errors go to standard error, so that results can be piped.
"""

import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, TextIO

import msgspec

from reporting.report_tables import ReportTable


def is_terminal(stream: TextIO) -> bool:
    """Return whether the stream is a terminal."""
    return stream.isatty()


def print_line(text: str = "") -> None:
    """Print a line of the result."""
    print(text)


def print_piece(text: str) -> None:
    """Print a part of the result, without a line end of its own."""
    print(text, end="")


def print_note(text: str) -> None:
    """Print a note to standard error; it is lost on a full disk or without a reader, and the work goes on."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def print_error(text: str) -> None:
    """Print an error to standard error."""
    red, plain = ("\x1b[31m", "\x1b[0m") if is_terminal(sys.stderr) else ("", "")
    print_note(f"{red}crescendo:{plain} {text}")


def print_heading(text: str) -> None:
    """Print the title of a section of the result."""
    bold, plain = ("\x1b[1m", "\x1b[0m") if is_terminal(sys.stdout) else ("", "")
    print(f"\n{bold}{text}{plain}")


def print_json(value: Any) -> None:
    """Print a result for programs: one JSON document."""
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_parts(parts: Iterable[str | ReportTable]) -> None:
    """Print sentences and tables, one below the other."""
    for part in parts:
        if isinstance(part, ReportTable):
            print_table(part)
        else:
            print_line(part)


def print_table(grid: ReportTable) -> None:
    """Print a table."""
    print()
    if is_terminal(sys.stdout):
        from rich.console import Console

        Console(highlight=False).print(grid.to_rich_table())
    else:
        print(grid.to_text())


def format_count(number: int, singular: str, plural: str = "") -> str:
    """Return the number with its noun: ``1 line``, ``2,345 lines``."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"
