"""Lines of acts with their references and the senders whose references they are; the lines of an act go together."""

from collections.abc import Mapping
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
from posting.text_spans import as_arrow, take_rows

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


async def load_owned_lines(
    connection: Connection, entries: NDArray[np.int64], senders: Senders, *, kinds: NDArray[np.int64]
) -> OwnedLines:
    """Load the lines of ``entries``, which ascend and are of ``kinds``; without a Python object per row."""
    parts: list[tuple[OwnedEntries, pa.Array]] = []

    def add_rows(stream: bytes) -> None:
        rows, references = decode(OwnedEntries, b"".join([HEADER, stream, TRAILER]), 1)
        rows_of_entries = np.flatnonzero(_is_among(rows.entry_id, entries))
        if len(rows_of_entries):
            parts.append(
                (select_rows(rows, rows_of_entries), as_arrow(take_rows(references, rows_of_entries)))
            )

    if len(entries):
        select = _build_select(kinds, int(entries[0]), int(entries[-1]))
        await copy_out.stream_rows(connection, select, add_rows)
    return _build_lines(parts, senders)


async def load_references(
    connection: Connection, exercise: int, senders: Senders, *, kinds: NDArray[np.int64]
) -> pa.Array:
    """Load the names (owner and reference) of the acts of ``kinds`` that an exercise already has."""
    parts = [pa.array([], pa.string())]

    def add_rows(stream: bytes) -> None:
        rows, references = decode(OwnedEntries, b"".join([HEADER, stream, TRAILER]), 1)
        parts.append(_build_names(_find_owners(rows, senders), as_arrow(references)))

    columns, numbers = ", ".join(list_columns(OwnedEntries)), ", ".join(map(str, kinds.tolist()))
    where = f"exercise = {exercise} and kind in ({numbers})"
    await copy_out.stream_rows(connection, f"select {columns}, reference from entry where {where}", add_rows)  # noqa: S608
    return pa.concat_arrays(parts)


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


def _build_select(kinds: NDArray[np.int64], first: int, last: int) -> str:
    columns = ", ".join(list_columns(OwnedEntries))
    numbers = ", ".join(map(str, kinds.tolist()))
    where = f"entry_id between {first} and {last} and kind in ({numbers})"
    return f"select {columns}, reference from entry where {where}"  # noqa: S608 -- numbers


def _is_among(numbers: NDArray[np.int64], ascending: NDArray[np.int64]) -> NDArray[np.bool_]:
    positions = np.minimum(np.searchsorted(ascending, numbers), len(ascending) - 1)
    return ascending[positions] == numbers


def _build_lines(parts: list[tuple[OwnedEntries, pa.Array]], senders: Senders) -> OwnedLines:
    if not parts:
        empty = np.zeros(0, np.int64)
        owners = pa.array([], pa.string()).dictionary_encode()
        return OwnedLines(empty, pa.array([], pa.string()), owners, empty)
    rows = concat_tables([part for part, _ in parts])
    references = pa.concat_arrays([texts for _, texts in parts])
    order = np.argsort(rows.entry_id, kind="stable")
    rows, references = select_rows(rows, order), references.take(pa.array(order))
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
