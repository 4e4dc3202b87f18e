"""Each movement of a message to the transfer that it is about, by end-to-end id, account, amount and day; or why not."""

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


class Matches(NamedTuple):
    """One row per movement."""

    entry: NDArray[np.int64]
    """That its end-to-end id names; 0 for none."""
    transfer: NDArray[np.int64]
    """Of the transfer; -1 for none."""
    movement_type: NDArray[np.uint8]
    """A credit that names a transfer of ours gives it back, whatever the bank calls it."""
    mismatch: NDArray[np.int16]
    """``Mismatch``."""

    @property
    def is_matched(self) -> NDArray[np.bool_]:
        """Which are posted."""
        return self.mismatch == Mismatch.NONE


def parse_entries(message: BankMessage) -> NDArray[np.int64]:
    """The entry that each movement names by its end-to-end id; 0 for none of ours."""
    movements = message.movements
    spans = Spans(*map(np.ascontiguousarray, (movements.start, movements.end)))
    return end_to_end.parse_identifiers(TextCells(seal(spans), message.text))


def match_movements(
    message: BankMessage, entries: NDArray[np.int64], sent: SentTransfers, accounts: NDArray[np.int64]
) -> Matches:
    """Match the movements; ``accounts`` has for each transfer the place of its account in ``account_numbers``."""
    movements, place = message.movements, sent.find_rows(entries)
    is_known = place >= 0
    sort = np.where(
        (movements.sort == MovementType.CREDIT) & is_known, MovementType.RETURN.value, movements.sort
    ).astype(np.uint8)
    own = number_accounts(message)
    of_statement = np.array([own.get(each.account, -1) for each in message.statements], np.int64)
    stated = of_statement[movements.statement]
    findings: Mapping[Mismatch, NDArray[np.bool_]] = {
        Mismatch.NOT_OURS: entries == 0,
        Mismatch.UNKNOWN_TRANSFER: ~is_known,
        Mismatch.OTHER_ACCOUNT: (sort != MovementType.REJECT) & (_take_or_missing(accounts, place) != stated),
        Mismatch.AMOUNT_DIFFERS: _amount_differs(movements, sort, _take_or_missing(sent.amount, place)),
        Mismatch.BEFORE_ISSUE: movements.day < _take_or_missing(sent.lines.day[sent.head], place),
        Mismatch.TWICE: _is_repeated(entries, sort),
    }
    why = np.zeros(entries.size, np.int16)
    for reason, rows in reversed(findings.items()):
        why[rows] = reason
    return Matches(entries, place, sort, why)


def number_accounts(message: BankMessage) -> dict[str, int]:
    """A number for each account of the message."""
    return {
        account: number
        for number, account in enumerate(dict.fromkeys(each.account for each in message.statements))
    }


def _take_or_missing(values: NDArray[np.integer], place: NDArray[np.int64]) -> NDArray[np.integer]:
    return np.append(values, -1)[place]


def _amount_differs(
    movements: Movements, sort: NDArray[np.uint8], amount: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """A transfer that is refused may be named without its amount."""
    is_silent = (sort == MovementType.REJECT) & (movements.amount == 0)
    return (movements.amount != amount) & ~is_silent


def _is_repeated(entries: NDArray[np.int64], sort: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Every naming of a transfer in the same way but the first."""
    word = entries * len(MovementType) * 2 + sort
    first = np.zeros(entries.size, bool)
    first[np.unique(word, return_index=True)[1]] = True
    return ~first
