"""Natures and recycling cases in use: what accepted acts stated stays in the file of its year (rules A15 and A38)."""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping

import asyncpg
import numpy as np

from core.catalog import BudgetAction, list_kinds
from core.errors import ReferenceDataError
from core.recycling_cases import OF_OPERATION
from posting import payment_detail_pages
from posting.book.code_numbers import CodeKind, NumbersByCode
from posting.book.registry import ReferenceData
from posting.store.connections import SQL

_FILE = "before_service.csv"
_CASES_FILE = "recycling.csv"
_YEAR_FILE = "year.toml"
"""It may name another year, whose files its year has."""
_KINDS = list_kinds(lambda kind: kind.before_service)
_PAGES_AT_ONCE = 4
"""Pages of payment details in memory at the same time, about a megabyte each."""


async def check_natures(
    connection: asyncpg.Connection, reference: ReferenceData, numbers: NumbersByCode
) -> None:
    """Check that the files list each nature that accepted requests stated, where a file changed since the last start.

    The requests are read only then, as natures are in the pages of payment details alone.

    Raises
    ------
    ReferenceDataError
        A nature in use is missing; the message names it, its year and the remedy.
    """
    if not await _differs_from_last_use(connection, reference, _FILE):
        return
    async for nature, entries in _stream_natures(connection):
        for year, nomenclature in reference.nomenclatures.items():
            if nature in nomenclature.natures:
                continue
            unserved = [numbers[CodeKind.ITEM][code] for code in nomenclature.unserved_items]
            arguments = (entries, _KINDS, [year], unserved)
            for row in await connection.fetch(SQL["requests_of_nature"], *arguments):
                raise ReferenceDataError(
                    f"{_FILE} of {row['exercise']}",
                    f"nature {nature} is missing, although it is in use by entry {row['entry_id']}",
                    "Put the nature back: a code in use stays for its whole year.",
                )


async def check_recycling_cases(connection: asyncpg.Connection, reference: ReferenceData) -> None:
    """Check that the files list each case that accepted withdrawals named, where a file changed since the last start.

    Raises
    ------
    ReferenceDataError
        A case in use is missing, or has another number or scope; the message names its year and the remedy.
    """
    if not await _differs_from_last_use(connection, reference, _CASES_FILE):
        return
    kinds = list_kinds(lambda kind: kind.budget is BudgetAction.WITHDRAW)
    for row in await connection.fetch(SQL["recycling_in_use"], kinds):
        cases = reference.nomenclatures[row["exercise"]].recycling_cases.values()
        if row["source"] not in {case.mark for case in cases}:
            raise ReferenceDataError(
                f"{_CASES_FILE} of {row['exercise']}",
                f"the case with number {row['source'] % OF_OPERATION} is missing or has another column operation,"
                f" although it is in use by entry {row['entry_id']}",
                "Put the case back: a case in use stays for its whole year.",
            )


async def _differs_from_last_use(connection: asyncpg.Connection, reference: ReferenceData, file: str) -> bool:
    """Return whether ``file`` of a year differs from when the files were last in use, or a year has that of another year."""
    text = await connection.fetchval(SQL["last_reference_files"])
    before = json.loads(text) if text else reference.files
    return _select_files(before, file) != _select_files(reference.files, file)


def _select_files(files: Mapping[str, str], file: str) -> dict[str, str]:
    return {path: digest for path, digest in files.items() if path.endswith((file, _YEAR_FILE))}


async def _stream_natures(connection: asyncpg.Connection) -> AsyncIterator[tuple[str, list[int]]]:
    """Yield each nature of each page of payment details, with the entries that state it."""
    after = 0
    while pages := await connection.fetch(SQL["detail_pages"], after, _PAGES_AT_ONCE):
        for page in pages:
            details = payment_detail_pages.read_pages([page["entry_id"]], [page["page"]])
            spans = details.texts.nature.spans
            entries: dict[str, list[int]] = defaultdict(list)
            for row in np.flatnonzero(spans.end > spans.start).tolist():
                entries[details.texts.nature.decode_row(row)].append(int(details.rows.entry_id[row]))
            for nature_entries in entries.items():
                yield nature_entries
        after = pages[-1]["last_entry"]
