"""The trail of refused attempts: written before the attempt is answered, equal ones of one moment as one row.

Strangers fill no disk: of theirs so many rows a minute are written, of one address and of all; what goes beyond is counted
by address and written once a minute.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from ipaddress import IPv6Address, ip_address
from typing import Any, NamedTuple

import structlog

from service.auth import access_queries
from service.auth.rate_limit import Rates

LOG = structlog.get_logger()
ADDRESS_ROWS_A_MINUTE, ADDRESS_ROWS_AT_ONCE = 10, 2_000
ALL_ROWS_A_MINUTE, ALL_ROWS_AT_ONCE = 100, 10_000
"""Rows of strangers that are written steadily, and after a time of rest: some 50 MB a day at the worst."""
ADDRESSES_MAX = 4_096
"""Addresses told apart; others share one."""
SUMMARY_SECONDS = 60
OTHERS = "other addresses"
BEYOND = "attempts-beyond"
_PREFIX = 64

Write = Callable[[Iterable[tuple[Any, ...]]], Awaitable[None]]
_TEXT_MAX = 300


class Attempt(NamedTuple):
    """Who tried what, and why it was refused.  Nothing secret."""

    key: str
    sender: str
    address: str
    action: str
    code: str
    detail: str


class Trail:
    """Collects attempts while a write is under way, and writes them together."""

    def __init__(self, write: Write, bounds: "Bounds | None" = None) -> None:
        self._write = write
        self._bounds = bounds or Bounds()
        self._waiting: dict[Attempt, int] = {}
        self._done: asyncio.Future[None] | None = None

    async def note(self, attempt: Attempt) -> None:
        """Return once the attempt is durably on the trail; one of too many strangers is counted, to be written later."""
        if not (attempt.sender or self._bounds.have_room(attempt.address)):
            return
        short = Attempt(*(_harmless(text) for text in attempt))
        self._waiting[short] = self._waiting.get(short, 0) + 1
        if self._done is None:
            self._done = asyncio.ensure_future(self._together())
        await asyncio.shield(self._done)

    async def _together(self) -> None:
        """Write what comes until the write begins; who comes later waits for the next one."""
        await asyncio.sleep(0)
        rows, self._waiting, self._done = self._waiting, {}, None
        await self._write([(*attempt, times) for attempt, times in rows.items()])

    async def summarise(self) -> None:
        """Write how many attempts went beyond what was written one by one, by address."""
        if beyond := self._bounds.taken():
            told = "So many more, of which nothing else was written"
            rows = [("", "", address, "", BEYOND, told, times) for address, times in beyond.items()]
            await self._write(rows)

    async def keep(self) -> None:
        """Summarise once a minute; a database that does not answer is asked again with the next."""
        while True:
            await asyncio.sleep(SUMMARY_SECONDS)
            try:
                await self.summarise()
            except Exception:
                LOG.exception("attempts could not be summed up")


class Bounds:
    """How much of what strangers try is written one by one, and how much went beyond.

    The network of an IPv6 address is one address: whoever has one of it has all of it.
    """

    def __init__(self, address: Rates | None = None, everybody: Rates | None = None) -> None:
        self._address = address or Rates(ADDRESS_ROWS_A_MINUTE / 60, ADDRESS_ROWS_AT_ONCE)
        self._all = everybody or Rates(ALL_ROWS_A_MINUTE / 60, ALL_ROWS_AT_ONCE)
        self._known: set[str] = set()
        self._beyond: dict[str, int] = {}

    def have_room(self, address: str) -> bool:
        """Whether one more attempt from there is written; else it is counted."""
        network = self._told_apart(_network(address))
        if not (self._address.wait(network) or self._all.wait("")):
            return True
        self._beyond[network] = self._beyond.get(network, 0) + 1
        return False

    def taken(self) -> dict[str, int]:
        """Attempts by address that went beyond since this was asked last."""
        found, self._beyond = self._beyond, {}
        return found

    def _told_apart(self, network: str) -> str:
        if network in self._known or len(self._known) < ADDRESSES_MAX:
            self._known.add(network)
            return network
        return OTHERS


def _network(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return OTHERS
    if isinstance(found, IPv6Address):
        return f"{IPv6Address(int(found) >> _PREFIX << _PREFIX)}/{_PREFIX}"
    return address


@asynccontextmanager
async def kept(dsn: str) -> AsyncIterator[Trail]:
    """The trail in the database."""
    async with access_queries.writing(dsn) as pool:
        trail = Trail(lambda rows: access_queries.write(pool, rows))
        summing = asyncio.create_task(trail.keep())
        try:
            yield trail
        finally:
            summing.cancel()
            await trail.summarise()


def _harmless(text: str) -> str:
    """Short, and without characters that a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:_TEXT_MAX])
