"""The folder of an export: which parts are complete, and the manifest that is written when all are.

The manifest names every file with its rows, its sums in cents, its size and its SHA-256, and the columns of each view with
their types.  Whoever copied the folder can tell from it alone that nothing is missing.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from core.errors import CrescendoError

MANIFEST, _PROGRESS = "manifest.json", "progress.json"
FORMAT = 2
"""The version of the folder's layout, and of the views in it."""


class FolderInUse(CrescendoError):
    """The folder contains what is not an export; the message says what to do."""


class ExportHead(msgspec.Struct, frozen=True):
    """What an export is of: an export of the same head has the same rows."""

    ledger: str
    year: int
    batch: int
    """The last batch of the journal."""
    last_entry: int
    with_names: bool
    refreshed_at: str = ""
    """When the views were refreshed last, in UTC: a refresh changes titles of entries that stand already."""
    format: int = FORMAT


class ExportedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One complete file."""

    path: str
    """Within the folder."""
    view: str
    rows: int
    sums: Mapping[str, int]
    """Cents by column of money."""
    bytes: int
    sha256: str


class _Progress(msgspec.Struct):
    """The parts that are complete."""

    head: ExportHead
    parts: dict[str, list[ExportedFile]] = {}


class ViewTotal(msgspec.Struct, frozen=True):
    """What all files of a view contain, and the type of each of its columns."""

    rows: int
    sums: Mapping[str, int]
    columns: Mapping[str, str]


class Manifest(msgspec.Struct, frozen=True):
    """A complete export."""

    head: ExportHead
    views: dict[str, ViewTotal]
    files: list[ExportedFile]


class ExportFolder:
    """The folder of one export."""

    def __init__(self, path: Path, progress: _Progress, *, is_complete: bool) -> None:
        self.path, self._progress = path, progress
        self.is_complete = is_complete
        """Whether it was complete before: there is nothing to add."""

    @classmethod
    def open(cls, path: Path, head: ExportHead) -> "ExportFolder":
        """Open a folder for an export, to go on with one of the same head; files of an earlier one are removed.

        Raises
        ------
        FolderInUse
            The folder contains files, and no export.
        """
        path.mkdir(parents=True, exist_ok=True)
        progress, manifest = _read(path / _PROGRESS, _Progress), _read(path / MANIFEST, Manifest)
        if progress is None and manifest is None and any(path.iterdir()):
            raise FolderInUse(f"{path} contains files that are no export: name an empty folder")
        if manifest is not None and manifest.head == head:
            return cls(path, _Progress(head), is_complete=True)
        if progress is not None and progress.head == head:
            return cls(path, progress, is_complete=False)
        _remove_files(path)
        progress = _Progress(head)
        _write(
            path / _PROGRESS, progress
        )  # before the first file, so that the folder is an export from then on
        return cls(path, progress, is_complete=False)

    def has_part(self, name: str) -> bool:
        """Return whether a part is complete."""
        return self.is_complete or name in self._progress.parts

    def add_part(self, name: str, files: list[ExportedFile]) -> None:
        """Record that a part is complete."""
        self._progress.parts[name] = files
        _write(self.path / _PROGRESS, self._progress)

    def complete(self, columns: Mapping[str, Mapping[str, str]]) -> None:
        """Write the manifest; ``columns`` are the types of the columns of each view."""
        if self.is_complete:
            return
        files = [file for part in self._progress.parts.values() for file in part]
        totals = {
            view: _add_up([file for file in files if file.view == view], types)
            for view, types in columns.items()
        }
        _write(self.path / MANIFEST, Manifest(self._progress.head, totals, files))
        (self.path / _PROGRESS).unlink(missing_ok=True)

    def read_manifest(self) -> Manifest:
        """Return the manifest of a complete export."""
        return msgspec.json.decode((self.path / MANIFEST).read_bytes(), type=Manifest)


Record = TypeVar("Record", Manifest, _Progress)


def _add_up(files: Sequence[ExportedFile], columns: Mapping[str, str]) -> ViewTotal:
    names = files[0].sums if files else {}
    sums = {name: sum(file.sums[name] for file in files) for name in names}
    return ViewTotal(sum(file.rows for file in files), sums, columns)


def _remove_files(path: Path) -> None:
    """Remove an earlier export: its manifest first, so that what is left is never taken for complete."""
    for name in (MANIFEST, _PROGRESS):
        (path / name).unlink(missing_ok=True)
    for file in [*path.glob("*/**/*.parquet"), *path.glob("*/**/*.parquet.part")]:
        file.unlink()


def _read(path: Path, kind: type[Record]) -> Record | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise FolderInUse(f"{path} is not that of an export: name an empty folder") from error


def _write(path: Path, value: "Manifest | _Progress") -> None:
    """Write a file whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=1))
    part.replace(path)
