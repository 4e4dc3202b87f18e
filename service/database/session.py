"""Questions put to the database from the command line, which reads and never writes."""

from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from service.database.connect import readable
from service.database.embedded import Database
from service.settings import Settings
from service.terminal import processing_progress, signals
from service.terminal.processing_progress import Narrator

Answer = TypeVar("Answer")
Opening = Callable[[Settings, Callable[[str], None]], AbstractAsyncContextManager[Database]]
Question = Callable[[str, Narrator], Coroutine[Any, Any, Answer]]
"""From the address of the database, and who is told of progress, to an answer."""


def ask(settings: Settings, question: Question[Answer], opening: Opening = readable) -> Answer:
    """Open the database for one question."""
    teller = processing_progress.narrator()

    async def asked(_: signals.Interruption) -> Answer:
        from service.database import command_queries

        async with opening(settings, teller.doing) as database:
            with command_queries.told(database.dsn):
                return await question(database.dsn, teller)

    try:
        return signals.run(asked)
    finally:
        teller.close()
