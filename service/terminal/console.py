"""Printed output: tables and sentences, fitted to the width of a terminal, and complete as plain text elsewhere.

Results go to standard output; progress, notes and errors go to standard error, so that results can be piped.
"""

import re
import shutil
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, TextIO

import msgspec

from reporting.report_tables import ReportTable
from reporting.table_layout import measure_width, wrap_words

_WIDTH = 80
"""Columns of a terminal that does not state its width."""
_HANGING = re.compile(r" *(?:[^ ]+ {2,})?")
"""The indentation of a line, with a label and the gap behind it: further lines begin below the text."""
_HANGING_MAX = 24
ALL_COLUMNS = 'A wider terminal or a pipe, as in "| less -S", shows all columns.'


def is_terminal(stream: TextIO) -> bool:
    """Return whether the stream is a terminal."""
    return stream.isatty()


def measure_terminal() -> int | None:
    """Return the width to which the result is fitted: that of the terminal; None for a file or a pipe."""
    return shutil.get_terminal_size((_WIDTH, 0)).columns if is_terminal(sys.stdout) else None


def print_line(text: str = "") -> None:
    """Print a line of the result; a terminal wraps it between words."""
    width = measure_terminal()
    print(text if width is None else fit_text(text, width))


def print_command(text: str) -> None:
    """Print a line to be copied, which is never wrapped."""
    print(text)


def fit_text(text: str, width: int) -> str:
    """Wrap each line of a text between words; what follows begins below the text of its line."""
    return "\n".join(part for line in text.split("\n") for part in _fit_line(line, width))


def _fit_line(line: str, width: int) -> list[str]:
    match = _HANGING.match(line)
    indent, margin = match.end() if match else 0, len(line) - len(line.lstrip(" "))
    text = line[indent:]
    if indent + max(map(measure_width, text.split(" "))) > width and indent > margin:
        # a hash beside its label is too wide: it stands below the label
        return [line[:indent].rstrip(), *(" " * margin + part for part in wrap_words(text, width - margin))]
    if indent > min(_HANGING_MAX, width // 2):
        indent = margin
    first, *others = wrap_words(line[indent:], width - indent)
    return [line[:indent] + first, *(" " * indent + other for other in others)]


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
    """Print a table; on a terminal within its width, with the columns that were left out named below."""
    print()
    width = measure_terminal()
    if width is None:
        print(grid.to_text())
        return
    for line in style_table(grid, width):
        print(line)


def style_table(grid: ReportTable, width: int, remedy: str = ALL_COLUMNS) -> list[str]:
    """Return the lines of a table within the width of a terminal, title and headings in bold.

    ``remedy`` says how to see the columns that were left out.
    """
    headings, body, left_out = grid.lay_out(width)
    titles = fit_text(grid.title, width).split("\n") if grid.title else []
    bold = [f"\x1b[1m{line}\x1b[0m" for line in [*titles, *headings]]
    if not left_out:
        return [*bold, *body]
    note = f"Left out at {width} columns: {'; '.join(left_out)}.\n{remedy}"
    below = grid.below.sentences if grid.below and grid.below.column in left_out else ()
    return [*bold, *body, *(line for text in (*below, note) for line in fit_text(text, width).split("\n"))]


def format_count(number: int, singular: str, plural: str = "") -> str:
    """Return the number with its noun: ``1 line``, ``2,345 lines``."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"
