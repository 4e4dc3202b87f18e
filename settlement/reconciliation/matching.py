"""Match the movements of a bank message with sent transfers: by end-to-end id, account, amount and day."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.tables.bank_messages import BankMessage, Movements, MovementType
from core.tables.columns import seal
from core.tables.journal import Spans
from posting.pgcopy import TextCells
from settlement.orders import end_to_end
from settlement.reconciliation.mismatch import Mismatch
from settlement.reconciliation.sent_transfers import SentTransfers

NOT_IN_MESSAGE = -2
"""In place of the number of an account that the message is not about."""
_NO_TRANSFER = -1


class Matches(NamedTuple):
    """The result of matching, one row per movement."""

    entry: NDArray[np.int64]
    """The entry in the end-to-end id; 0 if the id is not one of ours."""
    transfer: NDArray[np.int64]
    """Row of the transfer; -1 for none."""
    movement_type: NDArray[np.uint8]
    """As in the message, except that a credit with the id of one of our transfers is a return."""
    mismatch: NDArray[np.int16]
    """``Mismatch``."""

    @property
    def is_matched(self) -> NDArray[np.bool_]:
        """Whether each movement is posted."""
        return self.mismatch == Mismatch.NONE

    @property
    def posted_type(self) -> NDArray[np.uint8]:
        """The type of what is posted: a credit whose id has our form, and names no transfer of the journal, is a return."""
        is_unknown = self.mismatch == Mismatch.UNKNOWN_TRANSFER
        is_return = is_unknown & (self.movement_type == MovementType.CREDIT)
        return np.where(is_return, MovementType.RETURN.value, self.movement_type).astype(np.uint8)


def parse_entries(message: BankMessage, ledger: int) -> NDArray[np.int64]:
    """Return the entry in the end-to-end id of each movement; 0 if the id is not one of this ledger."""
    movements = message.movements
    spans = Spans(*map(np.ascontiguousarray, (movements.start, movements.end)))
    return end_to_end.parse_identifiers(TextCells(seal(spans), message.text), ledger)


def match_movements(
    message: BankMessage, entries: NDArray[np.int64], sent: SentTransfers, *, accounts: NDArray[np.int64]
) -> Matches:
    """Match the movements; ``accounts`` has for each transfer the number of its account (``number_accounts``)."""
    movements, transfer = message.movements, sent.find_rows(entries)
    is_known = transfer != _NO_TRANSFER
    is_return = (movements.sort == MovementType.CREDIT) & is_known
    movement_type = np.where(is_return, MovementType.RETURN.value, movements.sort).astype(np.uint8)
    numbers = number_accounts(message)
    account_of_statement = np.array(
        [numbers[statement.account] for statement in message.statements], np.int64
    )
    account = account_of_statement[movements.statement]
    tests: Mapping[Mismatch, NDArray[np.bool_]] = {
        Mismatch.NOT_OURS: entries == 0,
        Mismatch.UNKNOWN_TRANSFER: ~is_known,
        Mismatch.OTHER_ACCOUNT: (movement_type != MovementType.REJECT)
        & (_take_or_missing(accounts, transfer) != account),
        Mismatch.AMOUNT_DIFFERS: _amount_differs(
            movements, movement_type, _take_or_missing(sent.amount, transfer)
        ),
        Mismatch.BEFORE_ISSUE: movements.day < _take_or_missing(sent.lines.day[sent.head], transfer),
        Mismatch.TWICE: _is_repeated(entries, movement_type),
    }
    mismatch = np.zeros(entries.size, np.int16)
    for reason, applies in reversed(tests.items()):
        mismatch[applies] = reason
    return Matches(entries, transfer, movement_type, mismatch)


def number_accounts(message: BankMessage) -> dict[str, int]:
    """Number the accounts of the message."""
    accounts = dict.fromkeys(statement.account for statement in message.statements)
    return {account: number for number, account in enumerate(accounts)}


def _take_or_missing(values: NDArray[np.integer], transfer: NDArray[np.int64]) -> NDArray[np.integer]:
    """Return the value of each transfer; -1 where there is none."""
    return np.append(values, -1)[transfer]


def _amount_differs(
    movements: Movements, movement_type: NDArray[np.uint8], amount: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """Return whether amounts differ; a rejection may be without amount."""
    has_no_amount = (movement_type == MovementType.REJECT) & (movements.amount == 0)
    return (movements.amount != amount) & ~has_no_amount


def _is_repeated(entries: NDArray[np.int64], movement_type: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return whether an earlier movement has the same transfer and type."""
    key = entries * len(MovementType) * 2 + movement_type
    is_first = np.zeros(entries.size, bool)
    is_first[np.unique(key, return_index=True)[1]] = True
    return ~is_first
