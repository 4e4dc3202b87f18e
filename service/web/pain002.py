"""A submission's outcome as pain.002: read from the database and written to the caller, a piece at a time."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple

from core.codes import Outcome
from core.iso20022 import REASONS, Status
from core.money import euros
from reporting.refusals import Language, RefusedLine, refused_line
from service.receipts import Part, Receipt
from service.web import postgres
from service.web.desk import Desk
from service.web.exchange import Answer, Request
from service.web.problems import malformed
from service.web.submissions import Submissions
from settlement.statuses import Count, Original, Rejected, Standing, StatusReport, Version

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
    """The handler of ``/v1/submissions/{submission}/pain002``."""

    def __init__(self, desk: Desk, submissions: Submissions) -> None:
        self._desk, self._submissions = desk, submissions

    async def report(self, request: Request) -> Answer:
        """The report, as things stand at the last commit."""
        request.knows_only("version")
        submission = await self._submissions.own(request)
        wanted = Wanted(submission, _version(request), request.language)
        name = f'attachment; filename="pain002-{submission}.xml"'
        return Answer(HTTPStatus.OK, written(self._desk, wanted), MEDIA_TYPE, {"content-disposition": name})


async def written(desk: Desk, wanted: Wanted) -> AsyncIterator[bytes]:
    """The report in pieces; of the same state always the same bytes."""
    names = await desk.names()
    async with postgres.borrowed(desk.pool) as connection:
        receipt, at = await postgres.standing(connection, wanted.submission)
    report = StatusReport(_standing(receipt, at, wanted.language), wanted.version)
    yield report.head()
    if receipt.done:
        async for rows in postgres.refused_pages(desk.pool, wanted.submission, CHUNK_LINES):
            # forms go on being decided: what came after the batch that is reported on has no place here
            known = [row for row in rows if row["batch"] <= (receipt.last_batch or 0)]
            lines = [refused_line(names, row, wanted.language) for row in known]
            yield await asyncio.to_thread(report.rejected, map(_rejected, lines))
    yield report.end()


def _version(request: Request) -> Version:
    text = request.query("version") or Version.V10
    if text not in set(Version):
        raise malformed(f"version must be one of {', '.join(Version)}")
    return Version(text)


def _standing(receipt: Receipt, at: datetime, language: Language) -> Standing:
    if receipt.cancelled:
        return _taken_back(receipt, receipt.cancelled, at, language)
    repeated = receipt.duplicate.lines
    taken = Count(
        Status.ACCEPTED, receipt.accepted.lines + repeated, receipt.accepted.cents + receipt.duplicate.cents
    )
    refused = Count(Status.REJECTED, receipt.refused.lines, receipt.refused.cents)
    left_cents = receipt.cents - taken.cents - refused.cents
    return Standing(
        original=Original(receipt.submission, receipt.batch_id, receipt.lines, receipt.cents),
        batch=receipt.last_batch or 0,
        at=at,
        is_decided=receipt.done,
        accepted=taken,
        pending=Count(Status.PENDING, receipt.lines - taken.lines - refused.lines, left_cents),
        rejected=refused,
        remarks=[_REPEATED[language].format(repeated)] if repeated else [],
    )


def _taken_back(receipt: Receipt, what: Part, at: datetime, language: Language) -> Standing:
    return Standing(
        original=Original(receipt.submission, receipt.batch_id, what.lines, what.cents),
        batch=0,
        at=at,
        is_decided=True,
        accepted=Count(Status.ACCEPTED, 0, 0),
        pending=Count(Status.PENDING, 0, 0),
        rejected=Count(Status.REJECTED, what.lines, what.cents),
        remarks=[_CANCELLED[language]],
        is_cancelled=True,
    )


def _rejected(line: RefusedLine) -> Rejected:
    place = f"{line.field}: {line.found}" if line.field else ""
    short = f"{line.node}: {euros(line.missing)} EUR" if line.node else ""
    said = [text for text in (line.code, place, short, line.finding, line.action) if text]
    return Rejected(line.line, line.reference, line.amount, REASONS[Outcome[line.code]], said)
