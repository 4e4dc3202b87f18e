"""The pain.002 files that ``crescendo run`` writes for senders of payment files, with the bytes the service would send."""

import hashlib
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from core.errors import InputError
from ingest.formats.detection import PAYMENT_FORMATS
from ingest.queue.file_feed import RejectedFile
from ingest.result_names import PAIN002_SUFFIX, PAYMENT_SUFFIXES, to_safe_name
from ingest.spool.spool import Spool
from posting.store.failures import DATABASE_ERRORS
from reporting import code_labels
from reporting.code_names import read_names
from service.configuration.settings import Settings
from service.database.read_pool import borrow_connection, open_read_pool
from service.results.pain002_report import ReportRequest, ReportSource, stream_report
from service.results.receipts import Receipt
from service.terminal.console import print_error
from settlement.pain002_writer import write_whole_refusal

FOLDER = "answers"
"""Where the reports lie within the data folder."""
_DIGEST_LETTERS = 8


class Pain002File(msgspec.Struct, frozen=True):
    """A payment file, and the path of its pain.002."""

    file: str
    pain002: str


class ProcessedFiles(NamedTuple):
    """The files that were processed: the receipts of those registered, and those refused whole."""

    receipts: Sequence[Receipt]
    rejected: Sequence[RejectedFile]


async def write_reports(settings: Settings, dsn: str, files: ProcessedFiles) -> list[Pain002File]:
    """Write a report on each payment file that is decided or was refused whole.

    A report that cannot be written stops none of the others: the error is printed, and the same command writes it.
    """
    folder, reports = settings.data / FOLDER, list[Pain002File]()
    for path, error in files.rejected:
        if path.name.lower().endswith(PAYMENT_SUFFIXES):
            report = _stream_once(write_whole_refusal(error.batch_id, error, datetime.now(UTC)))
            reports += await _write_report(folder / _build_report_name(path), str(path), report)
    decided = [receipt for receipt in files.receipts if receipt.done and receipt.format in PAYMENT_FORMATS]
    if decided:
        async with open_read_pool(dsn) as pool:
            codes = code_labels.load(settings.reference) if settings.reference else code_labels.load()
            async with borrow_connection(pool) as connection:
                names = await read_names(connection, codes)
            source = ReportSource(names, pool, Spool(settings.data / "spool"))
            for receipt in decided:
                target = folder / f"pain002-{receipt.submission}.xml"
                pieces = _stream_report(source, receipt.submission)
                reports += await _write_report(target, receipt.file, pieces)
    return reports


async def _stream_report(source: ReportSource, submission: int) -> AsyncIterator[bytes]:
    async for piece in await stream_report(source, ReportRequest(submission)):
        yield piece


async def _stream_once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _write_report(target: Path, file: str, pieces: AsyncIterator[bytes]) -> list[Pain002File]:
    """Write the report, complete under its name or not at all; return an empty list if it could not be written."""
    partial = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as sink:
            async for piece in pieces:
                sink.write(piece)
            sink.flush()
            os.fsync(sink.fileno())
        partial.replace(target)
    except (InputError, OSError, *DATABASE_ERRORS) as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        print_error(f"{file}: the pain.002 could not be written; the same command writes it: {error}")
        return []
    return [Pain002File(file, str(target))]


def _build_report_name(path: Path) -> str:
    """Name the report on a file that has no submission number: the file's name and a digest of its path."""
    digest = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:_DIGEST_LETTERS]
    return f"{to_safe_name(path.name)}-{digest}{PAIN002_SUFFIX}"
