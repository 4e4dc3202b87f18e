"""The book in memory: all data that deciding needs, its growth, and its changed pages for the next checkpoint."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import lcm

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG, PayeeChange
from core.directory import EMPTY_DIRECTORY, Directory
from core.errors import EngineError
from core.tables.book import (
    CLAIM_LINE_BIT,
    Book,
)
from core.tables.columns import seal_array
from kernels import dirty_pages as page_kernel
from kernels import key_index as key_kernel
from posting.book import cells
from posting.book.directory_tables import build_grants
from posting.book.document_series import create_last_numbers
from posting.book.registry import Registry
from posting.book.rehash import Rehash, count_slots
from posting.book.reserved_memory import extend, reserve

ENTRIES_MAX = 2**32 - 2
"""Entry ids have 32 bits in memory; a shard that comes near this number must be split."""

ITEMS_A_PAGE = 160
"""Items in one page of a checkpoint; the page must fit in a page of PostgreSQL."""

KEYS_A_PAGE = 320
"""Keys in one page of a checkpoint, of acts, payees or invoices."""

RESERVED_ENTRIES = 1 << 25
"""Entries for which tables are sized at the start: address space, not memory, until they are written.
As much address space again as the machine could fill is reserved behind it, so that large tables grow without a copy."""

REHASH_AT_EIGHTHS = 7
"""Fill level of a large index, in eighths of its capacity, from which it is rehashed in the background."""

RESERVED_CELLS = 1 << 20
"""Account assignments for which address space is reserved in the same way."""

CHANGES_PAYEE = np.array([kind.change is not PayeeChange.NONE for kind in CATALOG])
"""By kind: whether an act of it changes a registered payee."""

_REHASHED: Mapping[str, str] = {"keys": "slots", "invoices": "invoice_slots"}
"""The indexes, by table, that grow to millions of keys."""

_WHOLE_PAGES = lcm(ITEMS_A_PAGE, KEYS_A_PAGE)


@dataclass(slots=True)
class BookState:
    """The book that the kernels work on, and the state around it that they do not need."""

    registry: Registry
    book: Book
    cell_words: NDArray[np.int64]
    """The packed account assignment of each cell, by number; row 0 is no cell."""
    changed_pages: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(1 << 10, bool))
    """By page number: whether the page of items changed since the last checkpoint."""
    changed_payee_pages: set[int] = field(default_factory=set)
    """Pages of payees that were registered before the last checkpoint and have changed since."""
    last_period_decision: int = 0
    """The number of the last decision about a period that the book follows."""
    last_documents: NDArray[np.int64] = field(default_factory=create_last_numbers)
    """The last document number of every series (``posting.book.document_series``)."""
    directory: Directory = EMPTY_DIRECTORY
    """The directory of persons by which lines are decided."""
    rehashes: dict[str, Rehash] = field(default_factory=dict)
    """By table: the rehash of its index that is running in the background."""

    @property
    def entries(self) -> int:
        """The number of entries so far, which is the id of the last one."""
        return int(self.book.counters[0]["entries"])

    @property
    def keys(self) -> int:
        """The number of keys of accepted acts."""
        return int(self.book.counters[0]["keys"])

    @property
    def payees(self) -> int:
        """The number of registered payees."""
        return int(self.book.counters[0]["payees"])

    @property
    def invoices(self) -> int:
        """The number of claims of invoices."""
        return int(self.book.counters[0]["invoices"])

    def count_invoice_requests(self, first_claim: int) -> int:
        """Count the entries that claimed an invoice, from claim ``first_claim`` on."""
        claims = self.book.invoices["content"][first_claim : self.invoices]
        return int((claims // np.uint64(CLAIM_LINE_BIT)).sum())

    @property
    def payee_changes(self) -> int:
        """The number of changes to registered payees so far."""
        return int(self.book.counters[0]["changes"])

    def note_changes(self, acts: np.ndarray, decisions: np.ndarray, changes: int) -> None:
        """Note the pages that the decided lines changed: of their predecessors, of the commitments of those, and of payees.

        ``changes`` counts the payee changes before.  Refused lines may add pages that did not change, which is harmless.
        """
        self.note_changed_pages(np.ascontiguousarray(decisions["predecessor"]))
        if self.payee_changes != changes:
            self.note_changed_payees(decisions["payee"][CHANGES_PAYEE[acts["kind"]]])

    def note_changed_payees(self, payees: NDArray[np.integer]) -> None:
        """Note the pages of changed ``payees``; 0 is no payee."""
        self.changed_payee_pages.update(((payees[payees > 0] - 1) // KEYS_A_PAGE).tolist())

    def note_changed_pages(self, predecessors: NDArray[np.int64]) -> None:
        """Note the pages of ``predecessors`` (entries; 0 is none), of their commitments, and of the requests behind them."""
        last = self.entries // ITEMS_A_PAGE + 1
        if last > len(self.changed_pages):
            self.changed_pages = np.concatenate([self.changed_pages, np.zeros(2 * last, bool)])
        marks = self.changed_pages.view(np.uint8)
        items = seal_array(self.book.items)
        page_kernel.mark_pages(seal_array(predecessors), items, self.book.effects, ITEMS_A_PAGE, marks)

    def add_cells(self, words: NDArray[np.int64], count_before: int) -> None:
        """Add the account assignments that a piece was the first to use; ``count_before`` were numbered before them.

        Raises
        ------
        EngineError
            The book does not know all of those: the pieces are decided in another order than they were numbered in.
        """
        known_count = len(self.cell_words)
        if count_before > known_count or (len(words) and count_before != known_count):
            raise EngineError(
                f"the book knows {known_count} account assignments, but the next piece was numbered after {count_before}"
            )
        if len(words):
            self.cell_words = extend(self.cell_words, known_count + len(words), known_count)
            self.cell_words[known_count:] = words
            table = extend(self.book.cells, known_count + len(words), known_count)
            table[known_count:] = cells.to_records(words, self.registry)
            self._replace(cells=seal_array(table))

    def ensure_capacity(self, lines: int) -> None:
        """Ensure that ``lines`` more fit in every table, as the kernels never grow a table."""
        if self.entries + lines > ENTRIES_MAX:
            raise EngineError(
                f"entry {ENTRIES_MAX} is the last one that this engine can number; split the shard"
            )
        self._ensure_item_capacity(lines)
        self._ensure_key_capacity("keys", "slots", used=self.keys, added=lines)
        self._ensure_key_capacity("payees", "payee_slots", used=self.payees, added=lines)
        self.ensure_invoice_capacity(lines)
        self._ensure_key_capacity(
            "waiting", "waiting_slots", used=int(self.book.counters[0]["waiting"]), added=lines
        )

    def ensure_capacity_to_restore(self, entries: int, keys: int, payees: int, *, invoices: int) -> None:
        """Ensure that the contents of a checkpoint fit in this empty book."""
        self._ensure_item_capacity(entries)
        self._ensure_key_capacity("keys", "slots", used=0, added=keys)
        self._ensure_key_capacity("payees", "payee_slots", used=0, added=payees)
        self._ensure_key_capacity("invoices", "invoice_slots", used=0, added=invoices)

    def ensure_invoice_capacity(self, claims: int) -> None:
        """Ensure that ``claims`` more fit in the table of invoices."""
        self._ensure_key_capacity("invoices", "invoice_slots", used=self.invoices, added=claims)

    def _ensure_item_capacity(self, lines: int) -> None:
        items = self.book.items
        if self.entries + lines + 1 > len(items):
            rows = round_up_to_pages(2 * (self.entries + lines))
            self._replace(items=extend(items, rows, self.entries + 1))

    def _ensure_key_capacity(self, table: str, slots: str, *, used: int, added: int) -> None:
        keys = getattr(self.book, table)
        if used + added > len(keys):
            keys = extend(keys, round_up_to_pages(2 * (used + added)), used)
            self._replace(**{table: keys})
        narrow, slot_count = getattr(self.book, slots), count_slots(used + added)
        if slot_count > len(narrow) and table in self.rehashes:
            narrow = self._finish_rehash(table)
        if slot_count > len(narrow):
            wider = reserve(np.uint64, max(slot_count, 2 * len(narrow)))
            key_kernel.index_keys(wider, seal_array(keys), 0, used)
            self._replace(**{slots: wider})

    def rehash_in_background(self) -> None:
        """Rehash the large indexes before they are full, in the background, so that no batch waits for it.

        Called between batches, when the book contains no decision that may still be undone.
        """
        for table, index in _REHASHED.items():
            if table in self.rehashes and self.rehashes[table].is_done:
                self._finish_rehash(table)
            slot_count = len(getattr(self.book, index))
            if (
                table not in self.rehashes
                and count_slots(self._count_rows(table)) > slot_count * REHASH_AT_EIGHTHS // 8
            ):
                keys = seal_array(getattr(self.book, table))
                self.rehashes[table] = Rehash(keys, self._count_rows(table), 2 * slot_count)

    def _finish_rehash(self, table: str) -> NDArray[np.uint64]:
        keys = seal_array(getattr(self.book, table))
        slots = self.rehashes.pop(table).take_result(keys, self._count_rows(table))
        self._replace(**{_REHASHED[table]: slots})
        return slots

    def _count_rows(self, table: str) -> int:
        return int(self.book.counters[0][table])

    @property
    def has_waiting(self) -> bool:
        """Whether acts wait for their predecessor: of one submission, as others come after its last pass."""
        return bool(self.book.counters[0]["waiting"])

    def clear_waiting(self) -> None:
        """Forget the keys of waiting acts: a new pass begins."""
        if self.has_waiting:
            self.book.waiting_slots[:] = 0
            self.book.counters[0]["waiting"] = 0

    @contextmanager
    def restore_after(self) -> Iterator[None]:
        """Restore the cells and waiting keys after the body; the caller undoes the decisions."""
        cell_count, waiting_count = len(self.cell_words), int(self.book.counters[0]["waiting"])
        waiting_keys, slots = self.book.waiting[:waiting_count].copy(), self.book.waiting_slots.copy()
        yield
        self._drop_cells(cell_count)
        self.book.waiting[:waiting_count], self.book.counters[0]["waiting"] = waiting_keys, waiting_count
        self._replace(waiting_slots=slots)

    def _drop_cells(self, first: int) -> None:
        table = extend(self.book.cells, len(self.cell_words), first)
        table[first:], self.cell_words[first:] = np.zeros(1, table.dtype), 0
        self.cell_words = self.cell_words[:first]
        self._replace(cells=seal_array(table[:first]))

    def add_waiting(self, acts: np.ndarray) -> None:
        """Add the keys of ``acts``, which wait for their predecessor."""
        self._ensure_key_capacity(
            "waiting", "waiting_slots", used=int(self.book.counters[0]["waiting"]), added=len(acts)
        )
        book = self.book
        key_kernel.insert_waiting_keys(seal_array(acts), book.waiting_slots, book.waiting, book.counters)

    def use_signatures(self, signatures: np.ndarray) -> None:
        """Use the signatures of the piece that is decided next."""
        if self.book.signatures is not signatures:
            self._replace(signatures=signatures)

    def follow_directory(self, directory: Directory) -> None:
        """Follow the directory of persons: lines are decided by it from now on."""
        self.directory = directory
        self._replace(**build_grants(directory, self.registry.numbers)._asdict())

    def _replace(self, **tables: np.ndarray) -> None:
        self.book = self.book._replace(**tables)


def round_up_to_pages(rows: int) -> int:
    """Round ``rows`` up to whole pages, as a checkpoint copies whole pages only."""
    return -(-rows // _WHOLE_PAGES) * _WHOLE_PAGES
