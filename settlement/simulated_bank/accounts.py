"""The accounts at the simulated bank: what moves each day, and the balances before and after."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.tables.bank_messages import MovementType
from settlement.simulated_bank.pain001_reader import PaymentOrders
from settlement.simulated_bank.transfer_outcomes import TransferOutcomes

_ROUND_CENTS = 100_000_000_00
"""A new account opens with a multiple of a hundred million euros."""


class AccountState(NamedTuple):
    """An account after its last statement.  Amounts are cents."""

    closing: int
    day: int
    number: int
    """Statements so far."""


class AccountDay(NamedTuple):
    """One day of an account: debits and returns are rows of the orders."""

    account: str
    day: int
    number: int
    """Of the statement."""
    opening: int
    closing: int
    debits: NDArray[np.int64]
    returns: NDArray[np.int64]


def open_accounts(orders: PaymentOrders, states: dict[str, AccountState]) -> dict[str, AccountState]:
    """Return the accounts in ``states`` and those that the orders add, each with funds for all its orders."""
    cents_of_lot = np.zeros(len(orders.lots), np.int64)
    np.add.at(cents_of_lot, orders.lot, orders.amount)
    cents_of_account: dict[str, int] = {}
    for lot, cents in zip(orders.lots, cents_of_lot.tolist(), strict=True):
        cents_of_account[lot.account] = cents_of_account.get(lot.account, 0) + cents
    new_states = {
        account: AccountState(-(-cents // _ROUND_CENTS) * _ROUND_CENTS, 0, 0)
        for account, cents in cents_of_account.items()
    }
    return new_states | states


def book_days(
    orders: PaymentOrders, outcomes: TransferOutcomes, states: dict[str, AccountState]
) -> Iterator[AccountDay]:
    """Yield each day of each account with a movement, in order; ``states`` is updated."""
    accounts = np.array([lot.account for lot in orders.lots])
    for account in sorted(set(accounts.tolist())):
        rows = np.flatnonzero((accounts == account)[orders.lot])
        moved = rows[outcomes.movement_type[rows] != MovementType.REJECT]
        returned = moved[outcomes.movement_type[moved] == MovementType.RETURN]
        for day in np.union1d(outcomes.debited[moved], outcomes.returned[returned]).tolist():
            debits = moved[outcomes.debited[moved] == day]
            returns = returned[outcomes.returned[returned] == day]
            before = states[account]
            net = int(orders.amount[returns].sum()) - int(orders.amount[debits].sum())
            after = AccountState(before.closing + net, day, before.number + 1)
            states[account] = after
            yield AccountDay(account, day, after.number, before.closing, after.closing, debits, returns)


def group_by_lot(orders: PaymentOrders, rows: NDArray[np.int64]) -> Sequence[NDArray[np.int64]]:
    """Group rows by lot."""
    lots = orders.lot[rows]
    order = np.argsort(lots, kind="stable")
    return np.split(rows[order], np.flatnonzero(np.diff(lots[order])) + 1) if rows.size else []
