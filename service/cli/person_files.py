"""CSV files with many entries of the directory of persons, which are stored together or not at all."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from service.cli.person_options import build_entry
from service.configuration.input_files import check_files
from service.configuration.settings import UsageError

FILE_BYTES_MAX = 4 * 2**20
COLUMNS = (
    *(
        "type",
        "code",
        "name",
        "person",
        "role",
        "hand",
        "centre",
        "accountant",
        "first_day",
        "last_day",
        "ceiling",
    ),
    *("number", "owner", "delegate", "centres", "sender", "kinds", "separation", "means", "partner"),
)
"""The fields of all entries; a file may leave out those that none of its lines needs."""
_LISTS = frozenset({"centres", "kinds"})


class PersonFile(NamedTuple):
    """The entries of a file, and the line of each."""

    entries: list[Any]
    places: list[str]


class _Row(NamedTuple):
    place: str
    """The file, and the line where the row begins."""
    cells: list[str]


def read_person_file(path: Path) -> PersonFile:
    """Read a file.

    Raises
    ------
    UsageError
        It cannot be read, or an entry is not valid; the message names the line.
    """
    check_files([path])
    rows = _read_rows(path)
    columns = _check_columns(next(rows, _Row(f"{path.name}, line 1", [])))
    lines = PersonFile([], [])
    for row in rows:
        lines.places.append(row.place)
        lines.entries.append(build_entry(_to_fields(columns, row), f"{row.place}: "))
    if not lines.entries:
        raise UsageError(f"{path.name} has no entries: write one a line below the names of the columns")
    return lines


def _read_rows(path: Path) -> Iterator[_Row]:
    """Yield the rows that are not empty."""
    reader = csv.reader(io.StringIO(_read_text(path), newline=""), strict=True)
    while True:
        place = f"{path.name}, line {reader.line_num + 1}"
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise UsageError(f"{place}: {error}. Write the file as CSV") from error
        if cells is None:
            return
        if cells:
            yield _Row(place, cells)


def _read_text(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(FILE_BYTES_MAX + 1)
    if len(content) > FILE_BYTES_MAX:
        raise UsageError(
            f"{path.name} has more than {FILE_BYTES_MAX // 2**20} MiB: divide it into several files"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path.name} is not UTF-8 at byte {error.start:,}: write it in UTF-8") from error


def _check_columns(row: _Row) -> Sequence[str]:
    names = row.cells
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or "type" not in names or len(set(names)) < len(names):
        finding = (
            f"has the column {unknown[0]!r}" if unknown else "lacks the column type, or has a column twice"
        )
        raise UsageError(f"{row.place}: it {finding}. The columns are {', '.join(COLUMNS)}")
    return names


def _to_fields(columns: Sequence[str], row: _Row) -> dict[str, Any]:
    """Return the fields that are not empty; lists are divided at spaces."""
    if len(row.cells) != len(columns):
        fault = f"it has {len(row.cells)} fields, and line 1 has {len(columns)} columns"
        raise UsageError(f"{row.place}: {fault}. Write a field for each column")
    fields = {name: cell.strip() for name, cell in zip(columns, row.cells, strict=True) if cell.strip()}
    return {name: cell.split() if name in _LISTS else cell for name, cell in fields.items()}
