"""The contracts of requests: whether a late payment of each bears interest (docs/rules.md, A59)."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.contracts import Contract
from core.effective_dates import EffectiveDated, build_constant

_BEARS_INTEREST = np.array([contract.bears_interest for contract in Contract])
_NO_CONTRACT = build_constant(Contract.NONE)


class ContractDefaults(NamedTuple):
    """The contract of requests that state none, by the commitment item of their account assignment."""

    item: NDArray[np.int32]
    """The position in ``contracts`` of the item of each account assignment; -1, or no row, for an item without one."""
    contracts: tuple[EffectiveDated, ...]

    def find_contracts(self, cells: NDArray[np.int32], days: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the contract of a request in each of ``cells``, made on each of ``days``."""
        item = np.append(self.item, np.int32(-1))[np.minimum(cells, len(self.item))]
        by_item = [contract.look_up(days) for contract in (*self.contracts, _NO_CONTRACT)]
        return np.stack(by_item)[item, np.arange(len(days))]


def build_contract_defaults(
    items: Mapping[int, str], rules: Mapping[str, EffectiveDated]
) -> ContractDefaults:
    """Build the defaults from the ``items`` of account assignments, and the ``rules`` by item."""
    positions = {code: position for position, code in enumerate(rules)}
    item = np.full(max(items, default=-1) + 1, -1, np.int32)
    for cell, code in items.items():
        item[cell] = positions[code]
    return ContractDefaults(item, tuple(rules.values()))


def bear_interest(contracts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether late payment on each of ``contracts`` bears interest."""
    return _BEARS_INTEREST[contracts]
