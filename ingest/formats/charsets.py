"""The charsets of CSV files: stated by the sender or by the mark at the begin of the file, never guessed.

A guess would read other characters without a word: the bytes of ``é`` in UTF-8 are ``Ã©`` in Windows-1252.
"""

import codecs
import io
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

from core.errors import FileUnreadable, FormatUnknown

UTF_8, UTF_16, UTF_16LE, UTF_16BE, WINDOWS_1252 = "utf-8", "utf-16", "utf-16le", "utf-16be", "windows-1252"
CHARSETS = (UTF_8, UTF_16, UTF_16LE, UTF_16BE, WINDOWS_1252)
_ALIASES: Mapping[str, str] = {
    "utf8": UTF_8,
    "us-ascii": UTF_8,
    "ascii": UTF_8,
    "utf16": UTF_16,
    "utf-16-le": UTF_16LE,
    "utf-16-be": UTF_16BE,
    "cp1252": WINDOWS_1252,
}
_CODECS: Mapping[str, str] = {
    UTF_8: "utf-8",
    UTF_16LE: "utf-16-le",
    UTF_16BE: "utf-16-be",
    WINDOWS_1252: "cp1252",
}
_MARKS: Mapping[str, bytes] = {
    UTF_8: codecs.BOM_UTF8,
    UTF_16LE: codecs.BOM_UTF16_LE,
    UTF_16BE: codecs.BOM_UTF16_BE,
}
_BLOCK_BYTES = 2**20
STATE_CHARSET = "state its charset: --charset, or Content-Type: text/csv; charset=windows-1252"
"""The advice for bytes of another charset."""


class CharsetChoice(NamedTuple):
    """The charset of a file, and the bytes of the mark that it begins with."""

    name: str
    mark_bytes: int

    def decode_head(self, head: bytes) -> str:
        """Decode the first bytes of a file, which may end inside a character; for what is no text, see the reader."""
        return codecs.getincrementaldecoder(_CODECS[self.name])("replace").decode(head[self.mark_bytes :])


def parse_charset(text: str, position: str) -> str:
    """Return the name in ``CHARSETS`` of a charset.

    Raises
    ------
    FormatUnknown
        It is not one of them.
    """
    name = text.lower()
    name = _ALIASES.get(name, name)
    if name not in CHARSETS:
        raise FormatUnknown(
            position, f"The charset {text[:40]!r} is not read", f"The charsets are {', '.join(CHARSETS)}"
        )
    return name


def choose_charset(path: Path, name: str, charset: str) -> CharsetChoice:
    """Return the charset of a file: what its sender states (``charset``, empty if nothing), its mark, or UTF-8.

    Raises
    ------
    FileUnreadable
        The mark is that of another charset than stated, or UTF-16 is stated without byte order, and there is no mark.
    """
    with path.open("rb") as file:
        return _choose_by_mark(file.read(len(codecs.BOM_UTF8)), name, charset)


def _choose_by_mark(head: bytes, name: str, charset: str) -> CharsetChoice:
    mark = next((option for option in _MARKS if head.startswith(_MARKS[option])), "")
    allowed = (UTF_16LE, UTF_16BE) if charset == UTF_16 else (charset or mark,)
    if mark and mark not in allowed:
        fault = f"The charset is stated as {charset}, and the file begins with the mark of {mark}"
        raise FileUnreadable(name, fault, "State the charset that the file has")
    if charset == UTF_16 and not mark:
        fault = f"The charset is stated as {charset}, and the file has no mark that shows its byte order"
        raise FileUnreadable(name, fault, f"State {UTF_16LE} or {UTF_16BE}")
    return CharsetChoice(mark or charset or UTF_8, len(_MARKS.get(mark, b"")))


def open_text(path: Path, name: str, charset: str) -> io.BufferedReader:
    """Open a text file for reading in UTF-8, behind its mark; text in UTF-8 is passed on as it is, and not checked.

    Raises
    ------
    FileUnreadable
        As ``choose_charset``; when reading: bytes that the charset does not have, with their line.
    """
    choice = choose_charset(path, name, charset)
    file = path.open("rb")
    file.seek(choice.mark_bytes)
    return file if choice.name == UTF_8 else io.BufferedReader(_Transcoder(file, name, choice.name))


class _Transcoder(io.RawIOBase):
    """Reads a file of another charset as UTF-8, a block at a time."""

    def __init__(self, file: BinaryIO, name: str, charset: str) -> None:
        self._file, self._name, self._charset = file, name, charset
        self._decoder = codecs.getincrementaldecoder(_CODECS[charset])("strict")
        self._text, self._lines = memoryview(b""), 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def readinto(self, buffer: memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Fill the begin of ``buffer``, and return how many bytes; 0 at the end."""
        while not self._text:
            block = self._file.read(_BLOCK_BYTES)
            self._text = memoryview(self._decode(block))
            if not block:
                break
        size = min(len(buffer), len(self._text))
        buffer[:size], self._text = self._text[:size], self._text[size:]
        return size

    def _decode(self, block: bytes) -> bytes:
        try:
            text = self._decoder.decode(block, final=not block).encode()
        except UnicodeDecodeError as error:
            raise self._locate(error) from error
        self._lines += text.count(b"\n")
        return text

    def _locate(self, error: UnicodeDecodeError) -> FileUnreadable:
        before = error.object[: error.start].decode(_CODECS[self._charset])
        position = f"{self._name}, line {self._lines + before.count(chr(10)) + 1:,}"
        fault = f"These bytes are not {self._charset}: {error.object[error.start : error.end]!r}"
        return FileUnreadable(
            position, fault, f"Write the file in the charset that is stated, or {STATE_CHARSET}"
        )
