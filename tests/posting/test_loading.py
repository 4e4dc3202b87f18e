"""The book from a real database: whatever was committed, with checkpoints or without, comes back as it stood."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import asyncpg
import numpy as np
import pytest

from core.catalog import KIND_NUMBER
from core.errors import DatabaseUnfit
from posting import checkpoint, loading, replaying
from posting.batch import Submission
from posting.book import State
from posting.checkpoint import Mark
from posting.loading import Loaded
from posting.store import outflow
from posting.store.postgres import PostgresStore
from tests.files import File, Row, openings
from tests.oracle.iban import with_check_digits
from tests.posting.desk import SENDER, Desk, reference, registry
from tests.posting.test_checkpoint import filled

_PLACE = {"fund_centre": "0217-SGAC-IMMO", "functional_area": "0217-07", "commitment_item": "51"}


@asynccontextmanager
async def _held(dsn: str) -> AsyncIterator[tuple[PostgresStore, Loaded]]:
    async with PostgresStore(dsn).held("test") as store:
        yield store, await loading.load(store, reference())


class Work:
    """Files worked one after the other, each a batch, on a book that was loaded."""

    def __init__(self, store: PostgresStore, loaded: Loaded) -> None:
        self.desk, self._store, self._mark = Desk(loaded), store, loaded.mark
        self._done = asyncio.Event()
        self._done.set()

    async def present(self, rows: File) -> None:
        """Decide and commit one file."""
        piece = self.desk.piece(rows, await self._submission(len(rows)))
        outcome = self.desk.evaluate(piece)
        await self._store.commit(await self._store.begin(), outcome, self._done)

    async def _submission(self, lines: int) -> Submission:
        number = await self._store.sender_number(self.desk.state.registry.numbers, "ministry")
        assert number == SENDER.number
        name = f"file {next(_files)}"
        row = ("ministry", name, name.encode().ljust(32), name, "csv", 1, 1, lines, 0)
        return await self._store.register(row)

    async def checkpoint(self) -> None:
        """Store the pages that changed since the last one."""
        snapshot = checkpoint.take(self.desk.state, self.desk.engine.head.batch, self._mark)
        self._mark = snapshot.mark
        await self._store.save_checkpoint(snapshot.mark, snapshot.rows(), self._done)


_files = count(1)


def _act(reference_: str, kind: str, *lines: Row) -> File:
    named = {"reference": reference_, "kind": kind, "exercise": "2018", "date": "2018-05-02"}
    return [named | {"line": str(number)} | line for number, line in enumerate(lines, 1)]


def _payee(number: int) -> Row:
    return {"payee": f"P{number}", "payee_name": "Ets Né", "iban": with_check_digits("FR", f"{number:023}")}


def _spent(cents: str, **changes: str) -> Row:
    return _PLACE | {"amount": cents} | changes


def _followed(predecessor: str, amount: str, **changes: str) -> Row:
    return {"predecessor": predecessor, "amount": amount} | changes


FILES: list[File] = [
    openings(),
    [
        *_act("T1", "third_party", _payee(1), _payee(2)),
        *_act("T2", "third_party", _payee(3)),
        *_act("E1", "earmark", _spent("200.00", operation="OP-0217-000001", commitment_item="51")),
        *_act("EJ1", "commitment", _spent("50.00"), _spent("60.00"), _spent("7.00")),
        *_act("EJ2", "commitment", _spent("80.00", operation="OP-0217-000001")),
        *_act("EJ3", "commitment", _spent("99999.00")),
    ],
    [
        *_act("SF1", "service", _followed("EJ1#2", "40.00"), _followed("EJ1#1", "10.00")),
        *_act("SF2", "service", _followed("EJ2", "80.00")),
        *_act("DP1", "payment_request", _followed("EJ1#2", "15.00", payee="P2")),
        *_act("EJ1", "commitment", _spent("50.00"), _spent("60.00"), _spent("7.00")),
        *_act("DP2", "direct_payment_request", _spent("5.00", payee="P1"), _spent("6.00", payee="P3")),
    ],
    [
        *_act("T3", "third_party", _payee(4)),
        *_act("SFX", "service_cancellation", _followed("SF1#1", "25.00")),
        *_act("DPX", "payment_request_rejection", _followed("DP2#2", "6.00"), _followed("DP1", "1.00")),
        *_act("EJR", "commitment_decrease", _followed("EJ1#3", "7.00")),
        *_act("EJC", "commitment_increase", _followed("EJ2", "3.00")),
        *_act("DP3", "payment_request_without_service", _followed("EJ1#1", "4.00", payee="P4")),
        *_act("M2", "budget_move_cp", _spent("1.00", counterpart="0217-SGAC-ASPR", commitment_item="HT2")),
        *_act("M1", "budget_move_ae", _spent("9.00", counterpart="0217-SGAC-ASPR", commitment_item="HT2")),
    ],
]
"""Acts of every kind that are accepted, of one line and of several; and a duplicate and a refused one."""


def _assert_same(found: State, expected: State) -> None:
    """Everything that deciding reads; slots aside, whose order depends on how they were filled."""
    book, other = found.book, expected.book
    assert (
        book.counters[["entries", "keys", "payees"]].tolist()
        == other.counters[["entries", "keys", "payees"]].tolist()
    )
    assert found.cell_words.tolist() == expected.cell_words.tolist()
    assert book.cells.tolist() == other.cells.tolist()
    assert book.items[1 : found.entries + 1].tolist() == other.items[1 : found.entries + 1].tolist()
    assert book.keys[: found.keys].tolist() == other.keys[: found.keys].tolist()
    assert book.payees[: found.payees].tolist() == other.payees[: found.payees].tolist()
    assert (book.figures == other.figures).all()
    for name in ("debit", "credit"):
        assert (book.ledger[name] == other.ledger[name]).all()


@pytest.mark.parametrize("checkpoints", [set(), {4}, {1}, {2, 3}, {1, 2, 3, 4}])
@pytest.mark.parametrize("stretch", [3, 1 << 20])
async def test_what_was_committed_comes_back(
    dsn: str, checkpoints: set[int], stretch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read in stretches of as few entries as the longest act has, or at once."""
    monkeypatch.setattr(replaying, "STRETCH_ENTRIES", stretch + 1)
    async with _held(dsn) as (store, empty):
        work = Work(store, empty)
        for number, rows in enumerate(FILES, 1):
            await work.present(rows)
            if number in checkpoints:
                await work.checkpoint()
        kinds = work.desk.state.book.items["kind"][1 : work.desk.state.entries + 1]
        assert set(kinds.tolist()) == set(KIND_NUMBER.values())
    async with _held(dsn) as (store, loaded):
        assert loaded.head == work.desk.engine.head
        assert loaded.mark.batch == max(checkpoints, default=0)
        _assert_same(loaded.state, work.desk.state)
        again = Work(store, loaded)
        for rows in FILES:
            await again.present(rows)
        counts = await store.fetch("last_entry")
        assert counts[0]["last"] == work.desk.state.entries


async def test_a_large_checkpoint_comes_back(dsn: str) -> None:
    """More payees than an empty book has room for, and keys enough to fill their slots twice over."""
    state = filled(1000, 311_000, 70_000)
    async with _held(dsn) as (store, _):
        snapshot, now = checkpoint.take(state, 0, Mark(0, 0, 0, 0)), asyncio.Event()
        now.set()
        await store.save_checkpoint(snapshot.mark, snapshot.rows(), now)
    async with _held(dsn) as (_, loaded):
        _assert_same(loaded.state, state)
        for slots, rows in ((loaded.state.book.slots, 311_000), (loaded.state.book.payee_slots, 70_000)):
            found = (slots[slots > 0] & np.uint64(2**32 - 1)).astype(np.int64)
            assert np.array_equal(np.sort(found), np.arange(1, rows + 1))


async def _worked(dsn: str) -> State:
    """The book after all files, none of it in a checkpoint."""
    async with _held(dsn) as (store, empty):
        work = Work(store, empty)
        for rows in FILES:
            await work.present(rows)
    return work.desk.state


async def _tampered(dsn: str, how: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("set session_replication_role = replica")
    await connection.execute(how)
    await connection.close()


async def test_rows_are_taken_as_they_come(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches copied at once lie in the journal in any order, and come out in parts that end anywhere."""
    monkeypatch.setattr(outflow, "PART_BYTES", 300)
    worked = await _worked(dsn)
    moved = "with taken as (delete from entry where entry_id < 9 returning *) insert into entry select * from taken"
    await _tampered(dsn, moved)
    async with _held(dsn) as (_, loaded):
        _assert_same(loaded.state, worked)


async def test_a_journal_with_a_hole_is_not_taken(dsn: str) -> None:
    await _worked(dsn)
    await _tampered(dsn, "delete from entry where entry_id = 7")
    with pytest.raises(DatabaseUnfit, match="entry 7 is missing"):
        async with _held(dsn):
            pass


async def test_codes_keep_their_numbers(dsn: str) -> None:
    """After a restart as before it, and the same as in any other database that began with these files."""
    async with _held(dsn) as (store, first):
        number = await store.sender_number(first.state.registry.numbers, "ministry")
    async with _held(dsn) as (store, second):
        assert second.state.registry.numbers == first.state.registry.numbers
        assert await store.sender_number(second.state.registry.numbers, "ministry") == number
        assert await store.sender_number(second.state.registry.numbers, "another") == number + 1
        assert second.secret == first.secret
    for kind, codes in registry().numbers.items():
        assert codes.items() <= second.state.registry.numbers[kind].items()


async def test_rows_of_another_layout_are_not_read(dsn: str) -> None:
    async with _held(dsn):
        pass
    connection = await asyncpg.connect(dsn)
    await connection.execute("update engine set layout = layout + 1")
    await connection.close()
    with pytest.raises(DatabaseUnfit, match="layout"):
        async with _held(dsn):
            pass
