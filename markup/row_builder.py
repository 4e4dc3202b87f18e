"""Assembly of rows, cell by cell, in plain Python: used by the lxml reader."""

from collections.abc import Iterator

import pyarrow as pa

from core.tables.xml import TEXT_BYTES_MAX, XmlFault
from markup.compiler import CompiledMessage, CompiledRecord
from markup.rows import DocumentFaulty, RecordRows, build_schema

_BATCH_ROWS = 2**14


class RowBuilder:
    """The rows of every record of one document."""

    def __init__(self, compiled: CompiledMessage) -> None:
        self._records, self._joiners = compiled.records, compiled.joiners
        self._owners = [number for number, record in enumerate(compiled.records) for _ in record.columns]
        self._texts = [list[str]() for _ in compiled.joiners]
        self._within = [list[int]() for _ in compiled.records]
        self._opened, self._closed, self._base = ([0] * len(compiled.records) for _ in range(3))

    def open_row(self, record: int) -> None:
        """Begin the next row of a record; an early outer row is complete with that."""
        outer = self._records[record].outer
        self._within[record].append(self._opened[outer] - 1 if outer >= 0 else -1)
        self._opened[record] += 1
        if outer >= 0 and self._records[outer].is_early:
            self.close_row(outer)

    def close_row(self, record: int) -> None:
        """Mark the open row of a record as complete."""
        self._closed[record] = self._opened[record]

    def write_text(self, column: int, text: str) -> None:
        """Write a text into the open row.

        Raises
        ------
        DocumentFaulty
            The cell has a text that cannot be joined to, or becomes too long.
        """
        texts, joiner, record = self._texts[column], self._joiners[column], self._owners[column]
        slot = self._opened[record] - 1 - self._base[record]
        if len(texts) <= slot:
            texts.extend([""] * (slot - len(texts)))
            texts.append(text)
        elif not joiner:
            raise DocumentFaulty(XmlFault.ELEMENT_REPEATED, 0)
        elif text:
            texts[slot] = f"{texts[slot]}{joiner if texts[slot] else ''}{text}"
        if len(texts[slot]) * 4 > TEXT_BYTES_MAX and len(texts[slot].encode()) > TEXT_BYTES_MAX:
            raise DocumentFaulty(XmlFault.TEXT_TOO_LONG, 0)

    @property
    def is_full(self) -> bool:
        """Whether so many rows are collected that they should be taken."""
        return any(
            row_count - base > _BATCH_ROWS for row_count, base in zip(self._opened, self._base, strict=True)
        )

    def take_rows(self) -> Iterator[RecordRows]:
        """Yield the complete rows, and remove them."""
        for number, record in enumerate(self._records):
            rows = self._closed[number] - self._base[number]
            if rows:
                yield RecordRows(record.name, self._base[number], self._take_batch(number, record, rows))

    def _take_batch(self, number: int, record: CompiledRecord, rows: int) -> pa.RecordBatch:
        span = range(record.first_column, record.first_column + len(record.columns))
        columns = [self._take_column(column, rows) for column in span]
        columns.append(pa.array(self._within[number][:rows], pa.int32()))
        del self._within[number][:rows]
        self._base[number] += rows
        return pa.RecordBatch.from_arrays(columns, schema=build_schema(record))

    def _take_column(self, column: int, rows: int) -> pa.Array:
        texts = self._texts[column]
        complete = texts[:rows] + [""] * (rows - len(texts))
        del texts[:rows]
        return pa.array(complete, pa.string())
