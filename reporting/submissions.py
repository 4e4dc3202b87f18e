"""All submissions: files, the forms of each sender, and Crescendo's own acts, with their outcomes."""

from datetime import datetime

import msgspec

from reporting.report_queries import Connection, fetch
from reporting.report_tables import CellType, Column, ReportTable


class SubmissionRow(msgspec.Struct, frozen=True):
    """One submission, and its lines by outcome."""

    submission: int
    sender: str
    file: str
    state: str
    """``done``, ``unfinished`` or ``cancelled``; the forms of a sender are one submission that is never done."""
    accepted: int
    duplicate: int
    refused: int
    held: int
    received_at: datetime


class Submissions(msgspec.Struct, frozen=True):
    """All submissions by number."""

    submissions: list[SubmissionRow]


async def load_submissions(connection: Connection) -> Submissions:
    """Load all submissions."""
    rows = await fetch(connection, "all_submissions")
    return Submissions(
        [
            SubmissionRow(
                row["submission"],
                row["sender"],
                row["file"],
                "cancelled" if row["is_cancelled"] else "done" if row["done"] else "unfinished",
                **{outcome: row[outcome] for outcome in _OUTCOMES},
                received_at=row["received_at"],
            )
            for row in rows
        ]
    )


_OUTCOMES = ("accepted", "duplicate", "refused", "held")


def build_table(result: Submissions) -> ReportTable:
    """Build the table with one row per submission."""
    columns = [
        *(Column("no.", CellType.COUNT), Column("sender"), Column("file")),
        *(Column("accepted", CellType.COUNT), Column("duplicate", CellType.COUNT)),
        *(Column("refused", CellType.COUNT), Column("held", CellType.COUNT)),
        *(Column("state"), Column("received, UTC")),
    ]
    rows = [
        [
            *(row.submission, row.sender, row.file),
            *(getattr(row, outcome) for outcome in _OUTCOMES),
            *(row.state, f"{row.received_at:%Y-%m-%d %H:%M}"),
        ]
        for row in result.submissions
    ]
    sums = [sum(getattr(row, outcome) for row in result.submissions) for outcome in _OUTCOMES]
    return ReportTable(
        "Submissions",
        columns,
        rows,
        [None, "all", "", *sums, "", ""],
        drop_order=("received, UTC", "held", "state", "sender"),
    )
