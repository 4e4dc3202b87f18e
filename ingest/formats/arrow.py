"""Arrow IPC: files are read as they are, from any line on; streams batch by batch."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path

import pyarrow as pa

from ingest.formats import arrow_metadata
from ingest.formats.detection import FileFormat, describe_position, translate_decoder_errors
from ingest.formats.flat_schema import conform_batch, conform_schema, regroup

BATCH_LINES = 131_072


class ArrowSource:
    """The lines of an Arrow file that has been proved readable, or is about to be.

    ``columns`` names those worth reading; none means all.
    """

    def __init__(self, path: Path, name: str, columns: Sequence[str] = ()) -> None:
        with translate_decoder_errors(name):
            self._ends = list(accumulate(arrow_metadata.count_file_rows(path, name)))
            with pa.OSFile(str(path), "rb") as file, pa.ipc.open_file(file) as reader:
                found = reader.schema
        self._path, self._name = path, name
        self._fields = [found.names.index(column) for column in columns]
        self.schema = conform_schema(
            found if not columns else pa.schema(map(found.field, self._fields)), name
        )
        self.lines = self._ends[-1] if self._ends else 0

    def read_raw(self, start: int = 0) -> Iterator[pa.RecordBatch]:
        """The record batches as written, from line ``start`` (from 0) on.

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
                with translate_decoder_errors(
                    describe_position(self._name, self._ends[number - 1] + 1 if number else 1)
                ):
                    batch = reader.get_batch(number)
                yield batch.slice(skipped)
                skipped = 0

    def read_batches(self, start: int = 0, size: int = BATCH_LINES) -> Iterator[pa.RecordBatch]:
        """Lines from ``start`` (from 0) on, ``size`` at a time, in the types of ``schema``."""
        return (conform_batch(batch, self.schema) for batch in regroup(self.read_raw(start), size))


def read_stream(path: Path, name: str) -> Iterator[pa.RecordBatch]:
    """The record batches of the Arrow stream at ``path``, not yet validated; at least one, be it empty.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        As ``arrow_metadata.stream_rows``, or a batch that does not decode.
    """
    with translate_decoder_errors(name):
        arrow_metadata.count_stream_rows(path, name)
        options = pa.ipc.IpcReadOptions(use_threads=False)
        with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file, options=options) as reader:
            yield pa.RecordBatch.from_pylist([], schema=reader.schema)
            yield from reader


def read_metadata(path: Path, file_format: FileFormat, name: str) -> Mapping[bytes, bytes]:
    """The metadata of the schema: where an envelope may stand."""
    is_file = file_format is FileFormat.ARROW_FILE
    open_ipc = pa.ipc.open_file if is_file else pa.ipc.open_stream
    with translate_decoder_errors(name):
        arrow_metadata.count_file_rows(path, name) if is_file else arrow_metadata.count_stream_rows(
            path, name
        )
        with pa.OSFile(str(path), "rb") as file, open_ipc(file) as reader:
            return reader.schema.metadata or {}
