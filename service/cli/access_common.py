"""What the commands on keys and on signers have in common: both are held by a sender, listed, and ended for good."""

from collections.abc import Awaitable, Callable
from typing import Any

from reporting.report_tables import Cell, Grid
from service.cli.options import Place
from service.database import session
from service.terminal import console
from service.terminal.processing_progress import Narrator

Call = Callable[[Any], Awaitable[Any]]
"""What is asked on a connection to the database."""


def ask(place: Place, call: Call) -> Any:
    """Ask the database."""

    async def asked(dsn: str, _: Narrator) -> Any:
        from service.database.command_queries import connected

        async with connected(dsn) as connection:
            return await call(connection)

    return session.ask(place.settings(), asked)


def told_end(what: str, ended: bool | None) -> int:
    """Tell whether something was ended, was before, or is not there; the exit code."""
    told = {
        True: f"{what[:1].upper()}{what[1:]} is ended.",
        False: f"{what[:1].upper()}{what[1:]} was ended before.",
        None: f"There is no {what}.",
    }
    console.say(told[ended])
    return 1 if ended is None else 0


def shown(found: list[dict[str, Any]], grid: Callable[[list[dict[str, Any]]], Grid], *, json: bool) -> None:
    """Show rows as a table, or as JSON."""
    if json:
        console.as_json(found)
    else:
        console.show(grid(found))


def powers(row: dict[str, Any]) -> list[Cell]:
    """Roles and programmes, in words."""
    return [" ".join(row["roles"]), " ".join(row["programmes"]) or "all"]


def end(row: dict[str, Any]) -> str:
    """The day on which it opens nothing any more."""
    found = row["ended_at"] or row["expires_at"]
    return f"{found:%Y-%m-%d}" if found else "never"
