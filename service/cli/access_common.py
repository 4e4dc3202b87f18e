"""What the commands on keys and on signers have in common: both are held by a sender, listed, and ended for good."""

from collections.abc import Awaitable, Callable
from typing import Any

from reporting.report_tables import Cell, ReportTable
from service.cli.options import DataOptions
from service.database import session
from service.terminal import console
from service.terminal.processing_progress import ProgressReporter

DatabaseQuery = Callable[[Any], Awaitable[Any]]
"""What is asked on a connection to the database."""


def query_database(options: DataOptions, query: DatabaseQuery) -> Any:
    """Ask the database."""

    async def asked(dsn: str, _: ProgressReporter) -> Any:
        from service.database.command_queries import connect

        async with connect(dsn) as connection:
            return await query(connection)

    return session.run_on_database(options.read_settings(), asked)


def print_end(holder: str, ended: bool | None) -> int:
    """Tell whether something was ended, was before, or is not there; the exit code."""
    told = {
        True: f"{holder[:1].upper()}{holder[1:]} is ended.",
        False: f"{holder[:1].upper()}{holder[1:]} was ended before.",
        None: f"There is no {holder}.",
    }
    console.print_line(told[ended])
    return 1 if ended is None else 0


def print_rows(
    rows: list[dict[str, Any]], build_table: Callable[[list[dict[str, Any]]], ReportTable], *, json: bool
) -> None:
    """Show rows as a table, or as JSON."""
    if json:
        console.print_json(rows)
    else:
        console.print_table(build_table(rows))


def format_rights(row: dict[str, Any]) -> list[Cell]:
    """Roles and programmes, in words."""
    return [" ".join(row["roles"]), " ".join(row["programmes"]) or "all"]


def format_end(row: dict[str, Any]) -> str:
    """The day on which it opens nothing any more."""
    found = row["ended_at"] or row["expires_at"]
    return f"{found:%Y-%m-%d}" if found else "never"
