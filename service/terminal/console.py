"""What people read: tables and sentences, with colour on a terminal and plain text anywhere else.

Results go to standard output; progress, notes and errors to standard error, so that output can be piped.
"""

import sys
from collections.abc import Iterable
from typing import Any, TextIO

import msgspec

from reporting.report_tables import Grid


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


def tell(parts: Iterable[str | Grid]) -> None:
    """Write sentences and tables, one below the other."""
    for part in parts:
        if isinstance(part, Grid):
            show(part)
        else:
            say(part)


def show(grid: Grid) -> None:
    """Write a table."""
    print()
    if is_terminal(sys.stdout):
        from rich.console import Console

        Console(highlight=False).print(grid.drawn())
    else:
        print(grid.plain())


def count(number: int, one: str, many: str = "") -> str:
    """``1 line``, ``2,345 lines``."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
