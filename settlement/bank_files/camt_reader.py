"""camt.053 and camt.054: from the leaves of a message to balances and movements.

An entry that sums up several transfers is as many movements, if their amounts make the entry's; if not, it is one that
names nobody, and will be looked at.  What is not booked yet moves nothing.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.bank_reasons import UNKNOWN_REASON
from core.errors import FileUnreadable
from core.iso20022 import CURRENCY
from core.outcome_codes import Outcome
from core.tables.bank_messages import (
    BankFormat,
    BankMessage,
    BankStatement,
    Movements,
    MovementType,
    pack_code,
)
from core.tables.journal import ParsedNumbers
from settlement.bank_files.message_schemas import BALANCE, DETAIL, ENTRY, HEADER, STATEMENT
from settlement.bank_files.xml_columns import MessageTables
from settlement.bank_files.xml_positions import MessageLocator

_CREDIT, _DEBIT, _BOOKED, _TRUE = pack_code("CRDT"), pack_code("DBIT"), pack_code("BOOK"), pack_code("true")
_EURO = pack_code(CURRENCY)
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)
"""Codes of balances: booked at opening, or at the previous closing; booked at closing."""
_REMEDY = "Nothing of it is posted: ask the bank for it again"


class _Entries(NamedTuple):
    """The entries of a message as numbers."""

    statement: NDArray[np.int32]
    item: NDArray[np.int64]
    amount: NDArray[np.int64]
    sign: NDArray[np.int64]
    day: NDArray[np.int64]
    is_reversal: NDArray[np.bool_]
    is_booked: NDArray[np.bool_]


def build_message(leaves: MessageTables, places: MessageLocator) -> BankMessage:
    """The message that the leaves make.

    Raises
    ------
    FileUnreadable
        An amount, sign, day, currency or balance is not what it must be.
    """
    _check_required(leaves, places)
    entries = _read_entries(leaves, places)
    statements = _read_statements(leaves, places, entries)
    identity = next(iter(leaves.read_texts(HEADER, "identity")), "")
    movements = _build_movements(leaves, entries)
    kind = BankFormat.CAMT054 if places.is_notice else BankFormat.CAMT053
    return BankMessage(kind, identity, statements, movements, leaves.get_column(DETAIL, "end_to_end").text)


def _check_required(leaves: MessageTables, places: MessageLocator) -> None:
    if not leaves.tables[STATEMENT].row_count:
        raise FileUnreadable(places.name, "No statement in the message", _REMEDY)
    for column in ("identity", "account"):
        places.reject_first(STATEMENT, ~leaves.has_text(STATEMENT, column), f"No {column}", _REMEDY)
    euros = leaves.pack_codes(STATEMENT, "currency")
    places.reject_first(
        STATEMENT, (euros != _EURO) & (euros != 0), "Not in EUR", "Only accounts in EUR are kept here"
    )


def _read_entries(leaves: MessageTables, places: MessageLocator) -> _Entries:
    statement = leaves.tables[ENTRY].parent
    sign = _read_signs(leaves, places, ENTRY)
    amount = _read_amounts(leaves, places, ENTRY)
    status = leaves.pack_codes(ENTRY, "status")
    places.reject_first(ENTRY, status == 0, "No status", _REMEDY)
    is_booked = status == _BOOKED
    day = leaves.parse_days(ENTRY, "day")
    places.reject_first(
        ENTRY, is_booked & ((day.fault != 0) | ~leaves.has_text(ENTRY, "day")), "No booking date", _REMEDY
    )
    first = np.searchsorted(statement, np.arange(leaves.tables[STATEMENT].row_count))
    item = np.arange(statement.size) - first[statement] + 1
    reversal = leaves.pack_codes(ENTRY, "reversal")
    return _Entries(
        statement,
        item,
        amount.value,
        sign,
        day.value,
        (reversal == _TRUE) | (reversal == pack_code("1")),
        is_booked,
    )


def _read_amounts(leaves: MessageTables, places: MessageLocator, record: str) -> ParsedNumbers:
    """Positive amounts in euros, with a point and at most two decimals."""
    parsed = leaves.parse_cents(record, "amount")
    places.reject_first(
        record, leaves.pack_codes(record, "currency") != _EURO, "Not in EUR", "Only EUR is kept here"
    )
    wrong = (parsed.fault != 0) | ~leaves.has_text(record, "amount")
    places.reject_first(record, wrong, "No amount over 0 with two decimals", _REMEDY)
    return parsed


def _read_signs(leaves: MessageTables, places: MessageLocator, record: str) -> NDArray[np.int64]:
    letters = leaves.pack_codes(record, "sign")
    places.reject_first(record, (letters != _CREDIT) & (letters != _DEBIT), "Neither CRDT nor DBIT", _REMEDY)
    return np.where(letters == _CREDIT, 1, -1)


def _read_statements(leaves: MessageTables, places: MessageLocator, entries: _Entries) -> list[BankStatement]:
    count = leaves.tables[STATEMENT].row_count
    identities, accounts = (leaves.read_texts(STATEMENT, column) for column in ("identity", "account"))
    unbooked = np.bincount(entries.statement[~entries.is_booked], minlength=count)
    balances = _read_balances(leaves, places)
    found = []
    for number in range(count):
        opening, closing, day = balances.get(number, (None, None, 0))
        if not places.is_notice and (opening is None or closing is None):
            raise places.error_at(
                STATEMENT, number, "No booked balance at opening (OPBD, PRCD) and at closing (CLBD)", _REMEDY
            )
        found.append(
            BankStatement(identities[number], accounts[number], day, opening, closing, int(unbooked[number]))
        )
    return found


def _read_balances(
    leaves: MessageTables, places: MessageLocator
) -> dict[int, tuple[int | None, int | None, int]]:
    """By statement: opening, closing, and the day of the closing."""
    if not leaves.tables[BALANCE].row_count:
        return {}
    codes, parsed = leaves.read_texts(BALANCE, "code"), leaves.parse_cents(BALANCE, "amount")
    signed = parsed.value * _read_signs(leaves, places, BALANCE)
    is_known = np.array([code in (*_OPENING, *_CLOSING) for code in codes])
    wrong = (parsed.fault != 0) & (parsed.fault != Outcome.AMOUNT_NOT_POSITIVE) | (parsed.value < 0)
    wrong |= leaves.pack_codes(BALANCE, "currency") != _EURO
    places.reject_first(BALANCE, is_known & wrong, "No amount in EUR with two decimals", _REMEDY)
    days = leaves.parse_days(BALANCE, "day")
    places.reject_first(BALANCE, is_known & (days.fault != 0), "No day", _REMEDY)
    found: dict[int, tuple[int | None, int | None, int]] = {}
    for row, (statement, code) in enumerate(zip(leaves.tables[BALANCE].parent.tolist(), codes, strict=True)):
        opening, closing, day = found.get(statement, (None, None, 0))
        if code in _CLOSING:
            closing, day = int(signed[row]), int(days.value[row])
        elif code == _OPENING[0] or (code in _OPENING and opening is None):
            opening = int(signed[row])
        found[statement] = opening, closing, day
    return found


def _build_movements(leaves: MessageTables, entries: _Entries) -> Movements:
    """One movement a transfer where the transfers of an entry make its amount, else one an entry."""
    parent = leaves.tables[DETAIL].parent
    amounts, signs = _read_detail_amounts(leaves, entries, parent)
    count = np.bincount(parent, minlength=entries.amount.size)
    total = np.zeros(entries.amount.size, np.int64)
    np.add.at(total, parent, np.where(amounts < 0, 0, amounts) * signs)
    lacks = np.zeros(entries.amount.size, bool)
    lacks[parent[amounts < 0]] = True
    is_split = (count > 0) & ~lacks & (total == entries.amount * entries.sign)
    alone: NDArray[np.int64] = np.flatnonzero(~is_split & entries.is_booked)
    parts = np.flatnonzero((is_split & entries.is_booked)[parent])
    entry = np.concatenate((alone, parent[parts].astype(np.int64)))
    detail = np.concatenate((np.full(alone.size, -1), parts))
    order = np.lexsort((detail, entry))
    return _build_movement_rows(leaves, entries, (entry[order], detail[order]), (amounts, signs))


def _read_detail_amounts(
    leaves: MessageTables, entries: _Entries, parent: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Amount and sign of each transfer; -1 for one that has none.  A single one has those of its entry."""
    amounts = np.full(parent.size, -1, np.int64)
    for column, currency in (("amount_before", "currency_before"), ("amount", "currency")):
        parsed = leaves.parse_cents(DETAIL, column)
        good = (parsed.fault == 0) & leaves.has_text(DETAIL, column)
        good &= leaves.pack_codes(DETAIL, currency) == _EURO
        amounts[good] = parsed.value[good]
    letters = leaves.pack_codes(DETAIL, "sign")
    signs = np.where(letters == _CREDIT, 1, np.where(letters == _DEBIT, -1, entries.sign[parent]))
    is_single = np.bincount(parent, minlength=entries.amount.size)[parent] == 1
    single = parent[is_single]
    amounts[is_single], signs[is_single] = entries.amount[single], entries.sign[single]
    return amounts, signs


def _build_movement_rows(
    leaves: MessageTables,
    entries: _Entries,
    rows: tuple[NDArray[np.int64], NDArray[np.int64]],
    told: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> Movements:
    """Movements of entries and their details; of the entry itself where the detail is -1."""
    (entry, detail), (amounts, signs) = rows, told
    is_part = detail >= 0
    part = detail[is_part]
    amount, sign = entries.amount[entry], entries.sign[entry]
    amount[is_part], sign[is_part] = amounts[part], signs[part]
    reason = np.zeros(entry.size, np.uint32)
    given = leaves.pack_codes(DETAIL, "reason")
    given = np.where(
        (given == 0) & leaves.has_text(DETAIL, "words"), np.uint32(pack_code(UNKNOWN_REASON)), given
    )
    reason[is_part] = given[part]
    start, end = np.zeros((2, entry.size), np.int32)
    spans = leaves.get_column(DETAIL, "end_to_end").spans
    start[is_part], end[is_part] = spans.start[part], spans.end[part]
    back = (reason != 0) | entries.is_reversal[entry]
    sort = np.where(
        sign < 0,
        MovementType.DEBIT.value,
        np.where(back, MovementType.RETURN.value, MovementType.CREDIT.value),
    )
    return Movements(
        entries.statement[entry], entries.item[entry].astype(np.int32), start, end, amount,
        entries.day[entry].astype(np.int32), reason, sort.astype(np.uint8),
    )  # fmt: skip
