"""The life cycle of the service: loading the book, ready, draining."""

from collections.abc import Callable

from posting.store.ledger_clock import LedgerClock
from service.http.problems import clock_set_back, disk_full, try_again


class ServiceState:
    """Whether the service accepts work, and what to call when it begins to stop."""

    def __init__(self, clock: LedgerClock) -> None:
        self.clock = clock
        """The last stored time: while a clock is before it, no credential is accepted, and no work."""
        self.is_ready = False
        """True while the book is loaded and the engine decides."""
        self.is_disk_full = False
        """True while work waits for room on a full disk."""
        self.is_draining = False
        """True once the service stops: it accepts nothing new, and answers the requests that wait."""
        self._drain_callbacks: list[Callable[[], None]] = []

    def check_accepting_work(self) -> None:
        """Check that the service accepts new work.

        Raises
        ------
        Problem
            The service is starting or stopping, a clock is set back, or a disk is full.
        """
        if self.is_draining:
            raise try_again("The service is stopping; send the request again in a moment")
        self.check_clocks()
        if self.is_disk_full:
            raise disk_full()
        if not self.is_ready:
            raise try_again("The service is starting; send the request again in a moment")

    @property
    def is_accepting_work(self) -> bool:
        """Whether the service is ready, does not stop, and no clock is set back."""
        return self.is_ready and not self.is_draining and self.clock.find_setback() is None

    def check_clocks(self) -> None:
        """Check that no clock is set back.

        Raises
        ------
        Problem
            One is: whether a key or a token has expired cannot be told.
        """
        if self.clock.find_setback():
            raise clock_set_back()

    def mark_ready(self) -> None:
        """Accept work: the book is loaded, and if a disk was full, there was room for that."""
        self.is_ready, self.is_disk_full = True, False

    def call_on_drain(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` when the service begins to drain; callbacks run in the order of registration."""
        self._drain_callbacks.append(callback)

    def start_draining(self) -> None:
        """Accept nothing new, and release the requests that wait: they answer with the state they have reached."""
        self.is_draining = True
        for callback in self._drain_callbacks:
            callback()
