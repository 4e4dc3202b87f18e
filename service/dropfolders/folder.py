"""The folders of one sender, accessed through open descriptors, so that no name or link in them leads elsewhere.

The sender may write in these folders at any time, so nothing in them is assumed to stay as it was: a file is opened
without following links, and examined through its descriptor.
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
"""Names read from one folder at a time; the others are read when these are gone."""
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class SubFolder(StrEnum):
    """The folders of a sender."""

    IN = "in"
    """Files that the sender submits."""
    OUT = "out"
    """Their results."""
    DONE = "done"
    """Files that became submissions."""
    REJECTED = "rejected"
    """Files that were refused whole."""


class FolderEntry(NamedTuple):
    """A file or other object in a folder, with its state at the time of reading."""

    name: str
    is_file: bool
    size: int
    written_ns: int
    changed_ns: int
    """By the clock of this machine; a sender cannot set it."""
    inode: int


class FileReplaced(Exception):
    """A file changed after it was read: it stays where it is and counts as new."""


class SenderFolder:
    """A sender's folders."""

    def __init__(self, sender: str, descriptors: Mapping[SubFolder, int]) -> None:
        self.sender, self._descriptors = sender, descriptors

    def list_entries(self) -> list[FolderEntry]:
        """Return the entries of ``in``."""
        with os.scandir(self._descriptors[SubFolder.IN]) as listing:
            entries = [_stat_entry(entry) for entry in islice(listing, ENTRIES_MAX)]
        return [entry for entry in entries if entry is not None]

    @contextmanager
    def open_unchanged_file(self, entry: FolderEntry) -> Iterator[BinaryIO]:
        """Open a file of ``in``, and check before and after the body that it is still the same.

        Raises
        ------
        FileReplaced
            It was written to or replaced.
        FileNotFoundError, FileUnreadable
            As in ``open_file``.
        """
        with self.open_file(entry.name) as file:
            if _to_entry(entry.name, os.fstat(file.fileno())) != entry:
                raise FileReplaced
            yield file
            if _to_entry(entry.name, os.fstat(file.fileno())) != entry:
                raise FileReplaced

    @contextmanager
    def open_file(self, name: str) -> Iterator[BinaryIO]:
        """Open a file of ``in``.

        Raises
        ------
        FileNotFoundError
            It was removed meanwhile.
        FileUnreadable
            It is not a regular file (a link, a pipe, a folder), or there is no permission to read it.
        """
        try:
            descriptor = os.open(name, _READ, dir_fd=self._descriptors[SubFolder.IN])
        except FileNotFoundError:
            raise
        except OSError as error:
            raise FileUnreadable(name, str(error.strerror), "Store a regular file") from error
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise FileUnreadable(name, "This is not a regular file", "Store a regular file")
            yield file

    def read_small_file(self, name: str, bytes_max: int) -> bytes:
        """Read a small file of ``in``.

        Raises
        ------
        FileUnreadable, LimitExceeded
            It is not a regular file, or larger than ``bytes_max``.
        """
        with self.open_file(name) as file:
            content = file.read(bytes_max + 1) or b""
        if len(content) > bytes_max:
            raise LimitExceeded(
                name,
                f"The file has more than {bytes_max:,} bytes",
                "Write only the envelope or the signature",
            )
        return content

    async def write_result(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        """Write a file to ``out``, complete and durable, replacing one of the same name."""
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
        """Remove a result from ``out`` that is no longer valid."""
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._descriptors[SubFolder.OUT])

    def move(self, entry: FolderEntry, subfolder: SubFolder, new_name: str) -> bool:
        """Move an entry out of ``in``, durably; a link itself is moved, never its target.

        If another file has taken its place, that one stays, and the result is False.
        """
        source, target = self._descriptors[SubFolder.IN], self._descriptors[subfolder]
        current = _find_entry(entry.name, source)
        if current is not None and current != entry:
            return False
        with suppress(FileNotFoundError):
            os.rename(entry.name, new_name, src_dir_fd=source, dst_dir_fd=target)
        moved = _find_entry(new_name, target)
        is_same = moved is None or moved.inode == entry.inode
        if not is_same:  # replaced between check and move: move it back, unless the name is in use again
            with suppress(FileExistsError):
                os.link(new_name, entry.name, src_dir_fd=target, dst_dir_fd=source, follow_symlinks=False)
            os.unlink(new_name, dir_fd=target)
        os.fsync(target)
        os.fsync(source)
        return is_same


@contextmanager
def open_folder(root: Path, sender: str) -> Iterator[SenderFolder]:
    """Open the folders of a sender; create those that are missing."""
    with ExitStack() as stack:
        base = _open_directory(stack, str(root / sender), None)
        descriptors = {subfolder: _open_or_create(stack, subfolder, base) for subfolder in SubFolder}
        yield SenderFolder(sender, descriptors)


def list_senders(root: Path) -> list[str]:
    """Return the senders that have a folder; links, and names that no sender may have, are skipped."""
    with os.scandir(root) as listing:
        names = [entry.name for entry in islice(listing, SENDERS_MAX) if entry.is_dir(follow_symlinks=False)]
    return sorted(name for name in names if _is_sender(name))


def _is_sender(name: str) -> bool:
    try:
        return bool(check_envelope(Envelope(sender=name), "drop folder").sender)
    except InputError:
        return False


def _open_or_create(stack: ExitStack, name: str, base: int) -> int:
    with suppress(FileExistsError):
        os.mkdir(name, 0o770, dir_fd=base)
    return _open_directory(stack, name, base)


def _open_directory(stack: ExitStack, name: str, base: int | None) -> int:
    descriptor = os.open(name, _DIRECTORY, dir_fd=base)
    stack.callback(os.close, descriptor)
    return descriptor


def _stat_entry(entry: os.DirEntry[str]) -> FolderEntry | None:
    """Return the state of an entry; None if it was removed meanwhile."""
    try:
        state = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    return _to_entry(entry.name, state)


def _find_entry(name: str, folder: int) -> FolderEntry | None:
    """Return the entry that now has this name in a folder; None if there is none."""
    try:
        return _to_entry(name, os.stat(name, dir_fd=folder, follow_symlinks=False))
    except FileNotFoundError:
        return None


def _to_entry(name: str, state: os.stat_result) -> FolderEntry:
    is_file = stat.S_ISREG(state.st_mode)
    return FolderEntry(name, is_file, state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)
