"""Reports as files for spreadsheets and analysts: XLSX and Parquet, written table by table.

Each has one header line and one type in each column: codes and days are texts, counts are whole numbers, and amounts are
euros, exact to the cent.  Totals stand apart, in a sheet of their own, so that no sum counts them.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import CrescendoError
from reporting.report_tables import Cell, CellType, Column, ReportTable

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

SHEET_ROWS_MAX = 1_048_575
"""Rows of a sheet below its header."""
_DECIMAL_PLACES = 2
_EUROS = pa.decimal128(20, _DECIMAL_PLACES)
_TYPES: Mapping[CellType, pa.DataType] = {
    CellType.TEXT: pa.string(),
    CellType.PROSE: pa.string(),
    CellType.COUNT: pa.int64(),
    CellType.MONEY: _EUROS,
}
_NUMBER_FORMATS: Mapping[CellType, str] = {
    CellType.TEXT: "@",
    CellType.PROSE: "@",
    CellType.COUNT: "#,##0",
    CellType.MONEY: "#,##0.00",
}
"""How a sheet shows the cells of a column: codes and references as texts, whatever they look like."""
_WIDTHS: Mapping[CellType, int] = {
    CellType.TEXT: 16,
    CellType.PROSE: 40,
    CellType.COUNT: 12,
    CellType.MONEY: 20,
}
"""Characters of a column of a sheet."""


_TOO_MANY_ROWS = (
    f"the report has more than {SHEET_ROWS_MAX:,} rows, the most that a sheet holds: write .parquet, or name a month, "
    "an account or a programme"
)


class FileFormat(StrEnum):
    """The format of a file, which is also the end of its name."""

    PARQUET = "parquet"
    XLSX = "xlsx"


class TooManyRows(CrescendoError):
    """A report has more rows than a sheet; the message says what to do."""


class ReportFile:
    """A file to which the tables of one report are written, one below the other; a context that leaves no temporary file."""

    def __init__(self, file: IO[bytes], file_format: FileFormat) -> None:
        self._file, self._format = file, file_format
        self._tables: ParquetFile | XlsxFile | None = None

    def write(self, table: ReportTable) -> None:
        """Write the rows of a table; all tables of a file have the same columns.

        Raises
        ------
        TooManyRows
            A sheet has no place for them.
        """
        if self._format is FileFormat.XLSX and len(table.rows) > SHEET_ROWS_MAX:
            raise TooManyRows(_TOO_MANY_ROWS)
        if self._tables is None:
            build = ParquetFile if self._format is FileFormat.PARQUET else XlsxFile
            self._tables = build(self._file, table.columns)
        self._tables.write(table)

    def close(self, totals: ReportTable | None = None) -> None:
        """Write the end of the file, with these totals, or those of the last table, if it has a place for them."""
        if self._tables is not None:
            self._tables.close(totals)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._tables is not None:
            self._tables.discard()


def read_format(path: Path) -> FileFormat | None:
    """Return the format that the end of a file's name says; None if it says none of them."""
    suffix = path.suffix.lower().removeprefix(".")
    return FileFormat(suffix) if suffix in frozenset(FileFormat) else None


class ParquetFile:
    """Writes tables to a Parquet file, each as a row group."""

    def __init__(self, file: IO[bytes], columns: Sequence[Column]) -> None:
        self._schema = pa.schema([(column.name, _TYPES[column.cell_type]) for column in columns])
        self._writer = pq.ParquetWriter(file, self._schema)

    def write(self, table: ReportTable) -> None:
        """Write the rows of a table."""
        if table.rows:
            self._writer.write_table(build_arrow_table(table).cast(self._schema))

    def close(self, totals: ReportTable | None = None) -> None:
        """Write the end of the file; totals have no place in it, as every reader would add them to the rows."""
        del totals
        self._writer.close()

    def discard(self) -> None:
        """Close the writer, whether the file is complete or not."""
        self._writer.close()


class XlsxFile:
    """Writes tables to a workbook: one sheet with the rows, and one with the totals, if there are some."""

    def __init__(self, file: IO[bytes], columns: Sequence[Column]) -> None:
        from xlsxwriter import Workbook

        # Rows go to a temporary file, so that a long report takes no memory; texts are never read as formulas or addresses.
        self._folder = TemporaryDirectory(prefix="crescendo-report-")
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = Workbook(file, {**options, "tmpdir": self._folder.name})
        self._totals: ReportTable | None = None
        self._count = 0
        self._heading = self._book.add_format({"bold": True, "bottom": 1})
        self._formats = {
            cell_type: self._book.add_format({"num_format": number_format})
            for cell_type, number_format in _NUMBER_FORMATS.items()
        }
        self._sheet = self._add_sheet("rows", columns)

    def write(self, table: ReportTable) -> None:
        """Write the rows of a table.

        Raises
        ------
        TooManyRows
            The sheet has no place for them.
        """
        for row in table.rows:
            self._count += 1
            if self._count > SHEET_ROWS_MAX:
                raise TooManyRows(_TOO_MANY_ROWS)
            self._write_row(self._sheet, self._count, row, columns=table.columns)
        self._totals = table._replace(rows=[table.footer]) if table.footer else None

    def close(self, totals: ReportTable | None = None) -> None:
        """Write the totals, and the end of the file."""
        if totals := totals or self._totals:
            sheet = self._add_sheet("totals", totals.columns)
            for number, row in enumerate(totals.rows, 1):
                self._write_row(sheet, number, row, columns=totals.columns)
        self._book.close()

    def discard(self) -> None:
        """Remove the temporary files, whether the file is complete or not."""
        for sheet in self._book.worksheets():
            if sheet.row_data_fh is not None:
                sheet.row_data_fh.close()  # the library leaves it open unless the book is closed
        self._folder.cleanup()

    def _add_sheet(self, name: str, columns: Sequence[Column]) -> "Worksheet":
        sheet = self._book.add_worksheet(name)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, _WIDTHS[column.cell_type])
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            sheet.write_string(0, place, column.name, self._heading)
        return sheet

    def _write_row(
        self, sheet: "Worksheet", number: int, row: Sequence[Cell], *, columns: Sequence[Column]
    ) -> None:
        for place, (cell, column) in enumerate(zip(row, columns, strict=True)):
            value, cell_format = _to_value(cell, column.cell_type), self._formats[column.cell_type]
            if isinstance(value, str):
                sheet.write_string(number, place, value, cell_format)
            elif value is not None:
                sheet.write_number(number, place, value, cell_format)


def write_table(file: IO[bytes], file_format: FileFormat, table: ReportTable) -> None:
    """Write one table to ``file``."""
    with ReportFile(file, file_format) as report_file:
        report_file.write(table)
        report_file.close()


def build_arrow_table(table: ReportTable) -> pa.Table:
    """Return the rows as columns, one for each column of the table, in its order; amounts are euros."""
    arrays = [
        pa.array([_to_value(row[place], column.cell_type) for row in table.rows], _TYPES[column.cell_type])
        for place, column in enumerate(table.columns)
    ]
    return pa.table(arrays, names=[column.name for column in table.columns])


def _to_value(cell: Cell, cell_type: CellType) -> Any:
    if cell is None:
        return None
    if cell_type is CellType.MONEY:
        return _to_euros(cell)
    return int(cell) if cell_type is CellType.COUNT else str(cell)


def _to_euros(cents: str | int) -> Decimal:
    return Decimal(cents).scaleb(-_DECIMAL_PLACES)
