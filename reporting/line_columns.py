"""Columns of journal lines, read by binary COPY, and joins of arrays: what a report needs that follows lines through a year.

PostgreSQL joins ten million lines with one another in a minute, as it builds a row for each step; arrays of numbers take a
second.  Nothing here makes a Python object per line, and nothing is a float.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.tables.columns import Index, Position, allocate_zeros, concat_tables, select_rows
from core.tables.delays import CellPlaces
from posting.pgcopy import decode_rows, list_columns
from posting.store import copy_out
from reporting.report_queries import Connection, Row, fetch

Integers = NDArray[np.integer]
Table = TypeVar("Table", bound=NamedTuple)

NONE = -1
"""The place of a key that is not in an index."""


async def copy_lines(
    connection: Connection, table: type[Table], kinds: Iterable[int], *, entry_end: int | None = None
) -> Table:
    """Return the columns of ``table`` of all entries of some kinds, before ``entry_end`` if it is given, in any order."""
    bound = "" if entry_end is None else f" and entry_id < {int(entry_end)}"
    numbers = ", ".join(str(int(kind)) for kind in sorted(set(kinds)))
    columns = ", ".join(list_columns(table))
    return await copy_columns(
        connection,
        table,
        f"select {columns} from entry where kind in ({numbers}){bound}",  # noqa: S608 -- whole numbers and own names
    )


async def copy_columns(connection: Connection, table: type[Table], select: str) -> Table:
    """Return the rows of ``select``, which has the columns of ``table``."""
    chunks = [allocate_zeros(table, 0)]

    def keep(rows: bytes) -> None:
        chunks.append(decode_rows(table, np.frombuffer(rows, np.uint8)))

    await copy_out.stream_rows(connection, select, keep)
    return concat_tables(chunks)


def build_index(keys: Integers) -> NDArray[np.int32]:
    """Return the place of each number in ``keys``, which differ and are above 0; ``NONE`` for a number between them."""
    index = np.full(int(keys.max(initial=0)) + 1, NONE, np.int32)
    index[keys] = np.arange(len(keys), dtype=np.int32)
    return index


def look_up(index: NDArray[np.int32], keys: Integers) -> NDArray[np.int32]:
    """Return the place of each key in an index; ``NONE`` where it has none."""
    inside = keys < len(index)
    return np.where(inside, index[np.where(inside, keys, 0)], np.int32(NONE))


class _SentEntries(NamedTuple):
    """Entries and who sent them.  A COPY row."""

    entry_id: Position
    submission: Index


async def find_own_entries(connection: Connection, kinds: Iterable[int], sender: str) -> Integers:
    """Return the entries of some kinds that a sender sent."""
    entries = await copy_lines(connection, _SentEntries, kinds)
    rows = await fetch(connection, "submissions_of_sender", sender)
    own = [row["submission"] for row in rows if row["is_own"]]
    return entries.entry_id[np.isin(entries.submission, own)]


async def copy_places(connection: Connection, centres: Collection[int] | None = None) -> CellPlaces:
    """Return the fund centres and budget years of account assignments, on some fund centres if they are given."""
    cells = await copy_columns(connection, CellPlaces, "select cell, centre, budget_year from cell")
    if centres is None:
        return cells
    return select_rows(cells, np.flatnonzero(np.isin(cells.centre, list(centres))))


class Pairs(NamedTuple):
    """The rows of a join: places of the left and of the right side."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]


def join(keys: Integers, others: Integers) -> Pairs:
    """Join two columns of keys where they are equal: each row of ``keys``, in order, with each of ``others``."""
    order = np.argsort(others, kind="stable")
    sorted_keys = others[order]
    first, end = np.searchsorted(sorted_keys, keys), np.searchsorted(sorted_keys, keys, "right")
    counts = end - first
    rows = np.repeat(np.arange(len(keys)), counts)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    return Pairs(rows, order[first[rows] + within])


def join_or_keep(keys: Integers, others: Integers) -> Pairs:
    """Join like ``join``, and keep the rows of ``keys`` that match none, whose right place is ``NONE``."""
    pairs = join(keys, others)
    is_alone = np.ones(len(keys), bool)
    is_alone[pairs.left] = False
    alone = np.flatnonzero(is_alone)
    rows = np.concatenate([pairs.left, alone])
    order = np.argsort(rows, kind="stable")
    return Pairs(rows[order], np.concatenate([pairs.right, np.full(len(alone), NONE)])[order])


def mark_kinds(kinds: Iterable[int]) -> NDArray[np.bool_]:
    """Return whether each number of a kind is one of ``kinds``."""
    marks = np.zeros(np.iinfo(np.uint8).max + 1, bool)
    marks[list(kinds)] = True
    return marks


def sum_by_key(keys: Integers, amounts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the keys, ascending and each once, and the sum of each."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1)) if len(ordered) else np.zeros(0, int)
    sums = np.add.reduceat(amounts[order], starts) if len(starts) else np.zeros(0, np.int64)
    return ordered[starts].astype(np.int64), sums.astype(np.int64)


def sum_groups(
    keys: Mapping[str, Integers], amounts: Mapping[str, NDArray[np.int64]], defaults: Mapping[str, Any]
) -> Iterator[Row]:
    """Yield the sums of ``amounts`` of the rows with the same ``keys``, which are not below 0, in order of the keys.

    A row begins with ``defaults``, which a key of the same name replaces.
    """
    columns = [np.asarray(column, np.int64) for column in keys.values()]
    packed = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        packed = packed * (int(column.max(initial=0)) + 1) + column
    order = np.argsort(packed, kind="stable")
    starts = np.flatnonzero(np.diff(packed[order], prepend=-1))
    firsts = [column[order[starts]].tolist() for column in columns]
    sums = [
        np.add.reduceat(column[order], starts).tolist() if len(starts) else [] for column in amounts.values()
    ]
    for row in zip(*firsts, *sums, strict=True):
        yield {**defaults, **dict(zip([*keys, *amounts], row, strict=True))}
