"""Text files as chunks of whole lines in UTF-8: bounded in size, numbered, and checked."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from core.errors import FileUnreadable, LimitExceeded
from ingest.formats.charsets import STATE_CHARSET, open_text
from ingest.formats.detection import LINE_BYTES_MAX, describe_position, translate_decoder_errors

CHUNK_BYTES = 4 * 2**20


class NumberedLine(NamedTuple):
    """A line without its line end, and its number in the file."""

    number: int
    text: bytes


class Chunk(NamedTuple):
    """Whole lines, each with its line end (the last line of the file may lack it)."""

    first_line: int
    """Number of the first line in the file, from 1."""
    text: bytes

    def number_lines(self) -> Iterator[NumberedLine]:
        """Yield the number of each line and the line without its line end, for error messages."""
        for number, line in enumerate(self.text.split(b"\n"), self.first_line):
            if line or number < self.first_line + self.text.count(b"\n"):
                yield NumberedLine(number, line.removesuffix(b"\r"))


def read_first_line(path: Path, name: str, charset: str = "") -> bytes:
    """Return the first line, without byte order mark and line end.

    Raises
    ------
    LimitExceeded, FileUnreadable
        Longer than a line may be; not of its charset.
    """
    with open_text(path, name, charset) as file:
        line = file.readline(LINE_BYTES_MAX + 1)
    _check_line_length(line, 1, name)
    _check_utf8(Chunk(1, line), name)
    return line.rstrip(b"\r\n")


def read_chunks(path: Path, name: str, charset: str = "", *, header_lines: int = 0) -> Iterator[Chunk]:
    """Yield the lines of the file at ``path``, without the byte order mark and, if ``header_lines`` is 1, the first line.

    Raises
    ------
    LimitExceeded, FileUnreadable
        A line too long; not of its charset.
    """
    with translate_decoder_errors(name), open_text(path, name, charset) as file:
        if header_lines:
            file.readline()
        for chunk in _split_chunks(file, header_lines + 1, name):
            _check_utf8(chunk, name)
            yield chunk


def _split_chunks(file: BinaryIO, number: int, name: str) -> Iterator[Chunk]:
    rest = b""
    while block := file.read(CHUNK_BYTES):
        text = rest + block
        end = text.rfind(b"\n") + 1
        rest = text[end:]
        if end:
            chunk = Chunk(number, text[:end])
            _check_line_lengths(chunk, name)
            yield chunk
            number += chunk.text.count(b"\n")
        _check_line_length(rest, number, name)
    if rest:
        yield Chunk(number, rest)


def _check_line_lengths(chunk: Chunk, name: str) -> None:
    """Check lines only if half of the limit contains no line end: else none can exceed the limit."""
    half_limit = LINE_BYTES_MAX // 2
    starts = range(0, len(chunk.text) - half_limit, half_limit)
    if any(chunk.text.find(b"\n", at, at + half_limit) < 0 for at in starts):
        for number, line in chunk.number_lines():
            _check_line_length(line, number, name)


def _check_line_length(line: bytes, number: int, name: str) -> None:
    if len(line) > LINE_BYTES_MAX:
        fault = f"The line is longer than {LINE_BYTES_MAX:,} bytes"
        raise LimitExceeded(describe_position(name, number), fault, "End each act line with a line end")


def _check_utf8(chunk: Chunk, name: str) -> None:
    if chunk.text.isascii():
        return
    try:
        str(chunk.text, "utf-8")
    except UnicodeDecodeError as error:
        line = chunk.first_line + chunk.text.count(b"\n", 0, error.start)
        fault = f"These bytes are not UTF-8: {chunk.text[error.start : error.end]!r}"
        raise FileUnreadable(
            describe_position(name, line),
            fault,
            f"Write the file in UTF-8, or, if it is CSV, {STATE_CHARSET}",
        ) from error
