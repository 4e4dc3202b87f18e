"""Report tables: one description, for a terminal, as aligned text or as CSV.

Cells contain cents, counts and texts; the output formats cents as euros: with separators for people, plain for programs.
``reporting.table_layout`` aligns them.
"""

import csv
import io
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from core.money import format_euros
from reporting.table_layout import ColumnLayout, TableCells, TableLines, escape_controls, lay_out

Cell = str | int | None


class CellType(Enum):
    """The type of a column's cells."""

    TEXT = "text"
    """A code, a reference, a name: never split over lines."""
    PROSE = "prose"
    """A label or a sentence: a narrow terminal wraps it between words."""
    COUNT = "count"
    MONEY = "money"


_NUMBERS = frozenset({CellType.COUNT, CellType.MONEY})


class Column(NamedTuple):
    """A heading and the type of the cells below it."""

    name: str
    cell_type: CellType = CellType.TEXT


class TextBelow(NamedTuple):
    """Sentences that a narrow terminal shows below a table in place of a column that it leaves out."""

    column: str
    sentences: Sequence[str]


class ReportTable(NamedTuple):
    """A table; ``footer`` is a separate last row, such as a total."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    footer: Sequence[Cell] = ()
    drop_order: Sequence[str] | None = None
    """Columns that a narrow terminal leaves out, the first one first; None: from the last column to the second.

    If the others do not fit either, each row is shown as lines of heading and value.
    """
    below: TextBelow | None = None

    def format_rows(self) -> list[list[str]]:
        """Format the rows for people."""
        return [self._format_row(row) for row in self.rows]

    def format_footer(self) -> list[str]:
        """Format the footer for people; empty if there is none."""
        return self._format_row(self.footer)

    def _format_row(self, row: Sequence[Cell]) -> list[str]:
        return [
            _format_cell(cell, column.cell_type) for cell, column in zip(row, self.columns, strict=bool(row))
        ]

    def lay_out(self, width: int | None = None) -> TableLines:
        """Lay the table out within the width of a terminal, or with all columns, as wide as they are."""
        headings = [column.name for column in self.columns]
        order = self.drop_order if self.drop_order is not None else headings[:0:-1]
        columns = [
            ColumnLayout(name, kind in _NUMBERS, kind is CellType.PROSE) for name, kind in self.columns
        ]
        return lay_out(TableCells(columns, self.format_rows(), self.format_footer(), order), width)

    def to_text(self) -> str:
        """Return aligned text with all columns, for pipes and logs."""
        headings, body, _ = self.lay_out()
        return "\n".join([*([self.title] if self.title else []), *headings, *body])

    def to_csv(self) -> str:
        """Return CSV with a header and without the footer: euros with a decimal point, counts in digits."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([column.name for column in self.columns])
        for row in self.rows:
            writer.writerow(
                [
                    _format_csv_cell(cell, column.cell_type)
                    for cell, column in zip(row, self.columns, strict=True)
                ]
            )
        return out.getvalue()


def _format_cell(cell: Cell, kind: CellType) -> str:
    if cell is None:
        return ""
    if kind is CellType.MONEY:
        return format_euros(int(cell))
    return f"{cell:,}" if kind is CellType.COUNT else escape_controls(str(cell))


def _format_csv_cell(cell: Cell, kind: CellType) -> str:
    if cell is None:
        return ""
    return format_euros(int(cell)).replace(",", "") if kind is CellType.MONEY else str(cell)
