"""Loading of figures that few acts change: frozen credits, withdrawals, receipts and engagements of special accounts."""

import numpy as np
from numpy.typing import NDArray

from core.errors import ReferenceDataError
from core.nomenclature import CENTRES_A_YEAR, SHEETS
from core.periods import YEAR_FIRST
from core.tables.book import Book
from core.tables.frozen_balances import FrozenBalances
from core.tables.special_balances import SpecialBalances
from core.tables.withdrawn_balances import WithdrawnBalances
from kernels.availability import AE, CONSUMED, RESERVED
from posting.book.book_state import BookState
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


async def load_withdrawals(store: PostgresStore, state: BookState) -> None:
    """Load what was withdrawn at each node."""
    names = ", ".join(list_columns(WithdrawnBalances))
    last = "(select node, max(batch) as batch from withdrawn_balance group by node) last using (node, batch)"
    stream = await store.read_copy(f"select {names} from withdrawn_balance join {last}")
    rows, _ = decode(WithdrawnBalances, stream)
    years = rows.node // (CENTRES_A_YEAR * SHEETS) + YEAR_FIRST
    check_years(state.registry, years, "withdrawals at budget nodes")
    state.book.withdrawn["withdrawn"][rows.node - state.registry.first_node] = rows.withdrawn


async def load_special_accounts(store: PostgresStore, state: BookState) -> None:
    """Load the last row of each programme.

    A row of before the version that counts what is engaged says nothing of that: it follows from the AE of the programme then.

    Raises
    ------
    ReferenceDataError
        The files of a year no longer say that the programme is of an earmarked account, or the calendar lacks the year.
    """
    names, key = ", ".join(list_columns(SpecialBalances)), "programme, budget_year"
    last = (
        f"(select {key}, max(batch) as batch from special_balance group by {key}) last using ({key}, batch)"
    )
    rows, _ = decode(
        SpecialBalances, await store.read_copy(f"select {names} from special_balance join {last}")
    )
    check_years(state.registry, rows.budget_year, "figures of special accounts")
    at = state.registry.special_rows.find_rows(rows.programme, rows.budget_year)
    if not at.all():
        raise ReferenceDataError(
            "special_accounts.csv",
            "a programme is of no earmarked account any more, although its receipts or engagements were counted",
            "Put its account back, or its mission in programmes.csv.",
        )
    special = state.book.special
    special["collected"][at], special["engaged"][at] = rows.collected, rows.engaged
    (last_uncounted,) = await store.fetch("last_batch_without_engagements")
    if last_uncounted["batch"]:
        is_uncounted = np.arange(len(special)) > 0
        is_uncounted[at[rows.batch > last_uncounted["batch"]]] = False
        special["engaged"][is_uncounted] = _derive_engagements(state.book)[is_uncounted]


def _derive_engagements(book: Book) -> NDArray[np.int64]:
    """Return the AE that each programme uses, without frozen ones and earmarks.

    That equals what is engaged, less what a recycling case gave back of earlier years.
    """
    nodes = book.special["node"][:, np.newaxis] + np.arange(SHEETS)
    frozen = book.frozen["ae"][nodes] + book.frozen["earmarked"][nodes]
    used = book.figures[nodes, AE + RESERVED] + book.figures[nodes, AE + CONSUMED] - frozen
    return used.sum(axis=1)


def check_years(registry: Registry, years: NDArray[np.integer], rows_label: str) -> None:
    """Check that the calendar has the years of the stored rows: those of a missing year would go to another year's nodes."""
    missing = set(np.unique(years).tolist()) - registry.reference.calendar.exercises.keys()
    if missing:
        raise build_missing_year_error(min(missing), rows_label)
