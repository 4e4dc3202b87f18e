"""Checkpoints: only changed pages are copied, restored they give the same book, and changed ones are refused."""

import hashlib
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import SchemaMismatch
from core.tables.book import KeyRows, OpenItems
from core.tables.columns import to_record_dtype
from posting.book import checkpoint
from posting.book.book_state import ITEMS_A_PAGE, BookState
from posting.book.checkpoint import (
    CHECKPOINT_HEADER,
    FORMAT_VERSION,
    KEYS_A_PAGE,
    NO_CHECKPOINT,
    PAGE_BYTES,
    PIECE_BYTES,
    CheckpointExtent,
    CheckpointRow,
    CheckpointSnapshot,
)
from posting.book.empty_book import create_empty_book
from posting.recovery import checkpoint_restore
from posting.recovery.checkpoint_restore import CheckpointPieces
from tests.file_strategies import File, files
from tests.posting.text_engine import TextEngine, build_registry

few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_PART_NAMES = {1: "items", 2: "keys", 3: "payees", 4: "invoices"}
_INVOICES = 400
"""Claims of invoices in a filled book: more than one page."""


def build_filled_book(entries: int, keys: int, payees: int) -> BookState:
    """Return a book with different contents in every row."""
    state = create_empty_book(build_registry())
    state.ensure_capacity_to_restore(entries, keys, payees, invoices=_INVOICES)
    book, counters = state.book, state.book.counters
    book.items["open"][1 : entries + 1] = np.arange(1, entries + 1)
    book.keys["high"][:keys] = np.arange(1, keys + 1)
    book.payees["high"][:payees] = np.arange(1, payees + 1) << 7
    book.invoices["high"][:_INVOICES] = np.arange(1, _INVOICES + 1) << 9
    for table, rows in (
        (book.keys, keys),
        (book.payees, payees),
        (book.invoices, _INVOICES),
    ):  # spread, as fingerprints are
        table["low"][:rows] = np.arange(1, rows + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    counters["entries"], counters["keys"], counters["payees"] = entries, keys, payees
    counters["invoices"] = _INVOICES
    return state


def _restore_book(snapshots: list[CheckpointSnapshot]) -> BookState:
    state, mark = create_empty_book(build_registry()), snapshots[-1].extent
    state.ensure_capacity_to_restore(*mark[1:4], invoices=mark.invoices)
    for snapshot in snapshots:
        _restore(state, snapshot)
    return state


def _restore(state: BookState, snapshot: CheckpointSnapshot) -> None:
    stream = _stream(snapshot)
    checkpoint_restore.restore_pages(state, _pieces(snapshot.build_row(), [stream]))


def _pieces(row: CheckpointRow, parts: Iterable[bytes]) -> CheckpointPieces:
    pieces = CheckpointPieces(row)
    for part in parts:
        pieces.add_rows(part)
    return pieces


def _stream(snapshot: CheckpointSnapshot) -> bytes:
    return b"".join(rows.tobytes() for rows in snapshot.encode_rows())


def _assert_same(state: BookState, other: BookState, mark: CheckpointExtent) -> None:
    counts = {
        "items": mark.entries + 1,
        **{name: getattr(mark, name) for name in ("keys", "payees", "invoices")},
    }
    for name, rows in counts.items():
        assert (getattr(other.book, name)[:rows] == getattr(state.book, name)[:rows]).all()


@pytest.mark.parametrize(
    ("entries", "keys", "payees"),
    [
        *((0, 0, 0), (1, 1, 1), (ITEMS_A_PAGE - 1, KEYS_A_PAGE, KEYS_A_PAGE + 1), (ITEMS_A_PAGE, 1, 0)),
        *((1000, 700, 65_279), (1000, 700, 65_536), (1000, 700, 70_000)),
    ],
)
def test_restored_pages_give_the_same_book(entries: int, keys: int, payees: int) -> None:
    """For any number of rows: the tables grow beyond the capacity of an empty book."""
    state = build_filled_book(entries, keys, payees)
    snapshot = checkpoint.take_snapshot(state, 1, NO_CHECKPOINT)
    assert snapshot.extent == CheckpointExtent(1, entries, keys, payees, _INVOICES)
    _assert_same(state, _restore_book([snapshot]), snapshot.extent)


def test_records_fill_a_page_exactly() -> None:
    assert to_record_dtype(OpenItems).itemsize * ITEMS_A_PAGE == PAGE_BYTES
    assert to_record_dtype(KeyRows).itemsize * KEYS_A_PAGE == PAGE_BYTES


@few
@given(presented=files(acts_max=25), cuts=st.sets(st.integers(0, 4)))
def test_a_chain_of_checkpoints_gives_the_same_book(presented: list[File], cuts: set[int]) -> None:
    harness, mark, snapshots = TextEngine(), NO_CHECKPOINT, []
    for number, rows in enumerate(presented):
        harness.decide_files(rows)
        if number in cuts or rows is presented[-1]:
            snapshots.append(checkpoint.take_snapshot(harness.state, number + 1, mark))
            mark = snapshots[-1].extent
    _assert_same(harness.state, _restore_book(snapshots), mark)


def test_only_pages_that_changed_are_copied() -> None:
    """A full page is not copied again until one of its items is drawn upon."""
    harness = TextEngine()
    harness.decide_files(_credits())
    harness.decide_files([_row(at, "commitment", amount="1.00") for at in range(3 * ITEMS_A_PAGE)])
    first = checkpoint.take_snapshot(harness.state, 2, NO_CHECKPOINT)
    assert _pages(first) == {"items": {0, 1, 2, 3}, "keys": {0, 1}, "payees": set(), "invoices": set()}
    nothing = checkpoint.take_snapshot(harness.state, 2, first.extent)
    assert _pages(nothing) == {"items": set(), "keys": set(), "payees": set(), "invoices": set()}
    harness.decide_files([_row(0, "service", predecessor="R300", amount="0.50")])
    second = checkpoint.take_snapshot(harness.state, 3, nothing.extent)
    followed = (300 + len(_credits()) + 1) // ITEMS_A_PAGE
    items = {followed, 3}  # 3 has the new service, which the commitment names
    assert _pages(second) == {"items": items, "keys": {1}, "payees": set(), "invoices": set()}
    _assert_same(harness.state, _restore_book([first, nothing, second]), second.extent)


def _pages(snapshot: CheckpointSnapshot) -> dict[str, set[int]]:
    pages: dict[str, set[int]] = {name: set() for name in _PART_NAMES.values()}
    stream = _stream(snapshot)
    for block in checkpoint_restore.read_blocks(_pieces(snapshot.build_row(), [stream])):
        pages[_PART_NAMES[block.part]] |= set(block.pages.tolist())
    return pages


def _rows(snapshot: CheckpointSnapshot) -> list[bytes]:
    """Return the COPY rows one by one."""
    stream = _stream(snapshot)
    size = PIECE_BYTES + 26
    return [stream[at : at + size] for at in range(0, len(stream), size)]


def test_pieces_are_accepted_in_any_order() -> None:
    """A table has no order; only whole pieces are accepted."""
    state = build_filled_book(5000, 70_000, 10)
    snapshot = checkpoint.take_snapshot(state, 1, NO_CHECKPOINT)
    rows = _rows(snapshot)
    assert len(rows) > 40
    assert {len(row) for row in rows} == {PIECE_BYTES + 26}, "no part of a row is left over"
    again = create_empty_book(build_registry())
    again.ensure_capacity_to_restore(5000, 70_000, 10, invoices=_INVOICES)
    checkpoint_restore.restore_pages(again, _pieces(snapshot.build_row(), reversed(rows)))
    _assert_same(state, again, snapshot.extent)


_STORED_AT = 26
"""Where the payload begins in a COPY row; its last bytes before are its length."""


def _take_snapshot() -> tuple[CheckpointSnapshot, list[bytes], CheckpointRow]:
    snapshot = checkpoint.take_snapshot(build_filled_book(70_000, 5000, 10), 1, NO_CHECKPOINT)
    return snapshot, _rows(snapshot), snapshot.build_row()


def _assert_refused(row: CheckpointRow, rows: list[bytes], reason: str) -> None:
    """Assert that the checkpoint is refused, and that the book is unchanged."""
    state = create_empty_book(build_registry())
    state.ensure_capacity_to_restore(70_000, 5000, 10, invoices=_INVOICES)
    with pytest.raises(SchemaMismatch, match=f"checkpoint of batch {row.batch} .*{reason}"):
        checkpoint_restore.restore_pages(state, _pieces(row, [b"".join(rows)]))
    assert not state.book.items["open"].any()
    assert not state.book.keys["high"].any()


def test_the_digest_is_the_hash_of_all_pieces_in_order() -> None:
    """So that it can be computed from the table alone."""
    _, rows, row = _take_snapshot()
    assert row.pieces == len(rows)
    assert row.digest == hashlib.sha256(b"".join(piece[_STORED_AT:] for piece in rows)).digest()


def test_rows_encoded_again_are_equal() -> None:
    snapshot, rows, row = _take_snapshot()
    assert (_rows(snapshot), snapshot.build_row()) == (rows, row)


@pytest.mark.parametrize("missing", [slice(0, None), slice(0, 1), slice(20, 21), slice(-1, None)])
def test_a_checkpoint_with_missing_pieces_is_refused(missing: slice) -> None:
    _, rows, row = _take_snapshot()
    del rows[missing]
    _assert_refused(row, rows, "pieces of the checkpoint are not complete")
    _assert_refused(row._replace(pieces=len(rows)), rows, "not")


def test_surplus_pieces_are_refused() -> None:
    _, rows, row = _take_snapshot()
    _assert_refused(row, [*rows, rows[-1]], "pieces of the checkpoint are not complete")
    _assert_refused(row, [*rows[:-1], rows[0]], "pieces of the checkpoint are not complete")


def test_pieces_of_other_lengths_are_refused() -> None:
    """Even if their total length is right."""
    _, rows, row = _take_snapshot()
    longer = rows[3][: _STORED_AT - 4] + (PIECE_BYTES + 1).to_bytes(4, "big") + rows[3][_STORED_AT:] + b"x"
    shorter = rows[4][: _STORED_AT - 4] + (PIECE_BYTES - 1).to_bytes(4, "big") + rows[4][_STORED_AT:-1]
    _assert_refused(row, [*rows[:3], longer, shorter, *rows[5:]], "pieces of the checkpoint are not complete")


@few
@given(data=st.data())
def test_a_changed_byte_is_detected(data: st.DataObject) -> None:
    _, rows, row = _take_snapshot()
    piece = data.draw(st.integers(0, len(rows) - 1))
    at, bit = data.draw(st.integers(_STORED_AT, len(rows[piece]) - 1)), data.draw(st.integers(0, 7))
    changed = bytearray(rows[piece])
    changed[at] ^= 1 << bit
    rows[piece] = bytes(changed)
    _assert_refused(row, rows, "do not match its digest")


def test_exchanged_pieces_are_refused() -> None:
    _, rows, row = _take_snapshot()
    rows[1], rows[2] = (rows[at][:22] + rows[other][22:] for at, other in ((1, 2), (2, 1)))
    _assert_refused(row, rows, "do not match its digest")


@pytest.mark.parametrize("name", ["batch", "entries", "keys", "payees", "invoices", "previous"])
def test_the_digest_covers_the_row(name: str) -> None:
    _, rows, row = _take_snapshot()
    _assert_refused(
        row._replace(**{name: getattr(row, name) + 1}), rows, "the row of the checkpoint was changed"
    )


def test_a_checkpoint_of_another_version_is_refused() -> None:
    """It is complete, but its records have another meaning: they lack the bit of suspended terms."""
    before = np.array(
        [(0, 0, 0, 0, 0)], [(name, "<i8") for name in ("batch", "entries", "keys", "payees", "previous")]
    ).tobytes()
    content = before.ljust(PIECE_BYTES, b"\0")
    piece = checkpoint._encode_rows(0, 0, bytearray(content)).tobytes()
    row = CheckpointRow(0, 0, 0, 0, 0, 0, 1, hashlib.sha256(content).digest())
    _assert_refused(row, [piece], "another version of Crescendo")


@pytest.mark.parametrize("cut", [0, 3])
def test_a_checkpoint_without_an_end_is_refused(cut: int) -> None:
    """Even with the right digest: the last block is incomplete, or no end follows it."""
    head, blocks = (
        np.array([(FORMAT_VERSION, 0, 0, 0, 0, 0, 0)], CHECKPOINT_HEADER).tobytes(),
        (1).to_bytes(4, "little") + bytes(4) + (PIECE_BYTES - 60 + cut).to_bytes(4, "little"),
    )
    content = (head + blocks).ljust(PIECE_BYTES, b"\1")
    piece = checkpoint._encode_rows(0, 0, bytearray(content)).tobytes()
    row = CheckpointRow(0, 0, 0, 0, 0, 0, 1, hashlib.sha256(content).digest())
    _assert_refused(row, [piece], "the end of the checkpoint is missing")


def _chain(*links: tuple[int, int]) -> list[CheckpointRow]:
    return [
        CheckpointRow(batch, batch * 10, batch, 0, 0, previous, 1, bytes(32)) for batch, previous in links
    ]


@pytest.mark.parametrize("links", [[], [(3, 0)], [(3, 0), (7, 3)], [(3, 0), (7, 3), (8, 7)]])
def test_a_complete_chain_is_accepted(links: list[tuple[int, int]]) -> None:
    checkpoint_restore.check_chain(_chain(*links), 8, 80)


@pytest.mark.parametrize(
    ("links", "named"),
    [
        ([(7, 3)], 7),
        ([(3, 0), (8, 7)], 8),
        ([(3, 0), (7, 0)], 7),
        ([(3, 0), (7, 3), (8, 3)], 8),
        ([(3, 3)], 3),
    ],
)
def test_a_chain_with_a_gap_or_a_branch_is_refused(links: list[tuple[int, int]], named: int) -> None:
    with pytest.raises(SchemaMismatch, match=f"checkpoint of batch {named} .*on which this one builds"):
        checkpoint_restore.check_chain(_chain(*links), 8, 80)


@pytest.mark.parametrize(("batch", "entries"), [(6, 80), (8, 69)])
def test_a_checkpoint_beyond_the_journal_is_refused(batch: int, entries: int) -> None:
    with pytest.raises(SchemaMismatch, match=r"batch 7 .*more than the journal"):
        checkpoint_restore.check_chain(_chain((3, 0), (7, 3)), batch, entries)


@pytest.mark.parametrize("name", ["keys", "payees", "invoices"])
@pytest.mark.parametrize("count", [-1, 31, 1 << 60])
def test_impossible_counts_are_refused_before_memory_is_allocated(name: str, count: int) -> None:
    (row,) = _chain((3, 0))
    with pytest.raises(SchemaMismatch, match="batch 3"):
        checkpoint_restore.check_chain([row._replace(**{name: count})], 8, 80)


@pytest.mark.parametrize("pieces", [-1, 1 << 20])
def test_an_impossible_number_of_pieces_is_refused_before_memory_is_allocated(pieces: int) -> None:
    (row,) = _chain((3, 0))
    with pytest.raises(SchemaMismatch, match="batch 3"):
        checkpoint_restore.check_chain([row._replace(pieces=pieces)], 8, 80)


def _row(at: int, kind: str, **changes: str) -> dict[str, str]:
    row = {"reference": f"R{at}", "kind": kind, "exercise": "2018", "date": "2018-05-02"}
    place = {"fund_centre": "0177-D013-DD13", "functional_area": "0177-12", "commitment_item": "31"}
    return row | (place if kind == "commitment" else {}) | changes


def _credits() -> File:
    """Build budget acts with enough AE for the commitments of these tests."""
    places = (
        ("0177", "budget_opening_ae"),
        ("0177-D013", "allotment_ae"),
        ("0177-D013-DD13", "allotment_ae"),
    )
    row = {"exercise": "2018", "date": "2018-05-02", "commitment_item": "HT2", "amount": "1000.00"}
    return [row | {"reference": f"B{centre}", "fund_centre": centre, "kind": kind} for centre, kind in places]


def _sizes(*sizes: tuple[int, int]) -> list[CheckpointRow]:
    return [
        CheckpointRow(at, entries, 0, 0, 0, at - 1, pieces, b"")
        for at, (entries, pieces) in enumerate(sizes, 1)
    ]


@pytest.mark.parametrize(
    ("sizes", "worn"),
    [
        ([], False),
        ([(0, 1)] * 10, False),
        ([(100 * at, 10) for at in range(1, 20)], False),  # nothing but what is new
        ([(100 * at, 19) for at in range(1, 20)], False),
        ([(100, 10), *[(100 * at, 25) for at in range(2, 20)]], True),
        ([(100, 10), *[(100 * at, 25) for at in range(2, 8)]], False),  # too few
    ],
)
def test_checkpoints_are_outdated_at_twice_the_needed_size(sizes: list[tuple[int, int]], worn: bool) -> None:
    assert checkpoint_restore.are_outdated(_sizes(*sizes)) is worn
