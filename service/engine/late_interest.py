"""Late interest proposed: what is due and not claimed yet becomes acts, which go the ordinary way into the journal.

What a call that was killed had given to the engine comes to its end before anything is measured: so a claim is never made
twice, nor a second time with another day.  What it had not given yet is measured anew.

Once all that is due is decided, a mark says up to which entry debits were measured: behind that an import measures on.
"""

import asyncio
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pyarrow as pa

from core import late_interest, payment_rules
from core.errors import ReferenceDataError
from core.payment_rules import ZONE
from core.reference.files import SHIPPED
from ingest.queue.file_feed import Order
from service.database import command_queries
from service.engine import file_processing
from service.engine.file_processing import Result, Where
from service.terminal.processing_progress import Narrator
from service.terminal.signals import Interruption
from settlement.late_interest import claim_acts
from settlement.late_interest import interest_queries as late
from settlement.late_interest.claim_acts import BATCH
from settlement.orders import outbox

FOLDER, FILE = "interest", "acts.arrow"
"""Where the acts are on their way, within the data folder."""

_EPOCH = date(1970, 1, 1)
_CLOSED = (
    "{day} lies in no open period of its exercise; propose it by "
    "crescendo pay interest --at DAY, on a day that does"
)
_WAITING = (
    "claims that were proposed are not decided yet ({file}), and nothing is proposed beside them: where their sender is "
    'paused, let it go on by crescendo access resume {sender} --reason "..."; where the spool has lost their file, put that '
    "back; then call crescendo pay interest"
)


class Claimed(msgspec.Struct, frozen=True):
    """What was proposed, in cents, and what became of it."""

    payments: int
    """Of which something was paid late, and not all that is due was claimed."""
    cents: int
    interest_cents: int
    compensation_cents: int
    """Both of what is due for them in all."""
    posted: Result | None
    """The run that posted the acts; none where there was nothing to post, or none was wanted."""
    waits: str = ""
    """Why what is due was not proposed, and what to do; empty where it was."""
    earlier: int = 0
    """Lines that a call which was stopped had proposed, and that are decided now."""
    debits: int = 0
    """How many were measured."""

    @property
    def is_interrupted(self) -> bool:
        """Whether the posting was stopped on the way."""
        return self.posted is not None and self.posted.is_interrupted


class How(msgspec.Struct, frozen=True):
    """At which moment, and whether only to look."""

    at: datetime
    dry: bool = False
    since_mark: bool = False
    """Whether only that is measured of which something was debited since the last call that decided all it found."""


_NOTHING = Claimed(0, 0, 0, 0, None)


async def claim(where: Where, how: How, heard: Interruption, teller: Narrator) -> Claimed:
    """Propose all late interest that is due and not claimed.

    Raises
    ------
    EngineError
        The engine cannot go on; the same call does.
    ReferenceDataError
        The rate of a half-year is not there.
    """
    before = None if how.dry else await _finished(where, heard, teller)
    if before and before.is_interrupted:
        return msgspec.structs.replace(_NOTHING, posted=before)
    if not how.dry and (waits := await _waits(where)):
        return msgspec.structs.replace(_NOTHING, waits=waits, earlier=_lines(before))
    measured, names = await _measured(where, how, teller)
    found = measured.proposed
    told = msgspec.structs.replace(_claimed(found), earlier=_lines(before), debits=measured.debits)
    day = how.at.astimezone(ZoneInfo(ZONE)).date()
    if how.dry:
        return told
    if len(found.rows):
        if not _takes_entries(where, day):
            return msgspec.structs.replace(told, waits=_CLOSED.format(day=day))
        told = await _posted(where, told, claim_acts.table(found, names, day), (heard, teller))
    if not (told.is_interrupted or told.waits):
        teller.doing("noting how far")
        await _noted(where, measured.last_entry)
    return told


async def _posted(where: Where, told: Claimed, table: pa.Table, by: tuple[Interruption, Narrator]) -> Claimed:
    """Give the acts to the engine, and have them decided."""
    path = where.settings.data / FOLDER / FILE
    await asyncio.to_thread(_write, table, path)
    by[1].doing("posting interest")
    result = file_processing.proved(
        await file_processing.process(where, Order([path], again=True), *by), "late interest"
    )
    if result.is_interrupted:
        return msgspec.structs.replace(told, posted=result)
    path.unlink(missing_ok=True)
    return msgspec.structs.replace(told, posted=result, waits=await _waits(where))


async def claim_behind(where: Where, how: How, heard: Interruption, teller: Narrator) -> Claimed:
    """``claim`` what was debited since the last time, behind something that is done and stays so.

    What stands in the way is told, not raised.

    Raises
    ------
    EngineError
        The engine cannot go on; the same call does.
    """
    try:
        return await claim(where, msgspec.structs.replace(how, since_mark=True), heard, teller)
    except ReferenceDataError as error:
        return msgspec.structs.replace(_NOTHING, waits=str(error))


async def _finished(where: Where, heard: Interruption, teller: Narrator) -> Result | None:
    """What became of files that earlier calls left on their way; none where there are none."""
    dsn = where.database.dsn
    with command_queries.told(dsn):
        async with command_queries.connected(dsn) as connection:
            await command_queries.bring_up_to_date(connection)
            left = await command_queries.due(connection)
    if not left:
        return None
    teller.doing("finishing what was left")
    return await file_processing.process(where, Order([]), heard, teller)


async def _waits(where: Where) -> str:
    """What is said of claims that were given to the engine and are not decided; empty where there are none."""
    with command_queries.told(where.database.dsn):
        async with command_queries.connected(where.database.dsn) as connection:
            await command_queries.bring_up_to_date(connection)
            files = await late.waiting(connection)
    return _WAITING.format(file=files[0], sender=claim_acts.SENDER) if files else ""


async def _noted(where: Where, last_entry: int) -> None:
    with command_queries.told(where.database.dsn):
        async with command_queries.connected(where.database.dsn) as connection:
            await late.note(connection, last_entry)


def _lines(before: Result | None) -> int:
    """Lines of claims among what was left."""
    receipts = before.receipts if before else []
    return sum(
        each.decided
        for each in receipts
        if (each.sender, each.batch_id[: len(BATCH)]) == (claim_acts.SENDER, BATCH)
    )


async def _measured(where: Where, how: How, teller: Narrator) -> tuple[late.Found, claim_acts.Names]:
    folder, dsn = where.settings.reference or SHIPPED, where.database.dsn
    rules, term = late_interest.load(folder), payment_rules.load(folder).term_days
    with command_queries.told(dsn):
        async with command_queries.connected(dsn) as connection:
            await command_queries.bring_up_to_date(connection)
            teller.doing("measuring delays")
            measure = late.proposed_since if how.since_mark else late.proposed
            found = await measure(connection, rules, term)
            return found, await late.names(connection, found.proposed)


def _takes_entries(where: Where, day: date) -> bool:
    """Whether acts may be dated ``day``: it lies in an open period of its exercise."""
    calendar = where.reference.calendar
    number, year = np.array([(day - _EPOCH).days], np.int32), np.array([day.year])
    placed = calendar.place(number, year)
    return bool(placed.inside[0]) and bool(calendar.open_periods()[placed.period[0]])


def _claimed(found: claim_acts.Proposed) -> Claimed:
    due, rows = found.due, found.rows
    amount, own, fixed = (
        int(column.sum(dtype=np.int64))
        for column in (found.amount, due.interest[rows], due.compensation[rows])
    )
    return Claimed(len(rows), amount, own, fixed, None)


def _write(table: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    with pa.OSFile(str(unfinished), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table.combine_chunks(), max_chunksize=1 << 16)
    outbox.settle(unfinished, path)
