"""A payment file and its account assignment file as one: a plain tar archive of the two, so that one hash covers both.

A caller with both files side by side need not pack them: they are packed on their way into the spool, always to the
same bytes.  Source: POSIX.1-1988, "ustar"; only its plain part is read, which every tar program writes.
"""

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, NamedTuple, cast

from core.errors import FileUnreadable
from ingest.formats.detection import TAR_MAGIC, TAR_MAGIC_AT, translate_decoder_errors
from ingest.sidecars import find_assignment_file

_BLOCK = 512
_NAME_BYTES_MAX = 100
_REGULAR = (b"0", b"\0")
_CHECKSUM = slice(148, 156)
_REMEDY = "Send two regular files, packed by tar --format=ustar"


class ArchiveMember(NamedTuple):
    """The position of a file in an archive."""

    name: str
    start: int
    size: int


class FileSection(io.RawIOBase):
    """A section of a file as a file of its own."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        super().__init__()
        self._file, self._start, self._size, self._at = file, start, size, 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move to a byte of the section."""
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        """Return the byte of the section that is read next."""
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        """Fill ``buffer``; short only at the end of the section."""
        size = min(len(buffer), max(self._size - self._at, 0))
        self._file.seek(self._start + self._at)
        count = self._file.readinto(memoryview(buffer)[:size])  # type: ignore[attr-defined]
        self._at += count
        return count


class TarStream(io.RawIOBase):
    """The archive of some files, built while it is read; closing it does not close them."""

    def __init__(self, files: list[tuple[str, BinaryIO]]) -> None:
        super().__init__()
        sizes = [file.seek(0, os.SEEK_END) for _, file in files]
        self.size = sum(_BLOCK + size + -size % _BLOCK for size in sizes) + 2 * _BLOCK
        self._pieces = _generate_pieces(
            [(name, file, size) for (name, file), size in zip(files, sizes, strict=True)]
        )
        self._rest = b""

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill ``buffer``; short where a piece ends."""
        self._rest = self._rest or next(self._pieces, b"")
        piece, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)


@contextmanager
def open_with_assignments(source: Path | BinaryIO, name: str) -> Iterator[BinaryIO]:
    """Open a file for reading from its start; with an account assignment file beside it, both as one archive.

    Raises
    ------
    FileUnreadable
        It cannot be opened.
    """
    if not isinstance(source, Path):
        yield source
        return
    assignment_file = find_assignment_file(source)
    with ExitStack() as stack:
        file = stack.enter_context(_open_file(source))
        if assignment_file is None:
            yield file
            return
        pair = [(name, file), (assignment_file.name, stack.enter_context(_open_file(assignment_file)))]
        yield cast(BinaryIO, TarStream(pair))


@contextmanager
def pack_with_assignments(path: Path) -> Iterator[Path]:
    """Yield a file, or, with an account assignment file beside it, a temporary archive of both under the same name.

    Raises
    ------
    FileUnreadable
        It cannot be opened.
    """
    if find_assignment_file(path) is None:
        yield path
        return
    with TemporaryDirectory(prefix="crescendo-") as folder:
        packed = Path(folder) / path.name
        with open_with_assignments(path, path.name) as file, packed.open("wb") as archive:
            shutil.copyfileobj(file, archive, 2**20)
        yield packed


def _open_file(path: Path) -> BinaryIO:
    try:
        return path.open("rb", buffering=0)
    except OSError as error:
        raise FileUnreadable(path.name, str(error.strerror), "Name a file that can be read") from error


def _generate_pieces(files: list[tuple[str, BinaryIO, int]]) -> Iterator[bytes]:
    for name, file, size in files:
        yield _build_header(name, size)
        file.seek(0)
        remaining = size
        while remaining:
            piece = file.read(min(remaining, 2**20))
            if not piece:
                raise FileUnreadable(name, "The file became shorter while it was read", "Send the file again")
            remaining -= len(piece)
            yield piece
        if size % _BLOCK:
            yield bytes(-size % _BLOCK)
    yield bytes(2 * _BLOCK)


def _build_header(name: str, size: int) -> bytes:
    """Build the header of a regular file without owner and time: the same bytes on every machine."""
    encoded_name = os.fsencode(name)
    if len(encoded_name) > _NAME_BYTES_MAX:
        raise FileUnreadable(
            name, f"The name has {len(encoded_name)} bytes", f"Use a name of at most {_NAME_BYTES_MAX} bytes"
        )
    fields = (
        encoded_name.ljust(100, b"\0"),
        b"0000644\0",
        b"0000000\0",
        b"0000000\0",
        b"%011o\0" % size,
        b"0" * 11 + b"\0",
    )
    block = b"".join((*fields, b" " * 8, b"0", bytes(100), TAR_MAGIC, b"\x0000")).ljust(_BLOCK, b"\0")
    return block[: _CHECKSUM.start] + b"%06o\0 " % sum(block) + block[_CHECKSUM.stop :]


def read_members(file: BinaryIO, name: str) -> list[ArchiveMember]:
    """Return the two files of an archive.

    Raises
    ------
    FileUnreadable
        The archive is cut off, damaged, or contains anything else.
    """
    size, offset, members = file.seek(0, os.SEEK_END), 0, list[ArchiveMember]()
    with translate_decoder_errors(name):
        while (block := _read_block(file, offset, name)).strip(b"\0"):
            member = _parse_member(block, offset, name)
            offset = member.start + member.size + -member.size % _BLOCK
            if offset > size:
                raise FileUnreadable(
                    f"{name}, {member.name}", "The archive ends inside this file", "Send the whole archive"
                )
            members.append(member)
            if len(members) > 2:
                break
    if len(members) != 2:
        raise FileUnreadable(
            name,
            f"The archive must contain two files, not {'more' if members[2:] else len(members)}",
            _REMEDY,
        )
    return members


def _read_block(file: BinaryIO, offset: int, name: str) -> bytes:
    file.seek(offset)
    block = file.read(_BLOCK)
    if len(block) < _BLOCK:
        raise FileUnreadable(
            f"{name}, byte {offset:,}", "The end of the archive is missing", "Send the whole archive"
        )
    return block


def _parse_member(block: bytes, offset: int, name: str) -> ArchiveMember:
    position = f"{name}, byte {offset:,}"
    checksum = sum(block) - sum(block[_CHECKSUM]) + 8 * ord(" ")
    if not block.startswith(TAR_MAGIC, TAR_MAGIC_AT) or _parse_octal(block[_CHECKSUM]) != checksum:
        raise FileUnreadable(position, "The header of a tar archive is missing or damaged", _REMEDY)
    size, encoded_name = _parse_octal(block[124:136]), block[:_NAME_BYTES_MAX].rstrip(b"\0")
    member_name = encoded_name.decode("utf-8", "replace").rpartition("/")[2]
    if block[156:157] not in _REGULAR or size is None or not member_name.isprintable() or not member_name:
        raise FileUnreadable(position, "The archive contains something that is not a regular file", _REMEDY)
    return ArchiveMember(member_name, offset + _BLOCK, size)


def _parse_octal(text: bytes) -> int | None:
    digits = text.strip(b" \0")
    return int(digits, 8) if digits.isdigit() and not set(digits) & set(b"89") else None
