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
from ingest.formats.detection import PAYMENT_FILES
from ingest.queue.file_feed import Rejected
from ingest.spool.spool import Spool
from reporting import code_labels
from reporting.code_names import read_names
from service.dropfolders.file_names import harmless
from service.dropfolders.result_files import PAIN002, PAYMENT_SUFFIXES
from service.http.submission_queries import DATABASE_FAILURES, borrowed, reading
from service.results.pain002_report import Source, Wanted, written
from service.results.receipts import Receipt
from service.settings import Settings
from service.terminal.console import complain
from settlement.pain002_writer import refused_whole

FOLDER = "answers"
"""In the data folder."""
_DIGEST_LETTERS = 8


class Answered(msgspec.Struct, frozen=True):
    """A payment file, and where its pain.002 lies."""

    file: str
    pain002: str


class Ended(NamedTuple):
    """What became of the files of a run."""

    receipts: Sequence[Receipt]
    rejected: Sequence[Rejected]


async def answer(settings: Settings, dsn: str, ended: Ended) -> list[Answered]:
    """Write a report on each payment file that is decided or was refused whole.

    One that cannot be written keeps nothing else: it is told, and the same command writes it.
    """
    folder, found = settings.data / FOLDER, list[Answered]()
    for path, error in ended.rejected:
        if path.name.lower().endswith(PAYMENT_SUFFIXES):
            whole = _once(refused_whole(error.batch_id, error, datetime.now(UTC)))
            found += await _written(folder / _name(path), str(path), whole)
    done = [each for each in ended.receipts if each.done and each.format in PAYMENT_FILES]
    if done:
        async with reading(dsn) as pool:
            codes = code_labels.load(settings.reference) if settings.reference else code_labels.load()
            async with borrowed(pool) as connection:
                names = await read_names(connection, codes)
            source = Source(names, pool, Spool(settings.data / "spool"))
            for each in done:
                target = folder / f"pain002-{each.submission}.xml"
                found += await _written(target, each.file, _decided(source, each.submission))
    return found


async def _decided(source: Source, submission: int) -> AsyncIterator[bytes]:
    async for piece in await written(source, Wanted(submission)):
        yield piece


async def _once(text: bytes) -> AsyncIterator[bytes]:
    yield text


async def _written(target: Path, file: str, pieces: AsyncIterator[bytes]) -> list[Answered]:
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
    except (InputError, OSError, *DATABASE_FAILURES) as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        complain(f"{file}: no pain.002, and the same command writes it: {error}")
        return []
    return [Answered(file, str(target))]


def _name(path: Path) -> str:
    """Of the report on a file that has no number: its own name, and what tells it from others of that name."""
    digest = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:_DIGEST_LETTERS]
    return f"{harmless(path.name)}-{digest}{PAIN002}"
