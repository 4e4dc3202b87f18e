"""Room for what comes: tables grow, and what they held is found where it was."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.catalog import CATALOG, Effects
from core.errors import EngineError
from core.outcome_codes import Outcome
from posting.book.book_state import ENTRIES_MAX, ITEMS_A_PAGE, BookState, create_empty_book
from posting.book.cells import to_records
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
}


def _fill(state: BookState, table: str, rows: int) -> None:
    """Keys in ``table`` beyond those there are, entered where a search finds them, as the kernels would."""
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
    """Every key once, in a table of slots that is far from full."""
    slots, counter = _KEYS[table]
    book, rows = state.book, int(state.book.counters[0][counter])
    taken = getattr(book, slots)[getattr(book, slots) > 0]
    assert sorted((taken & np.uint64(2**32 - 1)).tolist()) == list(range(1, rows + 1))
    assert 10 * rows <= 6 * len(getattr(book, slots))
    assert getattr(book, table)["content"][:rows].tolist() == list(range(rows))
    free = np.flatnonzero(getattr(book, slots) == 0)
    at = np.flatnonzero(getattr(book, slots))
    home = (taken >> np.uint64(32)) * np.uint64(len(getattr(book, slots))) >> np.uint64(32)
    # behind the last slot comes the first again: place -1 is that of the last free one
    before = free[np.searchsorted(free, at) - 1]
    assert ((home.astype(np.int64) > before) | (at < before)).all()


@pytest.mark.parametrize("table", ["waiting", "payees"])
def test_keys_stay_known_when_their_table_grows(table: str) -> None:
    """Over the room that an empty book has, in steps of which some need more slots and some more rows."""
    state = create_empty_book(build_registry())
    for rows in (1, 1023, 1, 400, 40_000, 1, 40_000):
        _fill(state, table, rows)
    _assert_found(state, table)


@pytest.mark.parametrize("is_waited_for", [False, True])
def test_slots_are_widened_beside_the_decisions(is_waited_for: bool) -> None:
    """Once few are left; what is entered meanwhile is found, too, however soon the wider ones are needed."""
    state = create_empty_book(build_registry())
    _fill(state, "keys", _SLOTS // 2)
    state.rehash_in_background()
    assert (state.rehash, len(state.book.slots)) == (None, _SLOTS)
    _fill(state, "keys", _SLOTS // 32)
    state.rehash_in_background()
    assert state.rehash
    _fill(state, "keys", _SLOTS // 64)
    assert len(state.book.slots) == _SLOTS
    if is_waited_for:
        _fill(state, "keys", _SLOTS // 8)
    while state.rehash:
        state.rehash_in_background()
    assert len(state.book.slots) == 2 * _SLOTS
    _assert_found(state, "keys")


def test_what_needs_more_than_was_widened_gets_it() -> None:
    state = create_empty_book(build_registry())
    _fill(state, "keys", _SLOTS * 17 // 32)
    state.rehash_in_background()
    assert state.rehash
    _fill(state, "keys", _SLOTS)
    assert (state.rehash, len(state.book.slots) > 2 * _SLOTS) == (None, True)
    _assert_found(state, "keys")


def _commitments(first: int, count: int) -> File:
    """Of a cent each."""
    at = PLACES[0]
    named = {"kind": "commitment", "exercise": "2018", "date": "2018-05-02", "amount": "0.01"}
    placed = {"fund_centre": at.unit, "functional_area": at.area, "commitment_item": at.items[0]}
    return [named | placed | {"reference": f"W{number}"} for number in range(first, first + count)]


def test_the_engine_widens_them_between_batches() -> None:
    desk, was_beside = TextEngine(), False
    desk.state.book = desk.state.book._replace(slots=np.zeros(1 << 7, np.uint64))
    desk.decide_files(build_openings())
    for first in range(0, 300, 5):
        desk.decide_files(_commitments(first, 5))
        was_beside |= desk.state.rehash is not None
    assert was_beside
    desk.decide_files(_commitments(0, 300))
    assert set(desk.engine.decisions[0]["outcome"].tolist()) == {Outcome.DUPLICATE}


def test_where_no_room_can_be_had_a_table_stands_alone() -> None:
    table = reserve(np.int64, 5, 1 << 50)
    table[:] = range(5)
    assert extend(table, 6, 5).tolist() == [*range(5), 0]


def test_a_book_has_the_kinds_of_the_catalog_and_a_node_for_every_place() -> None:
    book = create_empty_book(build_registry()).book
    assert len(book.effects) == len(CATALOG)
    assert book.effects["debit"].tolist() == [kind.debit for kind in CATALOG]
    assert book.effects.dtype.names == Effects._fields
    plain, first = Reference.load(REFERENCE), build_registry().first_node
    for number, node in plain.nodes.items():
        at = book.nodes[number - first]
        parent = node.parent - first if node.parent >= 0 else -1
        assert at.tolist() == (parent, node.level, node.staff, node.blocking, 0)
    assert sorted(np.flatnonzero(book.periods).tolist()) == sorted(plain.list_open_periods())


def test_what_waits_may_be_forgotten() -> None:
    desk = TextEngine()
    row = {"kind": "service", "exercise": "2018", "date": "2018-05-02", "amount": "1.00", "predecessor": "EJ"}
    rows = [row | {"reference": f"SF-{at}"} for at in range(3)]
    desk.state.add_waiting(desk.build_piece(rows).acts)
    assert desk.state.book.counters[0]["waiting"] == 3
    desk.state.clear_waiting()
    assert desk.state.book.counters[0]["waiting"] == 0
    assert not desk.state.book.waiting_slots.any()


def test_there_is_a_last_entry() -> None:
    state = create_empty_book(build_registry())
    state.book.counters["entries"] = ENTRIES_MAX - 10
    with pytest.raises(EngineError, match="split the shard"):
        state.ensure_capacity(11)


def test_a_table_extended_keeps_what_it_held() -> None:
    table = reserve(np.int64, 5)
    table[:] = range(5)
    longer = extend(table, 12, 3)
    assert longer.tolist() == [0, 1, 2, *[0] * 9]


def test_a_table_extended_takes_the_room_behind_it_first() -> None:
    table = reserve(np.int64, 5, 9)
    table[:] = range(5)
    within = extend(table, 9, 5)
    within[5:] = 7
    assert np.shares_memory(table, within)
    assert extend(within, 10, 9).tolist() == [*range(5), *[7] * 4, 0]
    assert within.tolist() == [*range(5), *[7] * 4]


def test_account_assignments_are_learnt_batch_after_batch() -> None:
    desk = TextEngine()
    row = {"kind": "budget_opening_ae", "exercise": "2018", "date": "2018-05-02", "fund_centre": "0177"}
    for at, item in enumerate(("HT2", "T2")):
        piece = desk.build_piece([row | {"reference": f"B{at}", "commitment_item": item, "amount": "5.00"}])
        before, held = desk.state.cell_words.tolist(), desk.state.book.cells.tolist()
        desk.evaluate(piece)
        assert desk.state.cell_words.tolist() == [*before, *piece.new_words.tolist()]
        added = to_records(piece.new_words, build_registry()).tolist()
        assert desk.state.book.cells.tolist() == [*held, *added]
        assert not desk.state.book.cells.flags.writeable


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 2_000), max_size=12), st.integers(1, 2_000))
def test_pages_followed_are_noted(followed: list[int], parent: int) -> None:
    state = create_empty_book(build_registry())
    state.book.counters["entries"], state.book.items["parent"][:2_001] = 2_000, parent
    state.note_changed_pages(np.array(followed, np.int64))
    parents = dict.fromkeys(range(2_001), parent)
    assert set(np.flatnonzero(state.changed_pages).tolist()) == mark_pages(followed, parents, ITEMS_A_PAGE)
