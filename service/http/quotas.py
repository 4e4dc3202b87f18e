"""Room for what is held while it lasts: bytes of forms, files that are taken at once, questions, who looks at the figures."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from service.http.problems import RETRY_SECONDS, try_again

SENDER_PARTS = 2
"""Of so many equal parts, one sender takes one at most: nobody alone keeps the others out."""


def compute_sender_limit(limit: int) -> int:
    """What one sender may have of it."""
    return max(limit // SENDER_PARTS, 1)


class QuotaMessages(NamedTuple):
    """What is said when there is no room, or none left of the sender's own, and when to come again."""

    overall: str
    sender: str
    retry_seconds: int


FORM_BYTES = QuotaMessages(
    "As many bytes of forms wait as can wait", "As many bytes of your forms wait as can wait", 1
)
UPLOADS = QuotaMessages(
    "As many files as can be taken at once are on their way",
    "As many of your files as can be taken at once are on their way",
    RETRY_SECONDS,
)
LOOKUPS = QuotaMessages("As many questions wait as can wait", "As many of your questions wait as can wait", 1)
REPORTS = QuotaMessages(
    "As many reports as can be made at once are being made",
    "As many of your reports as can be made at once are being made",
    RETRY_SECONDS,
)
QUEUED_FILES = QuotaMessages("As many files wait as can wait", "As many of your files wait as can wait", 30)
QUEUED_FORMS = QuotaMessages("As many forms wait as can wait", "As many of your forms wait as can wait", 1)
DRY_RUNS = QuotaMessages("As many dry runs wait as can wait", "As many of your dry runs wait as can wait", 1)
VIEWERS = QuotaMessages("As many look as can look", "As many of you look as can look", RETRY_SECONDS)


class QueueLimit(NamedTuple):
    """How many may wait that are counted where they wait, and what is said beyond."""

    limit: int
    messages: QuotaMessages

    def check(self, waiting: int, sender_waiting: int) -> None:
        """Whether one more may wait beside ``waiting``, of which ``own`` are its sender's.

        Raises
        ------
        Problem
            There is no room for it.
        """
        if waiting >= self.limit:
            raise try_again(self.messages.overall, self.messages.retry_seconds)
        if sender_waiting >= compute_sender_limit(self.limit):
            raise try_again(self.messages.sender, self.messages.retry_seconds)


class Quota:
    """So much of something, bytes or files or seats, and how much of it each sender has taken."""

    def __init__(self, limit: int, messages: QuotaMessages = FORM_BYTES) -> None:
        self._limit, self._sender_limit, self._messages = limit, compute_sender_limit(limit), messages
        self._used_by_sender: Counter[str] = Counter()
        self.used = 0

    @contextmanager
    def open_share(self, sender: str) -> Iterator["QuotaShare"]:
        """A share that grows by what it takes, and is given back when the body ends."""
        share = QuotaShare(self, sender)
        try:
            yield share
        finally:
            self._release(sender, share.size)

    def take(self, sender: str, size: int) -> None:
        """Take ``size`` more.

        Raises
        ------
        Problem
            There is no room for it.
        """
        self.check(sender, size)
        self.used += size
        self._used_by_sender[sender] += size

    def check(self, sender: str, size: int) -> None:
        """Whether ``size`` more can be taken.

        Raises
        ------
        Problem
            There is no room for it.
        """
        if self.used + size > self._limit:
            raise try_again(self._messages.overall, self._messages.retry_seconds)
        if self._used_by_sender[sender] + size > self._sender_limit:
            raise try_again(self._messages.sender, self._messages.retry_seconds)

    @property
    def largest_share(self) -> int:
        """What the sender has taken that has most."""
        return max(self._used_by_sender.values(), default=0)

    def _release(self, sender: str, size: int) -> None:
        self.used -= size
        self._used_by_sender[sender] -= size
        if not self._used_by_sender[sender]:
            del self._used_by_sender[sender]


class QuotaShare:
    """What one request holds of a room."""

    __slots__ = ("_quota", "_sender", "size")

    def __init__(self, quota: Quota, sender: str) -> None:
        self._quota, self._sender, self.size = quota, sender, 0

    def take(self, size: int) -> None:
        """Take ``size`` more.

        Raises
        ------
        Problem
            There is no room for it.
        """
        self._quota.take(self._sender, size)
        self.size += size
