"""Proposals of late interest: interest that is due and not claimed yet becomes acts, which are processed like a file.

Acts that an interrupted call had already given to the engine are decided before anything is measured, so that no claim
is made twice, not even with another day. Claims it had not given to the engine yet are computed again.

Once all claims are decided, a mark is stored: the last entry up to which debits were measured. An import measures only
the debits after this mark.
"""

import asyncio
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pyarrow as pa

from core import late_interest, payment_rules
from core.delay_rules import DelayRules
from core.errors import ReferenceDataError
from core.late_interest import LateInterestRules
from core.payment_rules import TIME_ZONE
from core.person_decisions import NOBODY, Decision, DecisionKind, StatedPerson
from core.reference.files import SAMPLE_FOLDER
from ingest.queue.file_feed import ProcessingRequest
from posting.delays import sum_measurement
from service.database import command_queries
from service.engine import decision_records, file_processing, own_acts
from service.engine.engine_context import EngineContext
from service.engine.own_acts import OwnActs, OwnActsResult
from service.engine.processing_result import require_acceptance
from service.engine.settlement_lock import lock_settlement
from service.terminal.processing_progress import ProgressReporter
from service.terminal.signals import Interruption
from settlement.late_interest import claim_acts
from settlement.late_interest import interest_queries as late
from settlement.late_interest.claim_acts import BATCH_PREFIX

CLAIMS = OwnActs("interest", claim_acts.SENDER, BATCH_PREFIX)

_EPOCH = date(1970, 1, 1)
_NO_OPEN_PERIOD = (
    "{day} is not in an open period of its exercise; propose the interest with "
    "crescendo pay interest --at DAY, for a day in an open period"
)
_UNDECIDED = (
    "claims proposed earlier are not decided yet ({file}), and nothing is proposed before that. If their sender is "
    'paused, resume it: crescendo access resume {sender} --reason "...". If their file is missing from the spool, restore '
    "it. Then call crescendo pay interest"
)


class InterestResult(OwnActsResult, frozen=True):
    """The late interest that was proposed, in cents, and what was decided about it."""

    payments: int
    """Number of requests that were paid late and for which something is still to be claimed."""
    cents: int
    """The amount proposed."""
    interest_cents: int
    """The total interest due for these requests."""
    compensation_cents: int
    """The total compensation due for these requests."""
    debits: int = 0
    """Number of debits that were measured."""


class InterestRequest(msgspec.Struct, frozen=True):
    """The moment as of which interest is proposed, and the scope."""

    at: datetime
    is_dry_run: bool = False
    by: StatedPerson = NOBODY
    """The person who proposes."""
    since_mark: bool = False
    """Measure only the requests with debits after the stored mark."""


_NOTHING_PROPOSED = InterestResult(0, 0, 0, 0)


async def propose_interest(
    context: EngineContext,
    request: InterestRequest,
    interruption: Interruption,
    *,
    reporter: ProgressReporter,
) -> InterestResult:
    """Propose all late interest that is due and not claimed.

    Raises
    ------
    EngineError
        The engine cannot continue; the same call does.
    PersonNotProved
        Who proposes did not prove to be that person, or has no role for it.
    ReferenceDataError
        The rate of a half-year is missing, or the item of claims.
    """
    async with lock_settlement(context.database.dsn, reporter):
        return await _propose_under_lock(context, request, interruption, reporter=reporter)


async def _propose_under_lock(
    context: EngineContext,
    request: InterestRequest,
    interruption: Interruption,
    *,
    reporter: ProgressReporter,
) -> InterestResult:
    if not request.is_dry_run:
        await decision_records.prove_decider(context, request.by, Decision(DecisionKind.INTEREST))
    earlier = (
        None
        if request.is_dry_run
        else await own_acts.finish_earlier_files(context, CLAIMS, interruption, reporter=reporter)
    )
    if earlier and earlier.is_interrupted:
        return msgspec.structs.replace(_NOTHING_PROPOSED, posted=earlier)
    if not request.is_dry_run and (undecided := await _describe_undecided_claims(context)):
        return msgspec.structs.replace(
            _NOTHING_PROPOSED, waits=undecided, earlier=own_acts.count_lines(earlier, CLAIMS)
        )
    measured, names = await _measure_delays(context, request, reporter)
    claims = measured.claims
    result = msgspec.structs.replace(
        _summarize(claims), earlier=own_acts.count_lines(earlier, CLAIMS), debits=measured.debits
    )
    day = request.at.astimezone(ZoneInfo(TIME_ZONE)).date()
    if request.is_dry_run:
        return result
    if len(claims.rows):
        if not await own_acts.is_open_day(context, day):
            return msgspec.structs.replace(result, waits=_NO_OPEN_PERIOD.format(day=day))
        by, decision = request.by, Decision(DecisionKind.INTEREST, cents=result.cents)
        proof = await decision_records.record_decider(context, by, decision, number=measured.last_entry)
        item = _load_rules(context).find_item(day)
        years = context.reference.nomenclatures
        names = names._replace(assignments=claim_acts.move_assignments(names.assignments, day.year, years))
        table = claim_acts.build_acts_table(claims, names, day, item=item, proof=proof)
        result = await _post_claims(context, result, table, interruption=interruption, reporter=reporter)
    if not (result.is_interrupted or result.waits):
        reporter.report_activity("recording the last measured entry")
        await _store_mark(context, measured.last_entry)
    return result


async def _post_claims(
    context: EngineContext,
    proposed: InterestResult,
    table: pa.Table,
    *,
    interruption: Interruption,
    reporter: ProgressReporter,
) -> InterestResult:
    """Write the acts to a file, and have them decided."""
    path = CLAIMS.find_path(context)
    await asyncio.to_thread(own_acts.write_acts, table, path)
    reporter.report_activity("posting interest")
    request = ProcessingRequest([path], reprocess=True, is_internal=True)
    result = await file_processing.process_files(context, request, interruption, reporter=reporter)
    if require_acceptance(result, "late interest").is_interrupted:
        return msgspec.structs.replace(proposed, posted=result)
    if not result.lost:
        path.unlink(missing_ok=True)
    return msgspec.structs.replace(proposed, posted=result, waits=await _describe_undecided_claims(context))


async def propose_since_mark(
    context: EngineContext,
    request: InterestRequest,
    interruption: Interruption,
    *,
    reporter: ProgressReporter,
) -> InterestResult:
    """Propose interest for the debits after the mark, as a last step of an import, which owns the settlement lock.

    Missing reference data are part of the result and not raised: the import itself succeeded.

    Raises
    ------
    EngineError
        The engine cannot continue; the same call does.
    """
    try:
        return await _propose_under_lock(
            context, msgspec.structs.replace(request, since_mark=True), interruption, reporter=reporter
        )
    except ReferenceDataError as error:
        return msgspec.structs.replace(_NOTHING_PROPOSED, waits=str(error))


async def _describe_undecided_claims(context: EngineContext) -> str:
    """Return a message about claims that were given to the engine and are not decided; empty if there are none."""
    file = await own_acts.find_undecided_file(context, CLAIMS)
    return _UNDECIDED.format(file=file, sender=claim_acts.SENDER) if file else ""


async def _store_mark(context: EngineContext, last_entry: int) -> None:
    with command_queries.translate_database_errors(context.database.dsn):
        async with command_queries.connect(context.database.dsn) as connection:
            await late.store_mark(connection, last_entry)


async def _measure_delays(
    context: EngineContext, request: InterestRequest, reporter: ProgressReporter
) -> tuple[late.MeasuredInterest, claim_acts.ClaimTexts]:
    folder, dsn = context.settings.reference or SAMPLE_FOLDER, context.database.dsn
    rules, term = _load_rules(context), payment_rules.load(folder).term_days
    with command_queries.translate_database_errors(dsn):
        async with command_queries.connect(dsn) as connection:
            await command_queries.apply_migrations(connection)
            reporter.report_activity("measuring delays")
            measure = late.find_unclaimed_since_mark if request.since_mark else late.find_unclaimed_interest
            measured = await measure(connection, rules, term)
            if measured.sums and not request.is_dry_run:
                await sum_measurement.store_measurement(connection, DelayRules(term, rules), measured.sums)
            return measured, await late.load_claim_texts(connection, measured.claims)


def _load_rules(context: EngineContext) -> LateInterestRules:
    """Load the rules as they are now: the file may have changed since the engine started."""
    rules = late_interest.load(context.settings.reference or SAMPLE_FOLDER)
    late_interest.check_codes(rules, context.reference.nomenclatures, context.reference.charts)
    return rules


def _summarize(proposed: claim_acts.ProposedClaims) -> InterestResult:
    due, rows = proposed.due, proposed.rows
    amount, interest, compensation = (
        int(column.sum(dtype=np.int64))
        for column in (proposed.amount, due.interest[rows], due.compensation[rows])
    )
    return InterestResult(len(rows), amount, interest, compensation)
