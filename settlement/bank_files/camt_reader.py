"""Reader of camt.053 and camt.054: from the tables of a message to balances and movements.

An entry that totals several transfers becomes one movement per transfer if their amounts add up to that of the entry;
otherwise it is one movement without an end-to-end id, to be examined.  Entries that are not booked yet move nothing.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.bank_reasons import UNKNOWN_REASON
from core.errors import FileUnreadable
from core.iso20022 import CURRENCY
from core.outcome_codes import Outcome
from core.tables.bank_messages import (
    BankMessage,
    BankStatement,
    Movements,
    MovementType,
    Remittances,
    pack_code,
)
from core.tables.columns import seal_array
from core.tables.journal import ParsedNumbers, Spans
from settlement.bank_files.message_schemas import BALANCE, DETAIL, ENTRY, HEADER, STATEMENT
from settlement.bank_files.xml_columns import MessageTables
from settlement.bank_files.xml_positions import XmlBankFile
from settlement.bank_formats import BankFormat

_CREDIT, _DEBIT, _BOOKED, _TRUE = pack_code("CRDT"), pack_code("DBIT"), pack_code("BOOK"), pack_code("true")
_EURO = pack_code(CURRENCY)
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)
"""Balance codes: booked at opening, or else at the previous closing; booked at closing."""
_NO_AMOUNT = -1
_REMEDY = "Nothing of this file is posted: ask the bank for it again"


class _Entries(NamedTuple):
    """The entries of a message, one per row."""

    statement: NDArray[np.int32]
    """Row of the statement."""
    item: NDArray[np.int64]
    """Number within the statement, from 1."""
    amount: NDArray[np.int64]
    sign: NDArray[np.int64]
    """1 for a credit, -1 for a debit."""
    day: NDArray[np.int64]
    is_reversal: NDArray[np.bool_]
    is_booked: NDArray[np.bool_]


class _Details(NamedTuple):
    """The transfers of all entries, one per row."""

    parent: NDArray[np.int32]
    """Row of the entry."""
    amount: NDArray[np.int64]
    """``_NO_AMOUNT`` where the message gives none."""
    sign: NDArray[np.int64]


class _MovementRows(NamedTuple):
    """Where each movement of a message comes from."""

    entry: NDArray[np.int64]
    """Row of the entry."""
    detail: NDArray[np.int64]
    """Row of the transfer; -1 where the movement is the whole entry."""


class _Balances(NamedTuple):
    """The booked balances of a statement."""

    opening: int | None = None
    closing: int | None = None
    day: int = 0
    """Of the closing balance."""


def read_message(file: XmlBankFile) -> BankMessage:
    """Build the message from its tables.

    Raises
    ------
    FileUnreadable
        An amount, sign, day, currency or balance is missing or invalid.
    """
    _check_required_elements(file)
    entries = _read_entries(file)
    details = _read_details(file.tables, entries)
    rows = _select_movements(entries, details)
    return BankMessage(
        BankFormat.CAMT054 if file.is_notice else BankFormat.CAMT053,
        next(iter(file.tables.read_texts(HEADER, "identity")), ""),
        _read_statements(file, entries),
        _build_movements(file.tables, entries, details, rows=rows),
        file.tables.get_column(DETAIL, "end_to_end").text,
        remittances=_build_remittances(file.tables, details, rows),
    )


def _check_required_elements(file: XmlBankFile) -> None:
    tables = file.tables
    if not tables.count_rows(STATEMENT):
        raise FileUnreadable(file.name, "The message contains no statement", _REMEDY)
    for column in ("identity", "account"):
        file.reject_first(
            STATEMENT, ~tables.has_text(STATEMENT, column), f"The statement has no {column}", remedy=_REMEDY
        )
    currency = tables.pack_codes(STATEMENT, "currency")
    file.reject_foreign(STATEMENT, (currency != _EURO) & (currency != 0), "account")


def _read_entries(file: XmlBankFile) -> _Entries:
    tables = file.tables
    statement = tables.get_parents(ENTRY)
    sign = _read_signs(file, ENTRY)
    amount = _read_amounts(file, ENTRY)
    status = tables.pack_codes(ENTRY, "status")
    file.reject_first(ENTRY, status == 0, "The entry has no status", remedy=_REMEDY)
    is_booked = status == _BOOKED
    day = tables.parse_days(ENTRY, "day")
    has_no_day = (day.fault != 0) | ~tables.has_text(ENTRY, "day")
    file.reject_first(ENTRY, is_booked & has_no_day, "The entry has no valid booking date", remedy=_REMEDY)
    first = np.searchsorted(statement, np.arange(tables.count_rows(STATEMENT)))
    reversal = tables.pack_codes(ENTRY, "reversal")
    return _Entries(
        statement=statement,
        item=np.arange(statement.size) - first[statement] + 1,
        amount=amount.value,
        sign=sign,
        day=day.value,
        is_reversal=(reversal == _TRUE) | (reversal == pack_code("1")),
        is_booked=is_booked,
    )


def _read_amounts(file: XmlBankFile, record: str) -> ParsedNumbers:
    """Read positive amounts in euros, of whole cents."""
    amounts = file.tables.parse_cents(record, "amount")
    file.reject_foreign(record, file.tables.pack_codes(record, "currency") != _EURO, "amount")
    is_invalid = (amounts.fault != 0) | ~file.tables.has_text(record, "amount")
    file.reject_first(record, is_invalid, "The amount is not over 0 with two decimals", remedy=_REMEDY)
    return amounts


def _read_signs(file: XmlBankFile, record: str) -> NDArray[np.int64]:
    codes = file.tables.pack_codes(record, "sign")
    file.reject_first(
        record, (codes != _CREDIT) & (codes != _DEBIT), "The sign is neither CRDT nor DBIT", remedy=_REMEDY
    )
    return np.where(codes == _CREDIT, 1, -1)


def _read_statements(file: XmlBankFile, entries: _Entries) -> list[BankStatement]:
    count = file.tables.count_rows(STATEMENT)
    identities, accounts = (file.tables.read_texts(STATEMENT, column) for column in ("identity", "account"))
    unbooked = np.bincount(entries.statement[~entries.is_booked], minlength=count).tolist()
    balances = _read_balances(file)
    statements = []
    for row in range(count):
        opening, closing, day = balances.get(row, _Balances())
        if not file.is_notice and (opening is None or closing is None):
            finding = "The statement lacks a booked balance at opening (OPBD, PRCD) or closing (CLBD)"
            raise file.error_at(STATEMENT, row, finding, remedy=_REMEDY)
        statements.append(BankStatement(identities[row], accounts[row], day, opening, closing, unbooked[row]))
    return statements


def _read_balances(file: XmlBankFile) -> dict[int, _Balances]:
    """Return the booked balances by row of the statement."""
    tables = file.tables
    if not tables.count_rows(BALANCE):
        return {}
    codes, cents = tables.read_texts(BALANCE, "code"), tables.parse_cents(BALANCE, "amount")
    signed = (cents.value * _read_signs(file, BALANCE)).tolist()
    is_read = np.array([code in (*_OPENING, *_CLOSING) for code in codes])
    is_invalid = (cents.fault != 0) & (cents.fault != Outcome.AMOUNT_NOT_POSITIVE) | (cents.value < 0)
    is_foreign = tables.pack_codes(BALANCE, "currency") != _EURO
    file.reject_foreign(BALANCE, is_read & is_foreign, "balance")
    finding = "The balance is not an amount with two decimals"
    file.reject_first(BALANCE, is_read & is_invalid, finding, remedy=_REMEDY)
    days = tables.parse_days(BALANCE, "day")
    file.reject_first(BALANCE, is_read & (days.fault != 0), "The balance has no valid day", remedy=_REMEDY)
    balances: dict[int, _Balances] = {}
    for row, (statement, code) in enumerate(zip(tables.get_parents(BALANCE).tolist(), codes, strict=True)):
        earlier = balances.get(statement, _Balances())
        if code in _CLOSING:
            balances[statement] = earlier._replace(closing=signed[row], day=int(days.value[row]))
        elif code == _OPENING[0] or (code in _OPENING and earlier.opening is None):
            balances[statement] = earlier._replace(opening=signed[row])
    return balances


def _select_movements(entries: _Entries, details: _Details) -> _MovementRows:
    """Select one movement per transfer where the transfers of an entry add up to it, else one per entry."""
    count = np.bincount(details.parent, minlength=entries.amount.size)
    total = np.zeros(entries.amount.size, np.int64)
    has_amount = details.amount != _NO_AMOUNT
    np.add.at(total, details.parent, np.where(has_amount, details.amount, 0) * details.sign)
    is_incomplete = np.zeros(entries.amount.size, bool)
    is_incomplete[details.parent[~has_amount]] = True
    is_split = (count > 0) & ~is_incomplete & (total == entries.amount * entries.sign)
    whole: NDArray[np.int64] = np.flatnonzero(~is_split & entries.is_booked)
    parts = np.flatnonzero((is_split & entries.is_booked)[details.parent])
    entry = np.concatenate((whole, details.parent[parts].astype(np.int64)))
    detail = np.concatenate((np.full(whole.size, -1), parts))
    order = np.lexsort((detail, entry))
    return _MovementRows(entry[order], detail[order])


def _read_details(tables: MessageTables, entries: _Entries) -> _Details:
    """Read amount and sign of each transfer; a single transfer of an entry has those of the entry."""
    parent = tables.get_parents(DETAIL)
    amounts = np.full(parent.size, _NO_AMOUNT, np.int64)
    for column, currency in (("amount_before", "currency_before"), ("amount", "currency")):
        cents = tables.parse_cents(DETAIL, column)
        is_valid = (cents.fault == 0) & tables.has_text(DETAIL, column)
        is_valid &= tables.pack_codes(DETAIL, currency) == _EURO
        amounts[is_valid] = cents.value[is_valid]
    codes = tables.pack_codes(DETAIL, "sign")
    signs = np.where(codes == _CREDIT, 1, np.where(codes == _DEBIT, -1, entries.sign[parent]))
    is_single = np.bincount(parent, minlength=entries.amount.size)[parent] == 1
    single = parent[is_single]
    amounts[is_single], signs[is_single] = entries.amount[single], entries.sign[single]
    return _Details(parent, amounts, signs)


def _build_remittances(tables: MessageTables, details: _Details, rows: _MovementRows) -> Remittances:
    """Build the remittance information of each movement; a whole entry that is no single transfer has none."""
    is_first = np.append(True, np.diff(details.parent) != 0)[: details.parent.size]
    number = np.arange(details.parent.size)
    part = number - np.maximum.accumulate(np.where(is_first, number, 0)) + 1
    reference, text = (tables.get_column(DETAIL, name) for name in ("creditor_reference", "remittance"))
    return Remittances(
        _take_or_zero(part, rows.detail),
        Spans(*(_take_or_zero(bound, rows.detail) for bound in reference.spans)),
        reference.text,
        Spans(*(_take_or_zero(bound, rows.detail) for bound in text.spans)),
        text.text,
    )


def _take_or_zero(values: NDArray[np.integer], detail: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the value of each transfer; 0 where there is none."""
    return seal_array(np.append(values, 0)[detail].astype(np.int32))


def _build_movements(
    tables: MessageTables, entries: _Entries, details: _Details, *, rows: _MovementRows
) -> Movements:
    """Build the movements of ``rows``."""
    entry, detail = rows
    is_part = detail >= 0
    part = detail[is_part]
    amount, sign = entries.amount[entry], entries.sign[entry]
    amount[is_part], sign[is_part] = details.amount[part], details.sign[part]
    codes = tables.pack_codes(DETAIL, "reason")
    is_unknown = (codes == 0) & tables.has_text(DETAIL, "words")
    codes = np.where(is_unknown, np.uint32(pack_code(UNKNOWN_REASON)), codes)
    reason = np.zeros(entry.size, np.uint32)
    reason[is_part] = codes[part]
    start, end = np.zeros((2, entry.size), np.int32)
    spans = tables.get_column(DETAIL, "end_to_end").spans
    start[is_part], end[is_part] = spans.start[part], spans.end[part]
    is_return = (reason != 0) | entries.is_reversal[entry]
    credit_type = np.where(is_return, MovementType.RETURN.value, MovementType.CREDIT.value)
    movement_type = np.where(sign < 0, MovementType.DEBIT.value, credit_type)
    return Movements(
        entries.statement[entry], entries.item[entry].astype(np.int32), start, end, amount,
        entries.day[entry].astype(np.int32), reason, movement_type.astype(np.uint8),
    )  # fmt: skip
