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
from core.payment_rules import TIME_ZONE
from core.reference.files import SAMPLE_FOLDER
from ingest.queue.file_feed import ProcessingRequest
from service.database import command_queries
from service.engine import file_processing
from service.engine.file_processing import EngineContext, ProcessingResult
from service.results import receipt_queries
from service.terminal.processing_progress import ProgressReporter
from service.terminal.signals import Interruption
from settlement.late_interest import claim_acts
from settlement.late_interest import interest_queries as late
from settlement.late_interest.claim_acts import BATCH_PREFIX
from settlement.orders import outbox

FOLDER, FILE = "interest", "acts.arrow"
"""Where the acts are on their way, within the data folder."""

_EPOCH = date(1970, 1, 1)
_NO_OPEN_PERIOD = (
    "{day} lies in no open period of its exercise; propose it by "
    "crescendo pay interest --at DAY, on a day that does"
)
_UNDECIDED = (
    "claims that were proposed are not decided yet ({file}), and nothing is proposed beside them: where their sender is "
    'paused, let it go on by crescendo access resume {sender} --reason "..."; where the spool has lost their file, put that '
    "back; then call crescendo pay interest"
)


class InterestResult(msgspec.Struct, frozen=True):
    """What was proposed, in cents, and what became of it."""

    payments: int
    """Of which something was paid late, and not all that is due was claimed."""
    cents: int
    interest_cents: int
    compensation_cents: int
    """Both of what is due for them in all."""
    posted: ProcessingResult | None
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


class InterestRequest(msgspec.Struct, frozen=True):
    """At which moment, and whether only to look."""

    at: datetime
    is_dry_run: bool = False
    since_mark: bool = False
    """Whether only that is measured of which something was debited since the last call that decided all it found."""


_NOTHING_PROPOSED = InterestResult(0, 0, 0, 0, None)


async def propose_interest(
    context: EngineContext, request: InterestRequest, interruption: Interruption, reporter: ProgressReporter
) -> InterestResult:
    """Propose all late interest that is due and not claimed.

    Raises
    ------
    EngineError
        The engine cannot go on; the same call does.
    ReferenceDataError
        The rate of a half-year is not there.
    """
    before = None if request.is_dry_run else await _finish_earlier_files(context, interruption, reporter)
    if before and before.is_interrupted:
        return msgspec.structs.replace(_NOTHING_PROPOSED, posted=before)
    if not request.is_dry_run and (waits := await _describe_undecided(context)):
        return msgspec.structs.replace(_NOTHING_PROPOSED, waits=waits, earlier=_count_claim_lines(before))
    measured, names = await _measure_delays(context, request, reporter)
    found = measured.claims
    told = msgspec.structs.replace(
        _summarize(found), earlier=_count_claim_lines(before), debits=measured.debits
    )
    day = request.at.astimezone(ZoneInfo(TIME_ZONE)).date()
    if request.is_dry_run:
        return told
    if len(found.rows):
        if not _is_open_day(context, day):
            return msgspec.structs.replace(told, waits=_NO_OPEN_PERIOD.format(day=day))
        told = await _post_claims(
            context, told, claim_acts.build_acts_table(found, names, day), (interruption, reporter)
        )
    if not (told.is_interrupted or told.waits):
        reporter.report_activity("noting how far")
        await _store_mark(context, measured.last_entry)
    return told


async def _post_claims(
    context: EngineContext, told: InterestResult, table: pa.Table, by: tuple[Interruption, ProgressReporter]
) -> InterestResult:
    """Give the acts to the engine, and have them decided."""
    path = context.settings.data / FOLDER / FILE
    await asyncio.to_thread(_write_acts, table, path)
    by[1].report_activity("posting interest")
    result = file_processing.require_accepted(
        await file_processing.process_files(context, ProcessingRequest([path], reprocess=True), *by),
        "late interest",
    )
    if result.is_interrupted:
        return msgspec.structs.replace(told, posted=result)
    path.unlink(missing_ok=True)
    return msgspec.structs.replace(told, posted=result, waits=await _describe_undecided(context))


async def propose_since_mark(
    context: EngineContext, request: InterestRequest, interruption: Interruption, reporter: ProgressReporter
) -> InterestResult:
    """``claim`` what was debited since the last time, behind something that is done and stays so.

    What stands in the way is told, not raised.

    Raises
    ------
    EngineError
        The engine cannot go on; the same call does.
    """
    try:
        return await propose_interest(
            context, msgspec.structs.replace(request, since_mark=True), interruption, reporter
        )
    except ReferenceDataError as error:
        return msgspec.structs.replace(_NOTHING_PROPOSED, waits=str(error))


async def _finish_earlier_files(
    context: EngineContext, interruption: Interruption, reporter: ProgressReporter
) -> ProcessingResult | None:
    """What became of files that earlier calls left on their way; none where there are none."""
    dsn = context.database.dsn
    with command_queries.translate_database_errors(dsn):
        async with command_queries.connect(dsn) as connection:
            await command_queries.apply_migrations(connection)
            left = await receipt_queries.read_unfinished(connection)
    if not left:
        return None
    reporter.report_activity("finishing what was left")
    return await file_processing.process_files(context, ProcessingRequest([]), interruption, reporter)


async def _describe_undecided(context: EngineContext) -> str:
    """What is said of claims that were given to the engine and are not decided; empty where there are none."""
    with command_queries.translate_database_errors(context.database.dsn):
        async with command_queries.connect(context.database.dsn) as connection:
            await command_queries.apply_migrations(connection)
            files = await late.load_pending_files(connection)
    return _UNDECIDED.format(file=files[0], sender=claim_acts.SENDER) if files else ""


async def _store_mark(context: EngineContext, last_entry: int) -> None:
    with command_queries.translate_database_errors(context.database.dsn):
        async with command_queries.connect(context.database.dsn) as connection:
            await late.store_mark(connection, last_entry)


def _count_claim_lines(earlier: ProcessingResult | None) -> int:
    """Lines of claims among what was left."""
    receipts = earlier.receipts if earlier else []
    return sum(
        each.decided
        for each in receipts
        if (each.sender, each.batch_id[: len(BATCH_PREFIX)]) == (claim_acts.SENDER, BATCH_PREFIX)
    )


async def _measure_delays(
    context: EngineContext, request: InterestRequest, reporter: ProgressReporter
) -> tuple[late.MeasuredInterest, claim_acts.ClaimTexts]:
    folder, dsn = context.settings.reference or SAMPLE_FOLDER, context.database.dsn
    rules, term = late_interest.load(folder), payment_rules.load(folder).term_days
    with command_queries.translate_database_errors(dsn):
        async with command_queries.connect(dsn) as connection:
            await command_queries.apply_migrations(connection)
            reporter.report_activity("measuring delays")
            measure = late.find_unclaimed_since_mark if request.since_mark else late.find_unclaimed_interest
            found = await measure(connection, rules, term)
            return found, await late.load_claim_texts(connection, found.claims)


def _is_open_day(context: EngineContext, day: date) -> bool:
    """Whether acts may be dated ``day``: it lies in an open period of its exercise."""
    calendar = context.reference.calendar
    number, year = np.array([(day - _EPOCH).days], np.int32), np.array([day.year])
    placed = calendar.place_dates(number, year)
    return bool(placed.is_inside[0]) and bool(calendar.mark_open_periods()[placed.period[0]])


def _summarize(proposed: claim_acts.ProposedClaims) -> InterestResult:
    due, rows = proposed.due, proposed.rows
    amount, own, fixed = (
        int(column.sum(dtype=np.int64))
        for column in (proposed.amount, due.interest[rows], due.compensation[rows])
    )
    return InterestResult(len(rows), amount, own, fixed, None)


def _write_acts(table: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    with pa.OSFile(str(unfinished), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table.combine_chunks(), max_chunksize=1 << 16)
    outbox.move_into_place(unfinished, path)
