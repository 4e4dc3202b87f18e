"""Reader of the arrays of document ranges, written from the binary form of PostgreSQL's arrays alone.

An array is five numbers of 32 bits, big-endian (dimensions, flags, type of the elements, their number, lower bound), then of
each element its length and its value.  Source: PostgreSQL, ``array_recv`` in ``src/backend/utils/adt/arrayfuncs.c``.
"""

import numpy as np
import pyarrow as pa

from core.journals import JOURNAL_OF_KIND, JOURNALS

_HEAD_WORDS, _ELEMENT_WORDS = 5, 2


def read_starts(ranges: pa.Table) -> pa.Table:
    """Return the ranges with their arrays of int4 as lists, and any other table as it is; a malformed array is empty."""
    if "starts" not in ranges.column_names:
        return ranges
    lists = [_read_array(array) for array in ranges["starts"].to_pylist()]
    place = ranges.column_names.index("starts")
    return ranges.set_column(place, "starts", pa.array(lists, pa.list_(pa.int32())))


def _read_array(array: bytes) -> np.ndarray:
    words = np.frombuffer(array, ">i4") if len(array) % 4 == 0 else np.zeros(0, ">i4")
    count = int(words[3]) if len(words) > _HEAD_WORDS else 0
    if len(words) != _HEAD_WORDS + _ELEMENT_WORDS * count:
        return np.zeros(0, np.int32)
    return words[_HEAD_WORDS + 1 :: _ELEMENT_WORDS].astype(np.int32)


def build_journal_tables() -> dict[str, pa.Table]:
    """Return the journal of each kind, and the code of each journal."""
    kinds = {"kind": list(range(len(JOURNAL_OF_KIND))), "journal": list(JOURNAL_OF_KIND)}
    codes = {"journal": [row.number for row in JOURNALS], "code": [row.code for row in JOURNALS]}
    return {"kind_journal": pa.table(kinds), "journal_code": pa.table(codes)}
