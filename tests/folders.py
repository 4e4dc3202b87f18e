"""Folders for the files of tests and the data of test servers: in memory where there is room.

Tests create and drop thousands of ledgers, and write their files so that a power cut loses none: a disk makes them wait.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psutil

_MEMORY = Path("/dev/shm")
_FREE_BYTES = 8 * 2**30
_NAME = "crescendo-tests"
_numbers = count()


@contextmanager
def choose_folder(usual: Path) -> Iterator[Path]:
    """Yield a folder that does not exist yet, in memory if there is room, and ``usual`` otherwise; remove the former.

    A ledger is a thousand files, which a disk may take as long to create and to remove as the test itself takes.
    """
    if not _has_room():
        yield usual
        return
    _remove_abandoned()
    folder = _name_folder(next(_numbers))
    folder.mkdir(mode=0o700)
    try:
        yield folder / "data"
    finally:
        shutil.rmtree(folder)


def find_base() -> Path | None:
    """Find the folder for the files of all tests of this run, which does not exist yet.

    None if memory has no room, or runs no programs: some tests write one and start it.
    """
    if not _has_room() or os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC:
        return None
    _remove_abandoned()
    return _name_folder("files")


def _name_folder(suffix: object) -> Path:
    return _MEMORY / f"{_NAME}-{os.getpid()}-{suffix}"


def _has_room() -> bool:
    """Return whether the file system in memory has room, and the memory too: it is reserved by what is written alone."""
    if not _MEMORY.is_dir():
        return False
    return min(shutil.disk_usage(_MEMORY).free, psutil.virtual_memory().available) >= _FREE_BYTES


def _remove_abandoned() -> None:
    """Remove the folders of processes that were killed."""
    for folder in _MEMORY.glob(f"{_NAME}-*-*"):
        if not psutil.pid_exists(int(folder.name.split("-")[2])):
            shutil.rmtree(folder, ignore_errors=True)
