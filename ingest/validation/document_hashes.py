"""The hashes of documents that lines state (``document_hash``): they stand in the files of the spool alone (rule A45).

The database has the hash of the file, so its bytes are hashed before they are read: what is read is what was sent.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pyarrow as pa

from core.act_fields import Field
from core.document_findings import DocumentFinding
from core.errors import FileUnreadable, InputError
from core.reader_failures import refuse_on_failure
from ingest.formats.arrow import ArrowSource
from ingest.formats.decoders import STREAM_READERS
from ingest.formats.detection import PAYMENT_FORMATS, FileFormat
from ingest.formats.parquet import ParquetSource
from ingest.spool.file_claims import FileIdentity
from ingest.spool.file_search import find_file
from ingest.spool.spooled_file import FileChanged, FileMissing, SpooledFile, check_bytes

LOG = logging.getLogger(__name__)
_COLUMN = Field.DOCUMENT_HASH.column


class DocumentHashes(NamedTuple):
    """What lines of one file state."""

    fault: DocumentFinding | None
    """Why the file cannot be read; None if it was."""
    by_line: Mapping[int, str]
    """By line from 0, without lines that state none."""
    bytes_read: int = 0

    def find(self, line: int) -> DocumentFinding:
        """Return whether a line states one."""
        return self.fault or (
            DocumentFinding.WITH_HASH if line in self.by_line else DocumentFinding.WITHOUT_HASH
        )


def read_document_hashes(
    spool: Path, identity: FileIdentity, lines: Sequence[int], *, bytes_max: int | None = None
) -> DocumentHashes:
    """Read what lines (from 0) of a file in the folder ``spool`` state; of a file above ``bytes_max`` nothing."""
    try:
        spooled = find_file(spool, identity.sha256, identity.sender)
    except FileMissing:
        return DocumentHashes(DocumentFinding.FILE_MISSING, {})
    except FileUnreadable as error:
        return _report_unreadable(error)
    if bytes_max is not None and spooled.size_bytes > bytes_max:
        return DocumentHashes(DocumentFinding.FILE_TOO_LARGE, {})
    try:
        check_bytes(spooled)
        with refuse_on_failure(spooled.name), TemporaryDirectory() as scratch:
            hashes = _read_lines(spooled, sorted(set(lines)), Path(scratch))
    except FileChanged:
        return DocumentHashes(DocumentFinding.FILE_CHANGED, {}, spooled.size_bytes)
    except (InputError, OSError) as error:
        return _report_unreadable(error, spooled.size_bytes)
    return DocumentHashes(None, hashes, spooled.size_bytes)


def _report_unreadable(error: Exception, size_bytes: int = 0) -> DocumentHashes:
    LOG.warning("the documents of a file are not read: %s", error)
    return DocumentHashes(DocumentFinding.FILE_UNREADABLE, {}, size_bytes)


def _read_lines(spooled: SpooledFile, lines: Sequence[int], scratch: Path) -> dict[int, str]:
    """Read the hashes of lines in order, batch by batch up to the last of them."""
    hashes: dict[int, str] = {}
    source = _decode(spooled, scratch, first=lines[0])
    end = source.first
    for batch in source.batches:
        place, start, end = batch.schema.get_field_index(_COLUMN), end, end + batch.num_rows
        for line in lines:
            if place >= 0 and start <= line < end and (text := batch.column(place)[line - start].as_py()):
                hashes[line] = str(text)
        if lines[-1] < end:
            break
    return hashes


class _DecodedLines(NamedTuple):
    """Lines of a file, and which of them is the first."""

    first: int
    batches: Iterable[pa.RecordBatch]


def _decode(spooled: SpooledFile, scratch: Path, *, first: int) -> _DecodedLines:
    """Decode a file from line ``first`` on, and the one column alone, if its format allows it; nothing without that column."""
    options = spooled.envelope.read_options
    if spooled.format in PAYMENT_FORMATS:
        from ingest.pain001 import reader  # it brings Numba, and most files are no payment files

        return _DecodedLines(0, reader.read_batches(spooled.path, spooled.name, scratch))
    if spooled.format in STREAM_READERS:
        return _DecodedLines(0, STREAM_READERS[spooled.format](spooled.path, spooled.name, options))
    if spooled.format is FileFormat.PARQUET:
        parquet = ParquetSource(spooled.path, spooled.name, options)
        is_stated = _COLUMN in parquet.schema.names
        return _DecodedLines(first, parquet.read_raw(first, columns=[_COLUMN]) if is_stated else ())
    if _COLUMN not in ArrowSource(spooled.path, spooled.name, options=options).schema.names:
        return _DecodedLines(first, ())
    arrow = ArrowSource(spooled.path, spooled.name, [_COLUMN], options=options)
    return _DecodedLines(first, arrow.read_raw(first))
