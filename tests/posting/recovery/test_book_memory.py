"""The book that one pipeline leaves to the next: it is the book that would be loaded, or it is not used."""

from collections.abc import Generator

import pytest

from core.errors import BatchFailed
from posting.batch import Batch
from posting.book.registry import ReferenceData
from posting.pipeline import Pipeline
from posting.pipeline_settings import PipelineSettings
from posting.recovery.book_loading import LoadedBook, load_book
from posting.recovery.book_memory import BookMemory
from posting.store.journal_store import PostgresStore
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.posting.recovery.test_book_loading import FeedOfFiles, assert_same
from tests.posting.text_engine import load_reference


class _FailingFeed(FeedOfFiles):
    """A feed that breaks before its first batch."""

    def produce_batches(self) -> Generator[Batch]:
        raise ConnectionError("the feed breaks")
        yield


@pytest.mark.parametrize("checkpoint_entries", [1, 1_000_000])
async def test_the_book_goes_on_as_it_would_be_loaded(dsn: str, checkpoint_entries: int) -> None:
    """After each of two pipelines, with and without checkpoints; nothing is loaded for the second one."""
    memory, reference, store = BookMemory(), load_reference(), PostgresStore(dsn)
    settings = PipelineSettings(checkpoint_entries, memory=memory)
    states = []
    async with store.own_lease("test"):
        for _ in range(2):
            await Pipeline(store, reference, settings).run(FeedOfFiles(store))
            book = await memory.take(store, reference)
            await _assert_as_loaded(book, store)
            memory.store(book)
            states.append(book.state)
    assert states[0] is states[1]
    assert not states[0].has_waiting


async def _assert_as_loaded(book: LoadedBook, store: PostgresStore) -> None:
    loaded = await load_book(store, load_reference())
    assert_same(book.state, loaded.state)
    assert (book.head, book.secret, book.last_checkpoint) == (
        loaded.head,
        loaded.secret,
        loaded.last_checkpoint,
    )
    assert book.state.last_period_decision == loaded.state.last_period_decision
    assert book.state.directory.last_change == loaded.state.directory.last_change


async def test_a_book_is_taken_once(dsn: str) -> None:
    memory, reference, store = BookMemory(), load_reference(), PostgresStore(dsn)
    async with store.own_lease("test"):
        await Pipeline(store, reference, PipelineSettings(memory=memory)).run(FeedOfFiles(store))
        first, second = await memory.take(store, reference), await memory.take(store, reference)
        assert first.state is not second.state


async def test_the_book_is_loaded_once_another_engine_has_committed(dsn: str) -> None:
    memory, reference, store = BookMemory(), load_reference(), PostgresStore(dsn)
    async with store.own_lease("test"):
        await Pipeline(store, reference, PipelineSettings(memory=memory)).run(FeedOfFiles(store))
    other = PostgresStore(dsn)
    async with other.own_lease("other"):
        await Pipeline(other, reference).run(FeedOfFiles(other))
    store = PostgresStore(dsn)
    async with store.own_lease("test"):
        book = await memory.take(store, reference)
        await _assert_as_loaded(book, store)
        async with open_connection(dsn) as connection:
            assert book.head.batch == await connection.fetchval("select max(batch) from batch")


async def test_the_book_is_loaded_once_another_engine_has_stored_a_checkpoint(dsn: str) -> None:
    """Its next checkpoint would continue one that is no longer the last."""
    memory, reference, store = BookMemory(), load_reference(), PostgresStore(dsn)
    async with store.own_lease("test"):
        await Pipeline(store, reference, PipelineSettings(1, memory=memory)).run(FeedOfFiles(store))
        book = await memory.take(store, reference)
        memory.store(book)
        async with open_connection(dsn) as connection:
            await connection.execute("delete from checkpoint_page")
            await connection.execute("delete from checkpoint")
        other = await memory.take(store, reference)
        assert other.state is not book.state
        await _assert_as_loaded(other, store)


async def test_other_reference_data_load_the_book(dsn: str) -> None:
    memory, reference, store = BookMemory(), load_reference(), PostgresStore(dsn)
    async with store.own_lease("test"):
        await Pipeline(store, reference, PipelineSettings(memory=memory)).run(FeedOfFiles(store))
        book = await memory.take(store, reference)
        memory.store(book)
        assert (await memory.take(store, ReferenceData.load(REFERENCE))).state is not book.state


async def test_a_failure_leaves_no_book(dsn: str) -> None:
    """What a batch changed before it failed is nowhere."""
    memory, reference, store = BookMemory(), load_reference(), PostgresStore(dsn)
    settings = PipelineSettings(memory=memory)
    async with store.own_lease("test"):
        await Pipeline(store, reference, settings).run(FeedOfFiles(store))
        book = await memory.take(store, reference)
        memory.store(book)
        with pytest.raises(BatchFailed):
            await Pipeline(store, reference, settings).run(_FailingFeed(store))
        assert (await memory.take(store, reference)).state is not book.state
