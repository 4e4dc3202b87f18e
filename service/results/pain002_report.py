"""The pain.002 report of a submission, read from the database piece by piece, for service, drop folders and commands."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import NamedTuple

import msgspec

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

_MANY: Mapping[Language, str] = {"en": "Lines {} to {}", "fr": "Lignes {} à {}"}
_CANCELLED: Mapping[Language, str] = {
    "en": "Cancelled before any line was decided: nothing was posted.",
    "fr": "Annulé avant toute décision : rien n'en a été comptabilisé.",
}


class ReportSource(NamedTuple):
    """The sources of reports: names of codes, database connections, and the spool."""

    names: CodeNames
    pool: Pool
    spool: Spool


class ReportRequest(NamedTuple):
    """The submission to report on, and the version and language of the report."""

    submission: int
    version: Pain002Version = Pain002Version.V10
    language: Language = "en"


async def stream_report(source: ReportSource, request: ReportRequest) -> AsyncIterator[bytes]:
    """Return the report in pieces; for the same state of the submission always the same bytes.

    Raises
    ------
    FileUnreadable
        The payment file, which contains the names of its lots, is no longer in the spool. Raised before any piece.
    """
    async with borrow_connection(source.pool) as connection:
        receipt, at = await refused_line_queries.read_status(connection, request.submission)
    lots = await _read_lots(source, receipt)
    name = lots.names.message if lots else ACTS_MESSAGE_NAME
    report = _build_report(receipt, at, request.language, name=name)

    def to_rejected_lines(row: Row) -> Iterator[RejectedLine]:
        return _build_rejected_lines(
            describe_refused_line(source.names, row, request.language), lots, request.language
        )

    return _stream_pieces(
        source.pool, receipt, StatusReportWriter(report, request.version), to_rejected_lines=to_rejected_lines
    )


async def _stream_pieces(
    pool: Pool,
    receipt: Receipt,
    report: StatusReportWriter,
    *,
    to_rejected_lines: Callable[[Row], Iterator[RejectedLine]],
) -> AsyncIterator[bytes]:
    yield report.write_head()
    if receipt.done:
        # later forms are decided meanwhile; only rows up to the reported batch belong in this report
        last = receipt.last_batch or 0
        async for rows in refused_line_queries.read_refused_pages(
            pool, receipt.submission, size=CHUNK_LINES, last=last
        ):
            rejected = chain.from_iterable(map(to_rejected_lines, rows))
            yield await asyncio.to_thread(report.write_rejected_lines, rejected)
    yield report.write_end()


class _RefusedLots(NamedTuple):
    """The lots (payment informations) of a payment file, and how many lines of each were refused."""

    names: LotNames
    lines: int
    refused: Mapping[int, int]

    def find_lot(self, line: int) -> ReportedLot:
        """Return the lot of a refused line; lines count from 1."""
        number, first = self.names.find_lot(line - 1), self.names.first
        end = int(first[number + 1]) if number + 1 < len(first) else self.lines
        name = self.names.name[number].as_py()
        return ReportedLot(number, name, end - int(first[number]), self.refused.get(number, 0))

    def find_end(self, line: int) -> int:
        """Return the last line of the lot of ``line``; lines count from 1."""
        number = self.names.find_lot(line - 1)
        return int(self.names.first[number + 1]) if number + 1 < len(self.names.first) else self.lines


async def _read_lots(source: ReportSource, receipt: Receipt) -> _RefusedLots | None:
    """Read the lots of a payment file; None for files of acts."""
    if receipt.format not in PAYMENT_FORMATS:
        return None
    identity = FileIdentity(receipt.sender, bytes.fromhex(receipt.sha256))
    names = await asyncio.to_thread(read_lots, source.spool, identity)
    refused = await refused_line_queries.count_refused_by_lot(
        source.pool, receipt.submission, names.first.tolist()
    )
    return _RefusedLots(names, receipt.lines, refused)


def _build_report(receipt: Receipt, at: datetime, language: Language, *, name: str) -> MessageReport:
    if receipt.cancelled:
        return _build_cancelled_report(receipt, at, language, name=name, total=receipt.cancelled)
    repeated = receipt.duplicate.lines
    accepted = StatusCount(
        MessageStatus.ACCEPTED,
        receipt.accepted.lines + repeated,
        receipt.accepted.cents + receipt.duplicate.cents,
    )
    refused = StatusCount(MessageStatus.REJECTED, receipt.refused.lines, receipt.refused.cents)
    pending_cents = receipt.cents - accepted.cents - refused.cents
    return MessageReport(
        original=OriginalMessage(receipt.submission, receipt.batch_id, receipt.lines, receipt.cents, name),
        batch=receipt.last_batch or 0,
        created=at,
        is_decided=receipt.done,
        accepted=accepted,
        pending=StatusCount(
            MessageStatus.PENDING, receipt.lines - accepted.lines - refused.lines, pending_cents
        ),
        rejected=refused,
        remarks=[_REPEATED[language].format(repeated)] if repeated else [],
    )


def _build_cancelled_report(
    receipt: Receipt, at: datetime, language: Language, *, name: str, total: OutcomeTotals
) -> MessageReport:
    return MessageReport(
        original=OriginalMessage(receipt.submission, receipt.batch_id, total.lines, total.cents, name),
        batch=0,
        created=at,
        is_decided=True,
        accepted=StatusCount(MessageStatus.ACCEPTED, 0, 0),
        pending=StatusCount(MessageStatus.PENDING, 0, 0),
        rejected=StatusCount(MessageStatus.REJECTED, total.lines, total.cents),
        remarks=[_CANCELLED[language]],
        is_cancelled=True,
    )


def _build_rejected_lines(
    line: RefusedLine, lots: _RefusedLots | None, language: Language
) -> Iterator[RejectedLine]:
    """Yield what the report says of a refused line; of many lines once for each lot that they belong to."""
    if line.last_line == line.line:
        yield _describe_rejected_line(line, (), lots, cents=line.amount)
        return
    first = line.line
    while first <= line.last_line:
        last = min(line.last_line, lots.find_end(first)) if lots else line.last_line
        remark = _MANY[language].format(_format_count(first, language), _format_count(last, language))
        yield _describe_rejected_line(msgspec.structs.replace(line, line=first), (remark,), lots, cents=0)
        first = last + 1


def _describe_rejected_line(
    line: RefusedLine, remarks: Sequence[str], lots: _RefusedLots | None, *, cents: int
) -> RejectedLine:
    place = ": ".join(text for text in (line.field, line.found) if text)
    shortfall = f"{line.node}: {format_euros(line.missing)} EUR" if line.node else ""
    texts = [text for text in (line.code, *remarks, place, shortfall, line.finding, line.action) if text]
    reason = find_line_reason(Outcome[line.code], FIELD_BY_COLUMN.get(line.field, Field.NONE))
    lot = lots.find_lot(line.line) if lots else None
    return RejectedLine(line.line, line.reference, cents, reason, texts, lot)


def _format_count(count: int, language: Language) -> str:
    return f"{count:,}".replace(",", " ") if language == "fr" else f"{count:,}"
