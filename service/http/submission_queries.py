"""Queries of the HTTP service about submissions, files and batches."""

from typing import Any

from core.sql_files import read_queries
from monitoring.file_states import EndedFiles, FileState, StoredFiles
from monitoring.live_figures import CommittedBatch
from reporting.visibility import Visibility
from service.auth.credentials import Caller
from service.database.read_pool import Pool, fetch_rows, fetch_value

SQL = read_queries("service.http", "queries.sql")


async def read_bank_file_totals(pool: Pool) -> dict[str, int]:
    """Return how many acts the files for the bank contain, and their sum in cents."""
    (row,) = await fetch_rows(pool, SQL["bank_file_totals"])
    return dict(row.items())


async def read_bank_state(pool: Pool) -> dict[str, Any]:
    """Return what the comparison of books and bank depends on: ``statements``, ``is_deciding`` and numbers that grow."""
    (row,) = await fetch_rows(pool, SQL["bank_state"])
    return dict(row.items())


async def find_sender(pool: Pool, submission: int) -> str | None:
    """Return the sender of a submission; None if the submission does not exist."""
    return await fetch_value(pool, SQL["sender"], submission)


async def can_see_submission(pool: Pool, submission: int, caller: Caller) -> bool | None:
    """Return whether the caller may see a submission; None if the submission does not exist."""
    visibility = Visibility(caller.only_sender, programmes=_list_programmes(caller))
    return await is_submission_visible(pool, submission, visibility)


async def is_submission_visible(pool: Pool, submission: int, visibility: Visibility) -> bool | None:
    """Return whether a submission lies within ``visibility``; None if it does not exist."""
    limits = (visibility.sender, visibility.programmes)
    return await fetch_value(pool, SQL["is_submission_visible"], submission, *limits)


async def list_submissions(pool: Pool, caller: Caller, *, before: int, limit: int) -> list[int]:
    """Return the numbers below ``before`` of the submissions that the caller may see, the latest first."""
    rows = await fetch_rows(
        pool,
        SQL["visible_submissions"],
        caller.only_sender,
        _list_programmes(caller),
        before,
        limit,
    )
    return [row["submission"] for row in rows]


def _list_programmes(caller: Caller) -> list[str] | None:
    """Return the programmes that the caller may see; None for all."""
    return sorted(caller.programmes) or None


async def read_last_batches(pool: Pool, limit: int, last: int) -> list[CommittedBatch]:
    """Return the last batches up to number ``last``, the latest first."""
    return [CommittedBatch(**row) for row in await fetch_rows(pool, SQL["last_batches"], limit, last)]


async def read_file_stock(pool: Pool) -> StoredFiles:
    """Count all files by sender and state, and list those in treatment."""
    rows = await fetch_rows(pool, SQL["file_states"])
    ended = [EndedFiles(row["sender"], FileState(row["state"]), row["files"]) for row in rows]
    in_treatment = [
        (number, row["sender"])
        for row in rows
        if row["state"] == FileState.IN_TREATMENT
        for number in row["submissions"]
    ]
    return StoredFiles(
        [files for files in ended if files.state != FileState.IN_TREATMENT],
        in_treatment,
        max((row["last"] for row in rows), default=0),
    )
