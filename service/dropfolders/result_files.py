"""Files written back into a sender's folder: the results of a decided file, or the reason why one was refused whole."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import msgspec

from core.errors import InputError
from ingest.result_names import (
    PAIN002_SUFFIX,
    PAYMENT_SUFFIXES,
    PROBLEM_SUFFIX,
    RECEIPT_SUFFIX,
    REFUSALS_SUFFIX,
    to_safe_name,
)
from service.dropfolders.dropfolder_queries import TakenFile
from service.dropfolders.folder import SenderFolder
from service.http.handlers.refused_lines import encode_csv, read_refused_lines
from service.http.problems import Problem
from service.http.service_context import ServiceContext
from service.results.pain002_report import ReportRequest, ReportSource, stream_report
from settlement.pain002_writer import write_whole_refusal


class ResultWriter:
    """Writes the files that the HTTP service would send as responses."""

    def __init__(self, service: ServiceContext) -> None:
        self._service = service

    async def write(self, folder: SenderFolder, file: TakenFile) -> None:
        """Write the results of a decided file. The receipt comes last: once it is there, the others are too."""
        names, pool = self._service.names, self._service.pool
        lines = read_refused_lines(names, pool, file.submission, language=file.language)
        await folder.write_result(f"{file.name}{REFUSALS_SUFFIX}", encode_csv(lines))
        if file.wants_pain002:
            source = ReportSource(await names.load(), pool, self._service.receiver.spool)
            report = await stream_report(source, ReportRequest(file.submission, language=file.language))
            await folder.write_result(f"{file.name}{PAIN002_SUFFIX}", report)
        folder.remove_result(f"{file.name}{PROBLEM_SUFFIX}")
        ticket = await self._service.tickets.load(file.submission, file.language)
        await folder.write_result(f"{file.name}{RECEIPT_SUFFIX}", _stream_once(msgspec.json.encode(ticket)))


async def write_problem(folder: SenderFolder, name: str, problem: Problem) -> None:
    """Write why a file was refused whole; for a payment file also as pain.002."""
    if isinstance(error := problem.__cause__, InputError) and name.lower().endswith(PAYMENT_SUFFIXES):
        report = write_whole_refusal(error.batch_id, error, datetime.now(UTC))
        await folder.write_result(f"{to_safe_name(name)}{PAIN002_SUFFIX}", _stream_once(report))
    await folder.write_result(f"{to_safe_name(name)}{PROBLEM_SUFFIX}", _stream_once(problem.encode()))


async def _stream_once(content: bytes) -> AsyncIterator[bytes]:
    yield content
