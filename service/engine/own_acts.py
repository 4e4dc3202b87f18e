"""Acts that Crescendo computes itself: the file in which they wait, and what an interrupted call left undecided."""

import asyncio
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from core.period_states import view_folios
from core.periods import PeriodState
from ingest.queue.file_feed import ProcessingRequest
from posting.store import period_store
from service.database import command_queries
from service.engine import file_processing
from service.engine.engine_context import EngineContext
from service.engine.processing_result import ProcessingResult, require_acceptance
from service.results import receipt_queries
from service.terminal.processing_progress import ProgressReporter
from service.terminal.signals import Interruption
from settlement.orders import outbox
from settlement.reconciliation.preparation import hash_file

_FILE = "acts.arrow"
_UNDECIDED = (
    "acts of an earlier call are not decided yet ({file}), and nothing is added before that. If their sender is paused, "
    'resume it: crescendo access resume {sender} --reason "...". If their file is missing from the spool, restore it. Then '
    "call the same command again"
)
_NO_OPEN_PERIOD = "{day} is not in an open period of {year}: name a day in an open one, by --at DAY"
_EPOCH = date(1970, 1, 1)


class OwnActs(NamedTuple):
    """One sort of acts that Crescendo computes."""

    folder: str
    """Where their file waits until it is decided, within the data folder."""
    sender: str
    batch_prefix: str
    """The batch ids of their files start with it."""

    def find_path(self, context: EngineContext) -> Path:
        """Return the path of their file."""
        return context.settings.data / self.folder / _FILE


class OwnActsResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided about acts that Crescendo computes; each sort of acts adds what it computed."""

    posted: ProcessingResult | None = None
    """The processing of the acts; None if there were none, or in a dry run."""
    waits: str = ""
    """Why no act is computed or given to the engine, and what to do; empty if one is, or may be."""
    earlier: int = 0
    """Lines that an interrupted call had given to the engine, and that are decided now."""

    @property
    def is_interrupted(self) -> bool:
        """Whether a signal stopped the processing."""
        return self.posted is not None and self.posted.is_interrupted


class EarlierCalls(NamedTuple):
    """What became of the acts of earlier calls."""

    lines: int
    """Lines of these acts that were decided now."""
    waits: str
    """Why no further act may be computed, and what to do; empty if it may."""
    posted: ProcessingResult | None
    """The processing that a signal stopped; None if none did."""

    @property
    def allows_more(self) -> bool:
        """Whether every act of an earlier call is decided, so that further ones may be computed."""
        return not (self.waits or self.posted)


async def finish_earlier_calls(
    context: EngineContext, acts: OwnActs, interruption: Interruption, *, reporter: ProgressReporter
) -> EarlierCalls:
    """Have the acts of earlier calls decided, before further ones are computed."""
    earlier = await finish_earlier_files(context, acts, interruption, reporter=reporter)
    if earlier and earlier.is_interrupted:
        return EarlierCalls(0, "", earlier)
    waits = await describe_undecided_file(context, acts)
    return EarlierCalls(count_lines(earlier, acts), waits, None)


async def decide_acts(
    context: EngineContext,
    acts: OwnActs,
    interruption: Interruption,
    *,
    origin: str,
    reporter: ProgressReporter,
) -> ProcessingResult:
    """Have the acts of their file decided, and delete the file once they are.

    Raises
    ------
    EngineError
        The acts of ``origin`` were refused whole.
    """
    path = acts.find_path(context)
    request = ProcessingRequest([path], reprocess=True, is_internal=True)
    posted = await file_processing.process_files(context, request, interruption, reporter=reporter)
    if not (require_acceptance(posted, origin).is_interrupted or posted.lost):
        path.unlink(missing_ok=True)
    return posted


async def finish_earlier_files(
    context: EngineContext, acts: OwnActs, interruption: Interruption, *, reporter: ProgressReporter
) -> ProcessingResult | None:
    """Process the files that earlier calls left unfinished; None if there are none."""
    dsn = context.database.dsn
    with command_queries.translate_database_errors(dsn):
        async with command_queries.connect(dsn) as connection:
            await command_queries.apply_migrations(connection)
            unfinished = await receipt_queries.read_unfinished_receipts(connection)
    if not unfinished:
        return None
    reporter.report_activity("finishing files of an earlier call")
    own = {receipt.sha256: receipt.submission for receipt in unfinished if receipt.sender == acts.sender}
    path = acts.find_path(context)
    # the unfinished file is presented again, as the spool may have lost it
    is_unfinished = path.is_file() and (await asyncio.to_thread(hash_file, path)).hex() in own
    request = ProcessingRequest([path] if is_unfinished else [], awaited=list(own.values()), is_internal=True)
    return await file_processing.process_files(context, request, interruption, reporter=reporter)


def count_lines(earlier: ProcessingResult | None, acts: OwnActs) -> int:
    """Count the lines of these acts among the files of earlier calls."""
    receipts = earlier.receipts if earlier else []
    return sum(
        receipt.decided
        for receipt in receipts
        if receipt.sender == acts.sender and receipt.batch_id.startswith(acts.batch_prefix)
    )


async def find_undecided_file(context: EngineContext, acts: OwnActs) -> str:
    """Return a file of these acts that was given to the engine and is not decided; empty if there is none."""
    with command_queries.translate_database_errors(context.database.dsn):
        async with command_queries.connect(context.database.dsn) as connection:
            await command_queries.apply_migrations(connection)
            files = await receipt_queries.read_pending_files(connection, acts.sender, acts.batch_prefix)
    return files[0] if files else ""


async def describe_undecided_file(context: EngineContext, acts: OwnActs) -> str:
    """Return which file of these acts is not decided, and what to do; empty if there is none."""
    file = await find_undecided_file(context, acts)
    return _UNDECIDED.format(file=file, sender=acts.sender) if file else ""


async def is_open_day(context: EngineContext, day: date) -> bool:
    """Return whether acts may have the date ``day``: it is in a period of its exercise that is open for some accountant."""
    number, year = np.array([(day - _EPOCH).days], np.int32), np.array([day.year])
    place = context.reference.calendar.place_dates(number, year)
    if not place.is_inside[0]:
        return False
    async with command_queries.connect(context.database.dsn) as connection:
        states = await period_store.load_states(connection)
    return bool((view_folios(states, int(place.period[0])) == PeriodState.OPEN).any())


async def describe_closed_day(context: EngineContext, day: date, year: int) -> str:
    """Return why acts of exercise ``year`` may not have the date ``day``; empty if they may."""
    is_open = day.year == year and await is_open_day(context, day)
    return "" if is_open else _NO_OPEN_PERIOD.format(day=day, year=year)


def write_acts(table: pa.Table, path: Path) -> None:
    """Write the acts to their file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    with pa.OSFile(str(unfinished), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table.combine_chunks(), max_chunksize=1 << 16)
    outbox.move_into_place(unfinished, path)
