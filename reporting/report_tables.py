"""Report tables: one description, for a terminal, as aligned text or as CSV.

Cells contain cents, counts and texts; the output formats cents as euros: with separators for people, plain for programs.
"""

import csv
import io
from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from core.money import format_euros

if TYPE_CHECKING:
    from rich.table import Table

Cell = str | int | None


class CellType(Enum):
    """The type of a column's cells."""

    TEXT = "text"
    COUNT = "count"
    MONEY = "money"


class Column(NamedTuple):
    """A heading and the type of the cells below it."""

    name: str
    cell_type: CellType = CellType.TEXT


class ReportTable(NamedTuple):
    """A table; ``footer`` is a separate last row, such as a total."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    footer: Sequence[Cell] = ()

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

    def to_text(self) -> str:
        """Return aligned text, for pipes and logs."""
        body = [[column.name for column in self.columns], *self.format_rows()]
        foot = [self.format_footer()] if self.footer else []
        widths = [max(map(len, cells)) for cells in zip(*body, *foot, strict=True)]
        rule = ["-" * width for width in widths]
        lines = [body[0], rule, *body[1:], *([rule, *foot] if foot else [])]
        return "\n".join(
            [*([self.title] if self.title else []), *(self._align(row, widths) for row in lines)]
        )

    def _align(self, row: Sequence[str], widths: Sequence[int]) -> str:
        cells = zip(row, widths, self.columns, strict=True)
        return "  ".join(_justify(text, width, column) for text, width, column in cells).rstrip()

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

    def to_rich_table(self) -> "Table":
        """Return a table for a terminal."""
        from rich.box import SIMPLE_HEAD
        from rich.table import Table
        from rich.text import Text

        table = Table(
            title=self.title or None, title_justify="left", box=SIMPLE_HEAD, show_footer=bool(self.footer)
        )
        footer_texts = self.format_footer() or [""] * len(self.columns)
        for column, foot in zip(self.columns, footer_texts, strict=True):
            justify: Any = "left" if column.cell_type is CellType.TEXT else "right"
            table.add_column(column.name, Text(foot), justify=justify, overflow="fold", footer_style="bold")
        for row in self.format_rows():
            table.add_row(*map(Text, row))
        return table


def _format_cell(cell: Cell, kind: CellType) -> str:
    if cell is None:
        return ""
    if kind is CellType.MONEY:
        return format_euros(int(cell))
    return f"{cell:,}" if kind is CellType.COUNT else str(cell)


def _format_csv_cell(cell: Cell, kind: CellType) -> str:
    if cell is None:
        return ""
    return format_euros(int(cell)).replace(",", "") if kind is CellType.MONEY else str(cell)


def _justify(text: str, width: int, column: Column) -> str:
    return text.ljust(width) if column.cell_type is CellType.TEXT else text.rjust(width)
