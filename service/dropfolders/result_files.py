"""What is written back into a sender's folder: the results of a file that was decided, or why one was refused whole."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import msgspec

from core.errors import InputError
from service.dropfolders.dropfolder_queries import Taken
from service.dropfolders.file_names import harmless
from service.dropfolders.folder import Folder
from service.http.handlers.pain002 import source_of
from service.http.handlers.refused_lines import as_csv, refused
from service.http.handlers.submissions import Submissions
from service.http.problems import Problem
from service.http.service_context import Desk
from service.results.pain002_report import Wanted, written
from settlement.pain002_writer import refused_whole

RECEIPT, REFUSALS, PAIN002, PROBLEM = ".receipt.json", ".refusals.csv", ".pain002.xml", ".problem.json"

PAYMENT_SUFFIXES = (".xml", ".tar")


class Results:
    """Writes what the HTTP service would answer."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._submissions = desk, Submissions(desk)

    async def write(self, folder: Folder, taken: Taken) -> None:
        """The results of a decided file; its receipt comes last, so that who sees it finds the others."""
        lines = refused(self._desk, taken.submission, taken.language)
        await folder.write(f"{taken.name}{REFUSALS}", as_csv(lines))
        if taken.wants_pain002:
            wanted = Wanted(taken.submission, language=taken.language)
            await folder.write(f"{taken.name}{PAIN002}", await written(await source_of(self._desk), wanted))
        folder.remove(f"{taken.name}{PROBLEM}")
        ticket = await self._submissions.ticket(taken.submission)
        await folder.write(f"{taken.name}{RECEIPT}", _whole(msgspec.json.encode(ticket)))


async def explain(folder: Folder, name: str, problem: Problem) -> None:
    """Why a file was refused whole; to the sender of a payment file as pain.002 too."""
    if isinstance(error := problem.__cause__, InputError) and name.lower().endswith(PAYMENT_SUFFIXES):
        report = refused_whole(error.batch_id, error, datetime.now(UTC))
        await folder.write(f"{harmless(name)}{PAIN002}", _whole(report))
    await folder.write(f"{harmless(name)}{PROBLEM}", _whole(problem.body()))


async def _whole(text: bytes) -> AsyncIterator[bytes]:
    yield text
