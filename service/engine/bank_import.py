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
from core.reference.files import SHIPPED
from ingest.queue.file_feed import Order
from ingest.spool.envelope import Envelope
from service.database import command_queries
from service.engine import file_processing, late_interest, payment_runs
from service.engine.file_processing import Rejection, Result, Where
from service.engine.late_interest import Claimed, How
from service.settings import Settings
from service.terminal.processing_progress import Narrator
from service.terminal.signals import Interruption
from settlement.orders.outbox import Outbox
from settlement.reconciliation import bank_queries as bank
from settlement.reconciliation.bank_acts import SENDER
from settlement.reconciliation.bulk_rejections import Lots
from settlement.reconciliation.importer import Imported, Importer, Known
from settlement.runs.payment_reference import Books
from settlement.simulated_bank import pain001_reader

FOLDER = "bank"
"""Of the acts of the bank's answers, within the data folder."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
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


class Taken(msgspec.Struct, frozen=True):
    """What became of the files."""

    messages: list[Message]
    rejected: list[Rejection]
    posted: Result | None
    """The run that posted their acts; none where there was nothing to post."""
    interest: Claimed | None = None
    """What was proposed for paying late; none where nothing was debited, or it was not asked for."""

    @property
    def is_interrupted(self) -> bool:
        """Whether the posting was stopped on the way."""
        return any(each is not None and each.is_interrupted for each in (self.posted, self.interest))


class Telling(msgspec.Struct, frozen=True):
    """Who is told of progress, whether known files are matched anew, and how late interest is proposed, if it is."""

    teller: Narrator
    again: bool = False
    claims: How | None = None


async def take(where: Where, paths: Sequence[Path], heard: Interruption, told: Telling) -> Taken:
    """Take in ``paths``, in order, and post what they say.

    Raises
    ------
    EngineError
        The engine cannot go on; what is committed stays, and the same call goes on from there.
    """
    messages, rejected = await _imported(where, paths, told)
    posted = await _post(where, messages, heard, told.teller)
    waits = [each.path for each in messages if each.waits]
    if waits and posted and not posted.is_interrupted:
        # what came back in January follows debits of December that have only just been posted
        later, _ = await _imported(where, waits, Telling(told.teller))
        then = await _post(where, later, heard, told.teller)
        numbers = {each.number for each in later}
        messages = [*(each for each in messages if each.number not in numbers), *later]
        posted = _together(posted, then) if then else posted
    refused = await _refused(where, messages)
    taken = Taken([_message(each, refused) for each in messages], rejected, posted)
    if not told.claims or taken.is_interrupted or not any(each.debits for each in taken.messages):
        return taken
    claimed = await late_interest.claim_behind(where, told.claims, heard, told.teller)
    return msgspec.structs.replace(taken, interest=claimed)


async def _imported(
    where: Where, paths: Sequence[Path], told: Telling
) -> tuple[list[Imported], list[Rejection]]:
    """Read, match and store files; and those that are no messages of a bank, or do not add up."""
    settings, database = where.settings, where.database
    messages: list[Imported] = []
    rejected: list[Rejection] = []
    with command_queries.told(database.dsn):
        async with command_queries.connected(database.dsn) as connection:
            await command_queries.bring_up_to_date(connection)
            importer = Importer(connection, settings.data / FOLDER, _known(settings), told.teller.doing)
            for path in paths:
                try:
                    messages.append(await importer.take(path, again=told.again))
                except InputError as error:
                    refused = Rejection(
                        str(path), type(error).__name__, error.place, error.found, error.remedy
                    )
                    rejected.append(refused)
    return messages, rejected


def _together(first: Result, then: Result) -> Result:
    """What became of the acts of both."""
    return msgspec.structs.replace(
        then,
        receipts=[*first.receipts, *then.receipts],
        known=[*first.known, *then.known],
        rejected=[*first.rejected, *then.rejected],
        reasons=[*first.reasons, *then.reasons],
    )


async def _post(
    where: Where, messages: Sequence[Imported], heard: Interruption, teller: Narrator
) -> Result | None:
    if not any(each.is_pending for each in messages):
        return None
    files = list(dict.fromkeys(each.acts_path for each in messages if each.acts_path))
    teller.doing("posting")
    # acts that were refused are the same bytes once they may pass, and those accepted before are duplicates then
    order = Order(files, Envelope(sender=SENDER), again=any(each.was_refused for each in messages))
    result = file_processing.proved(
        await file_processing.process(where, order, heard, teller), "the bank's answers"
    )
    if not result.is_interrupted:
        for path in files:
            path.unlink(missing_ok=True)
    return result


async def _refused(where: Where, messages: Sequence[Imported]) -> dict[bytes, Counter[str]]:
    """How many lines of the acts of ``messages`` stand refused, by file of acts and code."""
    found: dict[bytes, Counter[str]] = {}
    files = [each.acts_hash for each in messages if each.acts_hash]
    if not files:
        return found
    with command_queries.told(where.database.dsn):
        async with command_queries.connected(where.database.dsn) as connection:
            for row in await bank.refused(connection, files):
                found.setdefault(row["file_hash"], Counter())[Outcome(row["code"]).name] += 1
    return found


def years(settings: Settings) -> Mapping[int, Accountants]:
    """The accountants of every exercise that the calendar knows."""
    return Books.load(settings.reference or SHIPPED).accountants


def _known(settings: Settings) -> Known:
    outbox = Outbox(settings.data / payment_runs.OUTBOX)

    def lots(run: int, name: str) -> Lots | None:
        path = outbox.path(run, name)
        return pain001_reader.by_lot(pain001_reader.read([path])) if path.exists() else None

    return Known(years(settings), bank_reasons.load(settings.reference or SHIPPED), lots)


def _message(imported: Imported, refused: Mapping[bytes, Mapping[str, int]]) -> Message:
    message = imported.message
    return Message(
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
