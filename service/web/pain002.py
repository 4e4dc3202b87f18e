"""A submission's outcome as pain.002: read from the database and written to the caller, a piece at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple

from core.codes import Outcome
from core.fields import BY_COLUMN, Field
from core.iso20022 import Status, line_reason
from core.money import euros
from ingest.formats import PAYMENT_FILES
from ingest.inspection import lots
from ingest.pain001_lots import LotNames
from reporting.refusals import Language, RefusedLine, refused_line
from service.receipts import Part, Receipt
from service.web import postgres
from service.web.desk import Desk
from service.web.exchange import JSON, Answer, Request
from service.web.problems import malformed
from service.web.submissions import Submissions
from settlement.statuses import (
    ORIGINAL_MESSAGE,
    Count,
    Lot,
    Original,
    Rejected,
    Standing,
    StatusReport,
    Version,
)

MEDIA_TYPE = "application/xml"
CHUNK_LINES = 2000
_REPEATED: Mapping[Language, str] = {
    "en": "{} lines repeat acts that were accepted before: they count as accepted, and nothing was posted twice.",
    "fr": "{} lignes répètent des actes déjà acceptés : comptées comme acceptées, sans double comptabilisation.",
}


_CANCELLED: Mapping[Language, str] = {
    "en": "Cancelled before any line was decided: nothing of it was posted.",
    "fr": "Annulé avant toute décision : rien n'en a été comptabilisé.",
}


class Wanted(NamedTuple):
    """Which report, and how."""

    submission: int
    version: Version = Version.V10
    language: Language = "en"


class Pain002:
    """The handlers of ``/v1/submissions/{submission}/pain002``, and of the submission itself."""

    def __init__(self, desk: Desk, submissions: Submissions) -> None:
        self._desk, self._submissions = desk, submissions

    async def status(self, request: Request) -> Answer:
        """How far a submission is: as JSON, or as pain.002 for who wants XML; waited for alike."""
        request.knows_only("wait", "version")
        _version(request)  # what is none is told, also to who wants JSON
        if not request.prefers(MEDIA_TYPE, JSON):
            return await self._submissions.status(request)
        await self._submissions.awaited(request)
        return await self._reported(request)

    async def report(self, request: Request) -> Answer:
        """The report, as things stand at the last commit."""
        request.knows_only("version")
        return await self._reported(request)

    async def _reported(self, request: Request) -> Answer:
        submission = await self._submissions.own(request)
        wanted = Wanted(submission, _version(request), request.language)
        name = f'attachment; filename="pain002-{submission}.xml"'
        pieces = await written(self._desk, wanted)
        return Answer(HTTPStatus.OK, pieces, MEDIA_TYPE, {"content-disposition": name})


async def written(desk: Desk, wanted: Wanted) -> AsyncIterator[bytes]:
    """The report in pieces; of the same state always the same bytes.

    Raises
    ------
    FileUnreadable
        Before the first piece: a payment file, which says what its lots are called, is no longer in the spool.
    """
    names = await desk.names()
    async with postgres.borrowed(desk.pool) as connection:
        receipt, at = await postgres.standing(connection, wanted.submission)
    found = await _lots(desk, receipt)
    standing = _standing(receipt, at, wanted.language, found.names.message if found else ORIGINAL_MESSAGE)

    def told(row: postgres.Row) -> Rejected:
        return _rejected(refused_line(names, row, wanted.language), found)

    return _pieces(desk, receipt, StatusReport(standing, wanted.version), told)


async def _pieces(
    desk: Desk, receipt: Receipt, report: StatusReport, told: Callable[[postgres.Row], Rejected]
) -> AsyncIterator[bytes]:
    yield report.head()
    if receipt.done:
        async for rows in postgres.refused_pages(desk.pool, receipt.submission, CHUNK_LINES):
            # forms go on being decided: what came after the batch that is reported on has no place here
            known = [row for row in rows if row["batch"] <= (receipt.last_batch or 0)]
            yield await asyncio.to_thread(report.rejected, list(map(told, known)))
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


async def _lots(desk: Desk, receipt: Receipt) -> _Lots | None:
    """None for files of acts."""
    if receipt.format not in PAYMENT_FILES:
        return None
    identity = receipt.sender, bytes.fromhex(receipt.sha256)
    names = await asyncio.to_thread(lots, desk.receiver.spool, identity)
    refused = await postgres.refused_by_lot(desk.pool, receipt.submission, names.first.tolist())
    return _Lots(names, receipt.lines, refused)


def _version(request: Request) -> Version:
    text = request.query("version") or Version.V10
    if text not in set(Version):
        raise malformed(f"version must be one of {', '.join(Version)}")
    return Version(text)


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
