"""The trial of reference files: what a start of the engine would check against the journal, without storing anything."""

import asyncpg

from core.errors import ReferenceDataError
from posting.book.code_numbers import CodeKind, NumbersByCode, number_codes
from posting.book.registry import ReferenceData
from posting.store import code_meaning_store, merge_store, nature_use, period_store
from posting.store.connections import SQL


async def find_breach(connection: asyncpg.Connection, reference: ReferenceData) -> ReferenceDataError | None:
    """Return what a start with these files would refuse, because of what is stored; None if it would refuse nothing.

    The checks are those of the start itself, in a transaction that is rolled back.
    """
    trial = connection.transaction()
    await trial.start()
    try:
        await _start(connection, reference)
    except ReferenceDataError as error:
        return error
    finally:
        await trial.rollback()
        reference.compared.clear()  # the meanings that were compared are not stored
    return None


async def _start(connection: asyncpg.Connection, reference: ReferenceData) -> None:
    numbers: NumbersByCode = {kind: {} for kind in CodeKind}
    for row in await connection.fetch(SQL["reference_texts"]):
        numbers[CodeKind(row["kind"])][row["code"]] = row["id"]
    new = number_codes(numbers, reference.list_codes())
    await connection.copy_records_to_table("reference_text", records=new, columns=["kind", "id", "code"])
    await code_meaning_store.store_meanings(connection, reference, numbers)
    await period_store.store_starts(connection, reference.calendar)
    await nature_use.check_natures(connection, reference, numbers)
    await nature_use.check_recycling_cases(connection, reference)
    await merge_store.find_new_merges(connection, reference.merges)
