"""The book before its first entry: every table at its size, and what the reference data give it."""

import numpy as np
from numpy.typing import NDArray

from core.budget_years import BUDGET_YEARS, build_budget_years
from core.catalog_effects import Effects, build_effects
from core.roles import build_role_kinds
from core.tables.book import (
    Book,
    BudgetYears,
    Cells,
    Counters,
    FrozenFigures,
    KeyRows,
    OpenItems,
    TitleFigures,
    WithdrawnFigures,
)
from core.tables.columns import allocate_records, seal_array, seal_records, to_record_dtype
from core.tables.decree_balances import DecreeFigures
from core.tables.signatures import NO_SIGNATURES, Grants
from posting.book import asset_table, budget_nodes, follower_table, ledger_folios
from posting.book.book_state import RESERVED_CELLS, RESERVED_ENTRIES, BookState, round_up_to_pages
from posting.book.registry import Registry
from posting.book.reserved_memory import read_memory_bytes, reserve


def create_empty_book(registry: Registry, entries: int = 0) -> BookState:
    """Return an empty book with capacity for ``entries``."""
    rows, reserved_rows = _count_rows(entries)
    nodes, figures = budget_nodes.build_nodes(registry)
    periods = ledger_folios.build_period_states(registry.reference.calendar)
    book = Book(
        effects=seal_records(Effects, build_effects()),
        cells=seal_array(reserve(to_record_dtype(Cells), 1, RESERVED_CELLS)),
        nodes=nodes,
        items=reserve(to_record_dtype(OpenItems), rows, reserved_rows),
        ledger=ledger_folios.reserve_ledger(registry.years[-1]),
        keys=reserve(to_record_dtype(KeyRows), rows, reserved_rows),
        payees=reserve(to_record_dtype(KeyRows), round_up_to_pages(1 << 16)),
        waiting=allocate_records(KeyRows, 1 << 10),
        invoices=reserve(to_record_dtype(KeyRows), rows, reserved_rows),
        counters=allocate_records(Counters, 1),
        figures=figures,
        periods=periods,
        folios=np.zeros(len(periods), np.uint8),
        years=seal_records(BudgetYears, build_budget_years(registry.reference.calendar.exercises)),
        followers=follower_table.build_followers(registry),
        titles=allocate_records(TitleFigures, registry.title_rows.count),
        frozen=reserve(to_record_dtype(FrozenFigures), len(nodes), is_sparse=True),
        withdrawn=reserve(to_record_dtype(WithdrawnFigures), len(nodes)),
        decrees=reserve(to_record_dtype(DecreeFigures), 2 * len(nodes), is_sparse=True),
        decree_years=allocate_records(DecreeFigures, 2 * BUDGET_YEARS),
        special=registry.special_rows.build_table(),
        payroll_checks=registry.reference.calendar.mark_payroll_checks(),
        roles=registry.shared_accounts.copy(),
        creditors=registry.own_creditors.copy(),
        assets=asset_table.build_plans(registry),
        admitted=registry.admitted_accounts.copy(),
        role_kinds=build_role_kinds().ravel(),
        signatures=NO_SIGNATURES,
        grants=seal_array(allocate_records(Grants, 0)),
        grant_starts=np.zeros(2, np.int32),
        slots=reserve(np.uint64, 1 << 18),
        payee_slots=reserve(np.uint64, 1 << 17),
        waiting_slots=np.zeros(1 << 11, np.uint64),
        invoice_slots=reserve(np.uint64, 1 << 18),
    )
    return BookState(registry, book, _reserve_words())


def _count_rows(entries: int) -> tuple[int, int]:
    """Return the rows of the book, and those for which addresses are reserved: items take half of the memory."""
    reserved_rows = read_memory_bytes() // (2 * to_record_dtype(OpenItems).itemsize)
    return round_up_to_pages(max(2 * entries, RESERVED_ENTRIES)), reserved_rows


def _reserve_words() -> NDArray[np.int64]:
    """Return the packed account assignments, of which the first one is none."""
    words = reserve(np.int64, 1, RESERVED_CELLS)
    words[0] = -1
    return words
