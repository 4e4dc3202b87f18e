"""Parquet: read in place, in batches, from any line on.

The footer declares rows, decompressed sizes and encodings, so what would not fit in memory is refused before a page
is opened.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core.act_fields import FIELD_BY_COLUMN, FORMATS, FieldType
from core.errors import FileUnreadable, LimitExceeded
from ingest.formats import parquet_pages
from ingest.formats.arrow import BATCH_LINES
from ingest.formats.detection import (
    PARQUET_FOOTER_BYTES_MAX,
    PARQUET_GROUP_BYTES_MAX,
    PARQUET_GROUPS_MAX,
    ROWS_MAX,
    WINDOW_BYTES_MAX,
    WINDOW_LINES,
    check_decoded_bytes,
    describe_position,
    translate_decoder_errors,
)
from ingest.formats.extra_columns import list_extra
from ingest.formats.flat_schema import conform_batch, conform_schema, regroup
from ingest.formats.parquet_footer import Footer, RowGroup, read_footer
from ingest.formats.read_options import PLAIN, ReadOptions
from ingest.formats.text_buffers import DICTIONARY_TEXT, measure_longest_value

_READ_BYTES = 2**20
_LENIENT = ReadOptions(extra_columns=True)
"""For the metadata alone, which say whether there may be extra columns."""
_DICTIONARY_BYTES_MAX = 3
"""Bytes a value up to which it pays to keep a column dictionary-encoded.

Beyond it most values are distinct, and the decoder would hash each to number it: up to seven times the cost.
"""


class ParquetSource:
    """The lines of a Parquet file that is being, or has been, validated."""

    def __init__(self, path: Path, name: str, options: ReadOptions = PLAIN) -> None:
        self._path, self._name = path, name
        with translate_decoder_errors(name):
            self._groups = _read_groups(path, name, options)
            with _open_file(path) as file:
                self._metadata, file_schema = file.metadata, file.schema_arrow
            names = file_schema.names
        target_schema = conform_schema(file_schema, name, options)
        self.extra_columns = tuple(list_extra(names))
        self._columns = [column for column in names if column in FIELD_BY_COLUMN]
        if any(group.columns.keys() != set(self._columns) for group in self._groups):
            raise FileUnreadable(
                name, "The columns of a row group are not those of the schema", "Write the file again"
            )
        self._ends = list(accumulate(group.lines for group in self._groups))
        self.lines = self._ends[-1] if self._ends else 0
        text_columns = [
            column for column in target_schema.names if pa.types.is_string(file_schema.field(column).type)
        ]
        self._dictionary_columns = [column for column in text_columns if self._is_dictionary_encoded(column)]
        self._plain_columns = [column for column in text_columns if column not in self._dictionary_columns]
        types = [
            DICTIONARY_TEXT if field.name in self._dictionary_columns else field.type
            for field in target_schema
        ]
        self.schema = pa.schema(zip(target_schema.names, types, strict=True))

    def check_pages(self) -> None:
        """Check what the headers of all pages declare, before any of them is decompressed.

        Raises
        ------
        FileUnreadable, LimitExceeded
            As ``parquet_pages.count_unpacked_bytes``, or more bytes than a file of this size may decode to.
        """
        with translate_decoder_errors(self._name):
            unpacked_bytes = parquet_pages.count_unpacked_bytes(self._path, self._groups, self._name)
        check_decoded_bytes(unpacked_bytes, self._path.stat().st_size, self._name)

    def _is_dictionary_encoded(self, column: str) -> bool:
        """Return whether a text column is short and dictionary-encoded in every page: then it stays encoded.

        Amounts are decoded: they are added up line by line.
        """
        chunks = [group.columns[column] for group in self._groups]
        size = sum(chunk.unpacked_bytes for chunk in chunks)
        is_short = (
            size <= _DICTIONARY_BYTES_MAX * self.lines
            and FORMATS[FIELD_BY_COLUMN[column]].type is not FieldType.DECIMAL
        )
        return is_short and all(chunk.is_dictionary_encoded for chunk in chunks)

    def choose_batch_lines(self) -> int:
        """Return how many lines to decode at a time while the length of the lines is unknown.

        A small file is decoded in the batches of the later reading, so that the reading can reuse them.

        Raises
        ------
        FileUnreadable
            A dictionary does not decode.
        """
        fitting = WINDOW_BYTES_MAX // max(1, self._measure_longest_line())
        is_small = sum(group.unpacked_bytes for group in self._groups) <= WINDOW_BYTES_MAX
        return max(1, min(BATCH_LINES if is_small else WINDOW_LINES, fitting))

    def _measure_longest_line(self) -> int:
        """Return the most text that one line can take from dictionaries: a small page may expand to a huge batch."""
        return max(map(self._measure_longest_values, range(len(self._groups))), default=0)

    def _measure_longest_values(self, group_number: int) -> int:
        group = self._groups[group_number]
        columns = [column for column in self._plain_columns if group.columns[column].has_dictionary]
        if not columns or not group.lines:
            return 0
        with (
            translate_decoder_errors(f"{self._name}, row group {group_number}"),
            _open_file(self._path, self._metadata, columns) as file,
        ):
            line = next(file.iter_batches(1, [group_number], columns, use_threads=False))
            return sum(measure_longest_value(line.column(column).dictionary) for column in columns)

    def read_raw(
        self, start: int = 0, size: int = BATCH_LINES, *, columns: Sequence[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        """Yield the lines from ``start`` (from 0) on as the decoder returns them, at most ``size`` at a time.

        ``columns`` names the columns to read; empty means all.

        Raises
        ------
        FileUnreadable
            A page does not decode.
        """
        first = bisect_right(self._ends, start)
        skipped = start - (self._ends[first - 1] if first else 0)
        groups = range(first, len(self._groups))
        at = start - skipped
        with _open_file(self._path, self._metadata, self._dictionary_columns) as file:
            decoded = file.iter_batches(size, groups, columns or self._columns, use_threads=False)
            while True:
                with translate_decoder_errors(describe_position(self._name, at + 1) + " and after"):
                    batch = next(decoded, None)
                if batch is None:
                    break
                at += batch.num_rows
                if skipped < batch.num_rows:
                    yield batch.slice(skipped)
                skipped = max(0, skipped - batch.num_rows)

    def read_batches(self, start: int = 0, size: int = BATCH_LINES) -> Iterator[pa.RecordBatch]:
        """Yield the lines from ``start`` (from 0) on, ``size`` at a time, in the types of ``schema``."""
        return (conform_batch(batch, self.schema) for batch in regroup(self.read_raw(start, size), size))


def read_metadata(path: Path, name: str) -> Mapping[bytes, bytes]:
    """Return the metadata of the schema, which may contain an envelope."""
    with translate_decoder_errors(name):
        _read_groups(path, name, _LENIENT)
        with _open_file(path) as file:
            return file.schema_arrow.metadata or {}


def _open_file(
    path: Path, metadata: pq.FileMetaData | None = None, dictionary_columns: Sequence[str] = ()
) -> pq.ParquetFile:
    # Without pre-buffering and with a bounded buffer a row group is never in memory whole.
    return pq.ParquetFile(
        str(path),
        metadata=metadata,
        read_dictionary=list(dictionary_columns),
        buffer_size=_READ_BYTES,
        pre_buffer=False,
        thrift_string_size_limit=PARQUET_FOOTER_BYTES_MAX,
        thrift_container_size_limit=PARQUET_FOOTER_BYTES_MAX,
        arrow_extensions_enabled=False,
        coerce_int96_timestamp_unit="us",  # nanoseconds would wrap around beyond 1677 and 2262
    )


def _read_groups(path: Path, name: str, options: ReadOptions) -> list[RowGroup]:
    """Return the row groups of the file at ``path``, with the columns to read, if they keep the limits and are consistent."""
    footer = read_footer(path, name)
    if options.extra_columns:
        footer = footer._replace(groups=[_select_columns(group) for group in footer.groups])
    _check_groups(footer, name)
    _check_columns(footer, path.stat().st_size, name)
    return footer.groups


def _select_columns(group: RowGroup) -> RowGroup:
    """Return a row group with nothing but the columns of the format: others may be nested, and are not read."""
    columns = {column: chunk for column, chunk in group.columns.items() if column in FIELD_BY_COLUMN}
    return RowGroup(group.lines, sum(chunk.unpacked_bytes for chunk in columns.values()), columns)


def _check_columns(footer: Footer, file_bytes: int, name: str) -> None:
    """Refuse columns that share bytes: each would be read again, and a small file would cost as much as a large one."""
    columns = (chunk for group in footer.groups for chunk in group.columns.values())
    packed_bytes = sum(chunk.packed_bytes for chunk in columns)
    if packed_bytes > file_bytes:
        fault = f"Its columns have {packed_bytes:,} bytes in all, the file has {file_bytes:,}"
        raise FileUnreadable(name, fault, "Write the file again")


def _check_groups(footer: Footer, name: str) -> None:
    if footer.lines > ROWS_MAX:
        raise LimitExceeded(
            name, f"The file has {footer.lines:,} lines", f"Send at most {ROWS_MAX:,} lines in one file"
        )
    if len(footer.groups) > PARQUET_GROUPS_MAX:
        fault = f"The file has {len(footer.groups):,} row groups"
        raise LimitExceeded(
            name, fault, f"Write at most {PARQUET_GROUPS_MAX:,} row groups, each of 100,000 lines or more"
        )
    for number, group in enumerate(footer.groups):
        position = f"{name}, row group {number}"
        if group.unpacked_bytes > PARQUET_GROUP_BYTES_MAX:
            fault = f"The row group has {group.unpacked_bytes:,} bytes after decompression"
            raise LimitExceeded(
                position, fault, f"Write row groups of at most {PARQUET_GROUP_BYTES_MAX:,} bytes"
            )
        if any(column.values != group.lines for column in group.columns.values()):
            raise FileUnreadable(
                position, "The columns differ in length", "Write one value per line in each column"
            )
    if sum(group.lines for group in footer.groups) != footer.lines:
        raise FileUnreadable(
            name, "The row groups do not add up to the lines of the file", "Write the file again"
        )
