"""The bank's files in: each read, matched and stored, then all their acts posted like any other file's.

Where something was debited, what is due for paying late is claimed behind it, in a step of its own: what was taken in stays
taken in, whatever stands in the way of that.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from core import bank_reasons
from core.accountants import Accountants
from core.errors import InputError
from core.outcome_codes import Outcome
from core.reference.files import SAMPLE_FOLDER
from ingest.queue.file_feed import ProcessingRequest
from ingest.spool.envelope import Envelope
from service.database import command_queries
from service.engine import file_processing, late_interest, payment_runs
from service.engine.file_processing import EngineContext, FileRejection, ProcessingResult
from service.engine.late_interest import InterestRequest, InterestResult
from service.settings import Settings
from service.terminal.processing_progress import ProgressReporter
from service.terminal.signals import Interruption
from settlement.orders.outbox import Outbox
from settlement.reconciliation import bank_queries as bank
from settlement.reconciliation.bank_acts import SENDER
from settlement.reconciliation.bulk_rejections import TransfersByLot
from settlement.reconciliation.importer import ImportedMessage, Importer
from settlement.reconciliation.preparation import ImportContext
from settlement.runs.payment_reference import PaymentReference
from settlement.simulated_bank import pain001_reader

FOLDER = "bank"
"""Of the acts of the bank's answers, within the data folder."""


class MessageReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the bank that was taken in."""

    file: str
    message: int
    attempt: int
    known: bool
    """It was taken in before."""
    format: str
    identity: str
    statements: list[str]
    movements: int
    debits: int
    returns: int
    rejects: int
    unmatched: int
    unmatched_cents: int
    refused: dict[str, int]
    """Lines of its acts that the journal refused and has not accepted since, by code."""


class ImportResult(msgspec.Struct, frozen=True):
    """What became of the files."""

    messages: list[MessageReceipt]
    rejected: list[FileRejection]
    posted: ProcessingResult | None
    """The run that posted their acts; none where there was nothing to post."""
    interest: InterestResult | None = None
    """What was proposed for paying late; none where nothing was debited, or it was not asked for."""

    @property
    def is_interrupted(self) -> bool:
        """Whether the posting was stopped on the way."""
        return any(each is not None and each.is_interrupted for each in (self.posted, self.interest))


class ImportOptions(msgspec.Struct, frozen=True):
    """Who is told of progress, whether known files are matched anew, and how late interest is proposed, if it is."""

    reporter: ProgressReporter
    again: bool = False
    interest: InterestRequest | None = None


async def import_files(
    context: EngineContext, paths: Sequence[Path], interruption: Interruption, options: ImportOptions
) -> ImportResult:
    """Take in ``paths``, in order, and post what they say.

    Raises
    ------
    EngineError
        The engine cannot go on; what is committed stays, and the same call goes on from there.
    """
    messages, rejected = await _import_messages(context, paths, options)
    posted = await _post_acts(context, messages, interruption, options.reporter)
    waits = [each.path for each in messages if each.awaits_debits]
    if waits and posted and not posted.is_interrupted:
        # what came back in January follows debits of December that have only just been posted
        later, _ = await _import_messages(context, waits, ImportOptions(options.reporter))
        then = await _post_acts(context, later, interruption, options.reporter)
        numbers = {each.number for each in later}
        messages = [*(each for each in messages if each.number not in numbers), *later]
        posted = _merge_results(posted, then) if then else posted
    refused = await _count_refused(context, messages)
    taken = ImportResult([_describe_message(each, refused) for each in messages], rejected, posted)
    if not options.interest or taken.is_interrupted or not any(each.debits for each in taken.messages):
        return taken
    claimed = await late_interest.propose_since_mark(
        context, options.interest, interruption, options.reporter
    )
    return msgspec.structs.replace(taken, interest=claimed)


async def _import_messages(
    context: EngineContext, paths: Sequence[Path], options: ImportOptions
) -> tuple[list[ImportedMessage], list[FileRejection]]:
    """Read, match and store files; and those that are no messages of a bank, or do not add up."""
    settings, database = context.settings, context.database
    messages: list[ImportedMessage] = []
    rejected: list[FileRejection] = []
    with command_queries.translate_database_errors(database.dsn):
        async with command_queries.connect(database.dsn) as connection:
            await command_queries.apply_migrations(connection)
            importer = Importer(
                connection,
                settings.data / FOLDER,
                _load_import_reference(settings),
                options.reporter.report_activity,
            )
            for path in paths:
                try:
                    messages.append(await importer.import_file(path, rematch=options.again))
                except InputError as error:
                    refused = FileRejection(
                        str(path), type(error).__name__, error.place, error.finding, error.remedy
                    )
                    rejected.append(refused)
    return messages, rejected


def _merge_results(first: ProcessingResult, second: ProcessingResult) -> ProcessingResult:
    """What became of the acts of both."""
    return msgspec.structs.replace(
        second,
        receipts=[*first.receipts, *second.receipts],
        known=[*first.known, *second.known],
        rejected=[*first.rejected, *second.rejected],
        reasons=[*first.reasons, *second.reasons],
    )


async def _post_acts(
    context: EngineContext,
    messages: Sequence[ImportedMessage],
    interruption: Interruption,
    reporter: ProgressReporter,
) -> ProcessingResult | None:
    if not any(each.is_pending for each in messages):
        return None
    files = list(dict.fromkeys(each.acts_path for each in messages if each.acts_path))
    reporter.report_activity("posting")
    # acts that were refused are the same bytes once they may pass, and those accepted before are duplicates then
    order = ProcessingRequest(
        files, Envelope(sender=SENDER), reprocess=any(each.was_refused for each in messages)
    )
    result = file_processing.require_accepted(
        await file_processing.process_files(context, order, interruption, reporter), "the bank's answers"
    )
    if not result.is_interrupted:
        for path in files:
            path.unlink(missing_ok=True)
    return result


async def _count_refused(
    context: EngineContext, messages: Sequence[ImportedMessage]
) -> dict[bytes, Counter[str]]:
    """How many lines of the acts of ``messages`` stand refused, by file of acts and code."""
    found: dict[bytes, Counter[str]] = {}
    files = [each.acts_hash for each in messages if each.acts_hash]
    if not files:
        return found
    with command_queries.translate_database_errors(context.database.dsn):
        async with command_queries.connect(context.database.dsn) as connection:
            for row in await bank.load_refused_acts(connection, files):
                found.setdefault(row["file_hash"], Counter())[Outcome(row["code"]).name] += 1
    return found


def load_accountants(settings: Settings) -> Mapping[int, Accountants]:
    """The accountants of every exercise that the calendar knows."""
    return PaymentReference.load(settings.reference or SAMPLE_FOLDER).accountants


def _load_import_reference(settings: Settings) -> ImportContext:
    outbox = Outbox(settings.data / payment_runs.OUTBOX_FOLDER)

    def lots(run: int, name: str) -> TransfersByLot | None:
        path = outbox.locate(run, name)
        return (
            pain001_reader.list_ids_by_lot(pain001_reader.read_payment_files([path]))
            if path.exists()
            else None
        )

    return ImportContext(
        load_accountants(settings), bank_reasons.load(settings.reference or SAMPLE_FOLDER), lots
    )


def _describe_message(
    imported: ImportedMessage, refused: Mapping[bytes, Mapping[str, int]]
) -> MessageReceipt:
    message = imported.message
    return MessageReceipt(
        file=imported.path.name,
        message=imported.number,
        attempt=imported.attempt,
        known=imported.is_known,
        format=message.format,
        identity=message.identity,
        statements=[each.identity for each in message.statements],
        movements=int(message.movements.amount.size),
        **imported.counts._asdict(),
        refused=dict(refused.get(imported.acts_hash or b"", {})),
    )
