"""Account statements of 120 characters (CFONB, *relevé de compte sur support informatique*), as banks still send them.

A statement is an opening balance (record 01), movements (04), each with complements (05), and a closing balance (07).  The
end-to-end id of a transfer stands in the complement RCN.  Such a statement tells no ISO reason for a return.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import LimitExceeded
from core.tables.bank_messages import BankFormat, BankMessage, BankStatement, Movements, MovementType
from core.tables.columns import seal_array
from core.tables.journal import Bytes
from settlement.bank_files.fixed_width import Records, read_amounts, read_days, split_records

WIDTH = 120
RECORDS_MAX = 10_000_000
OPENING, MOVEMENT, COMPLEMENT, CLOSING = 1, 4, 5, 7
_RECORD_TYPES = frozenset({OPENING, MOVEMENT, COMPLEMENT, CLOSING})
_CODE, _CURRENCY, _DECIMALS = slice(0, 2), slice(16, 19), 19
_BANK, _BRANCH, _ACCOUNT = slice(2, 7), slice(11, 16), slice(21, 32)
_DATE, _AMOUNT, _REFUSAL = slice(34, 40), slice(90, 104), slice(40, 42)
_QUALIFIER, _REFERENCE = slice(45, 48), slice(48, 83)
_RCN = np.frombuffer(b"RCN", np.uint8)
_SPACE = ord(" ")
_LETTER_DIGIT: Mapping[str, str] = {
    letter: str(value) for value, letters in enumerate(("AJ", "BKS", "CLT", "DMU", "ENV", "FOW", "GPX", "HQY", "IRZ"), 1)
    for letter in letters
}  # fmt: skip
"""Letters of account numbers as the digits that the key of a RIB counts with."""


class _RecordRows(NamedTuple):
    """Where the records of each kind stand."""

    opening: NDArray[np.int64]
    movement: NDArray[np.int64]
    complement: NDArray[np.int64]
    closing: NDArray[np.int64]


def read_message(data: NDArray[np.uint8], name: str) -> BankMessage:
    """Read statements; ``data`` is the whole file.

    Raises
    ------
    FileUnreadable
        A record of another length or kind, out of order, in another currency, or with an amount or date that is none.
    LimitExceeded
        Over ten million records.
    """
    records = split_records(data, WIDTH, name)
    if len(records.cells) > RECORDS_MAX:
        raise LimitExceeded(
            name, f"{len(records.cells):,} records", f"At most {RECORDS_MAX:,}: split the file"
        )
    kinds = _check_order(records)
    _check_currency(records)
    statements = _read_statements(records, kinds)
    message = BankMessage(
        BankFormat.CFONB120, "", statements, _read_movements(records, kinds), Bytes(seal_array(data))
    )
    return message._replace(identity=statements[0].identity)


def _check_order(records: Records) -> _RecordRows:
    """Check that every record may stand behind the one before it."""
    codes = records.read_numbers(_CODE)
    odd = np.flatnonzero(~np.isin(codes, list(_RECORD_TYPES)))
    if odd.size:
        raise records.error_at(
            odd[0], f"a record of kind {records.read_text(odd[0], _CODE)}", "Kinds are 01, 04, 05 and 07"
        )
    before = np.concatenate(([CLOSING], codes[:-1]))
    within = (before == OPENING) | (before == MOVEMENT) | (before == COMPLEMENT)
    right = np.select(
        [codes == OPENING, codes == COMPLEMENT],
        [before == CLOSING, (before == MOVEMENT) | (before == COMPLEMENT)],
        within,
    )
    wrong = np.flatnonzero(~right)
    if wrong.size:
        at = wrong[0]
        raise records.error_at(
            at, f"a record {codes[at]:02} behind {before[at]:02}", "A statement is 01, (04, 05 ...) ..., 07"
        )
    if not codes.size or codes[-1] != CLOSING:
        raise records.error_at(
            len(codes) - 1, "no closing balance (07) at the end", "The file is cut: ask for it again"
        )
    return _RecordRows(*(np.flatnonzero(codes == kind) for kind in (OPENING, MOVEMENT, COMPLEMENT, CLOSING)))


def _check_currency(records: Records) -> None:
    euros = (records.cells[:, _CURRENCY] == np.frombuffer(b"EUR", np.uint8)).all(1)
    wrong = np.flatnonzero(~euros | (records.cells[:, _DECIMALS] != ord("2")))
    if wrong.size:
        at = wrong[0]
        found = (
            f"currency {records.read_text(at, _CURRENCY)} with {chr(records.cells[at, _DECIMALS])} decimals"
        )
        raise records.error_at(at, found, "Only accounts in EUR with 2 decimals are kept here")


def _read_statements(records: Records, kinds: _RecordRows) -> list[BankStatement]:
    opening, closing = (read_amounts(records, at, _AMOUNT) for at in (kinds.opening, kinds.closing))
    closed = read_days(records, kinds.closing, _DATE)
    found = []
    for number, (first, last) in enumerate(zip(kinds.opening, kinds.closing, strict=True)):
        account = _build_iban(records, int(first))
        _check_account(records, int(first), int(last))
        day = np.datetime64(int(closed[number]), "D")
        identity = f"{account[-23:]}-{day}"
        found.append(
            BankStatement(identity, account, int(closed[number]), int(opening[number]), int(closing[number]))
        )
    return found


def _check_account(records: Records, first: int, last: int) -> None:
    """Every record of a statement names its account."""
    for part in (_BANK, _BRANCH, _ACCOUNT):
        cells = records.cells[first : last + 1, part]
        other = np.flatnonzero((cells != cells[0]).any(1))
        if other.size:
            at = first + int(other[0])
            raise records.error_at(
                at,
                f"account {records.read_text(at, part)!r}",
                f"Its statement is of {records.read_text(first, part)!r}",
            )


def _build_iban(records: Records, at: int) -> str:
    """The IBAN of a French account: its key of the RIB, then its check digits."""
    bank, branch, account = (records.read_text(at, part) for part in (_BANK, _BRANCH, _ACCOUNT))
    digits = "".join(_LETTER_DIGIT.get(letter, letter) for letter in bank + branch + account)
    if len(digits) != 21 or not (digits.isascii() and digits.isdigit()):
        raise records.error_at(
            at, f"account {bank} {branch} {account}", "Bank, branch and account are 5, 5 and 11 characters"
        )
    key = 97 - int(digits) * 100 % 97
    national = f"{bank}{branch}{account}{key:02}"
    check = 98 - int("".join(str(int(letter, 36)) for letter in f"{national}FR00")) % 97
    return f"FR{check:02}{national}"


def _read_movements(records: Records, kinds: _RecordRows) -> Movements:
    at = kinds.movement
    signed = read_amounts(records, at, _AMOUNT)
    start, end = _find_references(records, kinds)
    statement = np.searchsorted(kinds.opening, at, "right") - 1
    first = np.searchsorted(at, kinds.opening)
    refused = (records.cells[at, _REFUSAL] != _SPACE).any(1) & (signed > 0)
    sort = np.where(
        signed < 0,
        MovementType.DEBIT.value,
        np.where(refused, MovementType.RETURN.value, MovementType.CREDIT.value),
    )
    _check_amounts(records, at, signed)
    return Movements(
        statement=statement.astype(np.int32),
        item=(np.arange(at.size) - first[statement] + 1).astype(np.int32),
        start=start.astype(np.int32),
        end=end.astype(np.int32),
        amount=np.abs(signed),
        day=read_days(records, at, _DATE).astype(np.int32),
        reason=np.zeros(at.size, np.uint32),
        sort=sort.astype(np.uint8),
    )


def _check_amounts(records: Records, at: NDArray[np.int64], signed: NDArray[np.int64]) -> None:
    nothing = np.flatnonzero(signed == 0)
    if nothing.size:
        raise records.error_at(int(at[nothing[0]]), "a movement of 0.00", "Movements have amounts")


def _find_references(records: Records, kinds: _RecordRows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the end-to-end id of each movement stands: in its last complement RCN, without spaces behind it."""
    start, end = np.zeros((2, kinds.movement.size), np.int64)
    cells = records.cells[kinds.complement]
    named = kinds.complement[(cells[:, _QUALIFIER] == _RCN).all(1)]
    owner = np.searchsorted(kinds.movement, named) - 1
    filled = records.cells[named, _REFERENCE] != _SPACE
    size = _REFERENCE.stop - _REFERENCE.start
    length = np.where(filled.any(1), size - np.argmax(filled[:, ::-1], 1), 0)
    start[owner] = records.starts[named] + _REFERENCE.start
    end[owner] = start[owner] + length
    return start, end
