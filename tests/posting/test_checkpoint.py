"""Pages of the book: only what changed is copied, and put back it is the same book."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.columns import record
from core.errors import SchemaMismatch
from core.tables import Items, Keys
from posting import checkpoint
from posting.book import ITEMS_A_PAGE, State, empty
from posting.checkpoint import KEYS_A_PAGE, PAGE_BYTES, PIECE_BYTES, Mark, Snapshot
from posting.rows import HEADER, TRAILER
from tests.files import File, files
from tests.posting.desk import Desk, registry

NOTHING = Mark(0, 0, 0, 0)
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_PART_NAMES = {1: "items", 2: "keys", 3: "payees"}


def filled(entries: int, keys: int, payees: int) -> State:
    """A book that says something else in every row it is said to have."""
    state = empty(registry())
    state.make_room_to_restore(entries, keys, payees)
    book, counters = state.book, state.book.counters
    book.items["open"][1 : entries + 1] = np.arange(1, entries + 1)
    book.keys["high"][:keys] = np.arange(1, keys + 1)
    book.payees["high"][:payees] = np.arange(1, payees + 1) << 7
    for table, rows in ((book.keys, keys), (book.payees, payees)):  # spread, as fingerprints are
        table["low"][:rows] = np.arange(1, rows + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    counters["entries"], counters["keys"], counters["payees"] = entries, keys, payees
    return state


def _restored(snapshots: list[Snapshot]) -> State:
    state, mark = empty(registry()), snapshots[-1].mark
    state.make_room_to_restore(mark.entries, mark.keys, mark.payees)
    for snapshot in snapshots:
        checkpoint.restore(state, _stream(snapshot))
    return state


def _stream(snapshot: Snapshot) -> bytes:
    return b"".join([HEADER, *(rows.tobytes() for rows in snapshot.rows()), TRAILER])


def _assert_same(state: State, other: State, mark: Mark) -> None:
    for name, rows in (("items", mark.entries + 1), ("keys", mark.keys), ("payees", mark.payees)):
        assert (getattr(other.book, name)[:rows] == getattr(state.book, name)[:rows]).all()


@pytest.mark.parametrize(
    ("entries", "keys", "payees"),
    [
        *((0, 0, 0), (1, 1, 1), (ITEMS_A_PAGE - 1, KEYS_A_PAGE, KEYS_A_PAGE + 1), (ITEMS_A_PAGE, 1, 0)),
        *((1000, 700, 65_279), (1000, 700, 65_536), (1000, 700, 70_000)),
    ],
)
def test_pages_put_back_are_the_same_book(entries: int, keys: int, payees: int) -> None:
    """However many: tables grow beyond what an empty book has room for."""
    state = filled(entries, keys, payees)
    snapshot = checkpoint.take(state, 1, NOTHING)
    assert snapshot.mark == Mark(1, entries, keys, payees)
    _assert_same(state, _restored([snapshot]), snapshot.mark)


def test_a_page_is_full_and_no_record_lies_across_two() -> None:
    assert record(Items).itemsize * ITEMS_A_PAGE == PAGE_BYTES
    assert record(Keys).itemsize * KEYS_A_PAGE == PAGE_BYTES


@few
@given(presented=files(acts_max=25), cuts=st.sets(st.integers(0, 4)))
def test_checkpoints_upon_checkpoints_are_the_same_book(presented: list[File], cuts: set[int]) -> None:
    desk, mark, snapshots = Desk(), NOTHING, []
    for number, rows in enumerate(presented):
        desk.present(rows)
        if number in cuts or rows is presented[-1]:
            snapshots.append(checkpoint.take(desk.state, number + 1, mark))
            mark = snapshots[-1].mark
    _assert_same(desk.state, _restored(snapshots), mark)


def test_only_pages_that_changed_are_copied() -> None:
    """A page that is full stays as it is, until something that stands on it is drawn upon."""
    desk = Desk()
    desk.present(_credits())
    desk.present([_row(at, "commitment", amount="1.00") for at in range(3 * ITEMS_A_PAGE)])
    first = checkpoint.take(desk.state, 2, NOTHING)
    assert _pages(first) == {"items": {0, 1, 2, 3}, "keys": {0, 1, 2}, "payees": set()}
    nothing = checkpoint.take(desk.state, 2, first.mark)
    assert _pages(nothing) == {"items": set(), "keys": set(), "payees": set()}
    desk.present([_row(0, "service", predecessor="R300", amount="0.50")])
    second = checkpoint.take(desk.state, 3, nothing.mark)
    followed = (300 + len(_credits()) + 1) // ITEMS_A_PAGE
    assert _pages(second) == {"items": {0, followed, 3}, "keys": {2}, "payees": set()}  # 0: it has no parent
    _assert_same(desk.state, _restored([first, nothing, second]), second.mark)


def _pages(snapshot: Snapshot) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {name: set() for name in _PART_NAMES.values()}
    for block in checkpoint.blocks(_stream(snapshot)):
        found[_PART_NAMES[block.part]] |= set(block.pages.tolist())
    return found


def _rows(snapshot: Snapshot) -> list[bytes]:
    """The COPY rows one by one, and what encloses them."""
    stream = _stream(snapshot)[len(HEADER) : -len(TRAILER)]
    size = PIECE_BYTES + 26
    return [stream[at : at + size] for at in range(0, len(stream), size)]


def test_pieces_come_back_in_any_order() -> None:
    """A table keeps no order; and nothing but whole pieces is taken."""
    state = filled(5000, 70_000, 10)
    snapshot = checkpoint.take(state, 1, NOTHING)
    rows = _rows(snapshot)
    assert len(rows) > 40
    assert {len(row) for row in rows} == {PIECE_BYTES + 26}, "no part of a row is left over"
    again = empty(registry())
    again.make_room_to_restore(5000, 70_000, 10)
    checkpoint.restore(again, b"".join([HEADER, *reversed(rows), TRAILER]))
    _assert_same(state, again, snapshot.mark)


@pytest.mark.parametrize("missing", [slice(0, None), slice(0, 1), slice(20, 21)])
def test_a_checkpoint_that_misses_pieces_is_not_taken(missing: slice) -> None:
    snapshot = checkpoint.take(filled(5000, 70_000, 10), 1, NOTHING)
    rows = _rows(snapshot)
    del rows[missing]
    with pytest.raises(SchemaMismatch, match="misses pieces"):
        checkpoint.restore(empty(registry()), b"".join([HEADER, *rows, TRAILER]))


def _row(at: int, kind: str, **changes: str) -> dict[str, str]:
    row = {"reference": f"R{at}", "kind": kind, "exercise": "2018", "date": "2018-05-02"}
    place = {"fund_centre": "0177-D013-DD13", "functional_area": "0177-12", "commitment_item": "31"}
    return row | (place if kind == "commitment" else {}) | changes


def _credits() -> File:
    """Enough in AE for the commitments of these tests."""
    places = (
        ("0177", "budget_opening_ae"),
        ("0177-D013", "allotment_ae"),
        ("0177-D013-DD13", "allotment_ae"),
    )
    row = {"exercise": "2018", "date": "2018-05-02", "commitment_item": "HT2", "amount": "1000.00"}
    return [row | {"reference": f"B{centre}", "fund_centre": centre, "kind": kind} for centre, kind in places]
