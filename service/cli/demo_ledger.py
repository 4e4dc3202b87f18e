"""The ledger of an earlier demonstration: it is deleted only if it contains nothing but what a demonstration sent."""

import asyncio
import hashlib
import re
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from core.errors import CrescendoError
from core.senders import RESERVED_SENDERS
from service.configuration.settings import Settings, UsageError
from service.database import command_queries
from service.database.cluster import lock_data_folder
from service.database.configured_database import run_or_attach
from service.terminal import console, processing_progress

_OWNER = "postgres.owner"
_MARK = "demonstration.json"
_CONTROL = "postgres/cluster/global/pg_control"
_OWN_FILE = re.compile(
    r"(THIRD-PARTIES/00-third-parties|BUDGET/01-budget|accountant/bank-details|(BUDGET|MIN-\d\d)/2018-\d\d-\2)\.[a-z]+"
)
"""Senders and names of the files that a demonstration sends: SENDER/NAME."""
_NAMES_SHOWN = 3
_EARLIER = ".earlier-demonstration"
"""The folder of an earlier ledger while it is deleted."""


class Mark(msgspec.Struct, frozen=True):
    """What a demonstration leaves in its data folder when it ends."""

    last_submission: int
    control: str = ""
    """Digest of PostgreSQL's control file, which every start of a server changes: nothing was sent while it is the same."""


class ForeignSubmission(NamedTuple):
    """A submission that no demonstration sent."""

    number: int
    sender: str
    file: str


@contextmanager
def replace_data_folder(data: Path, *, is_anew: bool) -> Iterator[Path]:
    """Provide an empty folder for the demonstration; the ledger of an earlier one is deleted while the body runs.

    With ``is_anew`` it is deleted whatever it contains.

    Raises
    ------
    CrescendoError
        The folder contains something else, or another process uses it.
    UsageError
        The ledger contains submissions that no demonstration sent.
    """
    earlier = data.with_name(_EARLIER)
    shutil.rmtree(earlier, ignore_errors=True)  # an interrupted demonstration may have left it
    if data.exists():
        _set_aside(data, earlier, is_anew=is_anew)
    with ThreadPoolExecutor(1) as executor:
        executor.submit(shutil.rmtree, earlier, ignore_errors=True)
        yield data


def _set_aside(data: Path, earlier: Path, *, is_anew: bool) -> None:
    """Rename the folder of an earlier demonstration, if it may be deleted."""
    if not (data / _OWNER).exists():
        raise CrescendoError(
            f"{data} does not come from an earlier demonstration: remove it, or name another --folder"
        )
    if not is_anew and (foreign := _find_foreign(data)):
        raise UsageError(_describe_foreign(data, foreign))
    content = "whatever it contains" if is_anew else "which contains only what the demonstration sent"
    with lock_data_folder(data):
        console.print_note(
            f"The demonstration begins anew: the earlier ledger in {data}, {content}, is deleted."
        )
        data.rename(earlier)


def write_mark(data: Path, last_submission: int) -> None:
    """Write down the last submission of the demonstration: any later one is somebody else's."""
    (data / _MARK).write_bytes(msgspec.json.encode(Mark(last_submission, _digest_control(data))))


def _digest_control(data: Path) -> str:
    """Return the digest of the control file of a cluster; empty if it cannot be read."""
    try:
        return hashlib.sha256((data / _CONTROL).read_bytes()).hexdigest()
    except OSError:
        return ""


def _find_foreign(data: Path) -> list[ForeignSubmission]:
    mark = _read_mark(data)
    is_unchanged = mark is not None and mark.control and mark.control == _digest_control(data)
    if is_unchanged or not (data / "postgres" / "cluster").exists():
        return []
    reporter = processing_progress.create_reporter()

    async def read() -> list[ForeignSubmission]:
        # a ledger of an earlier version lists its submissions too, and is deleted like any other
        async with (
            run_or_attach(Settings(data=data), reporter.report_activity) as server,
            command_queries.connect(server.dsn) as connection,
        ):
            rows = await command_queries.list_submissions(connection)
        return [ForeignSubmission(row["submission"], row["sender"], row["file_name"]) for row in rows]

    try:
        submissions = asyncio.run(read())
    finally:
        reporter.close()
    if mark:
        return [submission for submission in submissions if submission.number > mark.last_submission]
    return [submission for submission in submissions if not _is_own(submission)]


def _read_mark(data: Path) -> Mark | None:
    """Return the mark of an earlier demonstration; None if it did not end, left none, or the mark cannot be read."""
    try:
        return msgspec.json.decode((data / _MARK).read_bytes(), type=Mark)
    except (OSError, msgspec.DecodeError):
        return None


def _is_own(submission: ForeignSubmission) -> bool:
    is_file = _OWN_FILE.fullmatch(f"{submission.sender}/{submission.file}") is not None
    return is_file or submission.sender in RESERVED_SENDERS


def _describe_foreign(data: Path, foreign: Sequence[ForeignSubmission]) -> str:
    count = console.format_count(len(foreign), "submission")
    examples = ", ".join(
        f"{submission.number} of {submission.sender} ({submission.file})"
        for submission in foreign[:_NAMES_SHOWN]
    )
    more = " ..." if len(foreign) > _NAMES_SHOWN else ""
    return (
        f"the ledger in {data} contains {count} that the demonstration did not send: {examples}{more}. A new demonstration "
        "would delete them, so nothing was done. Add --folder DIR to use another folder, or --anew to delete this ledger "
        "and all it contains"
    )
