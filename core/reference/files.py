"""Readers of reference data: plain files that people edit, so every error gives its place and a remedy."""

import csv
import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from core.errors import ReferenceDataError

SAMPLE_FOLDER = Path(__file__).parent
"""The sample delivered with the project: one folder per year, and the files common to all years."""
_SUFFIXES = frozenset({".csv", ".toml"})


class ReferenceRow(NamedTuple):
    """One row of a file: its place, for error messages, and its cells by column."""

    place: str
    cells: dict[str, str]


class YearFolder(NamedTuple):
    """The exercise of a folder, and the folder that contains its files: itself, or the one it is ``same_as``."""

    year: int
    files: Path


def hash_files(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each reference file in a folder and its folders of years, by its path in it.

    Raises
    ------
    ReferenceDataError
        A file cannot be read.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix in _SUFFIXES)
    return {str(path.relative_to(folder)): hash_file(path).hex() for path in paths}


def digest_hashes(files: Mapping[str, str]) -> bytes:
    """Return the digest over the hashes of reference files, as ``hash_files`` returns them: it names a state of all files."""
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).digest()


def hash_file(path: Path) -> bytes:
    """Return the SHA-256 of a reference file.

    Raises
    ------
    ReferenceDataError
        The file cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError as error:
        raise ReferenceDataError(
            str(path), f"the file cannot be read ({error.strerror})", "Store a readable file at this path."
        ) from error


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReferenceDataError(
            str(path), f"the file cannot be read ({error.strerror})", "Store a readable file at this path."
        ) from error
    except (ValueError, RecursionError) as error:  # also of numbers and tables beyond the limits of Python
        raise ReferenceDataError(
            str(path), f"the file is not TOML in UTF-8 ({error})", "Correct the file at that position."
        ) from error


def resolve_year_folder(folder: Path) -> YearFolder:
    """Find the exercise of a folder and the folder that contains its files.

    Raises
    ------
    ReferenceDataError
        ``year.toml`` names another year than the folder, or a year without files.
    """
    year, model = _read_year_settings(folder)
    if model is None:
        return YearFolder(year, folder)
    place = str(folder.joinpath("year.toml"))
    if type(model) is not int:
        raise ReferenceDataError(
            place,
            f"same_as is {model!r}",
            "Name a year whose folder contains its own files, as in: same_as = 2018",
        )
    shared = folder.with_name(str(model))
    if model == year or _read_year_settings(shared)[1] is not None:
        raise ReferenceDataError(
            place,
            f"the folder of same_as = {model} has no files of its own",
            "Name a year whose folder contains files.",
        )
    return YearFolder(year, shared)


def _read_year_settings(folder: Path) -> tuple[int, Any]:
    """Read ``year.toml``: the year, which must be the folder's name, and ``same_as``, unchecked."""
    place = folder.joinpath("year.toml")
    settings = read_toml(place)
    year = settings.get("year")
    if type(year) is not int:
        raise ReferenceDataError(str(place), f"year is {year!r}", "Write the exercise as in: year = 2018")
    if str(year) != folder.name:
        remedy = f"Write year = {folder.name}, or give the folder the name of its exercise."
        raise ReferenceDataError(str(place), f"year is {year} in the folder {folder.name}", remedy)
    return year, settings.get("same_as")


def read_rows(path: Path, columns: tuple[str, ...]) -> Iterator[ReferenceRow]:
    """Yield the rows of a CSV file that has exactly ``columns``, trimmed, in file order."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            yield from _parse_rows(csv.reader(text, strict=True), str(path), columns)
    except OSError as error:
        raise ReferenceDataError(
            str(path), f"the file cannot be read ({error.strerror})", "Store a readable file at this path."
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ReferenceDataError(
            str(path), f"the file is not CSV in UTF-8 ({error})", "Save it as comma-separated text in UTF-8."
        ) from error


def parse_flag(row: ReferenceRow, cell: str) -> bool:
    """Return whether a cell of ``row`` says 1 (yes) or 0 (no)."""
    if cell not in ("0", "1"):
        raise ReferenceDataError(
            row.place, f"the cell contains {cell!r}, not 0 or 1", "Write 1 for yes, 0 for no."
        )
    return cell == "1"


def _parse_rows(lines: Any, path: str, columns: tuple[str, ...]) -> Iterator[ReferenceRow]:
    header = tuple(next(lines, ()))
    if header != columns:
        raise ReferenceDataError(
            path, f"the columns are {', '.join(header)}", f"The first line must be {','.join(columns)}"
        )
    for cells in lines:
        place = f"{path}, line {lines.line_num}"
        if len(cells) != len(columns):
            raise ReferenceDataError(
                place,
                f"the line has {len(cells)} cells",
                f"Write {len(columns)} cells, as in the first line.",
            )
        yield ReferenceRow(place, dict(zip(columns, map(str.strip, cells), strict=True)))
