"""Decoding of a file in any of the flat act formats into record batches."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from core.errors import FileUnreadable
from ingest.formats import arrow, csv, jsonl
from ingest.formats.arrow import ArrowSource
from ingest.formats.detection import FileFormat, describe_position, translate_decoder_errors
from ingest.formats.parquet import ParquetSource
from ingest.formats.read_options import PLAIN, ReadOptions
from ingest.formats.text_buffers import has_odd_buffer


def validate_batches(batches: Iterator[pa.RecordBatch], name: str) -> Iterator[pa.RecordBatch]:
    """Validate each batch before any of its offsets and indices is followed: they must stay inside its buffers."""
    lines = 0
    for batch in batches:
        position = f"{describe_position(name, lines + 1)} and after"
        with translate_decoder_errors(position):
            batch.validate(full=True)
        _check_buffer_sizes(batch, position)
        yield batch
        lines += batch.num_rows


def _check_buffer_sizes(batch: pa.RecordBatch, position: str) -> None:
    """Check what Arrow's validation leaves open: that each buffer of numbers contains whole numbers."""
    for column, values in zip(batch.schema.names, batch.columns, strict=True):
        if has_odd_buffer(values):
            fault = f"A buffer of column {column} ends inside a number"
            raise FileUnreadable(position, fault, "The file is damaged: send it again")


def _read_arrow_stream(path: Path, name: str, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    return validate_batches(arrow.read_stream(path, name, options), name)


STREAM_READERS: Mapping[FileFormat, Callable[[Path, str, ReadOptions], Iterator[pa.RecordBatch]]] = {
    FileFormat.CSV: csv.read_batches,
    FileFormat.JSON_LINES: jsonl.read_batches,
    FileFormat.ARROW_STREAM: _read_arrow_stream,
}
"""Formats that can only be read from the start; the first batch is empty and has the columns."""


def decode_file(path: Path, file_format: FileFormat, name: str) -> Iterator[pa.RecordBatch]:
    """Yield all lines from the first on; the first batch is empty and has the columns.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        As the reader of the format.
    """
    if file_format in STREAM_READERS:
        yield from STREAM_READERS[file_format](path, name, PLAIN)
        return
    if file_format is FileFormat.PARQUET:
        parquet = ParquetSource(path, name)
        parquet.check_pages()
        batches, schema = parquet.read_raw(0, parquet.choose_batch_lines()), parquet.schema
    else:
        source = ArrowSource(path, name)
        batches, schema = validate_batches(source.read_raw(), name), source.schema
    yield pa.RecordBatch.from_pylist([], schema=schema)
    yield from batches
