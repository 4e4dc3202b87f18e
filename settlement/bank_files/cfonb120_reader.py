"""Reader of CFONB 120: account statements in records of 120 characters (*relevé de compte sur support informatique*).

A statement is an opening balance (record 01), movements (04), each with complements (05), and a closing balance (07).  The
end-to-end id of a transfer is in its complement RCN.  The format has no ISO reason for a return.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import LimitExceeded
from core.tables.bank_messages import BankMessage, BankStatement, Movements, MovementType
from core.tables.columns import seal_array
from core.tables.journal import Bytes
from settlement.bank_files.currency import CURRENCY_REMEDY, describe_currency
from settlement.bank_files.fixed_width import Records, read_amounts, read_days, split_records
from settlement.bank_formats import BankFormat

WIDTH = 120
RECORDS_MAX = 10_000_000
OPENING, MOVEMENT, COMPLEMENT, CLOSING = 1, 4, 5, 7
_RECORD_TYPES = (OPENING, MOVEMENT, COMPLEMENT, CLOSING)
_TYPE, _CURRENCY, _DECIMALS = slice(0, 2), slice(16, 19), 19
_BANK, _BRANCH, _ACCOUNT = slice(2, 7), slice(11, 16), slice(21, 32)
_DATE, _AMOUNT, _REFUSAL = slice(34, 40), slice(90, 104), slice(40, 42)
_QUALIFIER, _REFERENCE = slice(45, 48), slice(48, 83)
_RCN = np.frombuffer(b"RCN", np.uint8)
_EUR = np.frombuffer(b"EUR", np.uint8)
_SPACE = ord(" ")
_ACCOUNT_DIGITS = 21
_LETTER_DIGIT: Mapping[str, str] = {
    letter: str(value) for value, letters in enumerate(("AJ", "BKS", "CLT", "DMU", "ENV", "FOW", "GPX", "HQY", "IRZ"), 1)
    for letter in letters
}  # fmt: skip
"""The digit that stands for each letter of an account number in the computation of the RIB key."""


class _RecordRows(NamedTuple):
    """The rows of the records of each type."""

    opening: NDArray[np.int64]
    movement: NDArray[np.int64]
    complement: NDArray[np.int64]
    closing: NDArray[np.int64]


def read_message(data: NDArray[np.uint8], name: str) -> BankMessage:
    """Read statements; ``data`` is the whole file.

    Raises
    ------
    FileUnreadable
        A record has the wrong length, type, place or currency, or an invalid amount or date.
    LimitExceeded
        More than ten million records.
    """
    records = split_records(data, WIDTH, name)
    if len(records.cells) > RECORDS_MAX:
        raise LimitExceeded(
            name,
            f"The file has {len(records.cells):,} records",
            f"Send at most {RECORDS_MAX:,} records: split the file",
        )
    rows = _check_order(records)
    _check_currency(records)
    statements = _read_statements(records, rows)
    movements = _read_movements(records, rows)
    text = Bytes(seal_array(data))
    return BankMessage(BankFormat.CFONB120, statements[0].identity, statements, movements, text)


def _check_order(records: Records) -> _RecordRows:
    """Check that each record may follow the one before it; return the rows by type."""
    types = records.read_numbers(_TYPE)
    unknown = np.flatnonzero(~np.isin(types, _RECORD_TYPES))
    if unknown.size:
        finding = f"a record of type {records.read_text(unknown[0], _TYPE)}"
        raise records.error_at(unknown[0], finding, "The types of records are 01, 04, 05 and 07")
    previous = np.concatenate(([CLOSING], types[:-1]))
    is_inside = (previous == OPENING) | (previous == MOVEMENT) | (previous == COMPLEMENT)
    is_in_order = np.select(
        [types == OPENING, types == COMPLEMENT],
        [previous == CLOSING, (previous == MOVEMENT) | (previous == COMPLEMENT)],
        is_inside,
    )
    misplaced = np.flatnonzero(~is_in_order)
    if misplaced.size:
        row = misplaced[0]
        finding = f"a record {types[row]:02} after {previous[row]:02}"
        raise records.error_at(
            row, finding, "A statement begins with 01, has 04 with its 05 after it, and ends with 07"
        )
    if not types.size or types[-1] != CLOSING:
        finding = "no closing balance (07) at the end"
        raise records.error_at(len(types) - 1, finding, "The file is truncated: ask the bank for it again")
    return _RecordRows(*(np.flatnonzero(types == record_type) for record_type in _RECORD_TYPES))


def _check_currency(records: Records) -> None:
    is_euro = (records.cells[:, _CURRENCY] == _EUR).all(1)
    wrong = np.flatnonzero(~is_euro | (records.cells[:, _DECIMALS] != ord("2")))
    if wrong.size:
        row = wrong[0]
        if not is_euro[row]:
            currency = records.read_text(row, _CURRENCY).strip()
            raise records.error_at(row, describe_currency("account", currency), CURRENCY_REMEDY)
        finding = f"amounts with {chr(records.cells[row, _DECIMALS])} decimals"
        raise records.error_at(row, finding, "Only amounts with 2 decimals are supported")


def _read_statements(records: Records, rows: _RecordRows) -> list[BankStatement]:
    opening, closing = (read_amounts(records, at, _AMOUNT).tolist() for at in (rows.opening, rows.closing))
    closing_days = read_days(records, rows.closing, _DATE).tolist()
    bounds = zip(rows.opening.tolist(), rows.closing.tolist(), strict=True)
    statements = []
    for number, (first, last) in enumerate(bounds):
        account = _build_iban(records, first)
        _check_account(records, first, last)
        day = closing_days[number]
        identity = f"{account[-23:]}-{np.datetime64(day, 'D')}"
        statements.append(BankStatement(identity, account, day, opening[number], closing[number]))
    return statements


def _check_account(records: Records, first: int, last: int) -> None:
    """Check that all records of a statement name the same account."""
    for part in (_BANK, _BRANCH, _ACCOUNT):
        cells = records.cells[first : last + 1, part]
        different = np.flatnonzero((cells != cells[0]).any(1))
        if different.size:
            row = first + int(different[0])
            finding = f"account {records.read_text(row, part)!r}"
            raise records.error_at(
                row, finding, f"The statement is of account {records.read_text(first, part)!r}"
            )


def _build_iban(records: Records, row: int) -> str:
    """Compute the IBAN of a French account: the RIB key, then the check digits."""
    bank, branch, account = (records.read_text(row, part) for part in (_BANK, _BRANCH, _ACCOUNT))
    digits = "".join(_LETTER_DIGIT.get(letter, letter) for letter in bank + branch + account)
    if len(digits) != _ACCOUNT_DIGITS or not (digits.isascii() and digits.isdigit()):
        finding = f"account {bank} {branch} {account}"
        raise records.error_at(row, finding, "Bank, branch and account must have 5, 5 and 11 characters")
    key = 97 - int(digits) * 100 % 97
    national = f"{bank}{branch}{account}{key:02}"
    check = 98 - int("".join(str(int(letter, 36)) for letter in f"{national}FR00")) % 97
    return f"FR{check:02}{national}"


def _read_movements(records: Records, rows: _RecordRows) -> Movements:
    signed = read_amounts(records, rows.movement, _AMOUNT)
    start, end = _find_references(records, rows)
    statement = np.searchsorted(rows.opening, rows.movement, "right") - 1
    first = np.searchsorted(rows.movement, rows.opening)
    is_return = (records.cells[rows.movement, _REFUSAL] != _SPACE).any(1) & (signed > 0)
    credit_type = np.where(is_return, MovementType.RETURN.value, MovementType.CREDIT.value)
    movement_type = np.where(signed < 0, MovementType.DEBIT.value, credit_type)
    _check_not_zero(records, rows, signed)
    return Movements(
        statement=statement.astype(np.int32),
        item=(np.arange(rows.movement.size) - first[statement] + 1).astype(np.int32),
        start=start.astype(np.int32),
        end=end.astype(np.int32),
        amount=np.abs(signed),
        day=read_days(records, rows.movement, _DATE).astype(np.int32),
        reason=np.zeros(rows.movement.size, np.uint32),
        sort=movement_type.astype(np.uint8),
    )


def _check_not_zero(records: Records, rows: _RecordRows, signed: NDArray[np.int64]) -> None:
    zeros = np.flatnonzero(signed == 0)
    if zeros.size:
        row = int(rows.movement[zeros[0]])
        raise records.error_at(row, "a movement of 0.00", "Every movement must have an amount")


def _find_references(records: Records, rows: _RecordRows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return start and end of the end-to-end id of each movement: in its last complement RCN, trailing spaces removed."""
    start, end = np.zeros((2, rows.movement.size), np.int64)
    cells = records.cells[rows.complement]
    complements = rows.complement[(cells[:, _QUALIFIER] == _RCN).all(1)]
    movement = np.searchsorted(rows.movement, complements) - 1
    is_filled = records.cells[complements, _REFERENCE] != _SPACE
    width = _REFERENCE.stop - _REFERENCE.start
    length = np.where(is_filled.any(1), width - np.argmax(is_filled[:, ::-1], 1), 0)
    start[movement] = records.starts[complements] + _REFERENCE.start
    end[movement] = start[movement] + length
    return start, end
