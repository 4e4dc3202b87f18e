"""The check of a folder of reference data: every fault that the readers of the engine find, with its line.

A reader stops at its first fault.  The check works on a copy: it removes the faulty row and reads again.  A row that names a
code of an earlier fault, which is removed or unknown, is counted as a consequence, and not listed.  A fault that is not of
one row ends the reading of its files.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import msgspec

from core import (
    accountants,
    bank_reasons,
    calendar,
    chart,
    late_interest,
    merges,
    nomenclature,
    payment_rules,
    prescription,
)
from core.errors import ReferenceDataError
from core.periods import YEAR_FIRST, YEAR_LAST
from core.reference.files import YearFolder, read_toml, resolve_year_folder
from posting.book.code_numbers import number_codes
from posting.book.registry import ReferenceData
from reporting.reference import folder_files
from reporting.reference.row_removal import EditableFiles, Place, Row, find_toml_line, find_unreadable_line

FAULTS_MAX = 100
"""Faults after which the check ends."""
_ROWS_REMOVED_MAX = 300
_CODE_LETTERS_MIN = 4
"""A shorter code may be a word or a number of any finding."""
_YEARS = frozenset(map(str, range(YEAR_FIRST, YEAR_LAST + 1)))
_UNKNOWN_CODE = re.compile(r"'([0-9A-Z/-]{4,})'(?= .*is unknown| is unknown)")
Value = TypeVar("Value")


class Fault(msgspec.Struct, frozen=True):
    """A fault of the files, or something that deserves a look."""

    file: str
    """Its path in the folder; of a fault between files their names."""
    line: int | None
    finding: str
    remedy: str

    @property
    def place(self) -> str:
        """The file, with the line where there is one."""
        return self.file if self.line is None else f"{self.file}, line {self.line}"


class FolderCheck(msgspec.Struct, frozen=True):
    """What the check of a folder found."""

    folder: str
    years: list[int]
    files: int
    faults: list[Fault]
    consequences: int
    """Rows that name a code of another fault."""
    unread: list[str]
    """Files whose reading ended at a fault that is not of one row: they may have more faults."""
    warnings: list[Fault]
    is_in_use: bool = False
    """Whether it is the folder in use, with which another one was to be compared."""


def check_folder(folder: Path, label: Path | None = None) -> FolderCheck:
    """Read a folder by the readers of the engine, and list its faults, at most ``FAULTS_MAX``.

    The result names the folder by ``label``.  Reading takes as long as a start of the engine, and once more for each faulty
    row.
    """
    with TemporaryDirectory(prefix="crescendo-reference-") as name:
        copy = Path(name) / "reference"
        try:
            folder_files.copy_folder(folder, copy)
        except ReferenceDataError as error:
            return report_unreadable(label or folder, error)
        return _Reading(label or folder, EditableFiles(copy)).read()


def report_unreadable(folder: Path, error: ReferenceDataError) -> FolderCheck:
    """Return the check of a folder that cannot be copied."""
    return FolderCheck(str(folder), [], 0, [Fault(error.place, None, error.finding, error.remedy)], 0, [], [])


@dataclass(slots=True)
class _Reading:
    """One reading of all files."""

    folder: Path
    files: EditableFiles
    faults: list[Fault] = field(default_factory=list)
    removed: int = 0
    reported_codes: set[str] = field(default_factory=set)
    """Codes of removed rows, and unknown ones that a fault names: what else names them is a consequence."""
    consequences: int = 0
    unread: list[str] = field(default_factory=list)

    def read(self) -> FolderCheck:
        root = self.files.folder
        warnings, file_count = list(_list_warnings(root)), len(folder_files.list_files(root))
        days = self._read(lambda: calendar.load(root / folder_files.CALENDAR), folder_files.CALENDAR)
        years = sorted(days.exercises) if days else _list_year_folders(root)
        self._read(lambda: payment_rules.load(root), payment_rules.FILE)
        self._read(lambda: late_interest.load(root), "late_interest.toml")
        self._read(lambda: prescription.load(root), "prescription.toml")
        self._read(lambda: bank_reasons.load(root), "bank_reasons.csv")
        self._read(lambda: merges.load(root), merges.FILE)
        self._read_years(years)
        if not self.unread:
            self._read(self._load_whole, "all files together")
        return FolderCheck(
            str(self.folder), years, file_count, self.faults, self.consequences, self.unread, warnings
        )

    def _read_years(self, years: list[int]) -> None:
        sources: set[Path] = set()
        for year in years:
            folder = self.files.folder / str(year)
            year_folder = self._read(
                lambda at=folder: resolve_year_folder(at), f"{year}/{folder_files.YEAR_SETTINGS}"
            )
            if year_folder is None or year_folder.files in sources:
                continue
            sources.add(year_folder.files)
            self._read_year(year_folder)

    def _read_year(self, year: YearFolder) -> None:
        folder, name = year.files, year.files.name
        codes = self._read(lambda: nomenclature.load(folder), f"{name}: the files of the nomenclature")
        if codes is None:
            self.unread.append(f"{name}: the files of the chart and of the accountants")
            return
        self._read(lambda: chart.load(folder, codes), f"{name}: the files of the chart")
        self._read(
            lambda: accountants.load(folder, codes),
            f"{name}: accountants.csv, assigned.csv, invoice_services.csv",
        )

    def _load_whole(self) -> None:
        """Check what several years must agree on."""
        number_codes({}, ReferenceData.load(self.files.folder).list_codes())

    def _read(self, read: Callable[[], Value], files: str) -> Value | None:
        """Call a reader until it has read its files, or a fault ends it; None then."""
        while True:
            try:
                return read()
            except ReferenceDataError as error:
                if not self._note_fault(error):
                    self.unread.append(files)
                    return None

    def _note_fault(self, error: ReferenceDataError) -> bool:
        """Note a fault; return whether its row was removed, so that the reader may be called again."""
        place = self.files.parse_place(error.place)
        row = self.files.find_row(place.path, place.line) if place.path and place.line else None
        if self._is_consequence(error.finding):
            self.consequences += 1
        elif len(self.faults) < FAULTS_MAX:
            line = row.last_line if row else self._find_line(place, error.finding)
            self.faults.append(Fault(place.text, line, self._shorten(error.finding), error.remedy))
            self.reported_codes.update(_UNKNOWN_CODE.findall(error.finding))
        if (
            row is None
            or place.path is None
            or self.removed >= _ROWS_REMOVED_MAX
            or len(self.faults) >= FAULTS_MAX
        ):
            return False
        self._remove(place.path, row)
        return True

    def _find_line(self, place: Place, finding: str) -> int | None:
        """Return the line of a fault that the reader gives without one."""
        if place.path is None:
            return None
        if place.path.suffix == ".toml":
            return find_toml_line(place.path, place.section, finding)
        if finding.startswith("the columns are"):
            return 1
        line = find_unreadable_line(place.path)
        return line and line + self.files.count_removed_lines(
            place.path
        )  # the reader has reached it, so they are above

    def _shorten(self, finding: str) -> str:
        """Replace the path of the copy by that of the folder."""
        return finding.replace(str(self.files.folder), str(self.folder))

    def _remove(self, path: Path, row: Row) -> None:
        self.files.remove_row(path, row)
        self.removed += 1
        code = row.cells[0] if row.cells else ""
        if len(code) >= _CODE_LETTERS_MIN and not self.files.has_code(path, code):
            self.reported_codes.add(code)

    def _is_consequence(self, finding: str) -> bool:
        """Return whether a finding names a code of an earlier fault."""
        words = set(re.findall(r"[\w/-]+", finding))
        return not words.isdisjoint(self.reported_codes)


def _list_year_folders(root: Path) -> list[int]:
    """Return the years that have folders, where no calendar names them."""
    return sorted(int(path.name) for path in root.iterdir() if path.is_dir() and path.name in _YEARS)


def _list_warnings(root: Path) -> Iterator[Fault]:
    """Yield the files that no reader reads, for example because of a spelling error in the name of an optional one."""
    exercises = _read_exercises(root)
    for path in folder_files.list_files(root):
        relative = path.relative_to(root)
        reason = _find_reason_unread(relative, root, exercises)
        if reason:
            yield Fault(str(relative), None, reason, "Correct its name, or remove the file.")


def _read_exercises(root: Path) -> frozenset[str] | None:
    """Return the exercises that the calendar names, unchecked; None if it cannot be read."""
    try:
        return frozenset(read_toml(root / folder_files.CALENDAR).get("exercise", {}))
    except (ReferenceDataError, TypeError):
        return None


def _find_reason_unread(relative: Path, root: Path, exercises: frozenset[str] | None) -> str:
    """Return why no reader reads a file; empty if one does."""
    if len(relative.parts) == 1:
        return "" if relative.name in folder_files.COMMON_FILES else "the engine reads no file of this name"
    folder = relative.parts[0]
    if len(relative.parts) > 2 or folder not in _YEARS:
        return "the engine reads no file of this folder"
    if exercises is not None and folder not in exercises and not _has_shared_files(root, folder):
        return f"calendar.toml has no exercise {folder}, so its files are not read"
    if relative.name == folder_files.YEAR_SETTINGS or relative.name in folder_files.FILES_OF_ONE_YEAR:
        return ""
    if relative.name not in folder_files.KEY_COLUMNS:
        return "the engine reads no file of this name"
    return (
        "year.toml names another year, whose files are read instead" if _shares_files(root / folder) else ""
    )


def _shares_files(folder: Path) -> bool:
    try:
        return read_toml(folder / folder_files.YEAR_SETTINGS).get("same_as") is not None
    except ReferenceDataError:
        return False


def _has_shared_files(root: Path, year: str) -> bool:
    """Return whether another year is the same as ``year``."""
    for path in root.glob(f"*/{folder_files.YEAR_SETTINGS}"):
        try:
            if str(read_toml(path).get("same_as")) == year:
                return True
        except ReferenceDataError:
            continue
    return False
