"""What the live figures show beside the metrics: paused senders, and the accounts whose books and bank differ."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ingest.queue.incoming_files import IncomingFiles
from monitoring.verdict import AccountDifference, PausedSender
from service.http.live.bank_differences import BankDifferences


class LiveSources(NamedTuple):
    """Functions that return the present state."""

    list_pauses: Callable[[], Sequence[PausedSender]] = tuple
    list_differences: Callable[[], Sequence[AccountDifference]] = tuple


def build_sources(files: IncomingFiles, bank: BankDifferences) -> LiveSources:
    """Return the sources of a running service."""

    def list_pauses() -> list[PausedSender]:
        senders = sorted(files.paused_senders.items())
        return [
            PausedSender(sender, reason, files.queue.count_paused_files(sender)) for sender, reason in senders
        ]

    return LiveSources(list_pauses, lambda: bank.differences)
