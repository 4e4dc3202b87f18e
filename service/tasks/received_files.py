"""Bank files received over HTTP: stored by the hash of their bytes until tasks import them, and kept afterwards."""

import hashlib
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from core.errors import LimitExceeded
from settlement.orders.outbox import create_folder, move_into_place

FOLDER = "bank/received"
"""Where they lie, within the data folder: ``<SHA-256>/<name>``."""
FILE_BYTES_MAX = 1 << 30
UNNAMED_SECONDS = 3600
"""A file that no task names is removed after this time: its request ended before its task was stored."""
_CHUNK_BYTES = 1 << 20


def store_file(data: Path, body: BinaryIO, name: str) -> Path | None:
    """Store a body durably; return its path, or None if it is empty. The same bytes and name have the same path.

    Raises
    ------
    LimitExceeded
        It is too long; nothing of it remains.
    """
    folder = data / FOLDER
    create_folder(folder)
    part = folder / f".{secrets.token_hex(16)}.part"
    try:
        digest = _write_part(body, part, name)
        if not part.stat().st_size:
            return None
        path = folder / digest / name
        create_folder(path.parent)
        move_into_place(part, path)
        return path.absolute()
    finally:
        part.unlink(missing_ok=True)


def remove_unnamed_files(data: Path, paths: Iterable[str]) -> int:
    """Remove old files that no path of a task names; return how many. The service must not receive files meanwhile."""
    folder, deadline = data / FOLDER, time.time() - UNNAMED_SECONDS
    named = {Path(path).parts[-2:] for path in paths}  # the data folder may have moved
    removed = 0
    for path in list(_list_files(folder)):
        if path.parts[-2:] in named or path.stat().st_mtime > deadline:
            continue
        path.unlink()
        removed += 1
        if path.parent != folder:
            with suppress(OSError):  # another file lies there
                path.parent.rmdir()
    return removed


def _write_part(body: BinaryIO, part: Path, name: str) -> str:
    """Write a body to a file; return the hash of its bytes."""
    digest, size = hashlib.sha256(), 0
    with part.open("wb") as file:
        while chunk := body.read(_CHUNK_BYTES):
            size += len(chunk)
            if size > FILE_BYTES_MAX:
                raise LimitExceeded(name, f"More than {FILE_BYTES_MAX:,} bytes", "Split the file")
            file.write(chunk)
            digest.update(chunk)
    return digest.hexdigest()


def _list_files(folder: Path) -> Iterator[Path]:
    """Yield the stored files, and the parts that a crash left."""
    if not folder.is_dir():
        return
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from (Path(file.path) for file in os.scandir(entry.path) if file.is_file())
        else:
            yield Path(entry.path)
