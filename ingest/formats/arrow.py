"""Arrow IPC: files are read in place, from any line on; streams are read batch by batch."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path

import pyarrow as pa

from core.act_fields import FIELD_BY_COLUMN
from ingest.formats import arrow_metadata
from ingest.formats.detection import FileFormat, describe_position, translate_decoder_errors
from ingest.formats.extra_columns import list_extra
from ingest.formats.flat_schema import check_columns, conform_batch, conform_schema, name_unread, regroup
from ingest.formats.read_options import PLAIN, ReadOptions

BATCH_LINES = 131_072


class ArrowSource:
    """The lines of an Arrow file that is being, or has been, validated.

    ``columns`` names the columns to read; empty means all.
    """

    def __init__(
        self, path: Path, name: str, columns: Sequence[str] = (), *, options: ReadOptions = PLAIN
    ) -> None:
        with translate_decoder_errors(name):
            self._ends = list(accumulate(arrow_metadata.count_file_rows(path, name)))
            with pa.OSFile(str(path), "rb") as file, pa.ipc.open_file(file) as reader:
                file_schema = reader.schema
            names = file_schema.names
        self._path, self._name = path, name
        self.extra_columns = tuple(list_extra(check_columns(names, name, options)))
        columns = columns or _list_read(names, options)
        self._fields = [names.index(column) for column in columns]
        self.schema = conform_schema(
            file_schema if not columns else pa.schema(map(file_schema.field, self._fields)), name
        )
        self.lines = self._ends[-1] if self._ends else 0

    def read_raw(self, start: int = 0) -> Iterator[pa.RecordBatch]:
        """Yield the record batches as written, from line ``start`` (from 0) on.

        Raises
        ------
        FileUnreadable
            A batch does not decode.
        """
        first = bisect_right(self._ends, start)
        skipped = start - (self._ends[first - 1] if first else 0)
        options = pa.ipc.IpcReadOptions(use_threads=False, included_fields=self._fields)
        with pa.OSFile(str(self._path), "rb") as file, pa.ipc.open_file(file, options=options) as reader:
            for number in range(first, len(self._ends)):
                first_line = self._ends[number - 1] + 1 if number else 1
                with translate_decoder_errors(describe_position(self._name, first_line)):
                    batch = reader.get_batch(number)
                yield batch.slice(skipped)
                skipped = 0

    def read_batches(self, start: int = 0, size: int = BATCH_LINES) -> Iterator[pa.RecordBatch]:
        """Yield the lines from ``start`` (from 0) on, ``size`` at a time, in the types of ``schema``."""
        return (conform_batch(batch, self.schema) for batch in regroup(self.read_raw(start), size))


def _list_read(names: Sequence[str], options: ReadOptions) -> list[str]:
    """Return the columns to read; none means all."""
    return [name for name in names if name in FIELD_BY_COLUMN] if options.extra_columns else []


def read_stream(path: Path, name: str, options: ReadOptions = PLAIN) -> Iterator[pa.RecordBatch]:
    """Yield the record batches of the Arrow stream at ``path``, not yet validated; the first one is empty.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        As ``arrow_metadata.count_stream_rows``, or a batch does not decode.
    """
    with translate_decoder_errors(name):
        arrow_metadata.count_stream_rows(path, name)
        with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as reader:
            schema = reader.schema
            names = schema.names
        check_columns(names, name, options)
        fields = [names.index(column) for column in _list_read(names, options)]
        schema = pa.schema(map(schema.field, fields)) if fields else schema
        ipc_options = pa.ipc.IpcReadOptions(use_threads=False, included_fields=fields)
        with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file, options=ipc_options) as reader:
            yield pa.RecordBatch.from_pylist([], schema=name_unread(schema, names))
            yield from reader


def read_metadata(path: Path, file_format: FileFormat, name: str) -> Mapping[bytes, bytes]:
    """Return the metadata of the schema, which may contain an envelope."""
    is_file = file_format is FileFormat.ARROW_FILE
    open_ipc = pa.ipc.open_file if is_file else pa.ipc.open_stream
    with translate_decoder_errors(name):
        check_limits = arrow_metadata.count_file_rows if is_file else arrow_metadata.count_stream_rows
        check_limits(path, name)
        with pa.OSFile(str(path), "rb") as file, open_ipc(file) as reader:
            return reader.schema.metadata or {}
