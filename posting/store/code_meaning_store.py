"""The stored meanings of codes: stored when codes are numbered, compared with the reference files at every start."""

import json

import asyncpg

from posting.book import admission_changes, code_changes
from posting.book.code_changes import CodeKey, FileMeanings, Meaning
from posting.book.code_numbers import CodeKind, NumbersByCode
from posting.book.registry import ReferenceData
from posting.store.connections import SQL

_COLUMNS = ("year", "kind", "id", "meaning")


async def store_meanings(
    connection: asyncpg.Connection, reference: ReferenceData, numbers: NumbersByCode
) -> None:
    """Store the meanings of the files that are not stored yet.

    Stored meanings are never changed, so a process that loads the book several times compares them with its files once, and
    again when another process has stored more.

    Raises
    ------
    ReferenceDataError
        A code in use has another meaning than the stored one, is missing, or is an account that is not admitted any more;
        nothing is stored.
    """
    (row,) = await connection.fetch(SQL["last_meaning"])
    if row["last"] and reference.compared.get(row["secret"]) == row["last"]:
        return
    await _store_new_meanings(connection, reference, numbers)
    (row,) = await connection.fetch(SQL["last_meaning"])
    reference.compared[row["secret"]] = row["last"]


async def _store_new_meanings(
    connection: asyncpg.Connection, reference: ReferenceData, numbers: NumbersByCode
) -> None:
    stored = _parse_rows(await connection.fetch(SQL["meanings"]))
    file_meanings = code_changes.read_file_meanings(reference, numbers)
    if stored == {key: file_meaning.meaning for key, file_meaning in file_meanings.items()}:
        return  # at nearly every start, and much faster than to look for what changed or is new
    changed = code_changes.find_changed_codes(stored, file_meanings)
    lost_admissions = admission_changes.find_lost_admissions(stored, file_meanings, numbers)
    if changed or lost_admissions:
        used = _find_used_codes(await connection.fetch(SQL["codes_in_use"]), stored, numbers)
        code_changes.reject_changed_codes(
            [key for key in changed if key in used],
            stored,
            file_meanings,
            reference=reference,
            numbers=numbers,
        )
        admission_changes.reject_lost_admissions(lost_admissions, used, numbers)
    records = [
        (*key, json.dumps(file_meaning.meaning))
        for key, file_meaning in file_meanings.items()
        if _is_new(key, stored, file_meanings)
    ]
    await connection.copy_records_to_table("reference_meaning", records=records, columns=_COLUMNS)


def _parse_rows(rows: list[asyncpg.Record]) -> dict[CodeKey, Meaning]:
    """Return the last meaning of each code; equal texts are parsed once, as many codes mean the same."""
    parsed = {text: json.loads(text) for text in {row["meaning"] for row in rows}}
    return {CodeKey(year, kind, number): parsed[text] for year, kind, number, text in rows}


def _is_new(key: CodeKey, stored: dict[CodeKey, Meaning], file_meanings: FileMeanings) -> bool:
    return stored.get(key) != file_meanings[key].meaning


def _find_used_codes(
    rows: list[asyncpg.Record], stored: dict[CodeKey, Meaning], numbers: NumbersByCode
) -> set[CodeKey]:
    """Return the codes of account assignments, fund centres with figures, accounts posted to, and roles of such accounts."""
    used, accounts = {CodeKey(*row) for row in rows}, numbers[CodeKind.ACCOUNT]
    roles = ((key, means["account"]) for key, means in stored.items() if key.kind == code_changes.ROLE_KIND)
    return used | {
        key for key, account in roles if CodeKey(key.year, CodeKind.ACCOUNT, accounts[account]) in used
    }
