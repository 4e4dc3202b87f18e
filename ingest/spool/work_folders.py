"""Folders in which files are put together, locked while somebody is at work in them.

A lock tells what is under way from what a crash left behind, whatever process looks.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

INCOMING_FOLDER = "incoming"
TOKEN_LETTERS = 16


@contextmanager
def create_work_folder(folder: Path) -> Iterator[Path]:
    """A fresh folder on the spool's own disk, gone afterwards unless it was moved into place."""
    incoming = folder / INCOMING_FOLDER
    with lock_folder(incoming):
        place = incoming / create_token()
        place.mkdir()
        lock = lock_path(place)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        os.close(lock)


def create_token() -> str:
    """A name that nothing else has."""
    return secrets.token_hex(TOKEN_LETTERS // 2)


def remove_abandoned(folder: Path) -> None:
    """Remove a workplace, unless someone is at work in it."""
    try:
        lock = lock_path(folder)
    except BlockingIOError:
        return
    os.close(lock)
    shutil.rmtree(folder)


def lock_path(path: Path) -> int:
    """An exclusive lock on ``path``, held until the descriptor is closed.

    Raises
    ------
    BlockingIOError
        Somebody else holds it.
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
    """Wait for ``folder`` and keep it: between making a workplace and locking it nobody may look."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def flush_folder(folder: Path) -> None:
    """Make durable what stands in ``folder``."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(file: BinaryIO, chunk: bytes) -> None:
    """Write all of ``chunk`` to a file without a buffer, which may take a part at a time."""
    left = memoryview(chunk)
    while left:
        left = left[file.write(left) :]
