"""``crescendo export``: a year in the formats of analysts' tools."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from cyclopts import App, Parameter

from service.cli.number_limits import NUMBER_OF_A_YEAR
from service.cli.output_files import open_replacement
from service.cli.shared_options import DEFAULT_DATA, DataOptions, JsonOption
from service.configuration.settings import Settings
from service.database import session
from service.database.configured_database import open_for_reading
from service.database.embedded_server import Database
from service.terminal import console
from service.terminal.processing_progress import ProgressReporter

if TYPE_CHECKING:
    from reporting.analysts.export_folder import Manifest
    from reporting.analysts.journal_texts import TextFormat

Value = TypeVar("Value")
YearOption = Annotated[int, Parameter(name="--year", help="Exercise to export.", validator=NUMBER_OF_A_YEAR)]
OutputOption = Annotated[Path, Parameter(name=("--output", "-o"), help="File to write, which is replaced.")]

app = App(name="export", help="Export a year for analysts: Parquet, hledger, Beancount.")


@app.command
def parquet(
    *,
    year: YearOption,
    output: Annotated[
        Path,
        Parameter(name=("--output", "-o"), help="Folder to write: a new or empty one, or that of an export."),
    ],
    with_names: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Export names, IBANs and persons too; the role of the database must be allowed to read them.",
        ),
    ] = False,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> int:
    """Export the views of a year to Parquet files, one folder for each view and in it one for each month.

    The file manifest.json, written last, has rows, sums in cents and SHA-256 of each file. After an interruption, run the same
    command again: it continues behind the last complete part.
    """
    from reporting.analysts.parquet_export import ExportRequest, export_year

    settings = options.read_settings()
    request = ExportRequest(year, output, with_names, settings.ledger)

    async def work(connection: Any, reporter: ProgressReporter) -> "Manifest":
        return (await export_year(connection, request, reporter.report_activity)).read_manifest()

    manifest = read_views(settings, work)
    if json:
        console.print_json(manifest)
        return 0
    rows = sum(view.rows for view in manifest.views.values())
    files = console.format_count(len(manifest.files), "file")
    console.print_line(
        f"Exported {year} up to batch {manifest.head.batch:,}: {rows:,} rows of {len(manifest.views)} views, "
        f"in {files} of {output}."
    )
    return 0


@app.command
def hledger(*, year: YearOption, output: OutputOption, options: DataOptions = DEFAULT_DATA) -> int:
    """Export the journal of a year for hledger: one transaction for each document, accounts with their French titles."""
    from reporting.analysts.journal_texts import TextFormat

    return _write_text(options.read_settings(), year, output, text_format=TextFormat.HLEDGER)


@app.command
def beancount(*, year: YearOption, output: OutputOption, options: DataOptions = DEFAULT_DATA) -> int:
    """Export the journal of a year for Beancount: one transaction for each document, accounts with their French titles."""
    from reporting.analysts.journal_texts import TextFormat

    return _write_text(options.read_settings(), year, output, text_format=TextFormat.BEANCOUNT)


def _write_text(settings: Settings, year: int, output: Path, *, text_format: "TextFormat") -> int:
    """Write the file, which replaces one of its name once it is complete."""
    from reporting.analysts.journal_texts import write_journal

    with open_replacement(output) as file:

        async def work(connection: Any, reporter: ProgressReporter) -> int:
            reporter.report_activity("exporting the journal")
            return await write_journal(
                connection, file, year, text_format=text_format, ledger=settings.ledger
            )

        transactions = read_views(settings, work)
    console.print_line(f"Exported {console.format_count(transactions, 'transaction')} of {year} to {output}.")
    return 0


def read_views(settings: Settings, work: Callable[[Any, ProgressReporter], Awaitable[Value]]) -> Value:
    """Run work on a connection that reads views."""

    async def task(dsn: str, reporter: ProgressReporter) -> Value:
        from posting.store.limited_connections import BULK_SECONDS
        from service.database.command_queries import connect

        async with connect(dsn, BULK_SECONDS) as connection:
            return await work(connection, reporter)

    return session.run_on_database(settings, task, _open_views)


@asynccontextmanager
async def _open_views(settings: Settings, progress: Callable[[str], None]) -> AsyncIterator[Database]:
    """Open the database that an address names as it is, as a role of analysts may read nothing but views."""
    if settings.database:
        yield Database(settings.database)
        return
    async with open_for_reading(settings, progress) as database:
        yield database
