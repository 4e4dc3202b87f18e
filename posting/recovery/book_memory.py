"""The book that a pipeline leaves in memory, so that a command that posts several times loads it once."""

from posting.book.checkpoint import NO_CHECKPOINT, CheckpointRow
from posting.book.registry import ReferenceData
from posting.recovery.book_loading import LoadedBook, load_book, read_last_commit
from posting.store.journal_store import PostgresStore


class BookMemory:
    """The book as of the last commit of this process; empty at first, and after a failure."""

    def __init__(self) -> None:
        self._book: LoadedBook | None = None

    def store(self, book: LoadedBook | None) -> None:
        """Store a book whose decisions are all committed; None if there is no such book."""
        if book:
            book.state.clear_waiting()  # acts that still wait are read again from their file
        self._book = book

    async def take(self, store: PostgresStore, reference: ReferenceData) -> LoadedBook:
        """Take the book out, or load it if another engine has committed since, or other reference data decide now.

        What persons decided since, about periods and the directory, the engine follows before its next batch.

        Raises
        ------
        ReferenceDataError, ClockSetBack
            As ``posting.recovery.book_loading.load_book``.
        """
        book, self._book = self._book, None
        if book and book.state.registry.reference is reference and await _is_last_commit(store, book):
            return book
        del book  # the memory has room for one
        return await load_book(store, reference)


async def _is_last_commit(store: PostgresStore, book: LoadedBook) -> bool:
    """Return whether ``book`` still continues the last commit and the last checkpoint of the database."""
    if await read_last_commit(store) != (book.head, book.secret):
        return False
    if await store.load_numbers(book.state.registry.reference) != book.state.registry.numbers:
        return False  # another engine has numbered a code or a sender
    checkpoints = await store.fetch("checkpoints")
    extent = CheckpointRow(*checkpoints[-1]).extent if checkpoints else NO_CHECKPOINT
    return extent == book.last_checkpoint
