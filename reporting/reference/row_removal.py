"""A copy of reference files from which a faulty row is removed, so that the readers reach the next fault.

The readers stop at the first fault.  Without the row they go on; line numbers are those of the original file.
"""

import csv
import re
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_PLACE = re.compile(r"(?P<path>.+?\.(?:csv|toml))(?:, line (?P<line>\d+)|, (?P<section>.+))?", re.DOTALL)

_BYTES = "surrogateescape"
"""Bytes that are no UTF-8 are written back as they were read: the readers refuse them."""


class Place(NamedTuple):
    """The place that an error names."""

    path: Path | None
    """None if the place is not one file of the copy."""
    line: int | None
    """In the copy."""
    section: str
    text: str


class Row(NamedTuple):
    """A row of a CSV file."""

    last_line: int
    """Of the original file."""
    line_count: int
    text: str
    cells: tuple[str, ...]


class EditableFiles:
    """The files of a copied folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._rows: dict[Path, list[Row]] = {}
        self._removed_lines: Counter[Path] = Counter()

    def parse_place(self, text: str) -> Place:
        """Return the place that ``text``, the place of an error, names."""
        match = _PLACE.fullmatch(text)
        path = Path(match["path"]) if match else None
        if match is None or path is None or not path.is_relative_to(self.folder):
            return Place(None, None, "", text)
        line = int(match["line"]) if match["line"] else None
        return Place(path, line, match["section"] or "", str(path.relative_to(self.folder)))

    def find_row(self, path: Path, line: int) -> Row | None:
        """Return the row that ends on a line of the copy."""
        last_line = 0
        for row in self._read_rows(path):
            last_line += row.line_count
            if last_line == line:
                return row
        return None

    def remove_row(self, path: Path, row: Row) -> None:
        """Remove a row from the copy."""
        rows = self._rows[path]
        rows.remove(row)
        path.write_bytes("".join(row.text for row in rows).encode(errors=_BYTES))
        self._removed_lines[path] += row.line_count

    def count_removed_lines(self, path: Path) -> int:
        """Return how many lines of a file were removed."""
        return self._removed_lines[path]

    def has_code(self, path: Path, code: str) -> bool:
        """Return whether a row of a file begins with ``code``."""
        return any(row.cells[:1] == (code,) for row in self._read_rows(path))

    def _read_rows(self, path: Path) -> list[Row]:
        if path not in self._rows:
            self._rows[path] = _split_rows(path)
        return self._rows[path]


def _split_rows(path: Path) -> list[Row]:
    """Split a file into its rows; from where it is no CSV on, the rest is one row, which the readers refuse."""
    with path.open(encoding="utf-8-sig", errors=_BYTES, newline="") as text:
        lines = list(text)
    reader, rows, first = csv.reader(lines, strict=True), [], 0
    with suppress(csv.Error):
        for cells in reader:
            raw = "".join(lines[first : reader.line_num])
            rows.append(Row(reader.line_num, reader.line_num - first, raw, tuple(map(str.strip, cells))))
            first = reader.line_num
    if first < len(lines):
        rows.append(Row(len(lines), len(lines) - first, "".join(lines[first:]), ()))
    return rows


def find_unreadable_line(path: Path) -> int | None:
    """Return the line at which a CSV file cannot be read any further; None if it is not the text that is wrong."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.reader(text, strict=True)
            try:
                for _ in reader:
                    pass
            except csv.Error:
                return reader.line_num
    except (OSError, UnicodeDecodeError):
        return None
    return None


def find_toml_line(path: Path, section: str, finding: str) -> int | None:
    """Return the line of a TOML file at which the key stands that begins ``finding``; None if there is none.

    The parser gives no lines of values.  The key is looked for below the heading of its ``section``.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    if match := re.search(r"at line (\d+)", finding):
        return int(match[1])
    heading = re.compile(rf"\s*\[+\s*{re.escape(section.replace(' ', '.'))}\s*\]+")
    start = next((at for at, line in enumerate(lines) if section and heading.match(line)), 0)
    words = finding.split()
    key = words[0].strip("'\"") if words else ""
    assignment = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=") if key else None
    found_at = (at for at in range(start, len(lines)) if assignment and assignment.match(lines[at]))
    line = next(found_at, start if section and start else None)
    return None if line is None else line + 1
