"""Reports from the command line: the database opened, the codes read, one question put."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from core.reference.files import SHIPPED
from reporting import reference
from reporting.names import Names, read_names
from service import asking, postgres
from service.progress import Narrator
from service.settings import Settings

Answer = TypeVar("Answer")
Report = Callable[[Any, Names], Coroutine[Any, Any, Answer]]
"""From a connection and the names of codes to a report."""


def read(settings: Settings, report: Report[Answer]) -> Answer:
    """The report on the database of the settings."""

    async def question(dsn: str, teller: Narrator) -> Answer:
        teller.doing("reading")
        return await read_from(dsn, settings, report)

    return asking.ask(settings, question)


async def read_from(dsn: str, settings: Settings, report: Report[Answer]) -> Answer:
    """The report on a database that is open."""
    codes = reference.load(settings.reference or SHIPPED)
    async with postgres.connected(dsn) as connection:
        return await report(connection, await read_names(connection, codes))
