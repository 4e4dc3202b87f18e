"""Files of the flat act format, whichever way they are written down, as the batches that their lines decode to."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from ingest.formats import arrow, csv, jsonl
from ingest.formats.arrow import ArrowSource
from ingest.formats.detection import FileFormat, place, reading
from ingest.formats.parquet import ParquetSource


def validated(batches: Iterator[pa.RecordBatch], name: str) -> Iterator[pa.RecordBatch]:
    """Follow no offset and no index of a batch from outside before it is known to stay inside its buffers."""
    lines = 0
    for batch in batches:
        with reading(f"{place(name, lines + 1)} and after"):
            batch.validate(full=True)
        yield batch
        lines += batch.num_rows


def _stream(path: Path, name: str) -> Iterator[pa.RecordBatch]:
    return validated(arrow.stream(path, name), name)


STREAMED: Mapping[FileFormat, Callable[[Path, str], Iterator[pa.RecordBatch]]] = {
    FileFormat.CSV: csv.batches,
    FileFormat.JSON_LINES: jsonl.batches,
    FileFormat.ARROW_STREAM: _stream,
}
"""Formats that cannot be entered at any line; the first batch is empty and has the columns."""


def decoded(path: Path, found: FileFormat, name: str) -> Iterator[pa.RecordBatch]:
    """All lines from the first on; the first batch is empty and has the columns.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        As their readers.
    """
    if found in STREAMED:
        yield from STREAMED[found](path, name)
        return
    if found is FileFormat.PARQUET:
        parquet = ParquetSource(path, name)
        batches, schema = parquet.raw(0, parquet.lines_together()), parquet.schema
    else:
        source = ArrowSource(path, name)
        batches, schema = validated(source.raw(), name), source.schema
    yield pa.RecordBatch.from_pylist([], schema=schema)
    yield from batches
