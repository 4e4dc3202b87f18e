"""What is written back into a sender's folder: the results of a file that was decided, or why one was refused whole."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import msgspec

from core.errors import InputError
from service.dropfolders.dropfolder_queries import TakenFile
from service.dropfolders.file_names import to_safe_name
from service.dropfolders.folder import SenderFolder
from service.http.handlers.refused_lines import encode_csv, read_refused_lines
from service.http.problems import Problem
from service.http.service_context import ServiceContext
from service.results.pain002_report import ReportRequest, ReportSource, stream_report
from settlement.pain002_writer import write_whole_refusal

RECEIPT_SUFFIX, REFUSALS_SUFFIX, PAIN002_SUFFIX, PROBLEM_SUFFIX = (
    ".receipt.json",
    ".refusals.csv",
    ".pain002.xml",
    ".problem.json",
)

PAYMENT_SUFFIXES = (".xml", ".tar")


class ResultWriter:
    """Writes what the HTTP service would answer."""

    def __init__(self, desk: ServiceContext) -> None:
        self._desk = desk

    async def write(self, folder: SenderFolder, taken: TakenFile) -> None:
        """The results of a decided file; its receipt comes last, so that who sees it finds the others."""
        lines = read_refused_lines(
            self._desk.names, self._desk.pool, taken.submission, language=taken.language
        )
        await folder.write_result(f"{taken.name}{REFUSALS_SUFFIX}", encode_csv(lines))
        if taken.wants_pain002:
            wanted = ReportRequest(taken.submission, language=taken.language)
            names, spool = await self._desk.names.load(), self._desk.receiver.spool
            report = await stream_report(ReportSource(names, self._desk.pool, spool), wanted)
            await folder.write_result(f"{taken.name}{PAIN002_SUFFIX}", report)
        folder.remove_result(f"{taken.name}{PROBLEM_SUFFIX}")
        ticket = await self._desk.tickets.load(taken.submission)
        await folder.write_result(f"{taken.name}{RECEIPT_SUFFIX}", _stream_once(msgspec.json.encode(ticket)))


async def write_problem(folder: SenderFolder, name: str, problem: Problem) -> None:
    """Why a file was refused whole; to the sender of a payment file as pain.002 too."""
    if isinstance(error := problem.__cause__, InputError) and name.lower().endswith(PAYMENT_SUFFIXES):
        report = write_whole_refusal(error.batch_id, error, datetime.now(UTC))
        await folder.write_result(f"{to_safe_name(name)}{PAIN002_SUFFIX}", _stream_once(report))
    await folder.write_result(f"{to_safe_name(name)}{PROBLEM_SUFFIX}", _stream_once(problem.encode()))


async def _stream_once(text: bytes) -> AsyncIterator[bytes]:
    yield text
