"""Late interest proposed: what is due and not claimed yet becomes acts, which go the ordinary way into the journal.

What a call that was killed had given to the engine comes to its end before anything is measured: so a claim is never made
twice, nor a second time with another day.  What it had not given yet is measured anew.
"""

import asyncio
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pyarrow as pa

from core import interest, payments
from core.errors import ReferenceDataError
from core.payments import ZONE
from core.reference.files import SHIPPED
from ingest.intake import Order
from service import app, postgres
from service.app import Result, Where
from service.interruption import Interruption
from service.progress import Narrator
from settlement.late import acts
from settlement.late import postgres as late
from settlement.late.acts import BATCH

FOLDER, FILE = "interest", "acts.arrow"
"""Where the acts are on their way, within the data folder."""

_EPOCH = date(1970, 1, 1)
_CLOSED = (
    "{day} lies in no open period of its exercise; propose it by "
    "crescendo pay interest --at DAY, on a day that does"
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

    @property
    def is_interrupted(self) -> bool:
        """Whether the posting was stopped on the way."""
        return self.posted is not None and self.posted.is_interrupted


class How(msgspec.Struct, frozen=True):
    """At which moment, and whether only to look."""

    at: datetime
    dry: bool = False


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
    found, names = await _measured(where, teller)
    told = msgspec.structs.replace(_claimed(found), earlier=_lines(before))
    day = how.at.astimezone(ZoneInfo(ZONE)).date()
    if how.dry or not len(found.rows):
        return told
    if not _takes_entries(where, day):
        return msgspec.structs.replace(told, waits=_CLOSED.format(day=day))
    path = where.settings.data / FOLDER / FILE
    await asyncio.to_thread(_write, acts.table(found, names, day), path)
    teller.doing("posting interest")
    result = await app.process(where, Order([path], again=True), heard, teller)
    if not result.is_interrupted:
        path.unlink(missing_ok=True)
    return msgspec.structs.replace(told, posted=result)


async def claim_behind(where: Where, how: How, heard: Interruption, teller: Narrator) -> Claimed:
    """``claim`` behind something that is done and stays so: what stands in the way is told, not raised.

    Raises
    ------
    EngineError
        The engine cannot go on; the same call does.
    """
    try:
        return await claim(where, how, heard, teller)
    except ReferenceDataError as error:
        return msgspec.structs.replace(_NOTHING, waits=str(error))


async def _finished(where: Where, heard: Interruption, teller: Narrator) -> Result | None:
    """What became of files that earlier calls left on their way; none where there are none."""
    dsn = where.database.dsn
    with postgres.told(dsn):
        async with postgres.connected(dsn) as connection:
            await postgres.bring_up_to_date(connection)
            left = await postgres.due(connection)
    if not left:
        return None
    teller.doing("finishing what was left")
    return await app.process(where, Order([]), heard, teller)


def _lines(before: Result | None) -> int:
    """Lines of claims among what was left."""
    receipts = before.receipts if before else []
    return sum(
        each.decided
        for each in receipts
        if (each.sender, each.batch_id[: len(BATCH)]) == (acts.SENDER, BATCH)
    )


async def _measured(where: Where, teller: Narrator) -> tuple[acts.Proposed, acts.Names]:
    folder, dsn = where.settings.reference or SHIPPED, where.database.dsn
    rules, term = interest.load(folder), payments.load(folder).term_days
    with postgres.told(dsn):
        async with postgres.connected(dsn) as connection:
            await postgres.bring_up_to_date(connection)
            teller.doing("measuring delays")
            found = await late.proposed(connection, rules, term)
            return found, await late.names(connection, found)


def _takes_entries(where: Where, day: date) -> bool:
    """Whether acts may be dated ``day``: it lies in an open period of its exercise."""
    calendar = where.reference.calendar
    number, year = np.array([(day - _EPOCH).days], np.int32), np.array([day.year])
    placed = calendar.place(number, year)
    return bool(placed.inside[0]) and bool(calendar.open_periods()[placed.period[0]])


def _claimed(found: acts.Proposed) -> Claimed:
    due, rows = found.due, found.rows
    amount, own, fixed = (
        int(column.sum(dtype=np.int64))
        for column in (found.amount, due.interest[rows], due.compensation[rows])
    )
    return Claimed(len(rows), amount, own, fixed, None)


def _write(table: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table.combine_chunks(), max_chunksize=1 << 16)
