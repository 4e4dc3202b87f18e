"""Which formats are read, how they are told apart, and the limits that every file keeps.

A file is what its bytes say.  Its name may only agree: a ``.parquet`` that holds text is refused.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import pyarrow as pa

from core.act_fields import FORMATS
from core.errors import FileUnreadable, FormatUnknown


class FileFormat(StrEnum):
    """How the rows of the flat act format are written down, or what is made into them."""

    PARQUET = "parquet"
    ARROW_FILE = "arrow-file"
    ARROW_STREAM = "arrow-stream"
    CSV = "csv"
    JSON_LINES = "json-lines"
    PAIN001 = "pain.001"
    """A payment file of ISO 20022."""
    PAIN001_TAR = "pain.001-tar"
    """One together with its imputation file."""


PAYMENT_FORMATS = frozenset({FileFormat.PAIN001, FileFormat.PAIN001_TAR})


FILE_BYTES_MAX = 64 * 2**30
ROWS_MAX = 200_000_000
"""Twenty State's years in one file."""
COLUMNS_MAX = len(FORMATS)
LINE_BYTES_MAX = 2**20
CELL_BYTES_MAX = 2**16
"""Longer than any field may be, by far: a field too long refuses its line, a cell like this the file."""

WINDOW_LINES = 32_768
"""At most so many lines are looked at together while a file is proved to be readable."""
WINDOW_BYTES_MAX = 128 * 2**20
"""Text of so many lines in a row, 4 KiB each on average: later passes can trust that batches fit."""

PARQUET_FOOTER_BYTES_MAX = 16 * 2**20
PARQUET_GROUPS_MAX = 20_000
PARQUET_GROUP_BYTES_MAX = 2**30
"""Declared size of a row group once unpacked."""
ARROW_BATCH_BYTES_MAX = 512 * 2**20
"""Declared size of a record batch or dictionary once unpacked: it is held in memory whole."""
ARROW_BATCHES_MAX = 1_000_000
ARROW_METADATA_BYTES_MAX = 16 * 2**20

MANIFEST_BYTES_MAX = 2**16

PAYMENT_FILE_BYTES_MAX = 4 * 2**30
TAR_MAGIC, TAR_MAGIC_AT = b"ustar", 257

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_FORMATS_BY_SUFFIX: Mapping[str, tuple[FileFormat, ...]] = {
    ".parquet": (FileFormat.PARQUET,),
    ".arrow": (FileFormat.ARROW_FILE, FileFormat.ARROW_STREAM),
    ".ipc": (FileFormat.ARROW_FILE, FileFormat.ARROW_STREAM),
    ".feather": (FileFormat.ARROW_FILE,),
    ".arrows": (FileFormat.ARROW_STREAM,),
    ".csv": (FileFormat.CSV,),
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
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
    b"[": "a JSON array",
}
_XML_STARTS = (b"<", b"\xff\xfe<\0", b"\xfe\xff\0<")
"""How a document begins, in UTF-8 and in UTF-16."""
_REMEDY = "Send Parquet, Arrow IPC, CSV or JSON Lines in the flat act format, or a pain.001"


def detect(path: Path, name: str) -> FileFormat:
    """The format of the file at ``path``, which its sender calls ``name``.

    Raises
    ------
    FileUnreadable
        Empty, cut off, or not what its name says.
    FormatUnknown
        None of the formats read here.
    """
    with path.open("rb") as file:
        head = file.read(4096)
        file.seek(-min(8, len(head)), 2)
        tail = file.read()
    found = _detect_by_content(head, tail, name)
    claimed = _FORMATS_BY_SUFFIX.get(Path(name).suffix.lower())
    if claimed is not None and found not in claimed:
        raise FileUnreadable(name, f"The bytes are {found}, not what the name says", "Name it for what it is")
    return found


def _detect_by_content(head: bytes, tail: bytes, name: str) -> FileFormat:
    if not head:
        raise FileUnreadable(name, "The file is empty", "Send it again, with its lines")
    for opening, (found, closing) in _MAGIC_FORMATS.items():
        if head.startswith(opening):
            if len(head) < len(opening) + len(tail) or not tail.endswith(closing):
                raise FileUnreadable(name, f"The file begins as {found} and has no end", "Send it whole")
            return found
    if head.startswith(b"\xff\xff\xff\xff"):
        return FileFormat.ARROW_STREAM
    if head.startswith(TAR_MAGIC, TAR_MAGIC_AT):
        return FileFormat.PAIN001_TAR
    return _detect_by_text(head.removeprefix(_BYTE_ORDER_MARK).lstrip(), name)


def _detect_by_text(text: bytes, name: str) -> FileFormat:
    if text.startswith(_XML_STARTS):
        return FileFormat.PAIN001
    for opening, foreign in _FOREIGN_FORMATS.items():
        if text.startswith(opening):
            raise FormatUnknown(name, f"This is {foreign}", _REMEDY)
    if text.startswith(b"{"):
        return FileFormat.JSON_LINES
    header = text.partition(b"\n")[0]
    if (b";" in header or b"," in header) and b"\0" not in header:
        return FileFormat.CSV
    raise FormatUnknown(name, f"The file begins with {text[:16]!r}, which no known format does", _REMEDY)


def describe_position(name: str, line: int | None = None, column: str | None = None) -> str:
    """Where in a file something is: what people look up first."""
    parts = [name, f"line {line:,}" if line is not None else "", f"column {column}" if column else ""]
    return ", ".join(part for part in parts if part)


@contextmanager
def translate_decoder_errors(position: str) -> Iterator[None]:
    """Turn what a decoder says of broken bytes into ``FileUnreadable`` at ``where``.

    Decoders raise half a dozen kinds of error for damaged input, and ``OSError`` for both damage and a
    failing disk: neither file can be taken.
    """
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise FileUnreadable(position, said[0][:300], "The file is damaged: send it again") from error
