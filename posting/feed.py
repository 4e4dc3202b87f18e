"""The interface between the pipeline and what produces its batches."""

from collections.abc import Generator, Iterator
from typing import Protocol

from posting.batch import Batch
from posting.recovery.book_loading import LoadedBook


class Feed(Protocol):
    """A source of batches, in the order in which they are decided."""

    async def open(self, loaded: LoadedBook) -> None:
        """Start behind the last commit, on the book that was loaded."""

    def produce_batches(self) -> Generator[Batch]:
        """Yield every batch of first passes; runs and is closed in the reader thread, ahead of the decisions."""
        ...

    def stop_producing(self) -> None:
        """Stop producing: unblock the reader that waits for the next batch."""

    def order_batches(self, read: Batch) -> Iterator[Batch]:
        """Yield the batches to decide now that ``read`` is read; runs in the kernel thread.

        Each comes once the one before is decided: held acts come right behind the last line of their submission.
        """
        ...
