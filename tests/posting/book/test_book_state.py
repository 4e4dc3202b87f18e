"""Growth of the book's tables: their rows are kept and found afterwards."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.catalog import CATALOG
from core.catalog_effects import Effects
from core.errors import EngineError
from core.outcome_codes import Outcome
from core.tables.book import LEDGER_ACCOUNTANTS
from posting.book.book_state import ENTRIES_MAX, ITEMS_A_PAGE, BookState
from posting.book.cells import to_records
from posting.book.empty_book import create_empty_book
from posting.book.reserved_memory import extend, reserve
from tests.file_strategies import PLACES, REFERENCE, File, build_openings
from tests.oracle.dirty_pages import mark_pages
from tests.oracle.reference import Reference
from tests.posting.text_engine import TextEngine, build_registry

_SLOTS = 1 << 18
"""Of an empty book's keys of acts."""
_KEYS = {
    "keys": ("slots", "keys"),
    "payees": ("payee_slots", "payees"),
    "waiting": ("waiting_slots", "waiting"),
    "invoices": ("invoice_slots", "invoices"),
}


def _fill(state: BookState, table: str, rows: int) -> None:
    """Add keys to ``table`` and enter them in the slots where a look-up finds them, as the kernels do."""
    slots, counter = _KEYS[table]
    state.ensure_capacity(rows)
    book, first = state.book, int(state.book.counters[0][counter])
    keys, words = getattr(book, table), getattr(book, slots)
    for row in range(first, first + rows):
        low = row * 2654435761 % 2**32
        keys[row] = (row * 7919 + 1, low, row, row)
        at = low * len(words) >> 32
        while words[at]:
            at = (at + 1) % len(words)
        words[at] = low << 32 | row + 1
    book.counters[0][counter] = first + rows


def _assert_found(state: BookState, table: str) -> None:
    """Assert that the slots contain every key once and are not too full."""
    slots, counter = _KEYS[table]
    book, rows = state.book, int(state.book.counters[0][counter])
    used_slots = getattr(book, slots)[getattr(book, slots) > 0]
    assert sorted((used_slots & np.uint64(2**32 - 1)).tolist()) == list(range(1, rows + 1))
    assert 10 * rows <= 6 * len(getattr(book, slots))
    assert getattr(book, table)["content"][:rows].tolist() == list(range(rows))
    free = np.flatnonzero(getattr(book, slots) == 0)
    at = np.flatnonzero(getattr(book, slots))
    home = (used_slots >> np.uint64(32)) * np.uint64(len(getattr(book, slots))) >> np.uint64(32)
    # behind the last slot comes the first again: place -1 is that of the last free one
    previous = free[np.searchsorted(free, at) - 1]
    assert ((home.astype(np.int64) > previous) | (at < previous)).all()


@pytest.mark.parametrize("table", ["waiting", "payees", "invoices"])
def test_keys_are_found_after_their_table_grows(table: str) -> None:
    """Beyond the capacity of an empty book, in steps of which some need more slots and some more rows."""
    state = create_empty_book(build_registry())
    for rows in (1, 1023, 1, 400, 40_000, 1, 40_000):
        _fill(state, table, rows)
    _assert_found(state, table)


@pytest.mark.parametrize(("table", "index"), [("keys", "slots"), ("invoices", "invoice_slots")])
@pytest.mark.parametrize("is_waited_for", [False, True])
def test_slots_are_rehashed_in_the_background(table: str, index: str, is_waited_for: bool) -> None:
    """When few slots are left; keys entered meanwhile are found too, even if the larger index is needed at once."""
    state = create_empty_book(build_registry())
    _fill(state, table, _SLOTS // 2)
    state.rehash_in_background()
    assert (state.rehashes, len(getattr(state.book, index))) == ({}, _SLOTS)
    _fill(state, table, _SLOTS // 32)
    state.rehash_in_background()
    assert state.rehashes.keys() == {table}
    _fill(state, table, _SLOTS // 64)
    assert len(getattr(state.book, index)) == _SLOTS
    if is_waited_for:
        _fill(state, table, _SLOTS // 8)
    while state.rehashes:
        state.rehash_in_background()
    assert len(getattr(state.book, index)) == 2 * _SLOTS
    _assert_found(state, table)


@pytest.mark.parametrize(("table", "index"), [("keys", "slots"), ("invoices", "invoice_slots")])
def test_a_rehash_that_is_too_small_is_followed_by_a_larger_one(table: str, index: str) -> None:
    state = create_empty_book(build_registry())
    _fill(state, table, _SLOTS * 17 // 32)
    state.rehash_in_background()
    assert state.rehashes.keys() == {table}
    _fill(state, table, _SLOTS)
    assert state.rehashes == {}
    assert len(getattr(state.book, index)) > 2 * _SLOTS
    _assert_found(state, table)


def _commitments(first: int, count: int) -> File:
    """Build commitments of one cent each."""
    at = PLACES[0]
    common = {"kind": "commitment", "exercise": "2018", "date": "2018-05-02", "amount": "0.01"}
    placed = {"fund_centre": at.unit, "functional_area": at.area, "commitment_item": at.items[0]}
    return [common | placed | {"reference": f"W{number}"} for number in range(first, first + count)]


def test_the_engine_rehashes_between_batches() -> None:
    harness, was_beside = TextEngine(), False
    harness.state.book = harness.state.book._replace(slots=np.zeros(1 << 7, np.uint64))
    harness.decide_files(build_openings())
    for first in range(0, 300, 5):
        harness.decide_files(_commitments(first, 5))
        was_beside |= "keys" in harness.state.rehashes
    assert was_beside
    harness.decide_files(_commitments(0, 300))
    assert set(harness.engine.decisions[0]["outcome"].tolist()) == {Outcome.DUPLICATE}


def test_without_reserved_memory_a_table_is_allocated_alone() -> None:
    table = reserve(np.int64, 5, 1 << 50)
    table[:] = range(5)
    assert extend(table, 6, 5).tolist() == [*range(5), 0]


def test_a_book_has_the_kinds_of_the_catalog_and_a_node_for_every_centre() -> None:
    book = create_empty_book(build_registry()).book
    assert len(book.effects) == len(CATALOG)
    assert book.effects["debit"].tolist() == [kind.debit for kind in CATALOG]
    assert book.effects.dtype.names == Effects._fields
    plain, first = Reference.load(REFERENCE), build_registry().first_node
    for number, node in plain.nodes.items():
        at = book.nodes[number - first]
        parent = node.parent - first if node.parent >= 0 else -1
        assert at.tolist() == (parent, node.level, node.staff, node.blocking, node.lifted, 0)
    by_period = book.periods.reshape(-1, LEDGER_ACCOUNTANTS)
    assert (by_period == by_period[:, :1]).all()
    assert sorted(np.flatnonzero(by_period[:, 0]).tolist()) == sorted(plain.list_open_periods())


def test_waiting_keys_are_cleared() -> None:
    harness = TextEngine()
    row = {"kind": "service", "exercise": "2018", "date": "2018-05-02", "amount": "1.00", "predecessor": "EJ"}
    rows = [row | {"reference": f"SF-{at}"} for at in range(3)]
    harness.state.add_waiting(harness.build_piece(rows).acts)
    assert harness.state.book.counters[0]["waiting"] == 3
    harness.state.clear_waiting()
    assert harness.state.book.counters[0]["waiting"] == 0
    assert not harness.state.book.waiting_slots.any()


def test_entry_numbers_are_limited() -> None:
    state = create_empty_book(build_registry())
    state.book.counters["entries"] = ENTRIES_MAX - 10
    with pytest.raises(EngineError, match="split the shard"):
        state.ensure_capacity(11)


def test_an_extended_table_keeps_its_rows() -> None:
    table = reserve(np.int64, 5)
    table[:] = range(5)
    longer = extend(table, 12, 3)
    assert longer.tolist() == [0, 1, 2, *[0] * 9]


def test_an_extended_table_uses_its_reserved_memory_first() -> None:
    table = reserve(np.int64, 5, 9)
    table[:] = range(5)
    within = extend(table, 9, 5)
    within[5:] = 7
    assert np.shares_memory(table, within)
    assert extend(within, 10, 9).tolist() == [*range(5), *[7] * 4, 0]
    assert within.tolist() == [*range(5), *[7] * 4]


def test_account_assignments_are_added_batch_by_batch() -> None:
    harness = TextEngine()
    row = {"kind": "budget_opening_ae", "exercise": "2018", "date": "2018-05-02", "fund_centre": "0177"}
    for at, item in enumerate(("HT2", "T2")):
        piece = harness.build_piece(
            [row | {"reference": f"B{at}", "commitment_item": item, "amount": "5.00"}]
        )
        count_before, held = harness.state.cell_words.tolist(), harness.state.book.cells.tolist()
        harness.evaluate(piece)
        assert harness.state.cell_words.tolist() == [*count_before, *piece.new_words.tolist()]
        added = to_records(piece.new_words, build_registry()).tolist()
        assert harness.state.book.cells.tolist() == [*held, *added]
        assert not harness.state.book.cells.flags.writeable


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 2_000), max_size=12), st.integers(1, 2_000))
def test_pages_of_predecessors_are_noted(followed: list[int], parent: int) -> None:
    state = create_empty_book(build_registry())
    state.book.counters["entries"], state.book.items["parent"][:2_001] = 2_000, parent
    state.book.items["kind"][:2_001] = 1
    state.note_changed_pages(np.array(followed, np.int64))
    parents = dict.fromkeys(range(2_001), parent)
    assert set(np.flatnonzero(state.changed_pages).tolist()) == mark_pages(followed, parents, ITEMS_A_PAGE)
