"""The figures a batch changed: budget nodes, and accounts by period.  Rows are added, never updated.

So a figure just after any batch can be told, and nothing bloats: updating 11,000 rows a batch costs three times as much.
"""

import numpy as np
from numpy.typing import NDArray

from core.tables.book import LEDGER_ACCOUNTS
from core.tables.journal import AccountBalances, NodeBalances
from posting.book.book_state import BookState
from posting.book.registry import SHEETS, Registry
from posting.pgcopy import Encoder


class Balances:
    """Reads what the kernels marked as touched, and clears the marks."""

    def __init__(self, state: BookState) -> None:
        self._state = state
        self._ranges = _find_node_ranges(state.registry)
        self._nodes, self._accounts = Encoder(NodeBalances), Encoder(AccountBalances)

    def encode_changes(self, batch: int, periods: list[NDArray[np.int32]]) -> dict[str, NDArray[np.uint8]]:
        """COPY bytes of the figures that changed; ``periods`` are those of the batch's lines, by piece."""
        return {
            "node_balance": self._nodes.encode(self._read_changed_nodes(batch)),
            "account_balance": self._accounts.encode(self._read_changed_accounts(batch, periods)),
        }

    def clear_marks(self, periods: list[NDArray[np.int32]]) -> None:
        """Clear the marks: what was touched was taken back."""
        for first, end in self._ranges:
            _collect_touched(self._state.book.nodes, first, end)
        for first in _list_ledger_starts(periods):
            _collect_touched(self._state.book.ledger, first, first + LEDGER_ACCOUNTS)

    def _read_changed_nodes(self, batch: int) -> NodeBalances:
        book, registry = self._state.book, self._state.registry
        at = np.concatenate([first + _collect_touched(book.nodes, first, end) for first, end in self._ranges])
        figures = book.figures[at]
        return NodeBalances._make((np.full(len(at), batch), at + registry.first_node, *figures.T))

    def _read_changed_accounts(self, batch: int, periods: list[NDArray[np.int32]]) -> AccountBalances:
        ledger, rows = self._state.book.ledger, [np.zeros(0, np.int64)]
        rows += [
            first + _collect_touched(ledger, first, first + LEDGER_ACCOUNTS)
            for first in _list_ledger_starts(periods)
        ]
        at = np.concatenate(rows)
        period, account = np.divmod(at, LEDGER_ACCOUNTS)
        return AccountBalances(
            np.full(len(at), batch), account, period, ledger["debit"][at], ledger["credit"][at]
        )


def _find_node_ranges(registry: Registry) -> list[tuple[int, int]]:
    """From which node up to which there are any, year by year: the numbers kept for centres to come hold none."""
    last, ends = registry.meanings.centre_level.shape[1] - 1, np.array([0, SHEETS - 1])
    bounds = (
        registry.find_node_positions(np.array([0, last]), np.array(year), ends) for year in registry.years
    )
    return [(first, end + 1) for first, end in (pair.tolist() for pair in bounds)]


def _list_ledger_starts(periods: list[NDArray[np.int32]]) -> list[int]:
    """First row of the ledger of each period, in order."""
    numbers = {number for piece in periods for number in np.flatnonzero(np.bincount(piece)).tolist()}
    return [period * LEDGER_ACCOUNTS for period in sorted(numbers)]


def _collect_touched(table: np.ndarray, first: int, end: int) -> NDArray[np.intp]:
    """Which rows from ``first`` up to ``end`` are marked, counted from ``first``; their marks are cleared."""
    marks = table["touched"][first:end]
    at = np.flatnonzero(marks)
    marks[at] = 0
    return at
