"""What people read: tables and sentences, with colour on a terminal and plain text anywhere else.

Results go to standard output; progress, notes and errors to standard error, so that output can be piped.
"""

import sys
from collections.abc import Iterable
from typing import Any, TextIO

import msgspec

from reporting.report_tables import ReportTable


def is_terminal(stream: TextIO) -> bool:
    """Whether somebody looks on."""
    return stream.isatty()


def print_line(text: str = "") -> None:
    """Write a sentence of the result."""
    print(text)


def print_note(text: str) -> None:
    """Write a remark beside the result."""
    print(text, file=sys.stderr, flush=True)


def print_error(text: str) -> None:
    """Write what went wrong."""
    red, plain = ("\x1b[31m", "\x1b[0m") if is_terminal(sys.stderr) else ("", "")
    print(f"{red}crescendo:{plain} {text}", file=sys.stderr, flush=True)


def print_heading(text: str) -> None:
    """Write the title of a part of the result."""
    bold, plain = ("\x1b[1m", "\x1b[0m") if is_terminal(sys.stdout) else ("", "")
    print(f"\n{bold}{text}{plain}")


def print_json(value: Any) -> None:
    """Write a result for programs: one JSON document."""
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_parts(parts: Iterable[str | ReportTable]) -> None:
    """Write sentences and tables, one below the other."""
    for part in parts:
        if isinstance(part, ReportTable):
            print_table(part)
        else:
            print_line(part)


def print_table(grid: ReportTable) -> None:
    """Write a table."""
    print()
    if is_terminal(sys.stdout):
        from rich.console import Console

        Console(highlight=False).print(grid.to_rich_table())
    else:
        print(grid.to_text())


def format_count(number: int, singular: str, plural: str = "") -> str:
    """``1 line``, ``2,345 lines``."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"
