"""The outbox: payment files that wait for the bank, as ``<folder>/<run>/<name>``.

A file is written under a temporary name in the same folder, flushed to disk, and renamed.  So a reader of the folder never
sees half a file, nor one that a power failure removes again.
"""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from core.durability import flush_path


class WrittenFile(NamedTuple):
    """Size and hash of a file."""

    size_bytes: int
    sha256: bytes


class Outbox:
    """The payment files of all runs, under ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def locate(self, run: int, name: str) -> Path:
        """Return the path of a file of a run."""
        return self._folder / f"{run:08}" / name

    def write(self, run: int, name: str, parts: Iterable[bytes | memoryview]) -> WrittenFile:
        """Write a file durably; replace an earlier file of that name in one step."""
        path = self.locate(run, name)
        create_folder(path.parent)
        unfinished = path.with_name(f".{name}.part")
        digest, size = hashlib.sha256(), 0
        with unfinished.open("wb", buffering=0) as file:
            for part in parts:
                digest.update(part)
                size += len(part)
                _write_all(file.fileno(), part)
            os.fsync(file.fileno())
        unfinished.rename(path)
        flush_path(path.parent)
        return WrittenFile(size, digest.digest())

    def delete(self, run: int, name: str) -> None:
        """Delete a file that is not needed any more."""
        self.locate(run, name).unlink(missing_ok=True)

    def contains(self, run: int, name: str, written_file: WrittenFile) -> bool:
        """Return whether the file exists with exactly the bytes that were written."""
        path = self.locate(run, name)
        if not path.is_file() or path.stat().st_size != written_file.size_bytes:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest() == written_file.sha256


def move_into_place(unfinished: Path, path: Path) -> None:
    """Flush a file and rename it to ``path``, in the same folder, durably and in one step."""
    flush_path(unfinished)
    unfinished.rename(path)
    flush_path(path.parent)


def _write_all(descriptor: int, part: bytes | memoryview) -> None:
    """Write all of ``part``: a single write may accept less."""
    remaining = memoryview(part)
    while remaining:
        remaining = remaining[os.write(descriptor, remaining) :]


def create_folder(folder: Path) -> None:
    """Create a folder and its parents durably: flush the parent of every one that is new."""
    created = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in created:
        flush_path(path.parent)
