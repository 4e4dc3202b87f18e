"""Payment runs from the command line: the database opened, one thing done, and what came of it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from core.reference.files import SHIPPED
from posting.book.registry import Reference
from service.database import session
from service.database.connect import opened
from service.engine import file_processing, kernel_warmup, process_tuning
from service.settings import Settings
from service.terminal import processing_progress, signals
from service.terminal.processing_progress import Narrator
from service.terminal.signals import Interruption
from settlement.orders.outbox import Outbox
from settlement.runs import issue as issuing
from settlement.runs import proposals, run_queries
from settlement.runs.issue import Issue, Prepared
from settlement.runs.payment_reference import Books
from settlement.runs.proposals import Proposed

OUTBOX = "outbox"
Answer = TypeVar("Answer")
Work = Callable[[run_queries.Connection, Narrator], Coroutine[Any, Any, Answer]]


def at_desk(settings: Settings, work: Work[Answer]) -> Answer:
    """Do something with runs, beside whoever keeps the database open."""

    async def asked(dsn: str, teller: Narrator) -> Answer:
        from service.database.command_queries import bring_up_to_date

        async with run_queries.connected(dsn) as connection:
            await bring_up_to_date(connection)
            return await work(connection, teller)

    return session.ask(settings, asked)


def propose(settings: Settings, wanted: Proposed) -> int:
    """Propose a run; its number."""

    async def work(connection: run_queries.Connection, teller: Narrator) -> int:
        books = await asyncio.to_thread(_books, settings)
        return await proposals.propose(connection, books, wanted, teller.doing)

    return at_desk(settings, work)


def again(settings: Settings, run: int) -> list[dict[str, Any]]:
    """The files of an issued run, those that are gone made again."""
    outbox = _outbox(settings)
    return at_desk(
        settings,
        lambda connection, teller: issuing.again(connection, run, outbox, teller.doing),
    )


def issue(settings: Settings, run: int, how: Issue) -> bool:
    """Issue a released run, or go on with it; whether it came to its end, or a signal stopped it in good order.

    Raises
    ------
    EngineError
        The engine cannot go on; the same command does.
    """
    process_tuning.tune()
    teller = processing_progress.narrator()

    async def work(heard: Interruption) -> bool:
        # code and reference data are loaded while the database starts: neither needs the other
        loading = asyncio.create_task(asyncio.to_thread(_loaded, settings, teller))
        async with opened(settings, teller.doing) as database:
            where = file_processing.Where(settings, database, await loading)
            return await issued(where, run, how, (heard, teller))

    try:
        return signals.run(work)
    finally:
        teller.close()


def _loaded(settings: Settings, teller: Narrator) -> Reference:
    kernel_warmup.load(teller)
    return file_processing.reference_of(settings)


async def issued(
    where: file_processing.Where, run: int, how: Issue, told: tuple[Interruption, Narrator]
) -> bool:
    """Issue a run in an open database; see ``issue``."""
    from service.database.command_queries import bring_up_to_date

    settings, dsn, teller = where.settings, where.database.dsn, told[1]
    outbox, reference = _outbox(settings), where.reference
    folder = settings.reference or SHIPPED
    books = await asyncio.to_thread(Books.of, folder, reference.calendar, reference.nomenclatures)
    async with run_queries.connected(dsn) as connection:
        await bring_up_to_date(connection)
        prepared = await issuing.prepare(connection, run, outbox, (books, how, teller.doing))
    if not await _decided(where, prepared, told):
        return False
    teller.doing("acts committed")
    async with run_queries.connected(dsn) as connection:
        await issuing.finish(connection, run, outbox, (prepared.content, teller.doing))
    return True


async def _decided(
    where: file_processing.Where, prepared: Prepared, told: tuple[Interruption, Narrator]
) -> bool:
    """Bring the acts of a run to their end in the engine; False where a signal stopped it before."""
    from ingest.queue.file_feed import Order

    order = Order([prepared.path] if prepared.path else [])
    result = file_processing.proved(await file_processing.process(where, order, *told), "the run")
    return not result.is_interrupted


def _books(settings: Settings) -> Books:
    return Books.load(settings.reference or SHIPPED)


def _outbox(settings: Settings) -> Outbox:
    return Outbox(settings.data / OUTBOX)
