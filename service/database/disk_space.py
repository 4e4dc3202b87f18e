"""The free space on the disks of the data folder: whether one is full, whether work may go on, and what to tell people."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from core.errors import BatchFailed, DatabaseUnfit, DiskFull
from posting.store.failures import is_disk_full

FULL_BYTES = 32 * 2**20
"""A disk with less is full: PostgreSQL needs a segment of its log of 16 MB to go on, and another one to recover."""
ROOM_BYTES = 2 * FULL_BYTES
"""A disk that was full has room again from here on, so that work does not stop again at once."""
_SMALL_DISK_PARTS = 16
"""On a small disk, one of so many parts is enough in place of ``FULL_BYTES``."""
_SUBFOLDERS = ("spool", "postgres")
_MEGABYTE = 10**6


class DiskUsage(NamedTuple):
    """The free space of a disk, and the folder by which it is known."""

    folder: Path
    free: int
    total: int

    @property
    def is_full(self) -> bool:
        """Whether so little is free that a database cannot go on."""
        return self.free < self._scale(FULL_BYTES)

    @property
    def has_room(self) -> bool:
        """Whether so much is free that work may go on after the disk was full."""
        return self.free >= self._scale(ROOM_BYTES)

    def describe(self) -> str:
        """Return the free space in words."""
        return f"the disk of {self.folder} has {self.free / _MEGABYTE:,.0f} MB of {self.total / _MEGABYTE:,.0f} MB free"

    def _scale(self, size: int) -> int:
        """Return a number of bytes, or its share of a disk that is small."""
        return min(size, self.total // _SMALL_DISK_PARTS * (size // FULL_BYTES))


class DataDisks:
    """The disks of a data folder: its own, and those of its spool and its embedded database if they lie elsewhere."""

    def __init__(self, data: Path) -> None:
        self._folders = (data, *(data / name for name in _SUBFOLDERS))

    def measure_fullest(self) -> DiskUsage:
        """Measure the disk with the least free space."""
        return min(map(_measure, self._folders), key=lambda usage: usage.free)

    def describe_full(self, database: str) -> str:
        """Return which disk is full, in words: one of the data folder, or else that of the server named ``database``."""
        fullest = self.measure_fullest()
        return fullest.describe() if fullest.is_full else f"the disk of {database} is full"

    @asynccontextmanager
    async def name_full_disk(self, database: str) -> AsyncIterator[None]:
        """Raise a failure of the body that comes of a full disk as one that names the disk; ``database`` is the server's name.

        Raises
        ------
        DiskFull
            A disk of the data folder is full, or that of the database.
        """
        try:
            yield
        except (BatchFailed, DatabaseUnfit, OSError) as error:
            cause = error if is_disk_full(error) else error.__cause__
            fullest = self.measure_fullest()
            if not fullest.is_full and (cause is None or not is_disk_full(cause)):
                raise
            raise DiskFull(f"{error}\nThere is no room: {self.describe_full(database)}. Make room") from error


def _measure(folder: Path) -> DiskUsage:
    """Measure the disk of a folder, or of the one above in which it will be created."""
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    usage = shutil.disk_usage(existing)
    return DiskUsage(existing, usage.free, usage.total)
