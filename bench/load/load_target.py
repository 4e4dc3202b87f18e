"""The service to put under load: its address, its keys, and how its database is read."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from bench.load.http_connections import Address
from bench.load.paid_requests import PaymentLoad
from core.errors import CrescendoError


class LoadFailed(CrescendoError):
    """The service under load refused what the load needs, or could not be reached; nothing was measured."""


class SenderKey(NamedTuple):
    """An API key with its sender."""

    sender: str
    token: str


class Target(NamedTuple):
    """The service to put under load."""

    address: Address
    keys: Sequence[SenderKey]
    """Keys of authorising officers, each of a different sender."""
    directorate_key: SenderKey
    """The key of the budget directorate, which opens the credits."""
    manager_key: SenderKey
    """The key of a programme manager, who allots the credits."""
    accountant_key: SenderKey
    """The key of an accountant, who registers the payees."""
    process: int | None = None
    """The process id of the service, if it runs on this machine and may be observed."""
    read_stored: "ReadStored | None" = None
    """Counts what the database contains of some submissions."""
    report_progress: Callable[[str], None] = print
    payments: PaymentLoad | None = None
    """The payment run that is issued and booked meanwhile."""


class StoredForms(NamedTuple):
    """The forms that the database contains, by outcome."""

    accepted: int
    duplicate: int
    refused: int
    entries_sum: int


ReadStored = Callable[[Sequence[int]], Awaitable[StoredForms]]
