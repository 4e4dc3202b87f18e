"""How a command writes a report: as tables, CSV or JSON on standard output, or to a file for spreadsheets and analysts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from reporting.report_tables import ReportTable
from service.cli.output_files import check_output_file, open_replacement
from service.configuration.settings import UsageError
from service.terminal import console, report_pages

if TYPE_CHECKING:
    from reporting.refusals import Language
    from reporting.report_files import ReportFile

BuildTable = Callable[[Any], ReportTable]


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class OutputFormat:
    """The format in which a report is written."""

    json: Annotated[
        bool, Parameter(negative="", show_default=False, help="One JSON document; amounts in cents.")
    ] = False
    csv: Annotated[bool, Parameter(negative="", show_default=False, help="CSV; amounts in euros.")] = False
    output: Annotated[
        Path | None,
        Parameter(
            name=("--output", "-o"),
            help="Write to this file, .xlsx or .parquet, replacing one of its name: codes as texts, euros, totals apart.",
        ),
    ] = None

    @property
    def is_for_people(self) -> bool:
        """Whether tables are printed, so that sentences may follow them."""
        return not (self.json or self.csv or self.output)

    def write(self, result: Any, build_table: BuildTable, language: "Language" = "en") -> None:
        """Write a result in this format; the headings for people are in ``language``."""
        if self.output:
            with self._open_file() as file:
                file.write(self._translate(build_table(result), language))
                file.close()
        elif self.json:
            console.print_json(result)
        elif self.csv:
            console.print_piece(build_table(result).to_csv())
        else:
            console.print_table(translate(build_table(result), language))

    @contextmanager
    def open_pages(
        self, build_table: Callable[[list[Any]], ReportTable], language: "Language" = "en"
    ) -> Iterator[report_pages.PageWriter]:
        """Open what writes the pages of a long report in this format; as ``write`` does."""

        def translate_table(page: list[Any]) -> ReportTable:
            return self._translate(build_table(page), language)

        if self.output:
            with self._open_file() as file:
                yield report_pages.FilePages(translate_table, file)
        elif self.json:
            yield report_pages.JsonPages()
        elif self.csv:
            yield report_pages.CsvPages(build_table)
        else:
            yield report_pages.TablePages(translate_table)

    def check(self) -> None:
        """Check the name of the file, before a report is computed.

        Raises
        ------
        UsageError
            Its end says no format, its folder does not exist, or another format is named, too.
        """
        from reporting.report_files import read_format

        if self.output is None:
            return
        if read_format(self.output) is None:
            raise UsageError(
                f"--output {self.output}: the name of the file ends neither in .xlsx nor in .parquet, so its format is unknown"
            )
        if self.json or self.csv:
            raise UsageError(
                "--output writes a file, --json and --csv write to standard output: give one of them"
            )
        check_output_file(self.output)

    def _translate(self, table: ReportTable, language: "Language") -> ReportTable:
        """Return the table in ``language`` for people; programs read Parquet by its English names."""
        is_for_programs = self.output is not None and self.output.suffix.lower() == ".parquet"
        return table if is_for_programs else translate(table, language)

    @contextmanager
    def _open_file(self) -> Iterator["ReportFile"]:
        """Open the file, which replaces one of its name once it is complete."""
        from reporting.report_files import ReportFile, read_format

        assert self.output is not None  # noqa: S101 -- the caller has checked it
        file_format = read_format(self.output)
        assert file_format is not None  # noqa: S101 -- ``check`` has checked it
        with open_replacement(self.output) as file, ReportFile(file, file_format) as report_file:
            yield report_file
        console.print_note(f"The report is in {self.output}.")


def translate(table: ReportTable, language: "Language") -> ReportTable:
    """Return the table with its headings in ``language``."""
    from reporting.french_headings import translate_headings

    return translate_headings(table) if language == "fr" else table


TABLE = OutputFormat()
