"""Limits on concurrent work: bytes of forms, files in transfer, queries, live viewers; one sender gets half at most."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from service.http.problems import RETRY_SECONDS, try_again

SENDER_PARTS = 2
"""One sender may use one of so many equal parts of a limit, so that no sender can block the others."""


def compute_sender_limit(limit: int) -> int:
    """Return how much of a limit one sender may use."""
    return max(limit // SENDER_PARTS, 1)


class QuotaMessages(NamedTuple):
    """The details of the problem beyond a limit, for all senders and for one, and when to retry."""

    overall: str
    sender: str
    retry_seconds: int


FORM_BYTES = QuotaMessages("Too many bytes of forms wait", "Too many bytes of your forms wait", 1)
UPLOADS = QuotaMessages(
    "Too many files are being received", "Too many of your files are being received", RETRY_SECONDS
)
LOOKUPS = QuotaMessages("Too many queries wait", "Too many of your queries wait", 1)
REPORTS = QuotaMessages(
    "Too many reports are being computed", "Too many of your reports are being computed", RETRY_SECONDS
)
QUEUED_FILES = QuotaMessages("Too many files wait", "Too many of your files wait", 30)
QUEUED_FORMS = QuotaMessages("Too many forms wait", "Too many of your forms wait", 1)
DRY_RUNS = QuotaMessages("Too many dry runs wait", "Too many of your dry runs wait", 1)
QUEUED_TASKS = QuotaMessages("Too many tasks wait", "Too many of your tasks wait", RETRY_SECONDS)
VIEWERS = QuotaMessages(
    "Too many live viewers are connected",
    "Too many live viewers of this sender or address are connected",
    RETRY_SECONDS,
)


class QueueLimit(NamedTuple):
    """A limit on a queue that keeps its own count, and the messages beyond it."""

    limit: int
    messages: QuotaMessages

    def check(self, waiting: int, sender_waiting: int) -> None:
        """Check that one more item may wait beside ``waiting``, of which ``sender_waiting`` are its sender's.

        Raises
        ------
        Problem
            The limit is reached, for all senders or for this one.
        """
        if waiting >= self.limit:
            raise try_again(self.messages.overall, self.messages.retry_seconds)
        if sender_waiting >= compute_sender_limit(self.limit):
            raise try_again(self.messages.sender, self.messages.retry_seconds)


class Quota:
    """A limited amount of bytes, files or slots, and how much of it each sender uses."""

    def __init__(self, limit: int, messages: QuotaMessages = FORM_BYTES) -> None:
        self._limit, self._sender_limit, self._messages = limit, compute_sender_limit(limit), messages
        self._used_by_sender: Counter[str] = Counter()
        self.used = 0

    @contextmanager
    def open_share(self, sender: str) -> Iterator["QuotaShare"]:
        """Open an empty share; whatever it takes is released when the block ends."""
        share = QuotaShare(self, sender)
        try:
            yield share
        finally:
            self._release(sender, share.size)

    def take(self, sender: str, size: int) -> None:
        """Take ``size`` more for a sender.

        Raises
        ------
        Problem
            The limit is reached, for all senders or for this one.
        """
        self.check(sender, size)
        self.used += size
        self._used_by_sender[sender] += size

    def check(self, sender: str, size: int) -> None:
        """Check that a sender can take ``size`` more.

        Raises
        ------
        Problem
            The limit is reached, for all senders or for this one.
        """
        if self.used + size > self._limit:
            raise try_again(self._messages.overall, self._messages.retry_seconds)
        if self._used_by_sender[sender] + size > self._sender_limit:
            raise try_again(self._messages.sender, self._messages.retry_seconds)

    @property
    def largest_share(self) -> int:
        """How much the sender uses that uses most."""
        return max(self._used_by_sender.values(), default=0)

    def _release(self, sender: str, size: int) -> None:
        self.used -= size
        self._used_by_sender[sender] -= size
        if not self._used_by_sender[sender]:
            del self._used_by_sender[sender]


class QuotaShare:
    """What one request has taken of a quota."""

    __slots__ = ("_quota", "_sender", "size")

    def __init__(self, quota: Quota, sender: str) -> None:
        self._quota, self._sender, self.size = quota, sender, 0

    def take(self, size: int) -> None:
        """Take ``size`` more.

        Raises
        ------
        Problem
            The limit is reached, for all senders or for this one.
        """
        self._quota.take(self._sender, size)
        self.size += size
