"""camt.053 and camt.054: from the leaves of a message to balances and movements.

An entry that sums up several transfers is as many movements, if their amounts make the entry's; if not, it is one that
names nobody, and will be looked at.  What is not booked yet moves nothing.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.bank_reasons import UNKNOWN
from core.errors import FileUnreadable
from core.iso20022 import CURRENCY
from core.outcome_codes import Outcome
from core.tables.bank_messages import Format, Message, Movements, Sort, Statement, packed
from core.tables.journal import Parsed
from settlement.bank_files.message_schemas import BALANCE, DETAIL, ENTRY, HEADER, STATEMENT
from settlement.bank_files.xml_columns import Leaves
from settlement.bank_files.xml_positions import Places

_CREDIT, _DEBIT, _BOOKED, _TRUE = packed("CRDT"), packed("DBIT"), packed("BOOK"), packed("true")
_EURO = packed(CURRENCY)
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)
"""Codes of balances: booked at opening, or at the previous closing; booked at closing."""
_AGAIN = "Nothing of it is posted: ask the bank for it again"


class _Entries(NamedTuple):
    """The entries of a message as numbers."""

    statement: NDArray[np.int32]
    item: NDArray[np.int64]
    amount: NDArray[np.int64]
    sign: NDArray[np.int64]
    day: NDArray[np.int64]
    is_reversal: NDArray[np.bool_]
    is_booked: NDArray[np.bool_]


def assembled(leaves: Leaves, places: Places) -> Message:
    """The message that the leaves make.

    Raises
    ------
    FileUnreadable
        An amount, sign, day, currency or balance is not what it must be.
    """
    _needed(leaves, places)
    entries = _entries(leaves, places)
    statements = _statements(leaves, places, entries)
    identity = next(iter(leaves.texts(HEADER, "identity")), "")
    movements = _movements(leaves, entries)
    kind = Format.CAMT054 if places.is_notice else Format.CAMT053
    return Message(kind, identity, statements, movements, leaves.column(DETAIL, "end_to_end").text)


def _needed(leaves: Leaves, places: Places) -> None:
    if not leaves.tables[STATEMENT].rows:
        raise FileUnreadable(places.name, "No statement in the message", _AGAIN)
    for column in ("identity", "account"):
        places.refuse(STATEMENT, ~leaves.given(STATEMENT, column), f"No {column}", _AGAIN)
    euros = leaves.letters(STATEMENT, "currency")
    places.refuse(
        STATEMENT, (euros != _EURO) & (euros != 0), "Not in EUR", "Only accounts in EUR are kept here"
    )


def _entries(leaves: Leaves, places: Places) -> _Entries:
    statement = leaves.tables[ENTRY].parent
    sign = _signs(leaves, places, ENTRY)
    amount = _amounts(leaves, places, ENTRY)
    status = leaves.letters(ENTRY, "status")
    places.refuse(ENTRY, status == 0, "No status", _AGAIN)
    is_booked = status == _BOOKED
    day = leaves.days(ENTRY, "day")
    places.refuse(
        ENTRY, is_booked & ((day.fault != 0) | ~leaves.given(ENTRY, "day")), "No booking date", _AGAIN
    )
    first = np.searchsorted(statement, np.arange(leaves.tables[STATEMENT].rows))
    item = np.arange(statement.size) - first[statement] + 1
    reversal = leaves.letters(ENTRY, "reversal")
    return _Entries(
        statement,
        item,
        amount.value,
        sign,
        day.value,
        (reversal == _TRUE) | (reversal == packed("1")),
        is_booked,
    )


def _amounts(leaves: Leaves, places: Places, record: str) -> Parsed:
    """Positive amounts in euros, with a point and at most two decimals."""
    parsed = leaves.cents(record, "amount")
    places.refuse(record, leaves.letters(record, "currency") != _EURO, "Not in EUR", "Only EUR is kept here")
    wrong = (parsed.fault != 0) | ~leaves.given(record, "amount")
    places.refuse(record, wrong, "No amount over 0 with two decimals", _AGAIN)
    return parsed


def _signs(leaves: Leaves, places: Places, record: str) -> NDArray[np.int64]:
    letters = leaves.letters(record, "sign")
    places.refuse(record, (letters != _CREDIT) & (letters != _DEBIT), "Neither CRDT nor DBIT", _AGAIN)
    return np.where(letters == _CREDIT, 1, -1)


def _statements(leaves: Leaves, places: Places, entries: _Entries) -> list[Statement]:
    count = leaves.tables[STATEMENT].rows
    identities, accounts = (leaves.texts(STATEMENT, column) for column in ("identity", "account"))
    unbooked = np.bincount(entries.statement[~entries.is_booked], minlength=count)
    balances = _balances(leaves, places)
    found = []
    for number in range(count):
        opening, closing, day = balances.get(number, (None, None, 0))
        if not places.is_notice and (opening is None or closing is None):
            raise places.at(
                STATEMENT, number, "No booked balance at opening (OPBD, PRCD) and at closing (CLBD)", _AGAIN
            )
        found.append(
            Statement(identities[number], accounts[number], day, opening, closing, int(unbooked[number]))
        )
    return found


def _balances(leaves: Leaves, places: Places) -> dict[int, tuple[int | None, int | None, int]]:
    """By statement: opening, closing, and the day of the closing."""
    if not leaves.tables[BALANCE].rows:
        return {}
    codes, parsed = leaves.texts(BALANCE, "code"), leaves.cents(BALANCE, "amount")
    signed = parsed.value * _signs(leaves, places, BALANCE)
    is_known = np.array([code in (*_OPENING, *_CLOSING) for code in codes])
    wrong = (parsed.fault != 0) & (parsed.fault != Outcome.AMOUNT_NOT_POSITIVE) | (parsed.value < 0)
    wrong |= leaves.letters(BALANCE, "currency") != _EURO
    places.refuse(BALANCE, is_known & wrong, "No amount in EUR with two decimals", _AGAIN)
    days = leaves.days(BALANCE, "day")
    places.refuse(BALANCE, is_known & (days.fault != 0), "No day", _AGAIN)
    found: dict[int, tuple[int | None, int | None, int]] = {}
    for row, (statement, code) in enumerate(zip(leaves.tables[BALANCE].parent.tolist(), codes, strict=True)):
        opening, closing, day = found.get(statement, (None, None, 0))
        if code in _CLOSING:
            closing, day = int(signed[row]), int(days.value[row])
        elif code == _OPENING[0] or (code in _OPENING and opening is None):
            opening = int(signed[row])
        found[statement] = opening, closing, day
    return found


def _movements(leaves: Leaves, entries: _Entries) -> Movements:
    """One movement a transfer where the transfers of an entry make its amount, else one an entry."""
    parent = leaves.tables[DETAIL].parent
    amounts, signs = _detail_amounts(leaves, entries, parent)
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
    return _laid_out(leaves, entries, (entry[order], detail[order]), (amounts, signs))


def _detail_amounts(
    leaves: Leaves, entries: _Entries, parent: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Amount and sign of each transfer; -1 for one that has none.  A single one has those of its entry."""
    amounts = np.full(parent.size, -1, np.int64)
    for column, currency in (("amount_before", "currency_before"), ("amount", "currency")):
        parsed = leaves.cents(DETAIL, column)
        good = (parsed.fault == 0) & leaves.given(DETAIL, column)
        good &= leaves.letters(DETAIL, currency) == _EURO
        amounts[good] = parsed.value[good]
    letters = leaves.letters(DETAIL, "sign")
    signs = np.where(letters == _CREDIT, 1, np.where(letters == _DEBIT, -1, entries.sign[parent]))
    is_single = np.bincount(parent, minlength=entries.amount.size)[parent] == 1
    single = parent[is_single]
    amounts[is_single], signs[is_single] = entries.amount[single], entries.sign[single]
    return amounts, signs


def _laid_out(
    leaves: Leaves,
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
    given = leaves.letters(DETAIL, "reason")
    given = np.where((given == 0) & leaves.given(DETAIL, "words"), np.uint32(packed(UNKNOWN)), given)
    reason[is_part] = given[part]
    start, end = np.zeros((2, entry.size), np.int32)
    spans = leaves.column(DETAIL, "end_to_end").spans
    start[is_part], end[is_part] = spans.start[part], spans.end[part]
    back = (reason != 0) | entries.is_reversal[entry]
    sort = np.where(sign < 0, Sort.DEBIT.value, np.where(back, Sort.RETURN.value, Sort.CREDIT.value))
    return Movements(
        entries.statement[entry], entries.item[entry].astype(np.int32), start, end, amount,
        entries.day[entry].astype(np.int32), reason, sort.astype(np.uint8),
    )  # fmt: skip
