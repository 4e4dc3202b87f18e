"""What codes mean, noted in the database when they are numbered, and held against the files at every start."""

import json

import asyncpg

from posting.book import code_changes
from posting.book.code_changes import CodeKey, FileMeanings, Meaning
from posting.book.registry import CodeKind, NumbersByCode, ReferenceData
from posting.store.lease import SQL

_COLUMNS = ("year", "kind", "id", "meaning")


async def store_meanings(
    connection: asyncpg.Connection, reference: ReferenceData, numbers: NumbersByCode
) -> None:
    """Note what the files say that was not noted yet.

    Raises
    ------
    ReferenceDataError
        A code in use means something else now, or is gone; nothing is noted.
    """
    stored = _parse_rows(await connection.fetch(SQL["meanings"]))
    file_meanings = code_changes.read_file_meanings(reference, numbers)
    if changed := code_changes.find_changed(stored, file_meanings):
        used = _find_used(await connection.fetch(SQL["codes_in_use"]), stored, numbers)
        code_changes.reject_changed_codes(
            [key for key in changed if key in used], stored, (reference, file_meanings, numbers)
        )
    records = [
        (*key, json.dumps(file_meaning.meaning))
        for key, file_meaning in file_meanings.items()
        if _is_new(key, stored, file_meanings)
    ]
    await connection.copy_records_to_table("reference_meaning", records=records, columns=_COLUMNS)


def _parse_rows(rows: list[asyncpg.Record]) -> dict[CodeKey, Meaning]:
    """The last meaning of each code; many of them are alike, and are read once."""
    parsed = {text: json.loads(text) for text in {row["meaning"] for row in rows}}
    return {CodeKey(year, kind, number): parsed[text] for year, kind, number, text in rows}


def _is_new(key: CodeKey, stored: dict[CodeKey, Meaning], file_meanings: FileMeanings) -> bool:
    return stored.get(key) != file_meanings[key].meaning


def _find_used(
    rows: list[asyncpg.Record], stored: dict[CodeKey, Meaning], numbers: NumbersByCode
) -> set[CodeKey]:
    """Codes of account assignments, fund centres with figures, accounts that were posted to, and roles they play."""
    used, accounts = {CodeKey(*row) for row in rows}, numbers[CodeKind.ACCOUNT]
    played = ((key, means["account"]) for key, means in stored.items() if key.kind == code_changes.ROLE_KIND)
    return used | {
        key for key, account in played if CodeKey(key.year, CodeKind.ACCOUNT, accounts[account]) in used
    }
