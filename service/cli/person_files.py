"""CSV files with many entries of the directory of persons, which are stored together or not at all."""

import csv
import io
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
    *("number", "owner", "delegate", "centres", "sender", "kinds", "separation"),
)
"""The fields of all entries; a file may leave out those that none of its lines needs."""
_LISTS = frozenset({"centres", "kinds"})


class PersonFile(NamedTuple):
    """The entries of a file, and the line of each."""

    entries: list[Any]
    places: list[str]


def read_person_file(path: Path) -> PersonFile:
    """Read a file.

    Raises
    ------
    UsageError
        It cannot be read, or an entry is not valid; the message names the line.
    """
    check_files([path])
    reader = csv.DictReader(io.StringIO(_read_text(path), newline=""), strict=True, restkey="")
    entries: list[Any] = []
    places: list[str] = []
    try:
        _check_columns(path, reader.fieldnames or ())
        for row in reader:
            places.append(f"{path.name}, line {reader.line_num}")
            entries.append(build_entry(_to_fields(row, places[-1]), f"{places[-1]}: "))
    except csv.Error as error:
        raise UsageError(f"{path.name}, line {reader.line_num}: {error}. Write the file as CSV") from error
    if not entries:
        raise UsageError(f"{path.name} has no entries: write one a line below the names of the columns")
    return PersonFile(entries, places)


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


def _check_columns(path: Path, names: Any) -> None:
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or "type" not in names or len(set(names)) < len(names):
        finding = (
            f"has the column {unknown[0]!r}" if unknown else "lacks the column type, or has a column twice"
        )
        raise UsageError(f"{path.name}, line 1: it {finding}. The columns are {', '.join(COLUMNS)}")


def _to_fields(row: dict[str, Any], place: str) -> dict[str, Any]:
    """Return the fields that are not empty; lists are divided at spaces."""
    if "" in row or None in row.values():
        raise UsageError(
            f"{place}: it has not as many fields as line 1 has columns. Write one for each column"
        )
    fields = {name: cell.strip() for name, cell in row.items() if cell.strip()}
    return {name: cell.split() if name in _LISTS else cell for name, cell in fields.items()}
