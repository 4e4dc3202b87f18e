"""Reports from the command line: the database opened, the codes read, one question put."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from core.reference.files import SHIPPED
from reporting import code_labels
from reporting.code_names import Names, read_names
from service.database import command_queries, session
from service.settings import Settings
from service.terminal.processing_progress import Narrator

Answer = TypeVar("Answer")
Report = Callable[[Any, Names], Coroutine[Any, Any, Answer]]
"""From a connection and the names of codes to a report."""


def read(settings: Settings, report: Report[Answer]) -> Answer:
    """The report on the database of the settings."""

    async def question(dsn: str, teller: Narrator) -> Answer:
        teller.doing("reading")
        return await read_from(dsn, settings, report)

    return session.ask(settings, question)


async def read_from(dsn: str, settings: Settings, report: Report[Answer]) -> Answer:
    """The report on a database that is open."""
    codes = code_labels.load(settings.reference or SHIPPED)
    async with command_queries.connected(dsn) as connection:
        return await report(connection, await read_names(connection, codes))
