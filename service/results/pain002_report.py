"""A submission's outcome as pain.002, read from the database a piece at a time: for the service, drop folders and ``run``."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from core.act_fields import FIELD_BY_COLUMN, Field
from core.iso20022 import MessageStatus, find_line_reason
from core.money import format_euros
from core.outcome_codes import Outcome
from ingest.formats.detection import PAYMENT_FORMATS
from ingest.pain001.lots import LotNames
from ingest.spool.file_claims import FileIdentity
from ingest.spool.spool import Spool
from ingest.validation.file_validation import read_lots
from reporting.code_names import CodeNames
from reporting.refusals import Language, RefusedLine, describe_refused_line
from service.database.read_pool import Pool, Row, borrow_connection
from service.results import refused_line_queries
from service.results.receipts import OutcomeTotals, Receipt
from settlement.pain002_writer import (
    ACTS_MESSAGE_NAME,
    MessageReport,
    OriginalMessage,
    Pain002Version,
    RejectedLine,
    ReportedLot,
    StatusCount,
    StatusReportWriter,
)

CHUNK_LINES = 2000
_REPEATED: Mapping[Language, str] = {
    "en": "{} lines repeat acts that were accepted before: they count as accepted, and nothing was posted twice.",
    "fr": "{} lignes répètent des actes déjà acceptés : comptées comme acceptées, sans double comptabilisation.",
}


_CANCELLED: Mapping[Language, str] = {
    "en": "Cancelled before any line was decided: nothing of it was posted.",
    "fr": "Annulé avant toute décision : rien n'en a été comptabilisé.",
}


class ReportSource(NamedTuple):
    """What reports are made from."""

    names: CodeNames
    pool: Pool
    spool: Spool


class ReportRequest(NamedTuple):
    """Which report, and how."""

    submission: int
    version: Pain002Version = Pain002Version.V10
    language: Language = "en"


async def stream_report(source: ReportSource, request: ReportRequest) -> AsyncIterator[bytes]:
    """The report in pieces; of the same state always the same bytes.

    Raises
    ------
    FileUnreadable
        Before the first piece: a payment file, which says what its lots are called, is no longer in the spool.
    """
    async with borrow_connection(source.pool) as connection:
        receipt, at = await refused_line_queries.read_status(connection, request.submission)
    found = await _read_lots(source, receipt)
    standing = _build_status(
        receipt, at, request.language, found.names.message if found else ACTS_MESSAGE_NAME
    )

    def told(row: Row) -> RejectedLine:
        return _build_rejected(describe_refused_line(source.names, row, request.language), found)

    return _stream_pieces(source.pool, receipt, StatusReportWriter(standing, request.version), told)


async def _stream_pieces(
    pool: Pool,
    receipt: Receipt,
    report: StatusReportWriter,
    to_rejected: Callable[[Row], RejectedLine],
) -> AsyncIterator[bytes]:
    yield report.write_head()
    if receipt.done:
        # forms go on being decided: what came after the batch that is reported on has no place here
        last = receipt.last_batch or 0
        async for rows in refused_line_queries.read_refused_pages(
            pool, receipt.submission, CHUNK_LINES, last
        ):
            yield await asyncio.to_thread(report.write_rejected, list(map(to_rejected, rows)))
    yield report.write_end()


class _RefusedLots(NamedTuple):
    """The payment informations of a payment file, and how many lines of each were refused."""

    names: LotNames
    lines: int
    refused: Mapping[int, int]

    def find_lot(self, line: int) -> ReportedLot:
        """The one in which a refused line stands, from 1."""
        number, first = self.names.find_lot(line - 1), self.names.first
        end = int(first[number + 1]) if number + 1 < len(first) else self.lines
        name = self.names.name[number].as_py()
        return ReportedLot(number, name, end - int(first[number]), self.refused.get(number, 0))


async def _read_lots(source: ReportSource, receipt: Receipt) -> _RefusedLots | None:
    """None for files of acts."""
    if receipt.format not in PAYMENT_FORMATS:
        return None
    identity = FileIdentity(receipt.sender, bytes.fromhex(receipt.sha256))
    names = await asyncio.to_thread(read_lots, source.spool, identity)
    refused = await refused_line_queries.count_refused_by_lot(
        source.pool, receipt.submission, names.first.tolist()
    )
    return _RefusedLots(names, receipt.lines, refused)


def _build_status(receipt: Receipt, at: datetime, language: Language, name: str) -> MessageReport:
    if receipt.cancelled:
        return _build_cancelled_status((receipt, receipt.cancelled), at, language, name)
    repeated = receipt.duplicate.lines
    taken = StatusCount(
        MessageStatus.ACCEPTED,
        receipt.accepted.lines + repeated,
        receipt.accepted.cents + receipt.duplicate.cents,
    )
    refused = StatusCount(MessageStatus.REJECTED, receipt.refused.lines, receipt.refused.cents)
    left_cents = receipt.cents - taken.cents - refused.cents
    return MessageReport(
        original=OriginalMessage(receipt.submission, receipt.batch_id, receipt.lines, receipt.cents, name),
        batch=receipt.last_batch or 0,
        created=at,
        is_decided=receipt.done,
        accepted=taken,
        pending=StatusCount(MessageStatus.PENDING, receipt.lines - taken.lines - refused.lines, left_cents),
        rejected=refused,
        remarks=[_REPEATED[language].format(repeated)] if repeated else [],
    )


def _build_cancelled_status(
    receipt: tuple[Receipt, OutcomeTotals], at: datetime, language: Language, name: str
) -> MessageReport:
    whole, what = receipt
    return MessageReport(
        original=OriginalMessage(whole.submission, whole.batch_id, what.lines, what.cents, name),
        batch=0,
        created=at,
        is_decided=True,
        accepted=StatusCount(MessageStatus.ACCEPTED, 0, 0),
        pending=StatusCount(MessageStatus.PENDING, 0, 0),
        rejected=StatusCount(MessageStatus.REJECTED, what.lines, what.cents),
        remarks=[_CANCELLED[language]],
        is_cancelled=True,
    )


def _build_rejected(line: RefusedLine, lots: _RefusedLots | None) -> RejectedLine:
    place = f"{line.field}: {line.found}" if line.field else ""
    short = f"{line.node}: {format_euros(line.missing)} EUR" if line.node else ""
    said = [text for text in (line.code, place, short, line.finding, line.action) if text]
    reason = find_line_reason(Outcome[line.code], FIELD_BY_COLUMN.get(line.field, Field.NONE))
    lot = lots.find_lot(line.line) if lots else None
    return RejectedLine(line.line, line.reference, line.amount, reason, said, lot)
