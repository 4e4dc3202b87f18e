"""``crescendo report plot``: figures that people rather look at, as SVG."""

from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from service.cli.export import read_views
from service.cli.number_limits import NUMBER_OF_A_YEAR
from service.cli.output_files import check_output_file, open_replacement
from service.cli.shared_options import DEFAULT_DATA, DataOptions
from service.configuration.settings import Settings
from service.terminal import console
from service.terminal.processing_progress import ProgressReporter

app = App(name="plot", help="Plots as SVG files: execution over the year, age of open items.")
YearOption = Annotated[
    int, Parameter(name="--year", help="Exercise that is shown.", validator=NUMBER_OF_A_YEAR)
]
OutputOption = Annotated[
    Path, Parameter(name=("--output", "-o"), help="SVG file to write, which is replaced.")
]


@app.command
def execution(*, year: YearOption, output: OutputOption, options: DataOptions = DEFAULT_DATA) -> int:
    """Draw the CP consumed from January to each month, of the eight largest programmes and of all others."""
    from reporting.analysts import plots

    async def draw(connection: Any) -> str:
        return plots.draw_execution(await plots.load_execution(connection, year), year)

    return _write_plot(options.read_settings(), output, draw, year=year)


@app.command(name="ageing")
def plot_ages(
    *,
    year: YearOption,
    output: OutputOption,
    day: Annotated[
        date | None, Parameter(help="Ages up to this day, as YYYY-MM-DD; by default 31 December.")
    ] = None,
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Draw what is open of a year on a day by stage and age: payables, receivables, transfers in transit, suspense."""
    from reporting.analysts import plots

    last = day or date(year, 12, 31)

    async def draw(connection: Any) -> str:
        return plots.draw_ages(await plots.load_ages(connection, year, last), year, last)

    return _write_plot(options.read_settings(), output, draw, year=year)


def _write_plot(settings: Settings, output: Path, draw: Callable[[Any], Awaitable[str]], *, year: int) -> int:
    """Write the file, which replaces one of its name once it is complete."""
    check_output_file(output)

    async def work(connection: Any, reporter: ProgressReporter) -> str:
        from reporting.analysts.view_streams import check_year, open_snapshot, read_state

        reporter.report_activity("reading")
        async with open_snapshot(connection):
            await read_state(connection, settings.ledger)
            await check_year(connection, year)
            return await draw(connection)

    svg = read_views(settings, work)
    with open_replacement(output) as file:
        file.write(svg.encode())
    console.print_note(f"The plot is in {output}.")
    return 0
