"""The figures that a batch changed: nodes, frozen credits, titles, accounts by accountant and period.  Rows are only added.

This keeps the figures after every batch readable and the tables free of dead rows: updating 11,000 rows a batch would cost
three times as much.
"""

import numpy as np
from numpy.typing import NDArray

from core.kind_rules import Measure
from core.nomenclature import SHEETS
from core.tables.book import LEDGER_ACCOUNTANTS, LEDGER_ACCOUNTS
from core.tables.decree_balances import DecreeBalances, DecreeFigures
from core.tables.frozen_balances import FrozenBalances
from core.tables.journal import AccountBalances, NodeBalances
from core.tables.special_balances import SpecialBalances
from core.tables.title_balances import TitleBalances
from core.tables.withdrawn_balances import WithdrawnBalances
from posting.book.book_state import BookState
from posting.book.registry import Registry
from posting.pgcopy import Encoder


class Balances:
    """Reads the figures that the kernels marked as touched, and clears the marks."""

    def __init__(self, state: BookState) -> None:
        self._state = state
        self._ranges = _find_node_ranges(state.registry)
        self._nodes, self._accounts = Encoder(NodeBalances), Encoder(AccountBalances)
        self._titles, self._frozen = Encoder(TitleBalances), Encoder(FrozenBalances)
        self._withdrawn, self._decrees = Encoder(WithdrawnBalances), Encoder(DecreeBalances)
        self._special = Encoder(SpecialBalances)

    def encode_changes(self, batch: int) -> dict[str, NDArray[np.uint8]]:
        """Return the COPY bytes of the figures that the batch changed."""
        nodes = self._collect_nodes()
        return {
            "node_balance": self._nodes.encode(self._read_changed_nodes(batch, nodes)),
            "frozen_balance": self._frozen.encode(self._read_frozen(batch, nodes)),
            "withdrawn_balance": self._withdrawn.encode(self._read_changed_withdrawals(batch, nodes)),
            "decree_balance": self._decrees.encode(self._read_changed_decrees(batch, nodes)),
            "special_balance": self._special.encode(self._read_changed_special_accounts(batch)),
            "title_balance": self._titles.encode(self._read_changed_titles(batch)),
            "account_balance": self._accounts.encode(self._read_changed_accounts(batch)),
        }

    def clear_marks(self) -> None:
        """Clear the marks after the changes were undone."""
        nodes = self._collect_nodes()
        self._state.book.frozen["touched"][nodes] = 0
        self._state.book.withdrawn["touched"][nodes] = 0
        self._state.book.decrees["touched"][_list_decree_rows(nodes)] = 0
        for table in (self._state.book.titles, self._state.book.special):
            _collect_marked_rows(table, 0, len(table))
        self._collect_accounts()

    def _collect_nodes(self) -> NDArray[np.int64]:
        """Return the marked nodes, in order, and clear their marks."""
        nodes = self._state.book.nodes
        return np.concatenate(
            [first + _collect_marked_rows(nodes, first, end) for first, end in self._ranges]
        )

    def _read_changed_nodes(self, batch: int, at: NDArray[np.int64]) -> NodeBalances:
        figures = self._state.book.figures[at]
        nodes = at + self._state.registry.first_node
        return NodeBalances._make((np.full(len(at), batch), nodes, *figures.T))

    def _read_changed_withdrawals(self, batch: int, nodes: NDArray[np.int64]) -> WithdrawnBalances:
        """Return what was withdrawn at those of the changed nodes where it changed, and clear their marks."""
        withdrawn = self._state.book.withdrawn
        at = nodes[withdrawn["touched"][nodes] > 0]
        withdrawn["touched"][at] = 0
        first_node = self._state.registry.first_node
        cents = withdrawn["withdrawn"][at]
        return WithdrawnBalances._make((np.full(len(at), batch), at + first_node, cents))

    def _read_frozen(self, batch: int, nodes: NDArray[np.int64]) -> FrozenBalances:
        """Return what is frozen at those of the changed ``nodes`` where it changed, and clear their marks."""
        frozen = self._state.book.frozen
        at = nodes[frozen["touched"][nodes] != 0]
        frozen["touched"][at] = 0
        figures = (frozen[name][at] for name in ("ae", "cp", "ae_here", "cp_here"))
        return FrozenBalances._make((np.full(len(at), batch), at + self._state.registry.first_node, *figures))

    def _read_changed_decrees(self, batch: int, nodes: NDArray[np.int64]) -> DecreeBalances:
        """Return what limits decrees at those of the changed ``nodes`` where it changed, and clear the marks."""
        decrees, rows = self._state.book.decrees, _list_decree_rows(nodes)
        at = rows[decrees["touched"][rows] != 0]
        decrees["touched"][at] = 0
        node, is_of_cp = np.divmod(at, 2)
        figures = (decrees[name][at] for name in DecreeFigures._fields if name != "touched")
        keys = (np.full(len(at), batch), node + self._state.registry.first_node, is_of_cp + Measure.AE)
        return DecreeBalances._make((*keys, *figures))

    def _read_changed_titles(self, batch: int) -> TitleBalances:
        titles = self._state.book.titles
        at = _collect_marked_rows(titles, 0, len(titles))
        keys = self._state.registry.title_rows.describe_rows(at)
        figures = titles["opened"][at], titles["anticipated"][at]
        return TitleBalances._make((np.full(len(at), batch), *keys, *figures))

    def _read_changed_special_accounts(self, batch: int) -> SpecialBalances:
        special = self._state.book.special
        at = _collect_marked_rows(special, 0, len(special))
        keys = self._state.registry.special_rows.describe_rows(at)
        figures = special["collected"][at], special["engaged"][at], special["carried"][at]
        return SpecialBalances._make((np.full(len(at), batch), *keys, *figures))

    def _read_changed_accounts(self, batch: int) -> AccountBalances:
        ledger, at = self._state.book.ledger, self._collect_accounts()
        folio, account = np.divmod(at, LEDGER_ACCOUNTS)
        period, accountant = np.divmod(folio, LEDGER_ACCOUNTANTS)
        return AccountBalances(
            np.full(len(at), batch), accountant, account, period, ledger["debit"][at], ledger["credit"][at]
        )

    def _collect_accounts(self) -> NDArray[np.int64]:
        """Return the marked rows of the ledger, in order, and clear their marks and those of their folios."""
        book = self._state.book
        starts = np.flatnonzero(book.folios) * LEDGER_ACCOUNTS
        book.folios[:] = 0
        rows = [
            start + _collect_marked_rows(book.ledger, start, start + LEDGER_ACCOUNTS)
            for start in starts.tolist()
        ]
        return np.concatenate([np.zeros(0, np.int64), *rows])


def _list_decree_rows(nodes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows of AE and CP of nodes in ``Book.decrees``."""
    return (2 * nodes[:, None] + np.arange(2)).ravel()


def _find_node_ranges(registry: Registry) -> list[tuple[int, int]]:
    """Return the first and end node of each year: the numbers reserved for later fund centres have no nodes."""
    last, ends = registry.meanings.centre_level.shape[1] - 1, np.array([0, SHEETS - 1])
    bounds = (
        registry.find_node_positions(np.array([0, last]), np.array(year), ends) for year in registry.years
    )
    return [(first, end + 1) for first, end in (pair.tolist() for pair in bounds)]


def _collect_marked_rows(table: np.ndarray, first: int, end: int) -> NDArray[np.intp]:
    """Return the marked rows from ``first`` up to ``end``, counted from ``first``, and clear their marks."""
    marks = table["touched"][first:end]
    at = np.flatnonzero(marks)
    marks[at] = 0
    return at
