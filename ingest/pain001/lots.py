"""The payment informations (lots) of a payment file: what each says of its transfers, and which ids they have."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingest.formats.flat_schema import concat_batches

LOTS_FILE = "lots.arrow"
"""Beside the normalised file: the id of each lot, and its first transfer, from 0."""
_MESSAGE_KEY = b"message"
_SCHEMA = pa.schema([("lot", pa.string()), ("first", pa.int32())])


class LotGroups(NamedTuple):
    """Transfers next to each other, by lot: one row a lot."""

    lot: NDArray[np.int32]
    """Its number in the file, from 0."""
    start: NDArray[np.int64]
    """Its first transfer among those at hand."""


def group_by_lot(within: NDArray[np.int32]) -> LotGroups:
    """The lots of some transfers, at least one; each transfer says in which it stands, in their order."""
    start = np.flatnonzero(np.diff(within, prepend=within[0] - 1))
    return LotGroups(within[start], start)


class OpenLots:
    """The lots of which transfers may still come."""

    def __init__(self) -> None:
        self._base, self._batches = 0, list[pa.RecordBatch]()

    def add(self, rows: pa.RecordBatch) -> None:
        """Take in the next ones."""
        self._batches.append(rows)

    def select(self, numbers: NDArray[np.int32]) -> pa.RecordBatch:
        """The rows of lots, in order; those before the first of them are not asked for again."""
        while len(self._batches) > 1 and self._base + self._batches[0].num_rows <= numbers[0]:
            self._base += self._batches.pop(0).num_rows
        self._batches = [concat_batches(self._batches)]
        return self._batches[0].take(pa.array(numbers - self._base))


class LotWriter:
    """Writes down where lots begin."""

    def __init__(self, writer: pa.RecordBatchFileWriter) -> None:
        self._writer, self._last, self._transfers = writer, -1, 0

    def add(self, lot_groups: LotGroups, lots: pa.RecordBatch, transfers: int) -> None:
        """Note the lots of the next transfers."""
        is_new = lot_groups.lot > self._last
        first = (lot_groups.start[is_new] + self._transfers).astype(np.int32)
        names = lots.column("lot").filter(pa.array(is_new))
        self._writer.write_batch(pa.RecordBatch.from_arrays([names, pa.array(first)], schema=_SCHEMA))
        self._last, self._transfers = int(lot_groups.lot[-1]), self._transfers + transfers


@contextmanager
def open_lot_writer(folder: Path, message: str) -> Iterator[LotWriter]:
    """The file of lots in ``folder``, whole once this is left; ``message`` is the name of the payment file's."""
    schema = _SCHEMA.with_metadata({_MESSAGE_KEY: message})
    with pa.OSFile(str(folder / LOTS_FILE), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        yield LotWriter(writer)


class LotNames(NamedTuple):
    """Which message a file is, the ids of its lots, and the first transfer of each, from 0."""

    message: str
    first: NDArray[np.int32]
    name: pa.ChunkedArray

    def find_lot(self, transfer: int) -> int:
        """The number of the lot in which a transfer stands."""
        return int(np.searchsorted(self.first, transfer, "right")) - 1


def read_lot_names(folder: Path) -> LotNames:
    """What ``writing`` wrote into ``folder``."""
    with pa.OSFile(str(folder / LOTS_FILE), "rb") as file, pa.ipc.open_file(file) as reader:
        found = reader.read_all()
    message = (found.schema.metadata or {}).get(_MESSAGE_KEY, b"").decode()
    return LotNames(message, found.column("first").to_numpy(), found.column("lot"))
