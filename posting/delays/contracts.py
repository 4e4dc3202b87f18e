"""The contracts of requests: whether a late payment of each bears interest (docs/rules.md, A59)."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.contracts import Contract, find_account_contract
from core.effective_dates import EffectiveDated, build_constant
from core.late_interest import LateInterestRules

_BEARS_INTEREST = np.array([contract.bears_interest for contract in Contract])
_NO_CONTRACT = build_constant(Contract.NONE)


class ChargedAccounts(NamedTuple):
    """The accounts of some requests: the expense that each charges, and the account on which it is owed."""

    expense: NDArray[np.int16]
    creditor: NDArray[np.int16]


class ContractDefaults(NamedTuple):
    """The contract of requests that state none: by their expense account, otherwise by their commitment item."""

    item: NDArray[np.int32]
    """The position in ``contracts`` of the item of each account assignment; -1, or no row, for an item without one."""
    contracts: tuple[EffectiveDated, ...]
    creditor: NDArray[np.int16]
    """The column of ``accounts`` for each account on which a request is owed; 0 for one that no row names."""
    accounts: NDArray[np.int16]
    """The position in ``account_contracts`` of the row of each expense account, by column; -1 for none."""
    account_contracts: tuple[EffectiveDated, ...]

    def find_contracts(
        self, cells: NDArray[np.int32], days: NDArray[np.int32], charged: ChargedAccounts
    ) -> NDArray[np.int64]:
        """Return the contract of a request in each of ``cells``, made on each of ``days``, on its accounts."""
        contracts = self._find_item_contracts(cells, days)
        row = self.accounts[charged.expense, self.creditor[charged.creditor]]
        for position in np.unique(row[row >= 0]).tolist():
            at = np.flatnonzero(row == position)
            own = self.account_contracts[position].look_up(days[at])
            contracts[at] = np.where(own == Contract.UNSTATED, contracts[at], own)
        return contracts

    def _find_item_contracts(self, cells: NDArray[np.int32], days: NDArray[np.int32]) -> NDArray[np.int64]:
        item = np.append(self.item, np.int32(-1))[np.minimum(cells, len(self.item))]
        by_item = [contract.look_up(days) for contract in (*self.contracts, _NO_CONTRACT)]
        return np.stack(by_item)[item, np.arange(len(days))]


def build_contract_defaults(
    items: Mapping[int, str], accounts: Mapping[str, int], rules: LateInterestRules
) -> ContractDefaults:
    """Build the defaults from the ``items`` of account assignments, the numbers of ``accounts``, and the rules."""
    positions = {code: position for position, code in enumerate(rules.contracts)}
    item = np.full(max(items, default=-1) + 1, -1, np.int32)
    for cell, code in items.items():
        item[cell] = positions[code]
    own = tuple(row.contract for row in rules.account_contracts)
    return ContractDefaults(item, tuple(rules.contracts.values()), *_build_accounts(accounts, rules), own)


def _build_accounts(
    accounts: Mapping[str, int], rules: LateInterestRules
) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Build ``creditor`` and ``accounts``: a column for all accounts that no row names, and one for each that a row names."""
    rows, count = rules.account_contracts, max(accounts.values(), default=0) + 1
    prefixes = tuple(row.expense for row in rows)
    charged = {expense: number for expense, number in accounts.items() if expense.startswith(prefixes)}
    named = ["", *sorted({row.creditor for row in rows if row.creditor in accounts})]
    creditor, positions = np.zeros(count, np.int16), np.full((count, len(named)), -1, np.int16)
    for column, owed in enumerate(named):
        if owed:
            creditor[accounts[owed]] = column
        for expense, number in charged.items():
            row = find_account_contract(rows, expense, owed)
            positions[number, column] = -1 if row is None else rows.index(row)
    return creditor, positions


def bear_interest(contracts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether late payment on each of ``contracts`` bears interest."""
    return _BEARS_INTEREST[contracts]
