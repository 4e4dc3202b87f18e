"""Results as tables: one description, drawn for a terminal, set as text, or written as CSV.

Cells hold cents, counts and texts; only drawing turns cents into euros: with separators for people, plain for
programs.
"""

import csv
import io
from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from core.money import euros

if TYPE_CHECKING:
    from rich.table import Table

Cell = str | int | None


class Kind(Enum):
    """What the cells of a column are."""

    TEXT = "text"
    COUNT = "count"
    MONEY = "money"


class Column(NamedTuple):
    """A heading, and what stands below it."""

    name: str
    kind: Kind = Kind.TEXT


class Grid(NamedTuple):
    """A table; ``foot`` is a last row set apart, as a total."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    foot: Sequence[Cell] = ()

    def texts(self) -> list[list[str]]:
        """The rows as people read them."""
        return [self._for_people(row) for row in self.rows]

    def foot_texts(self) -> list[str]:
        """The last row as people read it; empty if there is none."""
        return self._for_people(self.foot)

    def _for_people(self, row: Sequence[Cell]) -> list[str]:
        return [_shown(cell, column.kind) for cell, column in zip(row, self.columns, strict=bool(row))]

    def plain(self) -> str:
        """Aligned text, for pipes and logs."""
        body = [[column.name for column in self.columns], *self.texts()]
        foot = [self.foot_texts()] if self.foot else []
        widths = [max(map(len, cells)) for cells in zip(*body, *foot, strict=True)]
        rule = ["-" * width for width in widths]
        laid = [body[0], rule, *body[1:], *([rule, *foot] if foot else [])]
        return "\n".join(
            [*([self.title] if self.title else []), *(self._aligned(row, widths) for row in laid)]
        )

    def _aligned(self, row: Sequence[str], widths: Sequence[int]) -> str:
        cells = zip(row, widths, self.columns, strict=True)
        return "  ".join(_justified(text, width, column) for text, width, column in cells).rstrip()

    def csv(self) -> str:
        """Comma-separated, with a heading and without the total: euros with a point, counts in digits."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([column.name for column in self.columns])
        for row in self.rows:
            writer.writerow(
                [_written(cell, column.kind) for cell, column in zip(row, self.columns, strict=True)]
            )
        return out.getvalue()

    def drawn(self) -> "Table":
        """A table for a terminal."""
        from rich.box import SIMPLE_HEAD
        from rich.table import Table
        from rich.text import Text

        table = Table(
            title=self.title or None, title_justify="left", box=SIMPLE_HEAD, show_footer=bool(self.foot)
        )
        feet = self.foot_texts() or [""] * len(self.columns)
        for column, foot in zip(self.columns, feet, strict=True):
            justify: Any = "left" if column.kind is Kind.TEXT else "right"
            table.add_column(column.name, Text(foot), justify=justify, overflow="fold", footer_style="bold")
        for row in self.texts():
            table.add_row(*map(Text, row))
        return table


def _shown(cell: Cell, kind: Kind) -> str:
    if cell is None:
        return ""
    if kind is Kind.MONEY:
        return euros(int(cell))
    return f"{cell:,}" if kind is Kind.COUNT else str(cell)


def _written(cell: Cell, kind: Kind) -> str:
    if cell is None:
        return ""
    return euros(int(cell)).replace(",", "") if kind is Kind.MONEY else str(cell)


def _justified(text: str, width: int, column: Column) -> str:
    return text.ljust(width) if column.kind is Kind.TEXT else text.rjust(width)
