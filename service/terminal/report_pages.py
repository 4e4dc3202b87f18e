"""Long reports, written page by page: to standard output as one JSON array, as CSV or as tables, or to a file."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import msgspec

from reporting.report_tables import ReportTable
from service.terminal import console
from service.terminal.standard_output import abandon_output

if TYPE_CHECKING:
    from reporting.report_files import ReportFile

BuildTable = Callable[[list[Any]], ReportTable]


class PageWriter(Protocol):
    """Writes the pages of one report."""

    has_totals: ClassVar[bool]
    """Whether it writes the totals of the report below or beside its rows."""

    def write(self, page: list[Any]) -> None:
        """Write a page, which has at least one row."""
        ...

    def close(self, totals: ReportTable | None) -> None:
        """Write the end of the report; of one without rows all of it."""
        ...


async def write_pages(pages: AsyncIterator[list[Any]], writer: PageWriter) -> None:
    """Write pages as they come.

    A thread writes, because the reader of a pipe may be slow: a signal cancels this, and what is not written is dropped.
    """
    async with _abandon_cancelled_output():
        async for page in pages:
            await asyncio.to_thread(writer.write, page)


async def write_end(writer: PageWriter, totals: ReportTable | None) -> None:
    """Write the end of a report, with its totals, as the pages are written."""
    async with _abandon_cancelled_output():
        await asyncio.to_thread(writer.close, totals)


@asynccontextmanager
async def _abandon_cancelled_output() -> AsyncIterator[None]:
    try:
        yield
    except asyncio.CancelledError:
        abandon_output()
        raise


@dataclass(slots=True)
class JsonPages:
    """Writes the rows as one JSON array."""

    has_totals: ClassVar[bool] = False
    has_rows: bool = False

    def write(self, page: list[Any]) -> None:
        """Write the rows of a page."""
        array = msgspec.json.format(msgspec.json.encode(page), indent=2).decode()
        console.print_piece(",\n" if self.has_rows else "[\n")
        console.print_piece(array.removeprefix("[\n").removesuffix("\n]"))
        self.has_rows = True

    def close(self, totals: ReportTable | None) -> None:
        """Write the end of the array."""
        del totals  # a program adds up the rows itself
        console.print_line("\n]" if self.has_rows else "[]")


@dataclass(slots=True)
class CsvPages:
    """Writes the rows as CSV below one header."""

    has_totals: ClassVar[bool] = False
    build_table: BuildTable
    has_header: bool = False

    def write(self, page: list[Any]) -> None:
        """Write the rows of a page."""
        header, _, rows = self.build_table(page).to_csv().partition("\n")
        console.print_piece(rows if self.has_header else f"{header}\n{rows}")
        self.has_header = True

    def close(self, totals: ReportTable | None) -> None:
        """Write the header if there are no rows."""
        del totals
        if not self.has_header:
            console.print_piece(self.build_table([]).to_csv())


@dataclass(slots=True)
class TablePages:
    """Writes each page as a table of its own."""

    has_totals: ClassVar[bool] = True
    build_table: BuildTable
    has_table: bool = False

    def write(self, page: list[Any]) -> None:
        """Write the table of a page."""
        console.print_table(self.build_table(page))
        self.has_table = True

    def close(self, totals: ReportTable | None) -> None:
        """Write an empty table if there are no rows, and the totals."""
        if not self.has_table:
            console.print_table(self.build_table([]))
        if totals:
            console.print_table(totals)


@dataclass(slots=True)
class FilePages:
    """Writes the rows to a file."""

    has_totals: ClassVar[bool] = True
    build_table: BuildTable
    file: "ReportFile"
    has_rows: bool = False

    def write(self, page: list[Any]) -> None:
        """Write the rows of a page."""
        self.file.write(self.build_table(page))
        self.has_rows = True

    def close(self, totals: ReportTable | None) -> None:
        """Write the header if there are no rows, and the totals."""
        if not self.has_rows:
            self.file.write(self.build_table([]))
        self.file.close(totals)
