"""What codes mean, noted in the database when they are numbered, and held against the files at every start."""

import json

import asyncpg

from posting.book import code_changes
from posting.book.code_changes import Files, Key, Meaning
from posting.book.registry import Coded, Numbers, Reference
from posting.store.lease import SQL

_COLUMNS = ("year", "kind", "id", "meaning")


async def note(connection: asyncpg.Connection, reference: Reference, numbers: Numbers) -> None:
    """Note what the files say that was not noted yet.

    Raises
    ------
    ReferenceDataError
        A code in use means something else now, or is gone; nothing is noted.
    """
    stored = _read(await connection.fetch(SQL["meanings"]))
    files = code_changes.said(reference, numbers)
    if changed := code_changes.differing(stored, files):
        used = _in_use(await connection.fetch(SQL["codes_in_use"]), stored, numbers)
        code_changes.refuse([key for key in changed if key in used], stored, (reference, files, numbers))
    new = [(*key, json.dumps(each.means)) for key, each in files.items() if _is_news(key, stored, files)]
    await connection.copy_records_to_table("reference_meaning", records=new, columns=_COLUMNS)


def _read(rows: list[asyncpg.Record]) -> dict[Key, Meaning]:
    """The last meaning of each code; many of them are alike, and are read once."""
    read = {text: json.loads(text) for text in {row["meaning"] for row in rows}}
    return {Key(year, kind, number): read[text] for year, kind, number, text in rows}


def _is_news(key: Key, stored: dict[Key, Meaning], files: Files) -> bool:
    return stored.get(key) != files[key].means


def _in_use(rows: list[asyncpg.Record], stored: dict[Key, Meaning], numbers: Numbers) -> set[Key]:
    """Codes of account assignments, fund centres with figures, accounts that were posted to, and roles they play."""
    used, accounts = {Key(*row) for row in rows}, numbers[Coded.ACCOUNT]
    played = ((key, means["account"]) for key, means in stored.items() if key.kind == code_changes.ROLE)
    return used | {key for key, account in played if Key(key.year, Coded.ACCOUNT, accounts[account]) in used}
