"""Notices and statements that report one movement which the statement does not name: nothing of it is posted twice (rule A56).

A notice names a transfer, and a statement has a movement of that account, amount and time that names none.  If the statement
came first, its movement is on suspense: the notice posts nothing, and the accountant says which transfer it is of.  If the
notice came first, its act is in the books: the movement of the statement is that one, until a statement names the transfer.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import KIND_NUMBERS
from core.tables.bank_messages import BankMessage, MovementType
from settlement.reconciliation import bank_queries, notice_queries, receipt_queries
from settlement.reconciliation.matching import Matches
from settlement.reconciliation.matching_attempts import MatchingAttempt
from settlement.reconciliation.mismatch import Mismatch
from settlement.reconciliation.notice_queries import OF_BANK, NoticedAct, SuspendedMovement

LINK_DAYS = 5
"""From one banking day to the next there are at most five days, as over Easter: one movement has no two days further apart."""
_MOVES = (MovementType.DEBIT, MovementType.RETURN)
_SUSPENSE: Mapping[int, MovementType] = {
    KIND_NUMBERS["suspense_debit"]: MovementType.DEBIT,
    KIND_NUMBERS["suspense_return"]: MovementType.RETURN,
    KIND_NUMBERS["suspense_receipt"]: MovementType.RETURN,
}
"""What a movement on suspense may be of a transfer: also a credit may be a return."""
_READABLE = (Mismatch.NONE, Mismatch.NOT_DEBITED)


class _MovementKey(NamedTuple):
    """What a notice and a statement have in common of a movement."""

    account: str
    movement_type: int
    amount: int


class SuspenseLinks:
    """Which movement on suspense each movement of a notice is, each once, by account, amount and day."""

    def __init__(self, items: Sequence[SuspendedMovement]) -> None:
        self._free: dict[_MovementKey, list[SuspendedMovement]] = defaultdict(list)
        for item in items:
            self._free[_MovementKey(item.account, _SUSPENSE[item.kind], item.amount)].append(item)
        self._items: dict[tuple[int, int], SuspendedMovement] = {}

    def link(self, key: _MovementKey, day: int, transfer: int) -> None:
        """Link a movement of another notice; the accountant may have taken it off suspense since."""
        if (key.movement_type, transfer) not in self._items:
            self._choose(key, day, transfer, remainder_min=0)

    def link_open(self, key: _MovementKey, day: int, transfer: int) -> bool:
        """Return whether something is left on suspense of what a movement may be: another notice may report it, too."""
        item = self._items.get((key.movement_type, transfer))
        return bool(item and item.remainder) or self._choose(key, day, transfer, remainder_min=1)

    def _choose(self, key: _MovementKey, day: int, transfer: int, *, remainder_min: int) -> bool:
        """Link the nearest movement; of those of one day first what is off suspense, so that the rest waits for a notice."""
        candidates = [
            item
            for item in self._free.get(key, ())
            if abs(item.day - day) <= LINK_DAYS and item.remainder >= remainder_min
        ]
        if not candidates:
            return False
        choice = min(candidates, key=lambda item: (abs(item.day - day), item.remainder))
        self._free[key].remove(choice)
        self._items[key.movement_type, transfer] = choice
        return True


class NoticeLinker(NamedTuple):
    """Links the movements of a message with those that other messages reported."""

    connection: bank_queries.Connection
    message: BankMessage
    attempt: MatchingAttempt

    async def link(self, matches: Matches) -> Matches:
        """Return the matches, in which nothing is to be posted that another message has posted."""
        if self.attempt.is_stored:
            rows = await bank_queries.load_rows_with_reason(
                self.connection, self.attempt, reason=Mismatch.ON_SUSPENSE
            )
            mismatch = matches.mismatch.copy()
            mismatch[rows] = Mismatch.ON_SUSPENSE
            return matches._replace(mismatch=mismatch)
        return await self._link_statement(await self._link_notice(matches))

    async def _link_notice(self, matches: Matches) -> Matches:
        """Leave out what a notice reports, where as much of its account is on suspense."""
        rows = self._select(matches, matches.mismatch == Mismatch.NONE, in_statement=False)
        amounts = self.message.movements.amount
        items = await notice_queries.load_suspended_movements(
            self.connection, list(_SUSPENSE), np.unique(amounts[rows])
        )
        rows = rows[np.isin(amounts[rows], [item.amount for item in items])]
        if not rows.size:
            return matches
        linked = await notice_queries.load_linked_movements(
            self.connection, self.attempt.message, np.unique(amounts[rows])
        )
        links = SuspenseLinks(items)
        for movement in linked:
            links.link(_MovementKey(*movement[:3]), movement.day, movement.transfer)
        mismatch = matches.mismatch.copy()
        for row in rows.tolist():
            key, day = self._build_key(matches, row), int(self.message.movements.day[row])
            if links.link_open(key, day, int(matches.entry[row])):
                mismatch[row] = Mismatch.ON_SUSPENSE
        return matches._replace(mismatch=mismatch)

    async def _link_statement(self, matches: Matches) -> Matches:
        """Link what a statement does not name with the acts of notices that no statement has booked yet, each once."""
        rows = await self._select_unknown(matches)
        if not rows.size:
            return matches
        acts = await notice_queries.load_noticed_acts(self.connection, OF_BANK, self.attempt.message)
        own = self._select(matches, matches.mismatch == Mismatch.NONE, in_statement=True)
        booked = set(zip(matches.entry[own].tolist(), matches.movement_type[own].tolist(), strict=True))
        free: dict[_MovementKey, list[NoticedAct]] = defaultdict(list)
        for act in acts:
            movement_type = _MOVES[OF_BANK.index(act.kind)]
            if (act.transfer, int(movement_type)) not in booked:
                free[_MovementKey(act.account, movement_type, act.cents)].append(act)
        entry, mismatch = matches.entry.copy(), matches.mismatch.copy()
        for row in rows.tolist():
            key, day = self._build_key(matches, row), int(self.message.movements.day[row])
            choice = next((act for act in free.get(key, ()) if 0 <= day - act.day <= LINK_DAYS), None)
            if choice:
                free[key].remove(choice)
                entry[row], mismatch[row] = choice.transfer, Mismatch.NOTICED
        return matches._replace(entry=entry, mismatch=mismatch)

    async def _select_unknown(self, matches: Matches) -> NDArray[np.int64]:
        """Return what a statement does not name and is not on suspense: debits and returns, then credits of no receivable.

        Such a credit may be a return without the reason of one.
        """
        unknown = self._select(matches, ~np.isin(matches.mismatch, _READABLE), in_statement=True)
        is_credit = matches.posted_type == MovementType.CREDIT
        credits_ = np.flatnonzero(is_credit & (matches.mismatch == Mismatch.NO_REFERENCE))
        rows = np.append(unknown, credits_)
        suspended = await receipt_queries.load_suspended_rows(self.connection, self.attempt.message)
        return rows[~np.isin(rows, suspended)]

    def _select(
        self, matches: Matches, is_wanted: NDArray[np.bool_], *, in_statement: bool
    ) -> NDArray[np.int64]:
        """Return the debits and returns that are wanted, of statements or of notices."""
        statements = self.message.statements
        is_statement = np.array([statement.closing is not None for statement in statements], bool)
        is_of_kind = is_statement[self.message.movements.statement] == in_statement
        return np.flatnonzero(is_wanted & is_of_kind & np.isin(matches.posted_type, _MOVES))

    def _build_key(self, matches: Matches, row: int) -> _MovementKey:
        movements = self.message.movements
        account = self.message.statements[int(movements.statement[row])].account
        is_debit = matches.movement_type[row] == MovementType.DEBIT
        movement_type = MovementType.DEBIT if is_debit else MovementType.RETURN
        return _MovementKey(account, movement_type, int(movements.amount[row]))
