"""Read reference data: plain files that people edit, so every fault names its place and what to do."""

import csv
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from core.errors import ReferenceDataError

SAMPLE_FOLDER = Path(__file__).parent
"""The sample that comes with the project: a folder for each year, and ``calendar.toml``."""


class ReferenceRow(NamedTuple):
    """One row of a file: where it stands, and its cells by column."""

    place: str
    cells: dict[str, str]


def reference_error(place: str, finding: str, remedy: str) -> ReferenceDataError:
    """Say where, what stood there, and what to do."""
    return ReferenceDataError(f"{place}: {finding}. {remedy}")


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise reference_error(
            str(path), f"cannot be read ({error.strerror})", "Put the file there."
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise reference_error(
            str(path), f"is not TOML in UTF-8 ({error})", "Correct it at that position."
        ) from error


def resolve_year_folder(folder: Path) -> tuple[int, Path]:
    """The year a folder serves, and the folder that holds its files: itself, or the one it is ``same_as``.

    Raises
    ------
    ReferenceDataError
        ``year.toml`` is not that of the folder, or leads nowhere.
    """
    year, model = _read_year_settings(folder)
    if model is None:
        return year, folder
    place = str(folder.joinpath("year.toml"))
    if type(model) is not int:
        raise reference_error(
            place, f"same_as is {model!r}", "Name a year with files of its own: same_as = 2018"
        )
    shared = folder.with_name(str(model))
    if model == year or _read_year_settings(shared)[1] is not None:
        raise reference_error(
            place, f"same_as = {model} leads to no files", "Name a year with files of its own."
        )
    return year, shared


def _read_year_settings(folder: Path) -> tuple[int, Any]:
    """What ``year.toml`` says: the year, which is the folder's name, and what it is ``same_as``."""
    place = folder.joinpath("year.toml")
    settings = read_toml(place)
    year = settings.get("year")
    if type(year) is not int:
        raise reference_error(str(place), f"year is {year!r}", "Write the exercise as in: year = 2018")
    if str(year) != folder.name:
        remedy = f"Write year = {folder.name}, or give the folder the name of its exercise."
        raise reference_error(str(place), f"year is {year} in the folder {folder.name}", remedy)
    return year, settings.get("same_as")


def read_rows(path: Path, columns: tuple[str, ...]) -> Iterator[ReferenceRow]:
    """The rows of a CSV file with exactly ``columns``, trimmed, in file order."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            yield from _parse_rows(csv.reader(text, strict=True), str(path), columns)
    except OSError as error:
        raise reference_error(
            str(path), f"cannot be read ({error.strerror})", "Put the file there."
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise reference_error(
            str(path), f"is not CSV in UTF-8 ({error})", "Save it as comma-separated UTF-8."
        ) from error


def _parse_rows(lines: Any, path: str, columns: tuple[str, ...]) -> Iterator[ReferenceRow]:
    header = tuple(next(lines, ()))
    if header != columns:
        raise reference_error(path, f"columns are {', '.join(header)}", f"Write exactly {','.join(columns)}")
    for cells in lines:
        place = f"{path}, line {lines.line_num}"
        if len(cells) != len(columns):
            raise reference_error(
                place, f"{len(cells)} cells", f"Write {len(columns)}, as in the first line."
            )
        yield ReferenceRow(place, dict(zip(columns, map(str.strip, cells), strict=True)))
