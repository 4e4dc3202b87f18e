"""Folders in which files are assembled, locked while work goes on in them.

The lock distinguishes work in progress from what a crash left behind, for every process.
"""

import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from core.errors import SpoolBusy

INCOMING_FOLDER = "incoming"
LOCK_SECONDS = 60
_POLL_SECONDS = 0.002
TOKEN_LETTERS = 16


@contextmanager
def create_work_folder(folder: Path) -> Iterator[Path]:
    """Create a folder on the spool's own disk, removed on exit unless it was moved into place."""
    incoming = folder / INCOMING_FOLDER
    with lock_folder(incoming):
        work_folder = incoming / create_token()
        work_folder.mkdir()
        lock = lock_path(work_folder)
    try:
        yield work_folder
    finally:
        shutil.rmtree(work_folder, ignore_errors=True)
        os.close(lock)


def create_token() -> str:
    """Create a unique name."""
    return secrets.token_hex(TOKEN_LETTERS // 2)


def remove_abandoned_folder(folder: Path) -> None:
    """Remove a work folder unless work goes on in it."""
    try:
        lock = lock_path(folder)
    except BlockingIOError:
        return
    os.close(lock)
    shutil.rmtree(folder)


def lock_path(path: Path) -> int:
    """Take an exclusive lock on ``path``, owned until the descriptor is closed.

    Raises
    ------
    BlockingIOError
        Another owner has it.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Wait for a lock on ``folder``: nobody may look between the creation of a work folder and its locking.

    Raises
    ------
    SpoolBusy
        Another process has not released it for ``LOCK_SECONDS``.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _wait_for_lock(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def _wait_for_lock(descriptor: int, folder: Path) -> None:
    """Poll for a lock: its owners need milliseconds, and the kernel's own wait would have no end."""
    end = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise SpoolBusy(
                    f"{folder} has been locked by another process for {LOCK_SECONDS} seconds: find it with"
                    f" fuser {folder}, and end it"
                ) from None
        time.sleep(_POLL_SECONDS)


def write_all(file: BinaryIO, chunk: bytes) -> None:
    """Write all of ``chunk`` to an unbuffered file, which may accept a part at a time."""
    remaining = memoryview(chunk)
    while remaining:
        remaining = remaining[file.write(remaining) :]
