"""The accounts at the simulated bank: what each day brings, and the balances before and after."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.tables.bank_messages import MovementType
from settlement.simulated_bank.pain001_reader import PaymentOrders
from settlement.simulated_bank.transfer_outcomes import TransferOutcomes

_ROUND_CENTS = 100_000_000_00
"""An account that is opened gets whole hundred millions."""


class AccountState(NamedTuple):
    """An account after its last statement."""

    closing: int
    day: int
    number: int
    """How many statements there were."""


class AccountDay(NamedTuple):
    """A day of an account: what is debited and what comes back, as rows of the orders."""

    account: str
    day: int
    number: int
    opening: int
    closing: int
    debits: NDArray[np.int64]
    returns: NDArray[np.int64]


def open_accounts(orders: PaymentOrders, known: dict[str, AccountState]) -> dict[str, AccountState]:
    """The accounts of the orders: new ones with enough on them for all that is asked."""
    of_lot = np.zeros(len(orders.lots), np.int64)
    np.add.at(of_lot, orders.lot, orders.amount)
    wanted: dict[str, int] = {}
    for lot, cents in zip(orders.lots, of_lot.tolist(), strict=True):
        wanted[lot.account] = wanted.get(lot.account, 0) + cents
    new = {
        name: AccountState(-(-cents // _ROUND_CENTS) * _ROUND_CENTS, 0, 0) for name, cents in wanted.items()
    }
    return new | known


def book_days(
    orders: PaymentOrders, outcomes: TransferOutcomes, states: dict[str, AccountState]
) -> Iterator[AccountDay]:
    """Each day of each account on which something moves, in order; ``standings`` is brought forward."""
    names = np.array([lot.account for lot in orders.lots])
    for account in sorted(set(names.tolist())):
        rows = np.flatnonzero((names == account)[orders.lot])
        yield from _book_account(account, rows, (orders, outcomes), states)


def _book_account(
    account: str,
    rows: NDArray[np.int64],
    told: tuple[PaymentOrders, TransferOutcomes],
    standings: dict[str, AccountState],
) -> Iterator[AccountDay]:
    orders, fates = told
    moved = rows[fates.movement_type[rows] != MovementType.REJECT]
    back = moved[fates.movement_type[moved] == MovementType.RETURN]
    for day in np.union1d(fates.debited[moved], fates.returned[back]).tolist():
        debits, returns = moved[fates.debited[moved] == day], back[fates.returned[back] == day]
        before = standings[account]
        net = int(orders.amount[returns].sum()) - int(orders.amount[debits].sum())
        after = AccountState(before.closing + net, day, before.number + 1)
        standings[account] = after
        yield AccountDay(account, day, after.number, before.closing, after.closing, debits, returns)


def group_by_lot(orders: PaymentOrders, rows: NDArray[np.int64]) -> Sequence[NDArray[np.int64]]:
    """Rows in groups of one lot each."""
    lots = orders.lot[rows]
    order = np.argsort(lots, kind="stable")
    return np.split(rows[order], np.flatnonzero(np.diff(lots[order])) + 1) if rows.size else []
