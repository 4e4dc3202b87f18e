"""What ``crescendo run`` leaves for the senders of payment files: pain.002, byte for byte as the service answers."""

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
from ingest.spool.spool import Spool
from posting.store.failures import DATABASE_ERRORS
from reporting import code_labels
from reporting.code_names import read_names
from service.database.read_pool import borrow_connection, open_read_pool
from service.dropfolders.file_names import to_safe_name
from service.dropfolders.result_files import PAIN002_SUFFIX, PAYMENT_SUFFIXES
from service.results.pain002_report import ReportRequest, ReportSource, stream_report
from service.results.receipts import Receipt
from service.settings import Settings
from service.terminal.console import print_error
from settlement.pain002_writer import write_whole_refusal

FOLDER = "answers"
"""In the data folder."""
_DIGEST_LETTERS = 8


class Pain002File(msgspec.Struct, frozen=True):
    """A payment file, and where its pain.002 lies."""

    file: str
    pain002: str


class ProcessedFiles(NamedTuple):
    """What became of the files of a run."""

    receipts: Sequence[Receipt]
    rejected: Sequence[RejectedFile]


async def write_reports(settings: Settings, dsn: str, files: ProcessedFiles) -> list[Pain002File]:
    """Write a report on each payment file that is decided or was refused whole.

    One that cannot be written keeps nothing else: it is told, and the same command writes it.
    """
    folder, found = settings.data / FOLDER, list[Pain002File]()
    for path, error in files.rejected:
        if path.name.lower().endswith(PAYMENT_SUFFIXES):
            whole = _stream_once(write_whole_refusal(error.batch_id, error, datetime.now(UTC)))
            found += await _write_report(folder / _build_report_name(path), str(path), whole)
    done = [each for each in files.receipts if each.done and each.format in PAYMENT_FORMATS]
    if done:
        async with open_read_pool(dsn) as pool:
            codes = code_labels.load(settings.reference) if settings.reference else code_labels.load()
            async with borrow_connection(pool) as connection:
                names = await read_names(connection, codes)
            source = ReportSource(names, pool, Spool(settings.data / "spool"))
            for each in done:
                target = folder / f"pain002-{each.submission}.xml"
                found += await _write_report(target, each.file, _stream_decided(source, each.submission))
    return found


async def _stream_decided(source: ReportSource, submission: int) -> AsyncIterator[bytes]:
    async for piece in await stream_report(source, ReportRequest(submission)):
        yield piece


async def _stream_once(text: bytes) -> AsyncIterator[bytes]:
    yield text


async def _write_report(target: Path, file: str, pieces: AsyncIterator[bytes]) -> list[Pain002File]:
    """The report, whole under its name or not there; nothing where it could not be written."""
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
        print_error(f"{file}: no pain.002, and the same command writes it: {error}")
        return []
    return [Pain002File(file, str(target))]


def _build_report_name(path: Path) -> str:
    """Of the report on a file that has no number: its own name, and what tells it from others of that name."""
    digest = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:_DIGEST_LETTERS]
    return f"{to_safe_name(path.name)}-{digest}{PAIN002_SUFFIX}"
