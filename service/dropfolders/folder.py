"""The folders of one sender, held open by descriptor: no name and no link in them leads anywhere else.

Whoever sends may write in these folders, so nothing in them is trusted to be what it was a moment ago: a file is
opened without following links and looked at through its descriptor.
"""

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from core.errors import FileUnreadable, InputError, LimitExceeded
from ingest.spool.envelope import Envelope, check_envelope

SENDERS_MAX = 1000
ENTRIES_MAX = 2000
"""Names looked at in one folder at a time; others are looked at when these are gone."""
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class SubFolder(StrEnum):
    """The folders of a sender."""

    IN = "in"
    """Where files are left for us."""
    OUT = "out"
    """Where their results are."""
    DONE = "done"
    REJECTED = "rejected"


class FolderEntry(NamedTuple):
    """Something in a folder, as it stood when it was looked at."""

    name: str
    is_file: bool
    size: int
    written_ns: int
    changed_ns: int
    """By the clock of this machine: no sender can set it."""
    inode: int


class FileReplaced(Exception):
    """A file is no longer the one that was looked at: it is left where it is, and counts as new."""


class SenderFolder:
    """A sender's folders."""

    def __init__(self, sender: str, descriptors: Mapping[SubFolder, int]) -> None:
        self.sender, self._descriptors = sender, descriptors

    def list_entries(self) -> list[FolderEntry]:
        """What lies in ``in``."""
        with os.scandir(self._descriptors[SubFolder.IN]) as found:
            entries = [_stat_entry(each) for each in islice(found, ENTRIES_MAX)]
        return [each for each in entries if each is not None]

    @contextmanager
    def open_unchanged(self, entry: FolderEntry) -> Iterator[BinaryIO]:
        """A file of ``in``, open, and the same before and after as when it was looked at.

        Raises
        ------
        Changed
            It was written to or replaced.
        FileNotFoundError, FileUnreadable
            As ``reading``.
        """
        with self.open_file(entry.name) as file:
            if _to_entry(entry.name, os.fstat(file.fileno())) != entry:
                raise FileReplaced
            yield file
            if _to_entry(entry.name, os.fstat(file.fileno())) != entry:
                raise FileReplaced

    @contextmanager
    def open_file(self, name: str) -> Iterator[BinaryIO]:
        """A file of ``in``, open.

        Raises
        ------
        FileNotFoundError
            Taken away meanwhile.
        FileUnreadable
            No regular file: a link, a pipe, a folder; or one that is not ours to read.
        """
        try:
            descriptor = os.open(name, _READ, dir_fd=self._descriptors[SubFolder.IN])
        except FileNotFoundError:
            raise
        except OSError as error:
            raise FileUnreadable(name, str(error.strerror), "Leave a regular file") from error
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise FileUnreadable(name, "Not a regular file", "Leave a regular file")
            yield file

    def read_small_file(self, name: str, bytes_max: int) -> bytes:
        """The whole of a small file of ``in``.

        Raises
        ------
        FileUnreadable, LimitExceeded
            No regular file, or a larger one.
        """
        with self.open_file(name) as file:
            text = file.read(bytes_max + 1) or b""
        if len(text) > bytes_max:
            raise LimitExceeded(name, f"Over {bytes_max:,} bytes", "Write no more than belongs there")
        return text

    async def write_result(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        """Put a file into ``out``, whole and durably, in place of one of the same name."""
        out, unfinished = self._descriptors[SubFolder.OUT], f".{name}.part"
        with suppress(FileNotFoundError):
            os.unlink(unfinished, dir_fd=out)
        with os.fdopen(os.open(unfinished, _WRITE, 0o644, dir_fd=out), "wb") as file:
            async for piece in pieces:
                await asyncio.to_thread(file.write, piece)
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        os.rename(unfinished, name, src_dir_fd=out, dst_dir_fd=out)
        await asyncio.to_thread(os.fsync, out)

    def remove_result(self, name: str) -> None:
        """Take a result out of ``out`` that holds no longer."""
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._descriptors[SubFolder.OUT])

    def move(self, entry: FolderEntry, subfolder: SubFolder, new_name: str) -> bool:
        """Move what was looked at out of ``in``, durably; whatever it is, it is moved itself, never what it points to.

        What has come in its place stays there; then this is False.
        """
        source, target = self._descriptors[SubFolder.IN], self._descriptors[subfolder]
        found = _find_entry(entry.name, source)
        if found is not None and found != entry:
            return False
        with suppress(FileNotFoundError):
            os.rename(entry.name, new_name, src_dir_fd=source, dst_dir_fd=target)
        moved = _find_entry(new_name, target)
        is_it = moved is None or moved.inode == entry.inode
        if not is_it:  # it came between the look and the move: back with it, unless another came meanwhile
            with suppress(FileExistsError):
                os.link(new_name, entry.name, src_dir_fd=target, dst_dir_fd=source, follow_symlinks=False)
            os.unlink(new_name, dir_fd=target)
        os.fsync(target)
        os.fsync(source)
        return is_it


@contextmanager
def open_folder(root: Path, sender: str) -> Iterator[SenderFolder]:
    """The folders of a sender; those that are missing are made."""
    with ExitStack() as held:
        base = _open_directory(held, str(root / sender), None)
        places = {place: _open_or_create(held, place, base) for place in SubFolder}
        yield SenderFolder(sender, places)


def list_senders(root: Path) -> list[str]:
    """Who has a folder; what is no folder of its own, or named as no sender may be, is passed over."""
    with os.scandir(root) as found:
        names = [each.name for each in islice(found, SENDERS_MAX) if each.is_dir(follow_symlinks=False)]
    return sorted(name for name in names if _is_sender(name))


def _is_sender(name: str) -> bool:
    try:
        return bool(check_envelope(Envelope(sender=name), "drop folder").sender)
    except InputError:
        return False


def _open_or_create(held: ExitStack, name: str, base: int) -> int:
    with suppress(FileExistsError):
        os.mkdir(name, 0o770, dir_fd=base)
    return _open_directory(held, name, base)


def _open_directory(held: ExitStack, name: str, base: int | None) -> int:
    descriptor = os.open(name, _DIRECTORY, dir_fd=base)
    held.callback(os.close, descriptor)
    return descriptor


def _stat_entry(found: os.DirEntry[str]) -> FolderEntry | None:
    """None when it is gone meanwhile."""
    try:
        state = found.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    return _to_entry(found.name, state)


def _find_entry(name: str, folder: int) -> FolderEntry | None:
    """What stands in a folder by a name now; None when nothing does."""
    try:
        return _to_entry(name, os.stat(name, dir_fd=folder, follow_symlinks=False))
    except FileNotFoundError:
        return None


def _to_entry(name: str, state: os.stat_result) -> FolderEntry:
    is_file = stat.S_ISREG(state.st_mode)
    return FolderEntry(name, is_file, state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)
