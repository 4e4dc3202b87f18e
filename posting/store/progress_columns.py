"""The columns of the table ``progress``: written with each batch, read when a submission is loaded again."""

from collections.abc import Iterable
from typing import Any

from posting.batch import Progress, ProgressRow, RefusalStretch, Submission, Tally


def build_columns(rows: Iterable[ProgressRow]) -> Iterable[list[Any]]:
    """Return the values of ``rows``, column by column, in the order of the statement that stores them."""
    return map(list, zip(*map(_list_values, rows), strict=True))


def restore_progress(submission: Submission, row: Any) -> None:
    """Set the progress, the tally and the refusals of a submission to those of its last row."""
    submission.progress = Progress(row["pass"], row["next_line"], row["done"])
    submission.tally = Tally(*(row[name] for name in Tally.__slots__))
    submission.refusal_rows = row["refusal_rows"]
    submission.stretch = RefusalStretch(*(row[f"stretch_{name}"] for name in RefusalStretch._fields))


def _list_values(row: ProgressRow) -> tuple[int, ...]:
    return (row.submission, *row.progress, *_list_tally(row.tally), row.refusal_rows, *row.stretch)


def _list_tally(tally: Tally) -> tuple[int, ...]:
    lines = (tally.accepted, tally.duplicate, tally.refused, tally.suspended)
    return *lines, tally.accepted_cents, tally.duplicate_cents, tally.refused_cents, tally.suspended_cents
