"""Lines of acts with their references and the senders whose references they are; the lines of an act go together."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from closing.journal_queries import Connection
from core.catalog import CATALOG
from core.tables.columns import concat_tables, select_rows
from core.tables.rollover import OwnedEntries
from posting.pgcopy import HEADER, TRAILER, decode, list_columns
from posting.store import copy_out
from posting.text_spans import as_arrow

_CARRIES = np.array([kind.carries for kind in CATALOG])


class OwnedLines(NamedTuple):
    """Lines of acts, ascending by entry."""

    entry: NDArray[np.int64]
    reference: pa.Array
    owner: pa.DictionaryArray
    """The sender whose reference it is."""
    act: NDArray[np.int64]
    """The number of its act among these, from 0."""


class Senders(NamedTuple):
    """The senders by submission, and by the number that a carry stores."""

    by_submission: Mapping[int, str]
    by_number: Mapping[int, str]


class EntrySet(NamedTuple):
    """Entries, ascending, and the numbers of their kinds, which no other set of the same call has."""

    entry: NDArray[np.int64]
    kinds: NDArray[np.int64]


async def load_owned_lines(
    connection: Connection, sets: Sequence[EntrySet], senders: Senders
) -> list[OwnedLines]:
    """Load the lines of each set of entries, of which none is empty, in one reading of the journal, in columns."""
    columns, kinds = ", ".join(list_columns(OwnedEntries)), np.concatenate([part.kinds for part in sets])
    where = f"kind in ({_list_numbers(kinds)}) and {select_entries([part.entry for part in sets])}"
    rows, references = await _load_rows(connection, f"select {columns}, reference from entry where {where}")  # noqa: S608
    parts = (np.flatnonzero(np.isin(rows.kind, part.kinds)) for part in sets)
    return [_build_lines(select_rows(rows, part), references.take(pa.array(part)), senders) for part in parts]


async def load_references(
    connection: Connection, exercise: int, senders: Senders, *, kinds: Sequence[NDArray[np.int64]]
) -> list[pa.Array]:
    """Load the names (owner and reference) of the acts of each set of kinds that an exercise already has."""
    columns = ", ".join(list_columns(OwnedEntries))
    where = f"exercise = {exercise} and kind in ({_list_numbers(np.concatenate(kinds))})"
    rows, references = await _load_rows(connection, f"select {columns}, reference from entry where {where}")  # noqa: S608
    names = _build_names(_find_owners(rows, senders), references)
    return [names.filter(pa.array(np.isin(rows.kind, numbers))) for numbers in kinds]


def rename_acts(lines: OwnedLines, names: pa.Array, pattern: str) -> OwnedLines:
    """Give an act whose name is among ``names`` another reference: ``pattern`` with the entry of its first line."""
    options = pc.SetLookupOptions(value_set=names)
    is_taken = pc.call_function("is_in", [_build_names(lines.owner, lines.reference)], options)
    if not pc.call_function("any", [is_taken]).as_py():
        return lines
    first = lines.entry[np.searchsorted(lines.act, lines.act)]
    before, after = pattern.split("{}")
    own = pc.binary_join_element_wise(before, pa.array(first).cast(pa.string()), after, "")  # type: ignore[call-overload]
    return lines._replace(reference=pc.call_function("if_else", [is_taken, own, lines.reference]))


def _build_names(owners: pa.DictionaryArray, references: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(owners.dictionary_decode(), references, "\x1f")  # type: ignore[call-overload]


def _list_numbers(numbers: NDArray[np.int64]) -> str:
    return ", ".join(map(str, numbers.tolist()))


def select_entries(sets: Sequence[NDArray[np.int64]]) -> str:
    """Return the condition that selects these entries, by a bit for each: the server skips a row faster than it sends it.

    The case decides the order: a condition alone may be evaluated before the limits, and there is no bit outside them.
    """
    first, last = (int(limit) for limit in (min(part[0] for part in sets), max(part[-1] for part in sets)))
    flags = np.zeros(last - first + 1, np.bool_)
    for part in sets:
        flags[part - first] = True
    bits = np.packbits(flags, bitorder="little").tobytes().hex()
    limits = f"entry_id between {first} and {last}"
    return f"{limits} and case when {limits} then get_bit('\\x{bits}'::bytea, entry_id - {first}) = 1 else false end"


async def _load_rows(connection: Connection, select: str) -> tuple[OwnedEntries, pa.Array]:
    """Load the selected rows and their references, ascending by entry."""
    parts: list[tuple[OwnedEntries, pa.Array]] = []

    def add_rows(stream: bytes) -> None:
        rows, references = decode(OwnedEntries, b"".join([HEADER, stream, TRAILER]), 1)
        parts.append((rows, as_arrow(references)))

    await copy_out.stream_rows(connection, select, add_rows)
    rows = concat_tables([part for part, _ in parts])
    references = pa.concat_arrays([texts for _, texts in parts])
    order = np.argsort(rows.entry_id, kind="stable")
    return select_rows(rows, order), references.take(pa.array(order))


def _build_lines(rows: OwnedEntries, references: pa.Array, senders: Senders) -> OwnedLines:
    owners = _find_owners(rows, senders)
    return OwnedLines(rows.entry_id, references, owners, _number_acts(rows, references, owners))


def _number_acts(rows: OwnedEntries, references: pa.Array, owners: pa.DictionaryArray) -> NDArray[np.int64]:
    """Number the acts: the lines of one have one reference of one owner, though lines between may have nothing open."""
    starts = np.ones(len(rows.entry_id), np.int64)
    same_reference = pc.call_function("equal", [references[1:], references[:-1]])
    is_same_file = np.diff(rows.submission) == 0
    is_same_owner = np.diff(owners.indices.to_numpy()) == 0
    starts[1:] = ~(is_same_file & is_same_owner & same_reference.to_numpy(zero_copy_only=False))
    return np.cumsum(starts) - 1


def _find_owners(rows: OwnedEntries, senders: Senders) -> pa.DictionaryArray:
    """Return the sender of each act; of a carry, that which the carry names."""
    names = sorted({*senders.by_submission.values(), *senders.by_number.values()})
    places = {name: place for place, name in enumerate(names)}
    is_carry = _CARRIES[rows.kind]
    place = np.where(
        is_carry,
        _look_up(rows.source, senders.by_number, places),
        _look_up(rows.submission, senders.by_submission, places),
    )
    return pa.DictionaryArray.from_arrays(pa.array(place, pa.int32()), pa.array(names, pa.string()))


def _look_up(
    numbers: NDArray[np.int32], names: Mapping[int, str], places: Mapping[str, int]
) -> NDArray[np.int32]:
    table = np.zeros(max([*names, int(numbers.max(initial=0))]) + 1, np.int32)
    for number, name in names.items():
        table[number] = places[name]
    return table[np.maximum(numbers, 0)]
