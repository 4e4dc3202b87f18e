"""From matched movements to acts, in the flat act format: the same message always makes the same file.

A debit follows each line of its transfer.  A return gives each line back and, in the same act, says whose money it is, so
that the debt is open again; unless the reason forbids that (``core.bank_reasons``): then the money stays in suspense.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.act_fields import ACT_LINES_MAX
from core.bank_reasons import BankReason, BankReasons, BlockedParty
from core.catalog import CATALOG, KIND_NUMBERS
from core.money import CENTS_PER_EURO
from core.tables.bank_messages import BankMessage, MovementType, unpack_code
from settlement.reconciliation.matching import Matches
from settlement.reconciliation.sent_transfers import SentTransfers

SENDER = "bank"
"""Who hands in the acts of the bank's answers."""
_VERSION = "1"
_LETTERS: Mapping[MovementType, str] = {
    MovementType.DEBIT: "D",
    MovementType.RETURN: "R",
    MovementType.REJECT: "X",
}
"""First letter of an act's reference, before the entry of the transfer: the same answer twice is the same act."""
_IDENTIFIED, _BLOCKED = "I", "B"
_KINDS_BY_TYPE: Mapping[MovementType, int] = {
    MovementType.DEBIT: KIND_NUMBERS["bank_debit"],
    MovementType.RETURN: KIND_NUMBERS["bank_return"],
    MovementType.REJECT: KIND_NUMBERS["bank_reject"],
}
_IDENTIFY, _BLOCK = KIND_NUMBERS["return_identified"], KIND_NUMBERS["payee_block"]
_KIND_NAMES = pa.array([kind.name for kind in CATALOG])


class ActLines(NamedTuple):
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


class MatchedMessage(NamedTuple):
    """All that acts are made of."""

    message: BankMessage
    matches: Matches
    sent: SentTransfers
    reasons: BankReasons
    payees: Mapping[int, str]
    """Codes of the payees that may have to be blocked, by number."""
    debits: Mapping[int, int]
    """The debit of each line that came back in another exercise than it was debited in."""


def build_acts_table(matched: MatchedMessage, batch_id: str) -> pa.Table | None:
    """The acts; None where nothing is posted."""
    parts = [_to_table(lines) for lines in _build_lines(matched) if lines.entry.size]
    if not parts:
        return None
    whole = pa.concat_tables(parts)
    whole = whole.sort_by([("rank", "ascending"), ("entry", "ascending"), ("line", "ascending")])
    whole = whole.drop_columns(["rank", "entry"])
    total = int(whole["amount_cents"].to_numpy().sum(dtype=np.int64))
    said = {"sender": SENDER, "batch_id": batch_id, "version": _VERSION, "count": str(whole.num_rows)}
    said["control_sum"] = f"{total // CENTS_PER_EURO}.{total % CENTS_PER_EURO:02}"
    return whole.replace_schema_metadata({f"crescendo.{name}": text for name, text in said.items()})


def select_payee_blocks(matched: MatchedMessage) -> NDArray[np.int64]:
    """The rows of movements whose payee is to be blocked: the first of each payee."""
    rows = _select_by_reason(matched, lambda reason: reason.blocks is BlockedParty.PAYEE)
    payees = _find_payees(matched, rows)
    return rows[np.sort(np.unique(payees, return_index=True)[1])]


def list_payees_to_block(matched: MatchedMessage) -> list[int]:
    """Their numbers."""
    return _find_payees(matched, select_payee_blocks(matched)).tolist()


def _build_lines(answered: MatchedMessage) -> list[ActLines]:
    matched = answered.matches
    reopened = np.zeros(matched.entry.size, bool)
    reopened[_select_by_reason(answered, lambda reason: reason.reopens_debt)] = True
    found = []
    for sort in _LETTERS:
        is_sort = matched.is_matched & (matched.movement_type == sort)
        found.append(_build_bank_lines(answered, np.flatnonzero(is_sort), sort))
        if sort is not MovementType.DEBIT:
            found += _build_identifications(answered, np.flatnonzero(is_sort & reopened), sort)
    return [*found, _build_blocks(answered)]


def _select_by_reason(matched: MatchedMessage, test: Callable[[BankReason], bool]) -> NDArray[np.int64]:
    """Return the rows of matched returns and rejections whose reason passes the ``test``."""
    movements, matches = matched.message.movements, matched.matches
    rows = np.flatnonzero(matches.is_matched & (matches.movement_type != MovementType.DEBIT))
    codes, positions = np.unique(movements.reason[rows], return_inverse=True)
    passes = np.array([test(matched.reasons.get(unpack_code(code))) for code in codes], bool)
    return rows[passes[positions]] if rows.size else rows


def _build_bank_lines(matched: MatchedMessage, rows: NDArray[np.int64], sort: MovementType) -> ActLines:
    """What the bank did with each line of the transfers."""
    own, line, at = _expand_transfers(matched, rows)
    sent = matched.sent.lines
    predecessor = _format_numbers("@", sent.entry_id[at])
    if sort is MovementType.RETURN:
        predecessor = _build_predecessors(matched, own, line, sent.entry_id[at])
    day = matched.message.movements.day[own]
    return ActLines(
        _LETTERS[sort],
        matched.matches.entry[own],
        line,
        _KINDS_BY_TYPE[sort],
        day,
        predecessor,
        sent.amount[at],
    )


def _build_predecessors(
    matched: MatchedMessage, own: NDArray[np.int64], line: NDArray[np.int64], entry: NDArray[np.int64]
) -> pa.Array:
    """What each returned line follows: its debit, by our name for it, or by its entry where that is of another exercise."""
    act = _format_numbers(_LETTERS[MovementType.DEBIT], matched.matches.entry[own])
    named = pc.binary_join_element_wise(act, _format_numbers("", line), "#")  # type: ignore[call-overload]
    numbers = np.array([matched.debits.get(number, 0) for number in entry.tolist()], np.int64)
    if not numbers.any():
        return named
    return pc.if_else(pa.array(numbers > 0), _format_numbers("@", numbers), named)  # type: ignore[call-overload]


def expand_lines(
    matched: MatchedMessage, rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of each line of the transfers that movements are about: the movement, and its row among the lines sent."""
    own, _, at = _expand_transfers(matched, rows)
    return own, at


def to_years(days: NDArray[np.int32]) -> NDArray[np.int64]:
    """The year of each day."""
    return days.astype("M8[D]").astype("M8[Y]").astype(np.int64) + 1970


def _build_identifications(
    matched: MatchedMessage, rows: NDArray[np.int64], sort: MovementType
) -> list[ActLines]:
    """Whose each returned line is: behind it in its act, or in an act of its own where there would be too many."""
    size = matched.sent.size[matched.matches.transfer[rows]]
    is_long = 2 * size > ACT_LINES_MAX
    found = []
    for some, letter in ((rows[~is_long], _LETTERS[sort]), (rows[is_long], _IDENTIFIED)):
        own, line, at = _expand_transfers(matched, some)
        entry, behind = matched.matches.entry[own], matched.sent.size[matched.matches.transfer[own]]
        is_inside = letter != _IDENTIFIED
        front = pa.array([""]) if is_inside else _format_numbers(_LETTERS[sort], entry)
        predecessor = pc.binary_join_element_wise(  # type: ignore[call-overload]
            front if not is_inside else "", _format_numbers("", line), "#"
        )
        day = matched.message.movements.day[own]
        number = line + behind if is_inside else line
        found.append(
            ActLines(letter, entry, number, _IDENTIFY, day, predecessor, matched.sent.lines.amount[at])
        )
    return found


def _expand_transfers(
    matched: MatchedMessage, rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Of each line of the transfers: the movement, its number from 1, and its row among the lines sent."""
    place = matched.matches.transfer[rows]
    size = matched.sent.size[place]
    own = np.repeat(rows, size)
    ends = np.cumsum(size)
    line = np.arange(own.size) - np.repeat(ends - size, size) + 1
    return own, line, np.repeat(matched.sent.head[place], size) + line - 1


def _build_blocks(matched: MatchedMessage) -> ActLines:
    rows = select_payee_blocks(matched)
    codes = pa.array([matched.payees[number] for number in _find_payees(matched, rows).tolist()], pa.string())
    day, entry = matched.message.movements.day[rows], matched.matches.entry[rows]
    nothing = pa.array([""] * rows.size, pa.string())
    return ActLines(
        _BLOCKED,
        entry,
        np.ones(rows.size, np.int64),
        _BLOCK,
        day,
        nothing,
        np.zeros(rows.size, np.int64),
        codes,
    )


def _find_payees(matched: MatchedMessage, rows: NDArray[np.int64]) -> NDArray[np.int32]:
    sent = matched.sent
    return sent.lines.payee[sent.head[matched.matches.transfer[rows]]]


def _format_numbers(letter: str, numbers: NDArray[np.integer]) -> pa.Array:
    return pc.binary_join_element_wise(letter, pa.array(numbers).cast(pa.string()), "")  # type: ignore[call-overload]


_RANKS: Mapping[str, int] = {"D": 0, "R": 1, "X": 2, _IDENTIFIED: 3, _BLOCKED: 4}
"""Debits come before the returns of the same day, and payees are blocked last."""


def _to_table(lines: ActLines) -> pa.Table:
    count = lines.entry.size
    year = to_years(lines.day)
    kinds = pa.DictionaryArray.from_arrays(pa.array(np.full(count, lines.kind, np.uint8)), _KIND_NAMES)
    payee = lines.payee if lines.payee is not None else pa.array([""] * count, pa.string())
    return pa.table(
        {
            "reference": _format_numbers(lines.letter, lines.entry),
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
