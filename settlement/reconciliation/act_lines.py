"""Lines of acts from bank files: their columns, and how they become rows of a file of acts."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.catalog import CATALOG

IDENTIFIED, BLOCKED, COLLECTED = "I", "B", "C"
SUSPENDED, UNKNOWN_DEBIT, UNKNOWN_RETURN = "U", "V", "W"
"""What is on suspense: a credit, a debit and a return."""
_LETTERS = ("D", "R", "X", IDENTIFIED, BLOCKED, COLLECTED, SUSPENDED, UNKNOWN_DEBIT, UNKNOWN_RETURN)
_RANKS: Mapping[str, int] = {letter: rank for rank, letter in enumerate(_LETTERS)}
"""The order of acts: debits before the returns of the same day, what is on suspense last."""
_KIND_NAMES = pa.array([kind.name for kind in CATALOG])


class ActLines(NamedTuple):
    """Lines of acts of one kind."""

    letter: str
    """First letter of the references."""
    entry: NDArray[np.int64]
    """The entry of the transfer that the act is about; of a receipt the row of its movement, which orders the acts."""
    line: NDArray[np.int64]
    kind: int
    day: NDArray[np.int32]
    predecessor: pa.Array
    amount: NDArray[np.int64]
    payee: pa.Array | None = None
    reference: pa.Array | None = None
    """The references; None where they are the letter and the entry."""
    centre: pa.Array | None = None
    """The fund centres; None where the acts follow an entry."""


def to_years(days: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the year of each day."""
    return days.astype("M8[D]").astype("M8[Y]").astype(np.int64) + 1970


def fill_centres(acts: pa.Table) -> pa.Table:
    """Leave the fund centre of what follows an entry empty; a file without credits on suspense has no such column."""
    at = acts.schema.get_field_index("fund_centre")
    return acts if at < 0 else acts.set_column(at, "fund_centre", acts["fund_centre"].fill_null(""))


def format_numbers(prefix: str, numbers: NDArray[np.integer]) -> pa.Array:
    """Format numbers as texts behind a prefix."""
    return join_texts(prefix, pa.array(numbers).cast(pa.string()), "")


def join_texts(first: pa.Array | str, second: pa.Array, separator: str) -> pa.Array:
    """Join texts row by row."""
    return pc.binary_join_element_wise(first, second, separator)  # type: ignore[call-overload]


def build_table(lines: ActLines) -> pa.Table:
    """Build the rows of a file of acts, with the columns by which they are sorted."""
    count = lines.entry.size
    year = to_years(lines.day)
    kinds = pa.DictionaryArray.from_arrays(pa.array(np.full(count, lines.kind, np.uint8)), _KIND_NAMES)
    payee = lines.payee if lines.payee is not None else pa.array([""] * count, pa.string())
    columns = {} if lines.centre is None else {"fund_centre": lines.centre}
    return pa.table(
        {
            **columns,
            "reference": format_numbers(lines.letter, lines.entry)
            if lines.reference is None
            else lines.reference,
            "line": pa.array(lines.line.astype(np.int32)),
            "kind": kinds,
            "exercise": pa.array(year.astype(np.int32)),
            "date": pa.array(lines.day).cast(pa.date32()),
            "predecessor": lines.predecessor,
            "payee": payee,
            "amount_cents": pa.array(lines.amount),
            "rank": pa.array(np.full(count, _RANKS[lines.letter], np.int8)),
            "entry": pa.array(lines.entry),
        }
    )
