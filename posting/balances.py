"""The figures a batch changed: budget nodes, and accounts by period.  Rows are added, never updated.

So a figure just after any batch can be told, and nothing bloats: updating 11,000 rows a batch costs three times as much.
"""

import numpy as np
from numpy.typing import NDArray

from core.tables import LEDGER_ACCOUNTS, AccountBalances, NodeBalances
from posting.book import State
from posting.rows import Encoder


class Balances:
    """Reads what the kernels marked as touched, and clears the marks."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._nodes, self._accounts = Encoder(NodeBalances), Encoder(AccountBalances)

    def changed(self, batch: int, periods: NDArray[np.integer]) -> dict[str, NDArray[np.uint8]]:
        """COPY bytes of the figures that changed; ``periods`` are those of the batch's lines."""
        return {
            "node_balance": self._nodes.encode(self._changed_nodes(batch)),
            "account_balance": self._accounts.encode(self._changed_accounts(batch, periods)),
        }

    def _changed_nodes(self, batch: int) -> NodeBalances:
        book = self._state.book
        at = np.flatnonzero(book.nodes["touched"])
        book.nodes["touched"][at] = 0
        figures = book.figures[at]
        return NodeBalances._make((np.full(len(at), batch), at + self._state.registry.first_node, *figures.T))

    def _changed_accounts(self, batch: int, periods: NDArray[np.integer]) -> AccountBalances:
        ledger, found = self._state.book.ledger, [np.zeros(0, np.int64)]
        for period in np.unique(periods):
            first = int(period) * LEDGER_ACCOUNTS
            found.append(first + np.flatnonzero(ledger["touched"][first : first + LEDGER_ACCOUNTS]))
        at = np.concatenate(found)
        ledger["touched"][at] = 0
        period, account = np.divmod(at, LEDGER_ACCOUNTS)
        return AccountBalances(
            np.full(len(at), batch), account, period, ledger["debit"][at], ledger["credit"][at]
        )
