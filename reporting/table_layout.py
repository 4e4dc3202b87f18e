"""The layout of tables: aligned lines, as wide as they need, or within the width of a terminal.

On a narrow terminal sentences and headings are wrapped between words, and columns are left out in the order that the table
states.  An amount, a reference or a code is never split over lines: half of an amount reads as another amount.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

GAP = "  "
PROSE_WIDTH_MIN = 16
"""Characters that a column of sentences keeps before a column is left out, or the longest word if that is longer."""
_WIDE = frozenset("WF")
_INVISIBLE = frozenset("Mn Me Cf".split())
_UNSAFE = frozenset("Cc Cs Co Cn Zl Zp".split())


class ColumnLayout(NamedTuple):
    """The heading of a column; whether its cells are numbers, and whether they are sentences, which may be wrapped."""

    heading: str
    is_number: bool = False
    is_prose: bool = False


class TableCells(NamedTuple):
    """The cells of a table as texts."""

    columns: Sequence[ColumnLayout]
    rows: Sequence[Sequence[str]]
    footer: Sequence[str] = ()
    drop_order: Sequence[str] = ()
    """Headings of the columns that a narrow terminal leaves out, the first one first."""


class TableLines(NamedTuple):
    """A table as lines."""

    headings: list[str]
    body: list[str]
    left_out: list[str]
    """Headings of the columns that did not fit."""


class _Span(NamedTuple):
    """The least width of a column, and the width that it needs without wrapping."""

    least: int
    most: int


def measure_width(text: str) -> int:
    """Return the number of terminal columns that the text occupies."""
    return len(text) if text.isascii() else sum(map(_measure_letter, text))


def _measure_letter(letter: str) -> int:
    if unicodedata.category(letter) in _INVISIBLE:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in _WIDE else 1


def escape_controls(text: str) -> str:
    """Write control characters as escapes: in a name from outside they would move the cursor or break the table."""
    if text.isprintable():
        return text
    return "".join(
        letter.encode("unicode_escape").decode() if unicodedata.category(letter) in _UNSAFE else letter
        for letter in text
    )


def wrap_words(text: str, width: int) -> list[str]:
    """Wrap a text between words; a word that is longer than the width keeps a line of its own."""
    lines, line = [], ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if line and measure_width(joined) > width:
            lines.append(line)
            joined = word
        line = joined
    return [*lines, line]


def lay_out(cells: TableCells, width: int | None = None) -> TableLines:
    """Lay out a table: as wide as it needs, or within a width; rows one below the other if no columns can be left out."""
    spans = [_measure_column(cells, position) for position in range(len(cells.columns))]
    positions = {column.heading: place for place, column in enumerate(cells.columns)}
    droppable = [heading for heading in dict.fromkeys(cells.drop_order) if heading in positions]
    for count in range(len(droppable) + 1):
        left_out = droppable[:count]
        places = [place for place, column in enumerate(cells.columns) if column.heading not in left_out]
        widths = _choose_widths([spans[place] for place in places], width)
        if places and widths is not None:
            selection = _select_columns(cells, places)
            return TableLines(*_align_table(selection, widths), left_out)
    return TableLines([], list(_list_records(cells, width or 0)), [])


def _measure_column(cells: TableCells, place: int) -> _Span:
    column = cells.columns[place]
    footer = [cells.footer[place]] if cells.footer else []
    texts = [*(row[place] for row in cells.rows), *footer]
    words = max(map(measure_width, column.heading.split(" ")))
    longest = max(map(measure_width, texts), default=0)
    most = max(measure_width(column.heading), longest)
    if not column.is_prose:
        return _Span(max(words, longest), most)
    words = max(
        words, max((measure_width(word) for text in set(texts) for word in text.split(" ")), default=0)
    )
    return _Span(max(words, min(longest, PROSE_WIDTH_MIN)), most)


def _choose_widths(spans: Sequence[_Span], width: int | None) -> list[int] | None:
    """Return the widths of the columns, which share what is left over; None if they do not fit."""
    if width is None:
        return [span.most for span in spans]
    spare = width - len(GAP) * (len(spans) - 1) - sum(span.least for span in spans)
    if spare < 0:
        return None
    widths = [span.least for span in spans]
    wishes = sorted((span.most - span.least, place) for place, span in enumerate(spans))
    for rank, (wish, place) in enumerate(wishes):
        extra = min(wish, spare // (len(wishes) - rank))
        widths[place] += extra
        spare -= extra
    return widths


def _select_columns(cells: TableCells, places: Sequence[int]) -> TableCells:
    def select(row: Sequence[str]) -> list[str]:
        return [row[place] for place in places] if row else []

    columns = [cells.columns[place] for place in places]
    return TableCells(columns, [select(row) for row in cells.rows], select(cells.footer))


def _align_table(cells: TableCells, widths: Sequence[int]) -> tuple[list[str], list[str]]:
    rule = [GAP.join("-" * width for width in widths)]
    body = [line for row in cells.rows for line in _align_row(cells.columns, row, widths)]
    footer = [*rule, *_align_row(cells.columns, cells.footer, widths)] if cells.footer else []
    return _align_headings(cells.columns, widths), [*rule, *body, *footer]


def _align_headings(columns: Sequence[ColumnLayout], widths: Sequence[int]) -> list[str]:
    """Return the lines of the headings; a short heading stands on the last one, next to its cells."""
    parts = [wrap_words(column.heading, width) for column, width in zip(columns, widths, strict=True)]
    height = max(map(len, parts))
    return _join_lines(columns, [[""] * (height - len(part)) + part for part in parts], widths)


def _align_row(columns: Sequence[ColumnLayout], row: Sequence[str], widths: Sequence[int]) -> list[str]:
    parts = [
        wrap_words(text, width) if column.is_prose else [text]
        for text, column, width in zip(row, columns, widths, strict=True)
    ]
    height = max(map(len, parts))
    return _join_lines(columns, [part + [""] * (height - len(part)) for part in parts], widths)


def _join_lines(
    columns: Sequence[ColumnLayout], parts: Sequence[Sequence[str]], widths: Sequence[int]
) -> list[str]:
    return [
        GAP.join(
            _justify(text, width, column) for text, width, column in zip(texts, widths, columns, strict=True)
        ).rstrip()
        for texts in zip(*parts, strict=True)
    ]


def _justify(text: str, width: int, column: ColumnLayout) -> str:
    padding = " " * (width - measure_width(text))
    return padding + text if column.is_number else text + padding


def _list_records(cells: TableCells, width: int) -> Iterator[str]:
    """Yield each row as lines of heading and value, and an empty line between rows."""
    head = max(measure_width(column.heading) for column in cells.columns)
    rows: list[Sequence[str]] = [*cells.rows, *([cells.footer] if cells.footer else [])]
    for number, row in enumerate(rows):
        if number:
            yield ""
        for column, text in zip(cells.columns, row, strict=True):
            if text:
                yield from _lay_out_value(column, text, head, width=width)


def _lay_out_value(column: ColumnLayout, text: str, head: int, *, width: int) -> Iterator[str]:
    """Yield a heading with its value beside it, or below it if there is no room."""
    heading = column.heading + " " * (head - measure_width(column.heading)) + GAP
    room = width - measure_width(heading)
    parts = wrap_words(text, max(room, 1)) if column.is_prose else [text]
    if max(map(measure_width, parts)) > room:
        yield from (column.heading, *(wrap_words(text, width) if column.is_prose else [text]))
        return
    yield heading + parts[0]
    yield from (" " * measure_width(heading) + part for part in parts[1:])
