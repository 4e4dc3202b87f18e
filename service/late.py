"""Late interest proposed: what is due and not claimed yet becomes acts, which go the ordinary way into the journal."""

import asyncio
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pyarrow as pa

from core import interest, payments
from core.payments import ZONE
from core.reference.files import SHIPPED
from ingest.intake import Order
from service import app, postgres
from service.app import Result, Where
from service.interruption import Interruption
from service.progress import Narrator
from settlement.late import acts
from settlement.late import postgres as late

FOLDER = "interest"
"""Of files of acts on their way, within the data folder."""


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


class How(msgspec.Struct, frozen=True):
    """At which moment, and whether only to look."""

    at: datetime
    dry: bool = False


async def claim(where: Where, how: How, heard: Interruption, teller: Narrator) -> Claimed:
    """Propose all late interest that is due and not claimed.

    Raises
    ------
    EngineError
        The engine cannot go on; the same call does.
    ReferenceDataError
        The rate of a half-year is not there.
    """
    settings, dsn = where.settings, where.database.dsn
    folder = settings.reference or SHIPPED
    rules, term = interest.load(folder), payments.load(folder).term_days
    with postgres.told(dsn):
        async with postgres.connected(dsn) as connection:
            await postgres.bring_up_to_date(connection)
            teller.doing("measuring delays")
            found = await late.proposed(connection, rules, term)
            names = await late.names(connection, found)
    if how.dry or not len(found.rows):
        return _claimed(found, None)
    day = how.at.astimezone(ZoneInfo(ZONE)).date()
    path = settings.data / FOLDER / f"{day}-{int(found.due.debit[found.rows].max())}.arrow"
    await asyncio.to_thread(_write, acts.table(found, names, day), path)
    teller.doing("posting")
    result = await app.process(where, Order([path], again=True), heard, teller)
    if not result.is_interrupted:
        path.unlink(missing_ok=True)
    return _claimed(found, result)


def _claimed(found: acts.Proposed, result: Result | None) -> Claimed:
    due, rows = found.due, found.rows
    amount, own, fixed = (
        int(column.sum(dtype=np.int64))
        for column in (found.amount, due.interest[rows], due.compensation[rows])
    )
    return Claimed(len(rows), amount, own, fixed, result)


def _write(table: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table.combine_chunks(), max_chunksize=1 << 16)
