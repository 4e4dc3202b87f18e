"""The retries of a request that has no final response: how often, and how long to wait before each."""

import sys
from collections.abc import Callable
from contextlib import suppress

from core.errors import CrescendoError

_LONGEST_PAUSE_SECONDS = 30


class Unreachable(CrescendoError):
    """The service did not answer after several attempts."""


class RetryLater(CrescendoError):
    """There is no final response: the connection broke, or the service asks to try again later."""

    def __init__(self, cause: str, seconds: float | None = None, *, is_busy: bool = False) -> None:
        super().__init__(cause)
        self.seconds, self.is_busy = seconds, is_busy


def print_retry(text: str) -> None:
    """Print a retry on standard error, so that a program that waits does not seem to hang."""
    with suppress(OSError):
        print(f"crescendo client: {text}", file=sys.stderr, flush=True)


class Retries:
    """Consecutive failures of a request to ``url``, and the time to wait before the next attempt."""

    def __init__(
        self, url: str, attempts: int, sleep: Callable[[float], None], *, on_retry: Callable[[str], None]
    ) -> None:
        self._url, self._attempts, self._sleep, self._on_retry = url, attempts, sleep, on_retry
        self.failures = 0

    def reset(self) -> None:
        """Start counting again after some progress."""
        self.failures = 0

    def wait(self, error: RetryLater) -> None:
        """Wait as long as the service asked, or else longer each time; a busy service does not count as a failure.

        Raises
        ------
        Unreachable
            There were too many failures in a row.
        """
        seconds = min(2**self.failures, _LONGEST_PAUSE_SECONDS) if error.seconds is None else error.seconds
        self.failures += not error.is_busy
        if self.failures >= self._attempts:
            finding = f"{self._url} failed {self.failures} times: {error}"
            raise Unreachable(f"{finding}. Send the file or form again: repeating it does no harm") from error
        self._on_retry(f"{error}; again in {seconds:g} s{self._announce_end(error)}")
        self._sleep(seconds)

    def _announce_end(self, error: RetryLater) -> str:
        """Return, at the first failure of a connection, which address is tried and for how long."""
        if self.failures != 1 or error.is_busy or error.seconds is not None:
            return ""
        seconds = sum(min(2**failure, _LONGEST_PAUSE_SECONDS) for failure in range(self._attempts - 1))
        return f"; {self._url} is tried {self._attempts} times within {seconds:,} s"
