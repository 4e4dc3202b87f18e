"""The decision kernels alone, on invented acts and a book that stays in the processor's cache.

The results are checked against invariants of any correct outcome, then timed: warm, the best of 400 short rounds from the
same book.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.kernels import decision_invariants
from bench.kernels.decision_invariants import BudgetArrays
from core.catalog import CATALOG, KIND_NUMBERS
from core.catalog_effects import Effects, build_effects
from core.periods import PERIODS_PER_YEAR
from core.roles import build_role_kinds
from core.tables.account_columns import ACCOUNT_COLUMNS
from core.tables.book import (
    CREDITOR_SETS,
    LEDGER_ACCOUNTANTS,
    LEDGER_ACCOUNTS,
    ROLE_COUNT,
    Book,
    BudgetNodes,
    BudgetYears,
    Cells,
    Counters,
    FrozenFigures,
    KeyRows,
    Ledger,
    OpenItems,
    TitleFigures,
    WithdrawnFigures,
)
from core.tables.columns import allocate_records, seal_array, seal_records
from core.tables.decree_balances import DecreeFigures
from core.tables.followers import Followers
from core.tables.journal import Acts, Decisions, Draws, Numbers
from core.tables.signatures import NO_SIGNATURES, Grants
from core.tables.special_balances import SpecialProgrammes
from kernels import availability, decisions
from kernels.draws import BudgetTree, draw_amounts
from posting.book.reserved_memory import reserve

LEVELS = (125, 1_800, 4_000, 6_000)
"""Programmes, BOP, UO, and a fourth level below."""
_ROUNDS, _PERIODS = 400, 12
_ACCOUNTANTS = 45
"""As many as the sample year has."""
_OPENED_CENTS = 10**15
_POOR_PROGRAMMES, _POOR_CENTS = 5, 10**7
"""A few programmes have few credits, in cents, so that acts are refused."""
_PAYEES = 2_000


@dataclass(frozen=True, slots=True)
class KernelFigures:
    """The speed of a warm kernel."""

    lines: int
    seconds: float
    lines_a_second: float
    book_bytes: int
    """Size of the data that the kernel accesses at random."""


class ActMixture(NamedTuple):
    """Acts in order, and the number of those at the end that repeat an earlier one."""

    acts: np.ndarray
    repeated: int


def measure_decide(lines: int = 40_000, seed: int = 1) -> KernelFigures:
    """Measure ``kernels.decisions.decide`` on a mixture of commitments, services and payment requests."""
    rng = np.random.default_rng(seed)
    mixture = _build_mixture(rng, lines)
    acts, initial = seal_array(mixture.acts), _build_book(rng, len(mixture.acts))
    out = allocate_records(Decisions, len(acts))
    book = _copy_book(initial)
    decisions.decide(acts, book, out, False)
    decision_invariants.check_decisions(acts, book, out, repeated=mixture.repeated)
    posted = np.flatnonzero(book.ledger["touched"])

    def time_once() -> float:
        _restore(book, initial, posted)
        return _time_work(lambda: decisions.decide(acts, book, out, False))

    used = (
        book.nodes,
        book.figures,
        book.slots,
        book.items[: len(acts)],
        book.keys[: len(acts)],
    )
    ledger_bytes = posted.size * book.ledger.itemsize
    return _time_best(time_once, len(acts), sum(array.nbytes for array in used) + ledger_bytes)


def measure_availability(lines: int = 200_000, seed: int = 1) -> KernelFigures:
    """Measure ``kernels.draws.draw_amounts``: AE at four levels, nothing else."""
    rng = np.random.default_rng(seed)
    cells, nodes, figures = opening = _build_budget(rng)
    draws = Draws(
        seal_array(rng.integers(0, len(cells), lines, dtype=np.int32)),
        seal_array(rng.integers(1, 10**6, lines)),
    )
    short, frozen = Numbers(np.zeros(lines, np.int32)), allocate_records(FrozenFigures, len(nodes))

    def time_once() -> float:
        budget = BudgetTree(nodes.copy(), figures.copy(), frozen)
        return _time_work(lambda: draw_amounts(draws, seal_array(cells), budget, short))

    budget = BudgetTree(nodes.copy(), figures.copy(), frozen)
    draw_amounts(draws, seal_array(cells), budget, short)
    decision_invariants.check_draws(draws, opening, budget.figures, short=short.number)
    return _time_best(time_once, lines, nodes.nbytes + figures.nbytes + cells.nbytes)


def _time_work(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _time_best(time_once: Callable[[], float], lines: int, book_bytes: int) -> KernelFigures:
    seconds = min(time_once() for _ in range(_ROUNDS))
    return KernelFigures(lines, seconds, round(lines / seconds), book_bytes)


def _build_budget(rng: np.random.Generator) -> BudgetArrays:
    """Build a budget with four levels of nodes; the cells belong to nodes of the fourth level."""
    first = np.cumsum((0, *LEVELS))
    nodes, figures = allocate_records(BudgetNodes, int(first[-1])), np.zeros((int(first[-1]), 8), np.int64)
    nodes["blocking"] = 1
    figures[:, availability.AE], figures[:, availability.CP] = _OPENED_CENTS, _OPENED_CENTS
    figures[:_POOR_PROGRAMMES, availability.AE] = _POOR_CENTS
    nodes["parent"][: first[1]] = -1
    for level, count in enumerate(LEVELS):
        part = slice(first[level], first[level] + count)
        nodes["level"][part] = level + 1
        if level:
            nodes["parent"][part] = first[level - 1] + np.arange(count) % LEVELS[level - 1]
    cells = allocate_records(Cells, LEVELS[-1])
    cells["centre_node"] = first[-2] + rng.permutation(LEVELS[-1])
    cells["operation_node"], cells["level"] = -1, len(LEVELS)
    cells["title"], cells["title_before"] = -1, -1
    cells["expense"], cells["accrued"], cells["creditor"] = 6, 7, 8
    cells["accountant"] = 1 + np.arange(LEVELS[-1]) % _ACCOUNTANTS
    return BudgetArrays(cells, nodes, figures)


def _build_book(rng: np.random.Generator, lines: int) -> Book:
    """Build a book with opened credits and registered payees."""
    cells, nodes, figures = _build_budget(rng)
    room = lines + _PAYEES + 1
    book = Book(
        effects=seal_records(Effects, build_effects()),
        cells=seal_array(cells),
        nodes=nodes,
        items=allocate_records(OpenItems, room),
        ledger=allocate_records(Ledger, _PERIODS * LEDGER_ACCOUNTANTS * LEDGER_ACCOUNTS),
        keys=allocate_records(KeyRows, room),
        payees=allocate_records(KeyRows, room),
        waiting=allocate_records(KeyRows, 2),
        invoices=allocate_records(KeyRows, room),
        counters=allocate_records(Counters, 1),
        figures=figures,
        periods=np.ones(_PERIODS * LEDGER_ACCOUNTANTS, np.uint8),
        folios=np.zeros(_PERIODS * LEDGER_ACCOUNTANTS, np.uint8),
        payroll_checks=np.zeros(_PERIODS, np.uint8),
        years=seal_array(_build_years()),
        followers=seal_array(allocate_records(Followers, 0)),
        titles=allocate_records(TitleFigures, 1),
        frozen=allocate_records(FrozenFigures, len(nodes)),
        withdrawn=allocate_records(WithdrawnFigures, 1),
        decrees=allocate_records(DecreeFigures, 1),
        decree_years=allocate_records(DecreeFigures, 2),
        special=allocate_records(SpecialProgrammes, 1),
        roles=np.zeros(_PERIODS * ROLE_COUNT, np.int16),
        creditors=np.zeros((_PERIODS // PERIODS_PER_YEAR + 1) * CREDITOR_SETS * LEDGER_ACCOUNTS, np.int16),
        assets=np.zeros((_PERIODS // PERIODS_PER_YEAR + 1) * ACCOUNT_COLUMNS * LEDGER_ACCOUNTS, np.int16),
        admitted=np.ones(LEDGER_ACCOUNTS, np.uint8),
        role_kinds=build_role_kinds().ravel(),
        signatures=NO_SIGNATURES,
        grants=seal_array(allocate_records(Grants, 0)),
        grant_starts=np.zeros(2, np.int32),
        slots=np.zeros(1 << (2 * room).bit_length(), np.uint64),
        payee_slots=np.zeros(1 << (4 * _PAYEES).bit_length(), np.uint64),
        waiting_slots=np.zeros(4, np.uint64),
        invoice_slots=np.zeros(1 << (2 * room).bit_length(), np.uint64),
    )
    _register_payees(book)
    return book


def _register_payees(book: Book) -> None:
    payees = _build_acts("third_party", *_build_fingerprints(np.arange(_PAYEES)))
    payees["head"] = np.arange(_PAYEES)
    payees["payee_high"], payees["payee_low"] = payees["key_high"], payees["key_low"]
    decisions.decide(seal_array(payees), book, allocate_records(Decisions, _PAYEES), False)


def _build_years() -> np.ndarray:
    """Build the one budget year of all cells and acts, whose days are all 0."""
    years = allocate_records(BudgetYears, 1)
    years["last_day"] = years["last_order_day"] = years["last_payment_day"] = 364
    return years


def _build_fingerprints(number: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    """Build a fingerprint for each payee: any words that spread well."""
    high = (number.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return high, (high >> np.uint64(32)).astype(np.uint32)


def _build_acts(kind: str, high: NDArray[np.uint64], low: NDArray[np.uint32]) -> np.ndarray:
    acts = allocate_records(Acts, len(high))
    acts["kind"], acts["cell"], acts["source"], acts["amount"] = KIND_NUMBERS[kind], -1, -1, 1
    acts["key_high"], acts["key_low"], acts["content"] = high, low, high
    return acts


def _build_mixture(rng: np.random.Generator, lines: int) -> ActMixture:
    """Build a tenth of commitments, five acts after each, four tenths of direct requests, and some repeats."""
    commitment_count, direct_count, repeated = lines // 10, lines * 4 // 10, lines // 100
    commitments = _build_new_acts(rng, "commitment", commitment_count)
    commitments["cell"], commitments["amount"] = _draw_cells(rng, commitment_count), 10**6
    direct = _build_new_acts(rng, "direct_payment_request", direct_count)
    direct["cell"], direct["amount"] = _draw_cells(rng, direct_count), _draw_amounts(rng, direct_count)
    kinds = ("service", "payment_request", "service", "payment_request", "payment_request_without_service")
    steps = [commitments, *(_build_followers(rng, kind, commitments) for kind in kinds)]
    start = rng.random(commitment_count)
    times = [*(start + step / 10 for step in range(len(steps))), rng.random(direct_count) * 1.5]
    acts = np.concatenate([*steps, direct])[np.argsort(np.concatenate(times), kind="stable")]
    acts["period"] = np.arange(len(acts)) * _PERIODS // len(acts)
    acts = np.concatenate([acts, acts[rng.choice(len(acts), repeated, replace=False)]])
    acts["head"] = np.arange(len(acts))
    return ActMixture(acts, repeated)


def _build_new_acts(rng: np.random.Generator, kind: str, count: int) -> np.ndarray:
    high = rng.integers(1, 2**63, count, dtype=np.uint64) * np.uint64(2)
    acts = _build_acts(kind, high, rng.integers(0, 2**32, count, dtype=np.uint32))
    acts["payee_high"], acts["payee_low"] = _build_fingerprints(rng.integers(0, _PAYEES, count))
    acts["nature"] = CATALOG[KIND_NUMBERS[kind]].before_service
    if CATALOG[KIND_NUMBERS[kind]].bills:
        acts["invoice_high"] = rng.integers(1, 2**63, count, dtype=np.uint64)
        acts["invoice_low"] = rng.integers(0, 2**32, count, dtype=np.uint32)
    return acts


def _build_followers(rng: np.random.Generator, kind: str, commitments: np.ndarray) -> np.ndarray:
    """Build one act after each commitment."""
    acts = _build_new_acts(rng, kind, len(commitments))
    acts["previous_high"], acts["previous_low"] = commitments["key_high"], commitments["key_low"]
    cents_max = 3 * 10**5
    acts["previous_line"] = 1
    is_service = kind == "service"
    acts["amount"] = cents_max if is_service else np.minimum(_draw_amounts(rng, len(commitments)), cents_max)
    return acts


def _draw_cells(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    """Draw the cells of acts; a few cells have most of the acts."""
    weights = 1 / np.arange(1, LEVELS[-1] + 1)
    return rng.choice(LEVELS[-1], count, p=weights / weights.sum())


def _draw_amounts(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    return np.exp(rng.normal(11, 2, count)).astype(np.int64) + 1


def _copy_book(book: Book) -> Book:
    """Copy the book onto large pages, where the engine keeps it."""
    copy = Book._make(array if not array.flags.writeable else _reserve_like(array) for array in book)
    _restore(copy, book, np.flatnonzero(book.ledger["touched"]))
    return copy


def _reserve_like(array: np.ndarray) -> np.ndarray:
    return reserve(array.dtype, array.size).reshape(array.shape)


def _restore(book: Book, initial: Book, posted: NDArray[np.intp]) -> None:
    """Reset ``book`` to ``initial``, so that each round starts from the same state.

    Of the ledger, only the rows ``posted`` are reset: the whole of it would push the rest of the book out of the cache.
    """
    book.ledger[posted] = initial.ledger[posted]
    for name, array, initial_array in zip(Book._fields, book, initial, strict=True):
        if array is not initial_array and name != "ledger":
            array[:] = initial_array
