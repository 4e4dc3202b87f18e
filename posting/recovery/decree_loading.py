"""Loading of what limits decrees: the figures of programmes, and their sums of all programmes of a year."""

import numpy as np

from core.nomenclature import CENTRES_A_YEAR, SHEETS
from core.tables.decree_balances import DecreeBalances, DecreeFigures
from posting.book.book_state import BookState
from posting.pgcopy import decode, list_columns
from posting.store.journal_store import PostgresStore

_FIGURES = tuple(name for name in DecreeFigures._fields if name != "touched")


async def load_decrees(store: PostgresStore, state: BookState) -> None:
    """Load the last row of each programme; a programme with such figures has others too, whose year was checked."""
    names, key = ", ".join(list_columns(DecreeBalances)), "node, measure"
    last = f"(select {key}, max(batch) as batch from decree_balance group by {key}) last using ({key}, batch)"
    rows, _ = decode(DecreeBalances, await store.read_copy(f"select {names} from decree_balance join {last}"))
    is_of_cp = rows.measure.astype(np.int64) - 1
    at = 2 * (rows.node.astype(np.int64) - state.registry.first_node) + is_of_cp
    of_year = 2 * (rows.node.astype(np.int64) // (CENTRES_A_YEAR * SHEETS)) + is_of_cp
    for name in _FIGURES:
        cents = getattr(rows, name)
        state.book.decrees[name][at] = cents
        if name not in ("moved", "carried"):  # these are limited by programme
            np.add.at(state.book.decree_years[name], of_year, cents)
