"""Loading of the figures of special accounts: receipts, what is engaged, and what was carried into each year."""

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG, KIND_NUMBERS, BudgetAction, Family, Remainder, list_kinds
from core.errors import ReferenceDataError
from core.nomenclature import SHEETS
from core.tables.book import Book
from core.tables.special_balances import SpecialBalances
from kernels.availability import AE, CONSUMED, RESERVED
from posting.book.book_state import BookState
from posting.pgcopy import decode, list_columns
from posting.recovery.rare_figures import check_years
from posting.store.journal_store import PostgresStore

_CARRIES = list_kinds(lambda kind: kind.carries)
_REJECTIONS = list_kinds(lambda kind: kind.mirrors and not kind.undoes)
_WITHDRAWALS = list_kinds(lambda kind: kind.budget is BudgetAction.WITHDRAW)
_REQUESTS = list_kinds(
    lambda kind: (
        kind.follows is Family.COMMITMENT
        and kind.family in (Family.PAYMENT_REQUEST, Family.RETENTION)
        and kind.draws in (Remainder.OPEN, Remainder.UNBILLED)
    )
)
_REJECTED_CARRIES = tuple(number for number in _CARRIES if CATALOG[number].feeds is not Remainder.CARRIED)
"""A rejected service that was carried goes back to its commitment, which is engaged as before."""
_RESERVES_AE = list_kinds(lambda kind: kind.ae_reserved)
_PARTS = list_kinds(
    lambda kind: kind.inherits and kind.family is Family.PAYMENT_REQUEST and not kind.cp_reserved
)


async def load_special_accounts(store: PostgresStore, state: BookState) -> None:
    """Load the last row of each programme.

    A row of before the version that counts what is engaged says nothing of that: it follows from the AE of the programme then.
    A row of before the version that counts what is carried says nothing of that: it follows from the entries.  What follows
    from either is marked, so that the next batch stores it, and a later start need not read the journal for it again.

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
    special["carried"][at] = rows.carried
    is_uncounted = await _mark_uncounted_rows(
        store, "last_batch_without_engagements", rows, at=at, special=special
    )
    if is_uncounted.any():
        special["engaged"][is_uncounted] = _derive_engagements(state.book)[is_uncounted]
        special["touched"][is_uncounted] = 1
    is_uncounted = await _mark_uncounted_rows(
        store, "last_batch_without_carries", rows, at=at, special=special
    )
    if is_uncounted.any():
        special["carried"][is_uncounted] = (await _derive_carries(store, state.book))[is_uncounted]
        special["touched"][is_uncounted] = 1


async def _mark_uncounted_rows(
    store: PostgresStore,
    query: str,
    rows: SpecialBalances,
    *,
    at: NDArray[np.int32],
    special: np.ndarray,
) -> NDArray[np.bool_]:
    """Mark the programmes without a row after the batch of ``query``; 0 stands for a ledger that counts from its beginning."""
    (last_uncounted,) = await store.fetch(query)
    is_uncounted = np.full(len(special), last_uncounted["batch"] > 0)
    is_uncounted[0] = False
    is_uncounted[at[rows.batch > last_uncounted["batch"]]] = False
    return is_uncounted


def _derive_engagements(book: Book) -> NDArray[np.int64]:
    """Return the AE that each programme uses, without frozen ones and earmarks.

    That equals what is engaged, less what a recycling case gave back of earlier years.
    """
    nodes = book.special["node"][:, np.newaxis] + np.arange(SHEETS)
    frozen = book.frozen["ae"][nodes] + book.frozen["earmarked"][nodes]
    used = book.figures[nodes, AE + RESERVED] + book.figures[nodes, AE + CONSUMED] - frozen
    return used.sum(axis=1)


async def _derive_carries(store: PostgresStore, book: Book) -> NDArray[np.int64]:
    """Return by programme what its entries carried into the year, less what was given back."""
    carried, row_of_cell = np.zeros(len(book.special), np.int64), book.cells["special"]
    cells = np.flatnonzero(row_of_cell).tolist()
    if cells:
        kinds = (_CARRIES, _REJECTIONS, _WITHDRAWALS, _REQUESTS, KIND_NUMBERS["commitment_carry"])
        for row in await store.fetch(
            "carried_by_cell", cells, *kinds, _REJECTED_CARRIES, _RESERVES_AE, _PARTS
        ):
            carried[row_of_cell[row["cell"]]] += row["cents"]
    return carried
