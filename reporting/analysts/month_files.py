"""The Parquet files of a part of an export: one for each month, written while rows come, and complete under their names."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from reporting.analysts.view_streams import CENTS

_PARTIAL = ".part"


class FileCount(NamedTuple):
    """What a file contains."""

    rows: int
    sums: Mapping[str, int]
    """Cents by column of money."""


class MonthFiles:
    """The files of one part, open until ``close``; a context that leaves no file which is not complete."""

    def __init__(self, folder: Path, name: str, schema: pa.Schema) -> None:
        self._folder, self._name, self._schema = folder, name, schema
        self._has_months = {"exercise", "month"} <= set(schema.names)
        self._money = [name for name in schema.names if name.endswith(CENTS)]
        self._writers: dict[Path, pq.ParquetWriter] = {}
        self._counts: dict[Path, FileCount] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for path, writer in self._writers.items():
            writer.close()
            _name_partial(path).unlink(missing_ok=True)

    def write(self, rows: pa.Table) -> None:
        """Add rows to the files of their months."""
        if not self._has_months:
            self._write_to(self._folder / f"{self._name}.parquet", rows)
            return
        month = rows.column("month")
        for number in pc.call_function("unique", [month]).to_pylist():
            is_month = pc.call_function("equal", [month, pa.scalar(number, month.type)])
            self._write_month(number, rows.filter(is_month))

    def _write_month(self, number: int, rows: pa.Table) -> None:
        exercise = rows.column("exercise")
        for year in pc.call_function("unique", [exercise]).to_pylist():
            is_year = pc.call_function("equal", [exercise, pa.scalar(year, exercise.type)])
            path = self._folder / f"{year}-{number:02}" / f"{self._name}.parquet"
            self._write_to(path, rows.filter(is_year))

    def _write_to(self, path: Path, rows: pa.Table) -> None:
        if path not in self._writers:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writers[path] = pq.ParquetWriter(_name_partial(path), self._schema, compression="zstd")
            self._counts[path] = FileCount(0, dict.fromkeys(self._money, 0))
        self._writers[path].write_table(rows)
        count = self._counts[path]
        added = {name: pc.call_function("sum", [rows.column(name)]).as_py() or 0 for name in self._money}
        sums = {name: count.sums[name] + added[name] for name in self._money}
        self._counts[path] = FileCount(count.rows + rows.num_rows, sums)

    def close(self) -> dict[Path, FileCount]:
        """Complete all files, and give them their names; return what each contains.

        A part without rows has one file all the same, so that every reader finds its columns.
        """
        if not self._writers:
            self._write_to(self._folder / f"{self._name}.parquet", self._schema.empty_table())
        for writer in self._writers.values():
            writer.close()
        for path in self._writers:
            _name_partial(path).replace(path)
        self._writers = {}
        return self._counts


def _name_partial(path: Path) -> Path:
    return path.with_name(path.name + _PARTIAL)
