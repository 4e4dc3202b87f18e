"""Reports as XLSX and Parquet: one header line, one type in each column, amounts exact to the cent, totals apart."""

import io
import tempfile
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reporting import report_files
from reporting.report_files import FileFormat, ReportFile, TooManyRows, read_format, write_table
from reporting.report_tables import Cell, CellType, Column, ReportTable

COLUMNS = [
    Column("account"),
    Column("label", CellType.PROSE),
    Column("lines", CellType.COUNT),
    Column("balance", CellType.MONEY),
]
ROWS: Sequence[Sequence[Cell]] = [
    ["0177", "=1+1", 3, 9_007_199_254_740_993],
    ["4011100000", "Dettes & <autres>\x01", None, -1],
    [None, None, 0, None],
]
TABLE = ReportTable("Balance", COLUMNS, ROWS, ["all", "", 3, 9_007_199_254_740_992])
_NAMES = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def write(table: ReportTable, file_format: FileFormat) -> io.BytesIO:
    file = io.BytesIO()
    write_table(file, file_format, table)
    return io.BytesIO(file.getvalue())


def read_sheet(file: io.BytesIO, number: int) -> list[dict[str, tuple[str, str]]]:
    """Return by row and column the type of each cell, ``n`` for a number, and what it has."""
    root = ET.fromstring(zipfile.ZipFile(file).read(f"xl/worksheets/sheet{number}.xml"))
    rows = []
    for row in root.iterfind("s:sheetData/s:row", _NAMES):
        cells = {}
        for cell in row.iterfind("s:c", _NAMES):
            text = "".join(cell.itertext())
            cells[cell.attrib["r"].rstrip("0123456789")] = (cell.attrib.get("t", "n"), text)
        rows.append(cells)
    return rows


def test_a_sheet_has_one_header_and_one_type_in_each_column() -> None:
    """Codes keep their zeros, what looks like a formula is a text, and no cent is lost."""
    header, *rows = read_sheet(write(TABLE, FileFormat.XLSX), 1)
    assert [text for _, text in header.values()] == [column.name for column in COLUMNS]
    assert rows == [
        {
            "A": ("inlineStr", "0177"),
            "B": ("inlineStr", "=1+1"),
            "C": ("n", "3"),
            "D": ("n", "90071992547409.93"),
        },
        {
            "A": ("inlineStr", "4011100000"),
            "B": ("inlineStr", "Dettes & <autres>_x0001_"),
            "D": ("n", "-0.01"),
        },
        {"C": ("n", "0")},
    ]


def test_totals_stand_in_a_sheet_of_their_own() -> None:
    file = write(TABLE, FileFormat.XLSX)
    header, totals = read_sheet(file, 2)
    assert [text for _, text in header.values()] == [column.name for column in COLUMNS]
    assert totals["D"] == ("n", "90071992547409.92")
    without = write(TABLE._replace(footer=()), FileFormat.XLSX)
    assert "xl/worksheets/sheet2.xml" not in zipfile.ZipFile(without).namelist()


def test_parquet_has_euros_as_decimals_and_no_totals() -> None:
    table = pq.read_table(write(TABLE, FileFormat.PARQUET))
    assert table.schema.types == [pa.string(), pa.string(), pa.int64(), pa.decimal128(20, 2)]
    assert table.column_names == [column.name for column in COLUMNS]
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        ("0177", "=1+1", 3, Decimal("90071992547409.93")),
        ("4011100000", "Dettes & <autres>\x01", None, Decimal("-0.01")),
        (None, None, 0, None),
    ]


@pytest.mark.parametrize("file_format", FileFormat)
def test_tables_are_written_one_below_the_other(file_format: FileFormat) -> None:
    file = io.BytesIO()
    with ReportFile(file, file_format) as report_file:
        for row in ROWS:
            report_file.write(TABLE._replace(rows=[row], footer=()))
        report_file.write(TABLE._replace(rows=[], footer=()))
        report_file.close(ReportTable("", [Column("sum", CellType.MONEY)], [[5]]))
    content = io.BytesIO(file.getvalue())
    if file_format is FileFormat.PARQUET:
        assert pq.read_table(content).num_rows == len(ROWS)
    else:
        assert len(read_sheet(content, 1)) == len(ROWS) + 1
        assert read_sheet(content, 2) == [{"A": ("inlineStr", "sum")}, {"A": ("n", "0.05")}]


@pytest.mark.parametrize("file_format", FileFormat)
def test_a_report_without_rows_has_its_header(file_format: FileFormat) -> None:
    content = write(TABLE._replace(rows=[], footer=()), file_format)
    if file_format is FileFormat.PARQUET:
        assert pq.read_table(content).column_names == [column.name for column in COLUMNS]
    else:
        assert len(read_sheet(content, 1)) == 1


def test_more_rows_than_a_sheet_has_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """At once, or at the table that is too many; no temporary file stays."""
    monkeypatch.setattr(report_files, "SHEET_ROWS_MAX", 2)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(TooManyRows, match=r"write \.parquet, or name a month"):
        write(TABLE, FileFormat.XLSX)
    part = TABLE._replace(rows=ROWS[:2])
    with ReportFile(io.BytesIO(), FileFormat.XLSX) as report_file:
        report_file.write(part)
        with pytest.raises(TooManyRows):
            report_file.write(part)
    write(part, FileFormat.XLSX)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "file_format"),
    [("a.xlsx", FileFormat.XLSX), ("a.b.PARQUET", FileFormat.PARQUET), ("a.xls", None), ("xlsx", None)],
)
def test_the_end_of_the_name_says_the_format(name: str, file_format: FileFormat | None) -> None:
    assert read_format(Path(name)) is file_format
