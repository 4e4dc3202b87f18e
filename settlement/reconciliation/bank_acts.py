"""From matched movements to acts, in the flat act format: the same message always makes the same file.

A debit follows each line of its transfer.  A return gives each line back and, in the same act, says whose money it is, so
that the debt is open again; unless the reason forbids that (``core.bank_reasons``): then the money stays in suspense.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.act_fields import ACT_LINES_MAX
from core.bank_reasons import BankReasons, Blocks
from core.catalog import CATALOG, KIND_NUMBER
from core.money import CENTS_PER_EURO
from core.tables.bank_messages import Message, Sort, unpacked
from settlement.reconciliation.matching import Matched
from settlement.reconciliation.sent_transfers import Transfers

SENDER = "bank"
"""Who hands in the acts of the bank's answers."""
_VERSION = "1"
_LETTER: Mapping[Sort, str] = {Sort.DEBIT: "D", Sort.RETURN: "R", Sort.REJECT: "X"}
"""First letter of an act's reference, before the entry of the transfer: the same answer twice is the same act."""
_IDENTIFIED, _BLOCKED = "I", "B"
_KIND: Mapping[Sort, int] = {
    Sort.DEBIT: KIND_NUMBER["bank_debit"],
    Sort.RETURN: KIND_NUMBER["bank_return"],
    Sort.REJECT: KIND_NUMBER["bank_reject"],
}
_IDENTIFY, _BLOCK = KIND_NUMBER["return_identified"], KIND_NUMBER["payee_block"]
_KINDS = pa.array([kind.name for kind in CATALOG])


class Lines(NamedTuple):
    """Lines of acts, before they are written."""

    letter: str
    entry: NDArray[np.int64]
    """Of the transfer that the act is about."""
    line: NDArray[np.int64]
    kind: int
    day: NDArray[np.int32]
    predecessor: pa.Array
    amount: NDArray[np.int64]
    payee: pa.Array | None = None


class Answered(NamedTuple):
    """All that acts are made of."""

    message: Message
    matched: Matched
    sent: Transfers
    reasons: BankReasons
    payees: Mapping[int, str]
    """Codes of the payees that may have to be blocked, by number."""
    debits: Mapping[int, int]
    """The debit of each line that came back in another exercise than it was debited in."""


def table(answered: Answered, batch_id: str) -> pa.Table | None:
    """The acts; None where nothing is posted."""
    parts = [_rows(lines) for lines in _lines(answered) if lines.entry.size]
    if not parts:
        return None
    whole = pa.concat_tables(parts)
    whole = whole.sort_by([("rank", "ascending"), ("entry", "ascending"), ("line", "ascending")])
    whole = whole.drop_columns(["rank", "entry"])
    total = int(whole["amount_cents"].to_numpy().sum(dtype=np.int64))
    said = {"sender": SENDER, "batch_id": batch_id, "version": _VERSION, "count": str(whole.num_rows)}
    said["control_sum"] = f"{total // CENTS_PER_EURO}.{total % CENTS_PER_EURO:02}"
    return whole.replace_schema_metadata({f"crescendo.{name}": text for name, text in said.items()})


def blocked(answered: Answered) -> NDArray[np.int64]:
    """The rows of movements whose payee is to be blocked: the first of each payee."""
    rows = _rows_of(answered, lambda code: answered.reasons.of(code).blocks is Blocks.PAYEE)
    payees = _payees(answered, rows)
    return rows[np.sort(np.unique(payees, return_index=True)[1])]


def payees_to_block(answered: Answered) -> list[int]:
    """Their numbers."""
    return _payees(answered, blocked(answered)).tolist()


def _lines(answered: Answered) -> list[Lines]:
    matched = answered.matched
    reopened = np.zeros(matched.entry.size, bool)
    reopened[_rows_of(answered, lambda code: answered.reasons.of(code).reopens)] = True
    found = []
    for sort in _LETTER:
        is_sort = matched.fits & (matched.sort == sort)
        found.append(_answers(answered, np.flatnonzero(is_sort), sort))
        if sort is not Sort.DEBIT:
            found += _identified(answered, np.flatnonzero(is_sort & reopened), sort)
    return [*found, _blocks(answered)]


def _rows_of(answered: Answered, wanted: object) -> NDArray[np.int64]:
    """Rows of returns and rejects whose reason is ``wanted``."""
    movements, matched = answered.message.movements, answered.matched
    rows = np.flatnonzero(matched.fits & (matched.sort != Sort.DEBIT))
    codes, at = np.unique(movements.reason[rows], return_inverse=True)
    told = np.array([bool(wanted(unpacked(code))) for code in codes], bool)  # type: ignore[operator]
    return rows[told[at]] if rows.size else rows


def _answers(answered: Answered, rows: NDArray[np.int64], sort: Sort) -> Lines:
    """What the bank did with each line of the transfers."""
    own, line, at = _spread(answered, rows)
    sent = answered.sent.lines
    predecessor = _text("@", sent.entry_id[at])
    if sort is Sort.RETURN:
        predecessor = _debits(answered, own, line, sent.entry_id[at])
    day = answered.message.movements.day[own]
    return Lines(
        _LETTER[sort], answered.matched.entry[own], line, _KIND[sort], day, predecessor, sent.amount[at]
    )


def _debits(
    answered: Answered, own: NDArray[np.int64], line: NDArray[np.int64], entry: NDArray[np.int64]
) -> pa.Array:
    """What each returned line follows: its debit, by our name for it, or by its entry where that is of another exercise."""
    act = _text(_LETTER[Sort.DEBIT], answered.matched.entry[own])
    named = pc.binary_join_element_wise(act, _text("", line), "#")  # type: ignore[call-overload]
    numbers = np.array([answered.debits.get(number, 0) for number in entry.tolist()], np.int64)
    if not numbers.any():
        return named
    return pc.if_else(pa.array(numbers > 0), _text("@", numbers), named)  # type: ignore[call-overload]


def lines_of(answered: Answered, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of each line of the transfers that movements are about: the movement, and its row among the lines sent."""
    own, _, at = _spread(answered, rows)
    return own, at


def years(days: NDArray[np.int32]) -> NDArray[np.int64]:
    """The year of each day."""
    return days.astype("M8[D]").astype("M8[Y]").astype(np.int64) + 1970


def _identified(answered: Answered, rows: NDArray[np.int64], sort: Sort) -> list[Lines]:
    """Whose each returned line is: behind it in its act, or in an act of its own where there would be too many."""
    size = answered.sent.size[answered.matched.place[rows]]
    is_long = 2 * size > ACT_LINES_MAX
    found = []
    for some, letter in ((rows[~is_long], _LETTER[sort]), (rows[is_long], _IDENTIFIED)):
        own, line, at = _spread(answered, some)
        entry, behind = answered.matched.entry[own], answered.sent.size[answered.matched.place[own]]
        is_inside = letter != _IDENTIFIED
        front = pa.array([""]) if is_inside else _text(_LETTER[sort], entry)
        predecessor = pc.binary_join_element_wise(front if not is_inside else "", _text("", line), "#")  # type: ignore[call-overload]
        day = answered.message.movements.day[own]
        number = line + behind if is_inside else line
        found.append(
            Lines(letter, entry, number, _IDENTIFY, day, predecessor, answered.sent.lines.amount[at])
        )
    return found


def _spread(
    answered: Answered, rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Of each line of the transfers: the movement, its number from 1, and its row among the lines sent."""
    place = answered.matched.place[rows]
    size = answered.sent.size[place]
    own = np.repeat(rows, size)
    ends = np.cumsum(size)
    line = np.arange(own.size) - np.repeat(ends - size, size) + 1
    return own, line, np.repeat(answered.sent.head[place], size) + line - 1


def _blocks(answered: Answered) -> Lines:
    rows = blocked(answered)
    codes = pa.array([answered.payees[number] for number in _payees(answered, rows).tolist()], pa.string())
    day, entry = answered.message.movements.day[rows], answered.matched.entry[rows]
    nothing = pa.array([""] * rows.size, pa.string())
    return Lines(
        _BLOCKED,
        entry,
        np.ones(rows.size, np.int64),
        _BLOCK,
        day,
        nothing,
        np.zeros(rows.size, np.int64),
        codes,
    )


def _payees(answered: Answered, rows: NDArray[np.int64]) -> NDArray[np.int32]:
    sent = answered.sent
    return sent.lines.payee[sent.head[answered.matched.place[rows]]]


def _text(letter: str, numbers: NDArray[np.integer]) -> pa.Array:
    return pc.binary_join_element_wise(letter, pa.array(numbers).cast(pa.string()), "")  # type: ignore[call-overload]


_RANK: Mapping[str, int] = {"D": 0, "R": 1, "X": 2, _IDENTIFIED: 3, _BLOCKED: 4}
"""Debits come before the returns of the same day, and payees are blocked last."""


def _rows(lines: Lines) -> pa.Table:
    count = lines.entry.size
    year = years(lines.day)
    kinds = pa.DictionaryArray.from_arrays(pa.array(np.full(count, lines.kind, np.uint8)), _KINDS)
    payee = lines.payee if lines.payee is not None else pa.array([""] * count, pa.string())
    return pa.table(
        {
            "reference": _text(lines.letter, lines.entry),
            "line": pa.array(lines.line.astype(np.int32)),
            "kind": kinds,
            "exercise": pa.array(year.astype(np.int32)),
            "date": pa.array(lines.day).cast(pa.date32()),
            "predecessor": lines.predecessor,
            "payee": payee,
            "amount_cents": pa.array(lines.amount),
            "rank": pa.array(np.full(count, _RANK[lines.letter], np.int8)),
            "entry": pa.array(lines.entry),
        }
    )
