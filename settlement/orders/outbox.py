"""Where payment files wait for the bank: each whole or not there at all, and never another under its name.

``<folder>/<run>/<name>``.  A file is written beside its place under a name that nobody fetches, flushed to disk, and only
then renamed; so whatever takes files from here never sees half of one, nor one that a power cut takes back.
"""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class WrittenFile(NamedTuple):
    """What was written."""

    size_bytes: int
    sha256: bytes


class Outbox:
    """The files of all runs under ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def locate(self, run: int, name: str) -> Path:
        """Where a file of a run is."""
        return self._folder / f"{run:08}" / name

    def write(self, run: int, name: str, parts: Iterable[bytes | memoryview]) -> WrittenFile:
        """Write a file, durably; what stood there under its name is replaced in one step."""
        path = self.locate(run, name)
        _create_folder(path.parent)
        unfinished = path.with_name(f".{name}.part")
        digest, size = hashlib.sha256(), 0
        with unfinished.open("wb", buffering=0) as file:
            for part in parts:
                digest.update(part)
                size += len(part)
                _write_all(file.fileno(), part)
            os.fsync(file.fileno())
        unfinished.rename(path)
        _sync(path.parent)
        return WrittenFile(size, digest.digest())

    def delete(self, run: int, name: str) -> None:
        """Take away a file that was only needed on the way."""
        self.locate(run, name).unlink(missing_ok=True)

    def contains(self, run: int, name: str, written: WrittenFile) -> bool:
        """Whether the file is there, with the very bytes that were written."""
        path = self.locate(run, name)
        if not path.is_file() or path.stat().st_size != written.size_bytes:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest() == written.sha256


def move_into_place(unfinished: Path, path: Path) -> None:
    """Put a file that was written beside its place there, durably, in one step."""
    _sync(unfinished)
    unfinished.rename(path)
    _sync(path.parent)


def _write_all(descriptor: int, part: bytes | memoryview) -> None:
    """A single write may take less than all."""
    rest = memoryview(part)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _create_folder(folder: Path) -> None:
    """The folder, and the names of all that are new on the way to it, durably."""
    new = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in new:
        _sync(each.parent)


def _sync(path: Path) -> None:
    """Bring a file to the disk; its name is there once its folder is."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
