"""The payment informations (lots) of a payment file: their declarations, ids and positions."""

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
    """Consecutive transfers grouped by lot: one row a lot."""

    lot: NDArray[np.int32]
    """The number of the lot in the file, from 0."""
    start: NDArray[np.int64]
    """Its first transfer in the batch."""


def group_by_lot(within: NDArray[np.int32]) -> LotGroups:
    """Group transfers, at least one, by the lot of each; lots are in ascending order."""
    start = np.flatnonzero(np.diff(within, prepend=within[0] - 1))
    return LotGroups(within[start], start)


class OpenLots:
    """The lots of which more transfers may come."""

    def __init__(self) -> None:
        self._base, self._batches = 0, list[pa.RecordBatch]()

    def add(self, rows: pa.RecordBatch) -> None:
        """Add the next lots."""
        self._batches.append(rows)

    def select(self, numbers: NDArray[np.int32]) -> pa.RecordBatch:
        """Return the rows of lots, in order; lots before the first of them are dropped."""
        while len(self._batches) > 1 and self._base + self._batches[0].num_rows <= numbers[0]:
            self._base += self._batches.pop(0).num_rows
        self._batches = [concat_batches(self._batches)]
        return self._batches[0].take(pa.array(numbers - self._base))


class LotWriter:
    """Writes the first transfer of each lot."""

    def __init__(self, writer: pa.RecordBatchFileWriter) -> None:
        self._writer, self._last, self._transfers = writer, -1, 0

    def add(self, lot_groups: LotGroups, lots: pa.RecordBatch, transfers: int) -> None:
        """Write the lots that begin with the next transfers."""
        is_new = lot_groups.lot > self._last
        first = (lot_groups.start[is_new] + self._transfers).astype(np.int32)
        names = lots.column("lot").filter(pa.array(is_new))
        self._writer.write_batch(pa.RecordBatch.from_arrays([names, pa.array(first)], schema=_SCHEMA))
        self._last, self._transfers = int(lot_groups.lot[-1]), self._transfers + transfers


@contextmanager
def open_lot_writer(folder: Path, message: str) -> Iterator[LotWriter]:
    """Open the file of lots in ``folder``, complete on exit; ``message`` is the message name of the payment file."""
    schema = _SCHEMA.with_metadata({_MESSAGE_KEY: message})
    with pa.OSFile(str(folder / LOTS_FILE), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        yield LotWriter(writer)


class LotNames(NamedTuple):
    """The message name of a payment file, the ids of its lots, and the first transfer of each, from 0."""

    message: str
    first: NDArray[np.int32]
    name: pa.ChunkedArray

    def find_lot(self, transfer: int) -> int:
        """Return the number of the lot that contains a transfer."""
        return int(np.searchsorted(self.first, transfer, "right")) - 1


def read_lot_names(folder: Path) -> LotNames:
    """Read the file that ``open_lot_writer`` wrote into ``folder``."""
    with pa.OSFile(str(folder / LOTS_FILE), "rb") as file, pa.ipc.open_file(file) as reader:
        table = reader.read_all()
    message = (table.schema.metadata or {}).get(_MESSAGE_KEY, b"").decode()
    return LotNames(message, table.column("first").to_numpy(), table.column("lot"))
