"""The changes between two folders of reference data: rows that are added, changed or removed, by file and year.

Both folders have been read by the readers of the engine.  Rows are compared by the codes that name them, so that a row at
another place in its file, a comment or a space is no change.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from core import calendar
from core.amount_fields import Cents
from core.reference.files import read_toml, resolve_year_folder
from reporting.reference.folder_files import (
    CALENDAR,
    COMMON_FILES,
    FILES_OF_ONE_YEAR,
    KEY_COLUMNS,
    NOUNS,
)

Cells = Mapping[str, str]
Value = TypeVar("Value")
_BANK_REASON_KEY = ("code",)
_TABLE_KEY = ("expense", "creditor")
"""The values that name a row of a list of tables: of ``[[accounts]]`` in late_interest.toml, the only one."""


class ChangeType(StrEnum):
    """What happens to a row, in the order in which changes are listed."""

    REMOVED = "removed"
    CHANGED = "changed"
    ADDED = "added"


class CellChange(msgspec.Struct, frozen=True):
    """A cell of a row, or a value of a rule."""

    column: str
    before: str
    after: str


class CodeUse(msgspec.Struct, frozen=True):
    """What depends on a code, in cents."""

    entries: int = 0
    """Accepted lines on it."""
    ae_opened_cents: Cents = 0
    cp_opened_cents: Cents = 0
    """Credits opened at the fund centre, or allotted to it."""
    commitments: int = 0
    """Those of which something remains to be paid."""
    remaining_cents: Cents = 0
    """What remains to be paid of them."""
    debit_cents: Cents = 0
    credit_cents: Cents = 0
    """What was posted on the account, or in the books of the accountant, without opening balances."""
    opening_balances: int = 0
    """Opening balances of the account, or in the books of the accountant."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing depends on the code."""
        return not any(msgspec.structs.astuple(self))


class RowChange(msgspec.Struct, frozen=True):
    """A row that differs."""

    change: ChangeType
    noun: str
    """What the row is."""
    file: str
    years: list[int]
    """The years whose files it is in; empty for a file of all years."""
    code: str
    cells: list[CellChange]
    """The cells that differ, of a changed row."""
    use: CodeUse | None = None
    """What depends on the code of a removed row; None where the journal does not number such codes."""


class _FilePair(NamedTuple):
    """A file before and after; None if there is none."""

    name: str
    years: list[int]
    before: Path | None
    after: Path | None


class _Source(NamedTuple):
    """The folders with the files of a year, before and after."""

    before: Path | None
    after: Path | None


def compare_folders(before: Path, after: Path) -> list[RowChange]:
    """Compare two folders, each of which ``ReferenceData.load`` reads; the changes are in the order of the kinds of rows.

    Raises
    ------
    ReferenceDataError
        A folder cannot be read.
    """
    pairs = [_FilePair(name, [], before / name, after / name) for name in COMMON_FILES]
    for source, years in _pair_years(before, after).items():
        names = (name for name in KEY_COLUMNS if name not in FILES_OF_ONE_YEAR)
        pairs += [
            _FilePair(name, years, _join(source.before, name), _join(source.after, name)) for name in names
        ]
    pairs += _pair_files_of_one_year(before, after)
    changes = [change for pair in pairs for change in _compare_files(pair)]
    nouns, types = list(NOUNS), list(ChangeType)
    return sorted(
        changes, key=lambda row: (nouns.index(row.file), row.years, types.index(row.change), row.code)
    )


def _pair_files_of_one_year(before: Path, after: Path) -> list[_FilePair]:
    years = sorted(_find_sources(before).keys() | _find_sources(after).keys())
    return [
        _FilePair(name, [year], before / str(year) / name, after / str(year) / name)
        for year in years
        for name in sorted(FILES_OF_ONE_YEAR)
    ]


def _join(folder: Path | None, name: str) -> Path | None:
    return folder / name if folder else None


def _pair_years(before: Path, after: Path) -> dict[_Source, list[int]]:
    """Return the years by the folders of their files; a new year that shares the files of another one is left out."""
    sources_before, sources_after = _find_sources(before), _find_sources(after)
    years_by_source: dict[_Source, list[int]] = {}
    for year in sorted(sources_before.keys() | sources_after.keys()):
        source = _Source(sources_before.get(year), sources_after.get(year))
        years_by_source.setdefault(source, []).append(year)
    compared_before = {source.before for source in years_by_source if source.after}
    compared_after = {source.after for source in years_by_source if source.before}
    return {
        source: years
        for source, years in years_by_source.items()
        if not (source.before is None and source.after in compared_after)
        and not (source.after is None and source.before in compared_before)
    }


def _find_sources(folder: Path) -> dict[int, Path]:
    years = calendar.load(folder / CALENDAR).exercises
    return {year: resolve_year_folder(folder / str(year)).files for year in years}


def _compare_files(pair: _FilePair) -> Iterator[RowChange]:
    read = _read_rows if pair.name.endswith(".csv") else _read_values
    before, after = (
        read(path, pair.name) if path and path.exists() else {} for path in (pair.before, pair.after)
    )
    for code in before.keys() | after.keys():
        old, new = before.get(code), after.get(code)
        if old == new:
            continue
        change = (
            ChangeType.ADDED if old is None else ChangeType.REMOVED if new is None else ChangeType.CHANGED
        )
        cells = _compare_cells(old, new) if old is not None and new is not None else []
        yield RowChange(change, NOUNS[pair.name], pair.name, pair.years, code, cells)


def _compare_cells(old: Cells, new: Cells) -> list[CellChange]:
    names = dict.fromkeys((*old, *new))
    return [
        CellChange(name, old.get(name, ""), new.get(name, ""))
        for name in names
        if old.get(name, "") != new.get(name, "")
    ]


def _read_rows(path: Path, name: str) -> dict[str, Cells]:
    """Read the rows of a CSV file by the code that names each."""
    key = KEY_COLUMNS.get(name, _BANK_REASON_KEY)
    with path.open(encoding="utf-8-sig", newline="") as text:
        rows = [{column: cell.strip() for column, cell in row.items()} for row in csv.DictReader(text)]
    return _number_rows((" ".join(filter(None, (row[column] for column in key))), row) for row in rows)


def _read_values(path: Path, _: str) -> dict[str, Cells]:
    """Read the values of a TOML file by their dotted keys."""
    return _number_rows((key, {"value": value}) for key, value in _flatten(read_toml(path), ""))


def _number_rows(rows: Iterable[tuple[str, Value]]) -> dict[str, Value]:
    """Return rows by their keys; what repeats a key gets its number among the rows of that key, so that none is lost."""
    numbered: dict[str, Value] = {}
    for key, row in rows:
        name, number = key, 1
        while name in numbered:
            number += 1
            name = f"{key} ({number})"
        numbered[name] = row
    return numbered


def _flatten(value: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flatten(inner, f"{key}.{name}" if key else name)
    elif isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        rows = ((" ".join(str(row[part]) for part in _TABLE_KEY if part in row), row) for row in value)
        for name, row in _number_rows(rows).items():
            yield from _flatten(row, f"{key}[{name}]")
    else:
        yield key, _format(value)


def _format(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
