"""Detection of the format of a file, and the limits that every file must keep.

The bytes decide.  The name must agree with them: a ``.parquet`` that contains text is refused.
"""

import codecs
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import pyarrow as pa

from core.act_fields import FORMATS
from core.errors import FileUnreadable, FormatUnknown, LimitExceeded
from ingest.formats.charsets import UTF_8, choose_charset


class FileFormat(StrEnum):
    """The formats that the lines of the flat act format may come in."""

    PARQUET = "parquet"
    ARROW_FILE = "arrow-file"
    ARROW_STREAM = "arrow-stream"
    CSV = "csv"
    JSON_LINES = "json-lines"
    PAIN001 = "pain.001"
    """An ISO 20022 payment file."""
    PAIN001_TAR = "pain.001-tar"
    """A payment file together with its account assignment file."""


PAYMENT_FORMATS = frozenset({FileFormat.PAIN001, FileFormat.PAIN001_TAR})


FILE_BYTES_MAX = 64 * 2**30
ROWS_MAX = 200_000_000
"""Twenty years of the State's lines in one file."""
COLUMNS_MAX = len(FORMATS)
LINE_BYTES_MAX = 2**20
CELL_BYTES_MAX = 2**16
"""Far longer than any field may be: a field that is too long refuses its line, a cell beyond this the file."""

WINDOW_LINES = 32_768
"""The most lines that are inspected together while a file is validated."""
WINDOW_BYTES_MAX = 128 * 2**20
"""The text that so many consecutive lines may have, 4 KiB each on average: later passes can rely on batches fitting."""

DECODED_BYTES_FREE = 512 * 2**20
DECODED_BYTES_RATIO = 100
"""What a file may decode to, against what was sent: so many bytes, and so many times its size.

The lines of the State's year take 105 bytes decoded, and a quarter of that sent.
"""

PARQUET_DICTIONARY_BYTES_MAX = 32 * 2**20
"""Size of the dictionaries of a row group once decompressed: the decoder has four times as much in memory.  Writers stop at
1 MiB a column, or 2."""
PARQUET_PAGE_BYTES_MAX = 64 * 2**20
"""Size of a page of values once decompressed: the decoder has twice as much in memory.  Writers stop at 1 MiB or so."""
PARQUET_PAGES_BYTES_MAX = 128 * 2**20
"""Size of the largest pages of all columns of a row group, which are in memory together."""
PARQUET_FOOTER_BYTES_MAX = 16 * 2**20
PARQUET_GROUPS_MAX = 20_000
PARQUET_PAGES_MAX = 1_500_000
"""A dictionary and a page in each column of as many row groups: reading so many page headers takes about ten seconds."""
PARQUET_GROUP_BYTES_MAX = 2**30
"""Declared size of a row group once decompressed."""
ARROW_BATCH_BYTES_MAX = 512 * 2**20
"""Declared size of a record batch or dictionary once decompressed: it is in memory whole."""
ARROW_BATCH_BYTES_FREE = 64 * 2**20
"""The same, of one that was sent in few bytes: beyond it ``DECODED_BYTES_RATIO`` times as many as were sent."""
ARROW_BATCHES_MAX = 1_000_000
ARROW_METADATA_BYTES_MAX = 16 * 2**20

MANIFEST_BYTES_MAX = 2**16

PAYMENT_FILE_BYTES_MAX = 4 * 2**30
TAR_MAGIC, TAR_MAGIC_AT = b"ustar", 257

_FORMATS_BY_SUFFIX: Mapping[str, tuple[FileFormat, ...]] = {
    ".parquet": (FileFormat.PARQUET,),
    ".arrow": (FileFormat.ARROW_FILE, FileFormat.ARROW_STREAM),
    ".ipc": (FileFormat.ARROW_FILE, FileFormat.ARROW_STREAM),
    ".feather": (FileFormat.ARROW_FILE,),
    ".arrows": (FileFormat.ARROW_STREAM,),
    ".csv": (FileFormat.CSV,),
    ".tsv": (FileFormat.CSV,),
    ".jsonl": (FileFormat.JSON_LINES,),
    ".ndjson": (FileFormat.JSON_LINES,),
    ".xml": (FileFormat.PAIN001, FileFormat.PAIN001_TAR),
    ".tar": (FileFormat.PAIN001_TAR,),
}
_MAGIC_FORMATS: Mapping[bytes, tuple[FileFormat, bytes]] = {
    b"PAR1": (FileFormat.PARQUET, b"PAR1"),
    b"ARROW1\0\0": (FileFormat.ARROW_FILE, b"ARROW1"),
}
_FOREIGN_FORMATS: Mapping[bytes, str] = {
    b"PARE": "a Parquet file with an encrypted footer",
    b"\x1f\x8b": "a gzip file",
    b"PK\x03\x04": "a zip file or workbook",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    b"\xfd7zXZ": "an xz file",
}
NAME_DIFFERS = ", not what its name claims"
"""How the finding of a file whose name has the extension of another format ends."""
_ARRAY_START = b"["
_XML_STARTS = (b"<", b"\xff\xfe<\0", b"\xfe\xff\0<")
"""How an XML document begins, in UTF-8 and in UTF-16."""
_CHARSET_REMEDY = "State a charset only for CSV: JSON Lines are UTF-8, and XML states its own"
_NUL_REMEDY = "Write CSV in UTF-8; or, if it is UTF-16 without mark, state the charset utf-16le or utf-16be"
_REMEDY = "Send Parquet, Arrow IPC, CSV or JSON Lines in the flat act format, or a pain.001"


def detect(path: Path, name: str, charset: str = "") -> FileFormat:
    """Return the format of the file at ``path``, which its sender calls ``name`` and may state the ``charset`` of.

    Raises
    ------
    FileUnreadable
        Empty, cut off, or not the format that its name claims; or another charset than stated.
    FormatUnknown
        None of the supported formats, or none that has a charset.
    """
    with path.open("rb") as file:
        head = file.read(4096)
        file.seek(-min(8, len(head)), 2)
        tail = file.read()
    file_format = _detect_binary(head, tail, name) or _detect_text(path, head, name, charset=charset)
    if charset not in {"", UTF_8} and file_format is not FileFormat.CSV:
        raise FormatUnknown(
            name, f"The file is {file_format}, and its charset is stated as {charset}", _CHARSET_REMEDY
        )
    formats_of_suffix = _FORMATS_BY_SUFFIX.get(Path(name).suffix.lower())
    if formats_of_suffix is not None and file_format not in formats_of_suffix:
        raise FileUnreadable(
            name,
            f"The file is {file_format}{NAME_DIFFERS}",
            "Give the file the extension of its format",
        )
    return file_format


def _detect_binary(head: bytes, tail: bytes, name: str) -> FileFormat | None:
    """Return the format by the first and the last bytes; None if it may be text."""
    if not head:
        raise FileUnreadable(name, "The file is empty", "Send the file again, with its lines")
    for start, (file_format, end) in _MAGIC_FORMATS.items():
        if head.startswith(start):
            if len(head) < len(start) + len(tail) or not tail.endswith(end):
                raise FileUnreadable(
                    name, f"The file begins as {file_format}, but its end is missing", "Send the whole file"
                )
            return file_format
    if head.startswith(b"\xff\xff\xff\xff"):
        return FileFormat.ARROW_STREAM
    _reject_foreign(head, name)
    if head.startswith(TAR_MAGIC, TAR_MAGIC_AT):
        return FileFormat.PAIN001_TAR
    return FileFormat.PAIN001 if head.startswith(_XML_STARTS) else None


def _reject_foreign(head: bytes, name: str) -> None:
    """Raise ``FormatUnknown`` for the begin of a file of another format, as it was sent: decoded text lacks its bytes."""
    for start, description in _FOREIGN_FORMATS.items():
        if head.startswith(start):
            raise FormatUnknown(name, f"The file is {description}", _REMEDY)


def _detect_text(path: Path, head: bytes, name: str, *, charset: str) -> FileFormat:
    choice = choose_charset(path, name, charset)
    file_format = _detect_by_text(choice.decode_head(head).encode().lstrip(), name)
    if file_format is FileFormat.JSON_LINES and choice.name != UTF_8:
        raise FormatUnknown(name, f"The file is {file_format} in {choice.name}", "Write JSON Lines in UTF-8")
    return file_format


def _detect_by_text(text: bytes, name: str) -> FileFormat:
    if text.startswith(b"<"):
        return FileFormat.PAIN001
    if text.startswith(_ARRAY_START):
        raise FormatUnknown(name, "The file is a JSON array", _REMEDY)
    if text.startswith(b"{"):
        return FileFormat.JSON_LINES
    header = text.partition(b"\n")[0]
    if any(mark in header for mark in (b";", b",", b"\t")) and b"\0" not in header:
        return FileFormat.CSV
    remedy = _NUL_REMEDY if b"\0" in header else _REMEDY
    raise FormatUnknown(name, f"The file begins with {text[:16]!r}, which no known format does", remedy)


def may_have_charset(path: Path) -> bool:
    """Return whether a file can be CSV, the only format whose charset is stated: it does not begin as another does.

    A file that cannot be read can be: what reads it next says why it cannot.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return True
    is_binary = head.startswith((*_MAGIC_FORMATS, b"\xff\xff\xff\xff")) or head[TAR_MAGIC_AT:].startswith(
        TAR_MAGIC
    )
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    return not (is_binary or head.startswith(_XML_STARTS) or text.startswith((b"{", b"<")))


def describe_position(name: str, line: int | None = None, column: str | None = None) -> str:
    """Return where in a file something is, for error messages: name, line (from 1), column."""
    parts = [name, f"line {line:,}" if line is not None else "", f"column {column}" if column else ""]
    return ", ".join(part for part in parts if part)


def limit_decoded_bytes(sent_bytes: int) -> int:
    """Return how many bytes a file of ``sent_bytes`` may decode to."""
    return DECODED_BYTES_FREE + DECODED_BYTES_RATIO * sent_bytes


def check_decoded_bytes(decoded_bytes: int, sent_bytes: int, position: str) -> None:
    """Raise ``LimitExceeded`` if a file decodes to more than its size allows."""
    if decoded_bytes > (most := limit_decoded_bytes(sent_bytes)):
        fault = f"The file has {decoded_bytes:,} bytes once decoded, and {sent_bytes:,} as it was sent"
        remedy = (
            f"Split the file or shorten its texts: a file of this size may have {most:,} bytes once decoded"
        )
        raise LimitExceeded(position, fault, remedy)


@contextmanager
def translate_decoder_errors(position: str) -> Iterator[None]:
    """Raise ``FileUnreadable`` at ``position`` for whatever a decoder raises on damaged bytes.

    Decoders raise half a dozen kinds of error for damaged input, and ``OSError`` for damage as well as for a failing
    disk: the file cannot be accepted in either case.  Want of memory is neither.
    """
    try:
        yield
    except MemoryError:
        raise
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise FileUnreadable(position, lines[0][:300], "The file is damaged: send it again") from error
