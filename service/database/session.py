"""Questions put to the database from the command line, which reads and never writes."""

from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from service import interruption, progress
from service.database import Database
from service.opening import readable
from service.progress import Narrator
from service.settings import Settings

Answer = TypeVar("Answer")
Opening = Callable[[Settings, Callable[[str], None]], AbstractAsyncContextManager[Database]]
Question = Callable[[str, Narrator], Coroutine[Any, Any, Answer]]
"""From the address of the database, and who is told of progress, to an answer."""


def ask(settings: Settings, question: Question[Answer], opening: Opening = readable) -> Answer:
    """Open the database for one question."""
    teller = progress.narrator()

    async def asked(_: interruption.Interruption) -> Answer:
        from service import postgres

        async with opening(settings, teller.doing) as database:
            with postgres.told(database.dsn):
                return await question(database.dsn, teller)

    try:
        return interruption.run(asked)
    finally:
        teller.close()
