"""A submission's outcome as pain.002, read from the database a piece at a time: for the service, drop folders and ``run``."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from core.act_fields import BY_COLUMN, Field
from core.iso20022 import Status, line_reason
from core.money import euros
from core.outcome_codes import Outcome
from ingest.formats.detection import PAYMENT_FILES
from ingest.pain001.lots import LotNames
from ingest.spool.spool import Spool
from ingest.validation.file_validation import lots
from reporting.code_names import Names
from reporting.refusals import Language, RefusedLine, refused_line
from service.http import submission_queries
from service.results.receipts import Part, Receipt
from settlement.pain002_writer import (
    ORIGINAL_MESSAGE,
    Count,
    Lot,
    Original,
    Rejected,
    Standing,
    StatusReport,
    Version,
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


class Source(NamedTuple):
    """What reports are made from."""

    names: Names
    pool: submission_queries.Pool
    spool: Spool


class Wanted(NamedTuple):
    """Which report, and how."""

    submission: int
    version: Version = Version.V10
    language: Language = "en"


async def written(source: Source, wanted: Wanted) -> AsyncIterator[bytes]:
    """The report in pieces; of the same state always the same bytes.

    Raises
    ------
    FileUnreadable
        Before the first piece: a payment file, which says what its lots are called, is no longer in the spool.
    """
    async with submission_queries.borrowed(source.pool) as connection:
        receipt, at = await submission_queries.standing(connection, wanted.submission)
    found = await _lots(source, receipt)
    standing = _standing(receipt, at, wanted.language, found.names.message if found else ORIGINAL_MESSAGE)

    def told(row: submission_queries.Row) -> Rejected:
        return _rejected(refused_line(source.names, row, wanted.language), found)

    return _pieces(source.pool, receipt, StatusReport(standing, wanted.version), told)


async def _pieces(
    pool: submission_queries.Pool,
    receipt: Receipt,
    report: StatusReport,
    told: Callable[[submission_queries.Row], Rejected],
) -> AsyncIterator[bytes]:
    yield report.head()
    if receipt.done:
        # forms go on being decided: what came after the batch that is reported on has no place here
        last = receipt.last_batch or 0
        async for rows in submission_queries.refused_pages(pool, receipt.submission, CHUNK_LINES, last):
            yield await asyncio.to_thread(report.rejected, list(map(told, rows)))
    yield report.end()


class _Lots(NamedTuple):
    """The payment informations of a payment file, and how many lines of each were refused."""

    names: LotNames
    lines: int
    refused: Mapping[int, int]

    def of(self, line: int) -> Lot:
        """The one in which a refused line stands, from 1."""
        number, first = self.names.at(line - 1), self.names.first
        end = int(first[number + 1]) if number + 1 < len(first) else self.lines
        name = self.names.name[number].as_py()
        return Lot(number, name, end - int(first[number]), self.refused.get(number, 0))


async def _lots(source: Source, receipt: Receipt) -> _Lots | None:
    """None for files of acts."""
    if receipt.format not in PAYMENT_FILES:
        return None
    identity = receipt.sender, bytes.fromhex(receipt.sha256)
    names = await asyncio.to_thread(lots, source.spool, identity)
    refused = await submission_queries.refused_by_lot(source.pool, receipt.submission, names.first.tolist())
    return _Lots(names, receipt.lines, refused)


def _standing(receipt: Receipt, at: datetime, language: Language, name: str) -> Standing:
    if receipt.cancelled:
        return _taken_back((receipt, receipt.cancelled), at, language, name)
    repeated = receipt.duplicate.lines
    taken = Count(
        Status.ACCEPTED, receipt.accepted.lines + repeated, receipt.accepted.cents + receipt.duplicate.cents
    )
    refused = Count(Status.REJECTED, receipt.refused.lines, receipt.refused.cents)
    left_cents = receipt.cents - taken.cents - refused.cents
    return Standing(
        original=Original(receipt.submission, receipt.batch_id, receipt.lines, receipt.cents, name),
        batch=receipt.last_batch or 0,
        at=at,
        is_decided=receipt.done,
        accepted=taken,
        pending=Count(Status.PENDING, receipt.lines - taken.lines - refused.lines, left_cents),
        rejected=refused,
        remarks=[_REPEATED[language].format(repeated)] if repeated else [],
    )


def _taken_back(receipt: tuple[Receipt, Part], at: datetime, language: Language, name: str) -> Standing:
    whole, what = receipt
    return Standing(
        original=Original(whole.submission, whole.batch_id, what.lines, what.cents, name),
        batch=0,
        at=at,
        is_decided=True,
        accepted=Count(Status.ACCEPTED, 0, 0),
        pending=Count(Status.PENDING, 0, 0),
        rejected=Count(Status.REJECTED, what.lines, what.cents),
        remarks=[_CANCELLED[language]],
        is_cancelled=True,
    )


def _rejected(line: RefusedLine, lots: _Lots | None) -> Rejected:
    place = f"{line.field}: {line.found}" if line.field else ""
    short = f"{line.node}: {euros(line.missing)} EUR" if line.node else ""
    said = [text for text in (line.code, place, short, line.finding, line.action) if text]
    reason = line_reason(Outcome[line.code], BY_COLUMN.get(line.field, Field.NONE))
    lot = lots.of(line.line) if lots else None
    return Rejected(line.line, line.reference, line.amount, reason, said, lot)
