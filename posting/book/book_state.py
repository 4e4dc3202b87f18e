"""The book in memory: everything deciding needs, with room to grow, and which pages of it changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import lcm

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG, Change, Effects, effects
from core.errors import EngineError
from core.tables.book import LEDGER_ACCOUNTS, Book, Cells, Counters, Items, Keys, Ledger, Nodes
from core.tables.columns import record, records, sealed
from kernels import dirty_pages as page_kernel
from kernels import key_index as key_kernel
from posting.book import cells
from posting.book.registry import CENTRES_A_YEAR, SHEETS, Registry
from posting.book.rehash import Widening
from posting.book.reserved_memory import extended, memory_bytes, reserve

ENTRIES_MAX = 2**32 - 2
"""Entry ids are 32 bits in memory; a shard that nears it is split."""

ITEMS_A_PAGE = 240
"""Items of one page of a checkpoint: it must fit in a page of PostgreSQL."""

KEYS_A_PAGE = 320
"""Keys of one page of a checkpoint, of acts or of payees."""

ROOM = 1 << 25
"""Entries there is room for from the start: address space, not memory, until they are written.

Behind it stands as much as the machine could hold, so that large tables need not be copied to grow."""

AHEAD_EIGHTHS = 7
"""Of what the slots of the acts' keys hold; from there on they are widened beside the decisions."""

CELLS_ROOM = 1 << 20
"""Account assignments there is room for, in the same way."""

CHANGES = np.array([kind.change is not Change.NONE for kind in CATALOG])
"""By kind: whether it changes a registered payee."""

_WHOLE_PAGES = lcm(ITEMS_A_PAGE, KEYS_A_PAGE)
_LOAD_TENTHS = 6
_FIGURES = 8


@dataclass(slots=True)
class State:
    """The book, and what is known about it that the kernels need not know."""

    registry: Registry
    book: Book
    cell_words: NDArray[np.int64]
    """What each cell is made of, by number; row 0 is no cell."""
    changed_pages: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(1 << 10, bool))
    """Pages of items changed since the last checkpoint, by page number."""
    changed_payee_pages: set[int] = field(default_factory=set)
    """Pages of payees that were registered before the last checkpoint and changed since."""
    widening: Widening | None = None
    """Of the slots of the acts' keys, while it is under way."""

    @property
    def entries(self) -> int:
        """Entries accepted so far: the id of the last."""
        return int(self.book.counters[0]["entries"])

    @property
    def keys(self) -> int:
        """Keys held by accepted acts."""
        return int(self.book.counters[0]["keys"])

    @property
    def payees(self) -> int:
        """Payees registered."""
        return int(self.book.counters[0]["payees"])

    @property
    def changes(self) -> int:
        """Changes of registered payees so far."""
        return int(self.book.counters[0]["changes"])

    def note_changes(self, acts: np.ndarray, decisions: np.ndarray, changes: int) -> None:
        """Remember which pages the decided lines changed: what they followed, and what that acts on; and payees.

        ``changes`` of payees were there before.

        A refused line may have followed something too; a page too many is no harm.
        """
        self.note_pages(np.ascontiguousarray(decisions["predecessor"]))
        if self.changes != changes:
            self.note_payees(decisions["payee"][CHANGES[acts["kind"]]])

    def note_payees(self, payees: NDArray[np.integer]) -> None:
        """Remember the pages of the ``payees`` that were changed; 0 is none."""
        self.changed_payee_pages.update(((payees[payees > 0] - 1) // KEYS_A_PAGE).tolist())

    def note_pages(self, followed: NDArray[np.int64]) -> None:
        """Remember the pages of the entries ``followed`` (0 is none) and of their commitments."""
        last = self.entries // ITEMS_A_PAGE + 1
        if last > len(self.changed_pages):
            self.changed_pages = np.concatenate([self.changed_pages, np.zeros(2 * last, bool)])
        marks = self.changed_pages.view(np.uint8)
        page_kernel.mark(sealed(followed), sealed(self.book.items), ITEMS_A_PAGE, marks)

    def add_cells(self, words: NDArray[np.int64], before: int) -> None:
        """Learn the account assignments first seen with some lines; ``before`` were numbered before them.

        Raises
        ------
        EngineError
            Not all of those are known: lines are decided in another order than they were numbered in.
        """
        known = len(self.cell_words)
        if before > known or (len(words) and before != known):
            raise EngineError(
                f"{known} account assignments are known, and lines come that were numbered behind {before}"
            )
        if len(words):
            self.cell_words = extended(self.cell_words, known + len(words), known)
            self.cell_words[known:] = words
            table = extended(self.book.cells, known + len(words), known)
            table[known:] = cells.as_records(words, self.registry)
            self._replace(cells=sealed(table))

    def make_room(self, lines: int) -> None:
        """Be sure that ``lines`` more fit everywhere; the kernels never grow anything."""
        if self.entries + lines > ENTRIES_MAX:
            raise EngineError(f"entry {ENTRIES_MAX} is the last this engine can number; split the shard")
        self._make_room_for_items(lines)
        self._make_room_for_keys("keys", "slots", self.keys, lines)
        self._make_room_for_keys("payees", "payee_slots", self.payees, lines)
        self._make_room_for_keys("waiting", "waiting_slots", int(self.book.counters[0]["waiting"]), lines)

    def make_room_to_restore(self, entries: int, keys: int, payees: int) -> None:
        """Be sure that what a checkpoint holds fits in this book, in which nothing happened yet."""
        self._make_room_for_items(entries)
        self._make_room_for_keys("keys", "slots", 0, keys)
        self._make_room_for_keys("payees", "payee_slots", 0, payees)

    def _make_room_for_items(self, more: int) -> None:
        items = self.book.items
        if self.entries + more + 1 > len(items):
            rows = _in_whole_pages(2 * (self.entries + more))
            self._replace(items=extended(items, rows, self.entries + 1))

    def _make_room_for_keys(self, table: str, slots: str, used: int, more: int) -> None:
        keys = getattr(self.book, table)
        if used + more > len(keys):
            keys = extended(keys, _in_whole_pages(2 * (used + more)), used)
            self._replace(**{table: keys})
        narrow, wanted = getattr(self.book, slots), _slots_for(used + more)
        if wanted > len(narrow) and table == "keys" and self.widening:
            narrow = self._widened(self.widening)
        if wanted > len(narrow):
            wider = reserve(np.uint64, max(wanted, 2 * len(narrow)))
            key_kernel.index(wider, sealed(keys), 0, used)
            self._replace(**{slots: wider})

    def grow_beside(self) -> None:
        """Widen the slots of the acts' keys ahead of need, beside the decisions, so that no batch waits for it.

        Called between batches, while nothing stands in the book that is to be taken back.
        """
        if self.widening and self.widening.is_done:
            self._widened(self.widening)
        if not self.widening and _slots_for(self.keys) > len(self.book.slots) * AHEAD_EIGHTHS // 8:
            self.widening = Widening(sealed(self.book.keys), self.keys, 2 * len(self.book.slots))

    def _widened(self, widening: Widening) -> NDArray[np.uint64]:
        slots = widening.taken(sealed(self.book.keys), self.keys)
        self._replace(slots=slots)
        self.widening = None
        return slots

    def forget_waiting(self) -> None:
        """No act waits any more: a new pass or another submission begins."""
        if self.book.counters[0]["waiting"]:
            self.book.waiting_slots[:] = 0
            self.book.counters[0]["waiting"] = 0

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Let cells and waiting keys be afterwards what they were; what was decided is another's to take back."""
        cells, waiting = len(self.cell_words), int(self.book.counters[0]["waiting"])
        held, slots = self.book.waiting[:waiting].copy(), self.book.waiting_slots.copy()
        yield
        self._drop_cells(cells)
        self.book.waiting[:waiting], self.book.counters[0]["waiting"] = held, waiting
        self._replace(waiting_slots=slots)

    def _drop_cells(self, first: int) -> None:
        table = extended(self.book.cells, len(self.cell_words), first)
        table[first:], self.cell_words[first:] = np.zeros(1, table.dtype), 0
        self.cell_words = self.cell_words[:first]
        self._replace(cells=sealed(table[:first]))

    def wait_for(self, acts: np.ndarray) -> None:
        """Hold the keys of ``acts``, which wait for their predecessor."""
        self._make_room_for_keys("waiting", "waiting_slots", int(self.book.counters[0]["waiting"]), len(acts))
        book = self.book
        key_kernel.wait(sealed(acts), book.waiting_slots, book.waiting, book.counters)

    def _replace(self, **tables: np.ndarray) -> None:
        self.book = self.book._replace(**tables)


def empty(registry: Registry, entries: int = 0) -> State:
    """A book in which nothing happened yet, with room for ``entries``."""
    rows = _in_whole_pages(max(2 * entries, ROOM))
    room = memory_bytes() // (2 * record(Items).itemsize)
    catalog = records(Effects, len(effects()[0]))
    for name, column in effects()._asdict().items():
        catalog[name] = column
    nodes, figures = _nodes(registry)
    book = Book(
        effects=sealed(catalog),
        cells=sealed(reserve(record(Cells), 1, CELLS_ROOM)),
        nodes=nodes,
        items=reserve(record(Items), rows, room),
        ledger=reserve(record(Ledger), len(registry.reference.calendar.open_periods()) * LEDGER_ACCOUNTS),
        keys=reserve(record(Keys), rows, room),
        payees=reserve(record(Keys), _in_whole_pages(1 << 16)),
        waiting=records(Keys, 1 << 10),
        counters=records(Counters, 1),
        figures=figures,
        periods=registry.reference.calendar.open_periods(),
        roles=registry.shared_accounts.copy(),
        slots=reserve(np.uint64, 1 << 18),
        payee_slots=reserve(np.uint64, 1 << 17),
        waiting_slots=np.zeros(1 << 11, np.uint64),
    )
    words = reserve(np.int64, 1, CELLS_ROOM)
    words[0] = -1
    return State(registry, book, words)


def _slots_for(keys: int) -> int:
    """How many it takes to find so many keys."""
    return 10 * keys // _LOAD_TENTHS + 1


def _in_whole_pages(rows: int) -> int:
    """At least ``rows``; a checkpoint copies nothing but whole pages."""
    return -(-rows // _WHOLE_PAGES) * _WHOLE_PAGES


def _nodes(registry: Registry) -> tuple[np.ndarray, NDArray[np.int64]]:
    """Every fund centre on each of its six sheets, in every budget year."""
    size = len(registry.years) * CENTRES_A_YEAR * SHEETS
    nodes, figures = reserve(record(Nodes), size), reserve(np.int64, size * _FIGURES).reshape(size, _FIGURES)
    means = registry.meanings
    centres = np.arange(1, means.centre_level.shape[1])
    for row, year in enumerate(registry.years):
        parent = means.centre_parent[row, 1:]
        for sheet in range(SHEETS):
            at = registry.node_positions(centres, np.array(year), np.array(sheet))
            above = registry.node_positions(parent, np.array(year), np.array(sheet))
            nodes["parent"][at] = np.where(parent == 0, -1, above)
            nodes["level"][at] = means.centre_level[row, 1:]
            nodes["staff"][at] = sheet // 3
            nodes["blocking"][at] = ~means.centre_estimated[row, 1:]
    return nodes, figures
