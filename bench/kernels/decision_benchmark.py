"""The decision kernels by themselves, on made-up acts and a book that stays in the processor's cache.

Verified by what must hold of any correct outcome, then timed: warm, the best of four hundred short runs from the same book.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.kernels import decision_invariants
from core.catalog import KIND_NUMBER, Effects, effects
from core.tables.book import LEDGER_ACCOUNTS, ROLES, Book, Cells, Counters, Items, Keys, Ledger, Nodes
from core.tables.columns import records, sealed
from core.tables.journal import Acts, Decisions, Draws, Numbers
from kernels import availability, decisions
from posting.book.reserved_memory import reserve

LEVELS = (125, 1_800, 4_000, 6_000)
"""Programmes, BOP, UO, and a fourth level below."""

_RUNS = 400
_PERIODS = 12
_OPENED = 10**15
_SHORT, _LITTLE = 5, 10**7
"""So many programmes have so little credit, in cents, that acts are refused."""

_PAYEES = 2_000


@dataclass(frozen=True, slots=True)
class Kernel:
    """What a kernel does in a second, warm."""

    lines: int
    seconds: float
    lines_a_second: float
    book_bytes: int
    """Of what the kernel looks up here and there."""


class Mixture(NamedTuple):
    """Acts in order, and how many of them repeat an earlier one."""

    acts: np.ndarray
    repeated: int


def decide(lines: int = 40_000, seed: int = 1) -> Kernel:
    """``kernels.decisions.decide`` on commitments, services and payment requests of every flow, mixed."""
    rng = np.random.default_rng(seed)
    mixture = _mixture(rng, lines)
    acts, fresh = sealed(mixture.acts), _book(rng, len(mixture.acts))
    out = records(Decisions, len(acts))
    book = _copied(fresh)
    decisions.decide(acts, book, out, False)
    decision_invariants.check(acts, book, out, mixture.repeated)

    def once() -> float:
        _restore(book, fresh)
        return _seconds(lambda: decisions.decide(acts, book, out, False))

    used = (
        book.nodes,
        book.figures,
        book.slots,
        book.items[: len(acts)],
        book.keys[: len(acts)],
        book.ledger,
    )
    return _best(once, len(acts), sum(each.nbytes for each in used))


def availability_alone(lines: int = 200_000, seed: int = 1) -> Kernel:
    """``kernels.availability.draw``: AE at four levels, nothing else."""
    rng = np.random.default_rng(seed)
    cells, nodes, figures = _budget(rng)
    draws = Draws(
        sealed(rng.integers(0, len(cells), lines, dtype=np.int32)), sealed(rng.integers(1, 10**6, lines))
    )
    short = Numbers(np.zeros(lines, np.int32))

    def once() -> float:
        budget = availability.Budget(nodes.copy(), figures.copy())
        return _seconds(lambda: availability.draw(draws, sealed(cells), budget, short))

    budget = availability.Budget(nodes.copy(), figures.copy())
    availability.draw(draws, sealed(cells), budget, short)
    decision_invariants.check_draws(draws, (cells, nodes, figures), budget.figures, short.number)
    return _best(once, lines, nodes.nbytes + figures.nbytes + cells.nbytes)


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _best(once: Callable[[], float], lines: int, size: int) -> Kernel:
    seconds = min(once() for _ in range(_RUNS))
    return Kernel(lines, seconds, round(lines / seconds), size)


def _budget(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, NDArray[np.int64]]:
    """Cells, nodes and figures; cells hang below the fourth level."""
    first = np.cumsum((0, *LEVELS))
    nodes, figures = records(Nodes, int(first[-1])), np.zeros((int(first[-1]), 8), np.int64)
    nodes["blocking"], figures[:, availability.AE], figures[:, availability.CP] = 1, _OPENED, _OPENED
    figures[:_SHORT, availability.AE] = _LITTLE
    nodes["parent"][: first[1]] = -1
    for level, count in enumerate(LEVELS):
        part = slice(first[level], first[level] + count)
        nodes["level"][part] = level + 1
        if level:
            nodes["parent"][part] = first[level - 1] + np.arange(count) % LEVELS[level - 1]
    cells = records(Cells, LEVELS[-1])
    cells["centre_node"] = first[-2] + rng.permutation(LEVELS[-1])
    cells["operation_node"], cells["level"] = -1, len(LEVELS)
    cells["expense"], cells["accrued"], cells["creditor"] = 6, 7, 8
    return cells, nodes, figures


def _book(rng: np.random.Generator, lines: int) -> Book:
    """A book with its credits opened and its payees registered."""
    cells, nodes, figures = _budget(rng)
    catalog = records(Effects, len(effects()[0]))
    for name, column in effects()._asdict().items():
        catalog[name] = column
    room = lines + _PAYEES + 1
    book = Book(
        effects=sealed(catalog),
        cells=sealed(cells),
        nodes=nodes,
        items=records(Items, room),
        ledger=records(Ledger, _PERIODS * LEDGER_ACCOUNTS),
        keys=records(Keys, room),
        payees=records(Keys, room),
        waiting=records(Keys, 2),
        counters=records(Counters, 1),
        figures=figures,
        periods=np.ones(_PERIODS, np.uint8),
        roles=np.zeros(_PERIODS * ROLES, np.int16),
        slots=np.zeros(1 << (2 * room).bit_length(), np.uint64),
        payee_slots=np.zeros(1 << (4 * _PAYEES).bit_length(), np.uint64),
        waiting_slots=np.zeros(4, np.uint64),
    )
    payees = _acts("third_party", *_payees(np.arange(_PAYEES)))
    payees["payee_high"], payees["payee_low"] = payees["key_high"], payees["key_low"]
    payees["head"] = np.arange(_PAYEES)
    decisions.decide(sealed(payees), book, records(Decisions, _PAYEES), False)
    return book


def _payees(number: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    """The fingerprint of each payee: any words that spread well."""
    high = (number.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return high, (high >> np.uint64(32)).astype(np.uint32)


def _acts(kind: str, high: NDArray[np.uint64], low: NDArray[np.uint32]) -> np.ndarray:
    acts = records(Acts, len(high))
    acts["kind"], acts["cell"], acts["source"], acts["amount"] = KIND_NUMBER[kind], -1, -1, 1
    acts["key_high"], acts["key_low"], acts["content"] = high, low, high
    return acts


def _mixture(rng: np.random.Generator, lines: int) -> Mixture:
    """A tenth commitments, four tenths of what follows them, four of direct requests, and some repeats."""
    committed, single, repeated = lines // 10, lines * 4 // 10, lines // 100
    engaged = _fresh(rng, "commitment", committed)
    engaged["cell"], engaged["amount"] = _cells(rng, committed), 10**6
    direct = _fresh(rng, "direct_payment_request", single)
    direct["cell"], direct["amount"] = _cells(rng, single), _amounts(rng, single)
    kinds = ("service", "payment_request", "service", "payment_request", "payment_request_without_service")
    steps = [engaged, *(_following(rng, kind, engaged) for kind in kinds)]
    begun = rng.random(committed)
    times = [*(begun + place / 10 for place in range(len(steps))), rng.random(single) * 1.5]
    acts = np.concatenate([*steps, direct])[np.argsort(np.concatenate(times), kind="stable")]
    acts["period"] = np.arange(len(acts)) * _PERIODS // len(acts)
    acts = np.concatenate([acts, acts[rng.choice(len(acts), repeated, replace=False)]])
    acts["head"] = np.arange(len(acts))
    return Mixture(acts, repeated)


def _fresh(rng: np.random.Generator, kind: str, count: int) -> np.ndarray:
    high = rng.integers(1, 2**63, count, dtype=np.uint64) * np.uint64(2)
    acts = _acts(kind, high, rng.integers(0, 2**32, count, dtype=np.uint32))
    acts["payee_high"], acts["payee_low"] = _payees(rng.integers(0, _PAYEES, count))
    return acts


def _following(rng: np.random.Generator, kind: str, engaged: np.ndarray) -> np.ndarray:
    """One act after each commitment."""
    acts = _fresh(rng, kind, len(engaged))
    acts["previous_high"], acts["previous_low"] = engaged["key_high"], engaged["key_low"]
    most = 3 * 10**5
    acts["previous_line"], acts["amount"] = (
        1,
        most if kind == "service" else np.minimum(_amounts(rng, len(engaged)), most),
    )
    return acts


def _cells(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    """A few assignments take most of the acts."""
    weight = 1 / np.arange(1, LEVELS[-1] + 1)
    return rng.choice(LEVELS[-1], count, p=weight / weight.sum())


def _amounts(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    return np.exp(rng.normal(11, 2, count)).astype(np.int64) + 1


def _copied(book: Book) -> Book:
    """The same book once more, on large pages as the engine keeps it."""
    ours = Book._make(each if not each.flags.writeable else _reserved(each) for each in book)
    _restore(ours, book)
    return ours


def _reserved(array: np.ndarray) -> np.ndarray:
    return reserve(array.dtype, array.size).reshape(array.shape)


def _restore(ours: Book, book: Book) -> None:
    """Bring ``ours`` back to where ``book`` stands, so that each run starts from the same."""
    for to, other in zip(ours, book, strict=True):
        if to is not other:
            to[:] = other
