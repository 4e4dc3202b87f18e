"""The export of a year to Parquet: a folder for each view, in it one for each month, and a manifest that proves the whole.

The rows come from the database in streams and go to the files at once, so memory is bounded whatever the year contains.  A
file is complete or it has another name.  The manifest is written last: without it the export is not complete.  After an
interruption the same call goes on behind the last complete part, if journal and refresh are the same; else it begins anew.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from posting.store.analyst_roles import PERSONAL_VIEWS
from reporting.analysts.export_folder import ExportedFile, ExportFolder, ExportHead
from reporting.analysts.month_files import MonthFiles
from reporting.analysts.view_streams import (
    ExportRefused,
    LedgerState,
    View,
    check_year,
    open_snapshot,
    read_state,
    read_views,
    stream_view,
)
from reporting.report_queries import Connection

ENTRIES_AT_ONCE = 1 << 21
"""Entries of one part: after an interruption at most the rows of so many are read again."""
_YEAR_COLUMNS = ("exercise", "budget_year", "year")
"""The columns by one of which a view is limited to the year; a view without any is exported whole."""
_BY_ENTRY = frozenset({"act", "journal_line", "invoice", "payment"})
"""The views that are read in parts by ranges of entries, whose rows never change."""


class ExportRequest(NamedTuple):
    """Which year to export, and to which folder."""

    year: int
    output: Path
    with_names: bool = False
    ledger: str = ""
    """The name that the ledger must have; empty for any."""
    entries_at_once: int = ENTRIES_AT_ONCE


class _Part(NamedTuple):
    """A part of a view that is exported as a whole or not at all."""

    view: View
    name: str
    condition: str
    """Which rows, and in which order."""


async def export_year(
    connection: Connection, request: ExportRequest, progress: Callable[[str], None] = lambda _: None
) -> ExportFolder:
    """Export the views of a year that the role of the connection may read; return the folder, which is complete then.

    Raises
    ------
    ExportRefused
        The views are missing, not refreshed or have nothing of the year, the role may not read names, or the folder contains
        something else.
    """
    async with open_snapshot(connection):
        state = await read_state(connection, request.ledger)
        await check_year(connection, request.year)
        views = _choose_views(await read_views(connection), request)
        head = ExportHead(
            *(state.ledger, request.year, state.batch, state.last_entry, request.with_names),
            refreshed_at=state.refreshed_at,
        )
        folder = ExportFolder.open(request.output, head)
        for part in _list_parts(views, request, state):
            if not folder.has_part(part.name):
                progress(f"exporting {part.name}")
                folder.add_part(part.name, await _export_part(connection, part, folder))
        folder.complete(_describe_views(views))
    return folder


def _choose_views(views: Mapping[str, View], request: ExportRequest) -> list[View]:
    if request.with_names and not set(PERSONAL_VIEWS) <= views.keys():
        raise ExportRefused(
            "this role may not read names: leave out --with-names, or call crescendo analysts grant ROLE --with-names"
        )
    return [view for name, view in sorted(views.items()) if request.with_names or name not in PERSONAL_VIEWS]


def _list_parts(views: Sequence[View], request: ExportRequest, state: LedgerState) -> Iterator[_Part]:
    for view in views:
        column = next((name for name in _YEAR_COLUMNS if name in view.schema.names), None)
        condition, order = f"{column} = {request.year}" if column else "true", _name_order(view)
        if view.name not in _BY_ENTRY:
            yield _Part(view, view.name, f"{condition} order by {order}")
            continue
        for number, first in enumerate(range(1, state.last_entry + 1, request.entries_at_once)):
            last = min(first + request.entries_at_once - 1, state.last_entry)
            limits = f"{condition} and entry between {first} and {last} order by {order}"
            yield _Part(view, f"{view.name}-{number:06}", limits)


def _name_order(view: View) -> str:
    """Return the columns that order the rows, so that two exports of one state are the same files, however they are read."""
    names = view.schema.names
    if "entry" not in names:
        return ", ".join(names)
    return "entry, credit_cents" if "credit_cents" in names else "entry"


async def _export_part(connection: Connection, part: _Part, folder: ExportFolder) -> list[ExportedFile]:
    """Write the files of a part, one for each month; return them once they are complete."""
    with MonthFiles(folder.path / part.view.name, part.name, part.view.schema) as files:
        await stream_view(connection, part.view, files.write, condition=part.condition)
        paths = files.close()
    return [
        ExportedFile(
            path=path.relative_to(folder.path).as_posix(),
            view=part.view.name,
            rows=count.rows,
            sums=count.sums,
            bytes=path.stat().st_size,
            sha256=hash_file(path),
        )
        for path, count in paths.items()
    ]


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _describe_views(views: Sequence[View]) -> dict[str, dict[str, str]]:
    return {view.name: {field.name: str(field.type) for field in view.schema} for view in views}
