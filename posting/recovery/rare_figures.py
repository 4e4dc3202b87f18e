"""Loading of figures that few acts change: frozen credits and withdrawals."""

import numpy as np
from numpy.typing import NDArray

from core.nomenclature import CENTRES_A_YEAR, SHEETS
from core.periods import YEAR_FIRST
from core.tables.frozen_balances import FrozenBalances
from core.tables.withdrawn_balances import WithdrawnBalances
from posting.book.book_state import BookState
from posting.book.document_series import SeriesKeys, find_series
from posting.book.missing_year import build_missing_year_error
from posting.book.registry import Registry
from posting.pgcopy import decode, list_columns
from posting.store.journal_store import PostgresStore


async def load_frozen(store: PostgresStore, state: BookState) -> None:
    """Load the last row of each node at which credits were frozen; such a node has other figures too."""
    names = ", ".join(list_columns(FrozenBalances))
    last = "(select node, max(batch) as batch from frozen_balance group by node) last using (node, batch)"
    rows, _ = decode(FrozenBalances, await store.read_copy(f"select {names} from frozen_balance join {last}"))
    at, frozen = rows.node - state.registry.first_node, state.book.frozen
    frozen["ae"][at], frozen["cp"][at] = rows.ae_frozen, rows.cp_frozen
    frozen["ae_here"][at], frozen["cp_here"][at] = rows.ae_frozen_here, rows.cp_frozen_here


async def load_last_documents(store: PostgresStore, state: BookState) -> None:
    """Load the last document number of every series."""
    rows = await store.fetch("last_documents")
    if rows:
        *keys, last = (np.array(column, np.int64) for column in zip(*rows, strict=True))
        state.last_documents[find_series(SeriesKeys(*keys))] = last


async def load_withdrawals(store: PostgresStore, state: BookState) -> None:
    """Load what was withdrawn at each node."""
    names = ", ".join(list_columns(WithdrawnBalances))
    last = "(select node, max(batch) as batch from withdrawn_balance group by node) last using (node, batch)"
    stream = await store.read_copy(f"select {names} from withdrawn_balance join {last}")
    rows, _ = decode(WithdrawnBalances, stream)
    years = rows.node // (CENTRES_A_YEAR * SHEETS) + YEAR_FIRST
    check_years(state.registry, years, "withdrawals at budget nodes")
    state.book.withdrawn["withdrawn"][rows.node - state.registry.first_node] = rows.withdrawn


def check_years(registry: Registry, years: NDArray[np.integer], rows_label: str) -> None:
    """Check that the calendar has the years of the stored rows: those of a missing year would go to another year's nodes."""
    missing = set(np.unique(years).tolist()) - registry.reference.calendar.exercises.keys()
    if missing:
        raise build_missing_year_error(min(missing), rows_label)
