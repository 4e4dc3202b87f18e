"""The import of bank files: read, match and store each one, then post all their acts like those of any other file.

If there are debits, late interest is proposed afterwards, as a separate step: the import stays committed even if that
step fails.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from core.accountants import Accountants
from core.errors import InputError
from core.person_decisions import NOBODY, Decision, DecisionKind, StatedPerson
from core.reference.files import SAMPLE_FOLDER
from ingest.queue.file_feed import ProcessingRequest
from ingest.spool.envelope import Envelope
from posting.store import person_proof
from service.configuration.settings import Settings
from service.database import command_queries
from service.engine import delay_sums, file_processing, late_interest, payment_runs
from service.engine.engine_context import EngineContext
from service.engine.import_findings import ImportFindings, load_findings
from service.engine.late_interest import InterestRequest, InterestResult
from service.engine.processing_result import FileRejection, ProcessingResult, require_acceptance
from service.engine.settlement_lock import lock_settlement
from service.terminal.processing_progress import ProgressReporter
from service.terminal.signals import Interruption
from settlement.orders.outbox import Outbox
from settlement.reconciliation.bank_acts import SENDER
from settlement.reconciliation.bank_queries import UnmatchedSum
from settlement.reconciliation.bulk_rejections import TransfersByLot
from settlement.reconciliation.importer import ImportedMessage, Importer
from settlement.reconciliation.preparation import ImportContext
from settlement.reconciliation.sent_transfer_queries import SentTransferReader
from settlement.runs.payment_reference import PaymentReference
from settlement.simulated_bank import pain001_reader

FOLDER = "bank"
"""Folder of the acts made from bank messages, within the data folder."""


class MessageReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """A bank file that was imported."""

    file: str
    message: int
    attempt: int
    known: bool
    """It was imported before."""
    format: str
    identity: str
    statements: list[str]
    movements: int
    debits: int
    returns: int
    rejects: int
    unmatched: int
    unmatched_cents: int
    receipts: int
    """Credits that collect a receivable, whole or in part."""
    receipt_cents: int
    suspense: int
    """Movements that are posted to suspense, whole or in part; they are among the unmatched."""
    suspense_cents: int
    suspense_types: dict[str, UnmatchedSum]
    """What is on suspense by type of movement: ``credit``, ``debit`` or ``return``."""
    reasons: dict[str, UnmatchedSum]
    """The unmatched movements by reason."""
    refused: dict[str, int]
    """Lines of its acts that the engine refused and has not accepted since, by code."""
    foreign_accounts: list[str] = []
    """Accounts of its statements that are no operations accounts of this ledger."""


class ImportResult(msgspec.Struct, frozen=True):
    """The result of an import: imported and refused files, and the posting of their acts."""

    messages: list[MessageReceipt]
    rejected: list[FileRejection]
    posted: ProcessingResult | None
    """The processing of their acts; None if there was nothing to post."""
    interest: InterestResult | None = None
    """The late interest proposed; None if there were no debits, or it was not requested."""

    @property
    def has_foreign_accounts(self) -> bool:
        """Whether a statement is of an account that is not ours."""
        return any(message.foreign_accounts for message in self.messages)

    @property
    def is_interrupted(self) -> bool:
        """Whether a signal stopped the posting."""
        return any(step is not None and step.is_interrupted for step in (self.posted, self.interest))


class ImportOptions(msgspec.Struct, frozen=True):
    """How files are imported."""

    reporter: ProgressReporter
    again: bool = False
    """Match again the files that were imported before."""
    interest: InterestRequest | None = None
    """How late interest is proposed afterwards; None if it is not."""
    by: StatedPerson = NOBODY
    """The person who imports them."""


async def import_files(
    context: EngineContext, paths: Sequence[Path], interruption: Interruption, *, options: ImportOptions
) -> ImportResult:
    """Import the files in order, and post their acts.

    Raises
    ------
    EngineError
        The engine cannot continue; what is committed stays, and the same call continues from there.
    PersonNotProved
        Who imports them did not prove to be that person, or has no role for it.
    """
    async with lock_settlement(context.database.dsn, options.reporter):
        return await _import_under_lock(context, paths, interruption, options=options)


async def _import_under_lock(
    context: EngineContext, paths: Sequence[Path], interruption: Interruption, *, options: ImportOptions
) -> ImportResult:
    messages, rejected = await _import_messages(context, paths, options)
    posted = await _post_acts(context, messages, interruption, reporter=options.reporter)
    rematched = await _match_again(context, messages, options) if posted and not posted.is_interrupted else []
    if posted and rematched:
        second = await _post_acts(context, rematched, interruption, reporter=options.reporter)
        numbers = {message.number for message in rematched}
        messages = [*(message for message in messages if message.number not in numbers), *rematched]
        posted = _merge_results(posted, second) if second else posted
    accountants = _load_payment_reference(context).accountants
    findings = await load_findings(context.database.dsn, messages, accountants)
    receipts = [_describe_message(message, findings) for message in messages]
    result = ImportResult(receipts, rejected, posted)
    if result.is_interrupted or not any(message.debits for message in result.messages):
        return result
    if options.interest:
        interest = await late_interest.propose_since_mark(
            context, options.interest, interruption, reporter=options.reporter
        )
        result = msgspec.structs.replace(result, interest=interest)
    if not result.is_interrupted:
        # nothing is left to measure if the step before did it
        await delay_sums.update_sums(context, options.reporter)
    return result


async def _import_messages(
    context: EngineContext, paths: Iterable[Path], options: ImportOptions
) -> tuple[list[ImportedMessage], list[FileRejection]]:
    """Read, match and store files; return also those refused because they are not bank messages or do not add up."""
    settings, database = context.settings, context.database
    messages: list[ImportedMessage] = []
    rejected: list[FileRejection] = []
    with command_queries.translate_database_errors(database.dsn):
        async with command_queries.connect(database.dsn) as connection:
            await command_queries.apply_migrations(connection)
            await person_proof.prove_person(connection, options.by, Decision(DecisionKind.STATEMENT))
            importer = Importer(
                connection,
                settings.data / FOLDER,
                _build_import_context(context, SentTransferReader(connection)),
                options.by,
                options.reporter.report_activity,
                set(),
            )
            for path in paths:
                try:
                    messages.append(await importer.import_file(path, rematch=options.again))
                except InputError as error:
                    rejected.append(FileRejection.from_error(path, error))
    return messages, rejected


async def _match_again(
    context: EngineContext, messages: Sequence[ImportedMessage], options: ImportOptions
) -> list[ImportedMessage]:
    """Match again what waited for acts that have only just been posted.

    Returns of January refer to debits of December, and an attempt that was not decided had to be decided first.
    """
    rematched: list[ImportedMessage] = []
    for again in (False, True):
        waiting = [item.path for item in messages if (item.awaits_decision if again else item.awaits_debits)]
        if waiting:
            again_options = msgspec.structs.replace(options, again=again)
            rematched += (await _import_messages(context, dict.fromkeys(waiting), again_options))[0]
    return rematched


def _merge_results(first: ProcessingResult, second: ProcessingResult) -> ProcessingResult:
    """Combine the results of two processings."""
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
    *,
    reporter: ProgressReporter,
) -> ProcessingResult | None:
    if not any(message.is_pending for message in messages):
        return None
    files = list(dict.fromkeys(message.acts_path for message in messages if message.acts_path))
    reporter.report_activity("posting")
    # refused acts are sent again with the same bytes, so the file is processed again; accepted ones become duplicates
    request = ProcessingRequest(
        files,
        Envelope(sender=SENDER),
        reprocess=any(message.was_refused for message in messages),
        is_internal=True,
    )
    result = await file_processing.process_files(context, request, interruption, reporter=reporter)
    if not (require_acceptance(result, "the bank files").is_interrupted or result.lost):
        for path in files:
            path.unlink(missing_ok=True)
    return result


def load_accountants(settings: Settings) -> Mapping[int, Accountants]:
    """Load the accountants of every exercise in the calendar."""
    return PaymentReference.load(settings.reference or SAMPLE_FOLDER).accountants


def _load_payment_reference(context: EngineContext) -> PaymentReference:
    """Load it with the nomenclatures that the engine loaded already."""
    folder, reference = context.settings.reference or SAMPLE_FOLDER, context.reference
    return PaymentReference.load_with(folder, reference.calendar, reference.nomenclatures)


def _build_import_context(context: EngineContext, sent: SentTransferReader) -> ImportContext:
    outbox = Outbox(context.settings.data / payment_runs.OUTBOX_FOLDER)

    def read_lots(run: int, name: str) -> TransfersByLot | None:
        path = outbox.locate(run, name)
        return (
            pain001_reader.list_ids_by_lot(pain001_reader.read_payment_files([path]))
            if path.exists()
            else None
        )

    reference = _load_payment_reference(context)
    return ImportContext(reference.accountants, reference.reasons, read_lots, sent)


def _describe_message(imported: ImportedMessage, findings: ImportFindings) -> MessageReceipt:
    message = imported.message
    return MessageReceipt(
        file=imported.path.name,
        message=imported.number,
        attempt=imported.attempt,
        known=imported.is_known,
        format=message.format,
        identity=message.identity,
        statements=[statement.identity for statement in message.statements],
        movements=int(message.movements.amount.size),
        **imported.counts._asdict(),
        suspense_types=findings.suspense_types.get(imported.number, {}),
        reasons=findings.reasons.get(imported.number, {}),
        refused=dict(findings.refused.get(imported.acts_hash or b"", {})),
        foreign_accounts=sorted(
            {statement.account for statement in message.statements} - findings.own - {""}
        ),
    )
