"""The merges of third parties in use: stored at the first start with both codes, compared with ``merges.csv`` at every start.

A merge in use stays: entries were decided with both codes as one person.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import list_kinds
from core.debt_stages import PayeeChange
from core.errors import ReferenceDataError
from core.merges import FILE, Merge, Merges
from core.sql_files import read_queries
from core.tables.book import PAYEE_BLOCKED_BIT
from posting.store.limited_connections import BULK_SECONDS

SQL: Mapping[str, str] = read_queries("posting.store", "merge_store.sql")
NAMING_KINDS = list_kinds(lambda kind: kind.pays and kind.change is PayeeChange.NONE)
"""The kinds of act that name a third party, and no longer one that is merged."""
_PERSON_MASK = PAYEE_BLOCKED_BIT - 1


class StoredMerge(NamedTuple):
    """A merge in use, by the numbers of both third parties."""

    payee: int
    into_payee: int


class NewMerge(NamedTuple):
    """A merge of registered third parties that is to be in use from the next entry on."""

    payee: int
    into_payee: int
    code: str
    merge: Merge


async def find_new_merges(connection: Any, merges: Merges) -> list[NewMerge]:
    """Return the merges to store, as they are not in use yet; reads the whole journal if there are some.

    A merge of a code that is not registered yet waits for a start after its registration: there is nothing to merge.

    Raises
    ------
    ReferenceDataError
        A merge in use is missing or changed, or acts of the first day of a new one or later name the code.
    """
    stored = await _load_stored_merges(connection)
    _check_stored_merges(stored, merges)
    new = await _number_codes(connection, {code: row for code, row in merges.items() if code not in stored})
    if new:
        await _check_acts(connection, new)
    return new


async def store_merges(connection: Any, new: Sequence[NewMerge]) -> None:
    """Store new merges, which are in use from the next entry on."""
    columns = ([row.payee for row in new], [row.into_payee for row in new])
    days, reasons = [row.merge.first_day for row in new], [row.merge.reason for row in new]
    await connection.execute(SQL["insert_merges"], *columns, days, reasons)


async def select_merges_in_use(connection: Any, merges: Merges) -> Merges:
    """Return those of the merges that are in use."""
    stored = await _load_stored_merges(connection)
    return {code: row for code, row in merges.items() if code in stored}


async def _load_stored_merges(connection: Any) -> Merges:
    rows = await connection.fetch(SQL["merges"])
    return {row["code"]: Merge(row["into_code"], row["first_day"], row["reason"]) for row in rows}


def _check_stored_merges(stored: Merges, merges: Merges) -> None:
    """Check that the file has the merges in use, as they are; the reason may be written anew."""
    for code, (into, first_day, _) in stored.items():
        if code not in merges:
            finding = f"the merge of third party {code} into {into} is missing, although it is in use"
        elif merges[code][:2] != (into, first_day):
            finding = f"the merge of third party {code} into {into} from {first_day} on is in use, and the file changes it"
        else:
            continue
        remedy = "Put the line back: acts were decided with both as one person. Register a new code for another person."
        raise ReferenceDataError(FILE, finding, remedy)


async def _number_codes(connection: Any, merges: Merges) -> list[NewMerge]:
    """Return the merges whose codes are both registered, with their numbers."""
    if not merges:
        return []
    codes = [*merges, *(merge.into for merge in merges.values())]
    numbers = {row["code"]: row["payee"] for row in await connection.fetch(SQL["payees_of_codes"], codes)}
    return [
        NewMerge(numbers[code], numbers[merge.into], code, merge)
        for code, merge in merges.items()
        if code in numbers and merge.into in numbers
    ]


async def _check_acts(connection: Any, new: list[NewMerge]) -> None:
    """Check that no act names a merged code on the first day of its merge or later; reads the whole journal."""
    payees, days = [row.payee for row in new], [row.merge.first_day for row in new]
    late = await connection.fetch(SQL["late_names"], payees, days, NAMING_KINDS, timeout=BULK_SECONDS)
    codes = {row.payee: row for row in new}
    for row in late:
        code, merge = codes[row["payee"]].code, codes[row["payee"]].merge
        entries = f"{row['entries']:,} entries, the last one {row['entry_id']},"
        finding = f"{entries} name third party {code} on {merge.first_day} or later"
        raise ReferenceDataError(FILE, finding, f"Write a first day after {row['day']}.")


async def load_merges(connection: Any) -> list[StoredMerge]:
    """Return the merges in use, in the order in which they came."""
    rows = await connection.fetch(SQL["merges"])
    return [StoredMerge(row["payee"], row["into_payee"]) for row in rows]


def find_persons(merges: Iterable[StoredMerge]) -> dict[int, int]:
    """Return by merged payee the number that stays in use."""
    steps = dict(merges)
    persons = {}
    for payee in steps:
        person = payee
        while person in steps:
            person = steps[person]
        persons[payee] = person
    return persons


def apply_merges(payees: NDArray[Any], merges: list[StoredMerge]) -> None:
    """Note at each merged payee of the book which person it is, and leave its block as it is."""
    for payee, person in find_persons(merges).items():
        value = int(payees["value"][payee - 1])
        payees["value"][payee - 1] = np.uint32((value & ~_PERSON_MASK) | person)
