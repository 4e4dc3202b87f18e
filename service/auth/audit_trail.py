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
from service.auth.rate_limit import RateLimiter

LOG = structlog.get_logger()
ADDRESS_ROWS_PER_MINUTE, ADDRESS_ROWS_BURST = 10, 2_000
ALL_ROWS_PER_MINUTE, ALL_ROWS_BURST = 100, 10_000
"""Rows of strangers that are written steadily, and after a time of rest: some 50 MB a day at the worst."""
ADDRESSES_MAX = 4_096
"""Addresses told apart; others share one."""
SUMMARY_SECONDS = 60
OTHER_ADDRESSES = "other addresses"
SUMMARY_CODE = "attempts-beyond"
_IPV6_HOST_BITS = 64

WriteRows = Callable[[Iterable[tuple[Any, ...]]], Awaitable[None]]
_TEXT_LENGTH_MAX = 300


class Attempt(NamedTuple):
    """Who tried what, and why it was refused.  Nothing secret."""

    key: str
    sender: str
    address: str
    action: str
    code: str
    detail: str


class AuditTrail:
    """Collects attempts while a write is under way, and writes them together."""

    def __init__(self, write: WriteRows, limits: "AnonymousRowLimits | None" = None) -> None:
        self._write = write
        self._limits = limits or AnonymousRowLimits()
        self._pending: dict[Attempt, int] = {}
        self._next_write: asyncio.Future[None] | None = None

    async def record(self, attempt: Attempt) -> None:
        """Return once the attempt is durably on the trail; one of too many strangers is counted, to be written later."""
        if not (attempt.sender or self._limits.take_row(attempt.address)):
            return
        short = Attempt(*(_sanitise(text) for text in attempt))
        self._pending[short] = self._pending.get(short, 0) + 1
        if self._next_write is None:
            self._next_write = asyncio.ensure_future(self._write_pending())
        await asyncio.shield(self._next_write)

    async def _write_pending(self) -> None:
        """Write what comes until the write begins; who comes later waits for the next one."""
        await asyncio.sleep(0)
        rows, self._pending, self._next_write = self._pending, {}, None
        await self._write([(*attempt, times) for attempt, times in rows.items()])

    async def write_summary(self) -> None:
        """Write how many attempts went beyond what was written one by one, by address."""
        if beyond := self._limits.take_suppressed():
            told = "So many more, of which nothing else was written"
            rows = [("", "", address, "", SUMMARY_CODE, told, times) for address, times in beyond.items()]
            await self._write(rows)

    async def write_summaries(self) -> None:
        """Summarise once a minute; a database that does not answer is asked again with the next."""
        while True:
            await asyncio.sleep(SUMMARY_SECONDS)
            try:
                await self.write_summary()
            except Exception:
                LOG.exception("attempts could not be summed up")


class AnonymousRowLimits:
    """How much of what strangers try is written one by one, and how much went beyond.

    The network of an IPv6 address is one address: whoever has one of it has all of it.
    """

    def __init__(self, per_address: RateLimiter | None = None, overall: RateLimiter | None = None) -> None:
        self._per_address = per_address or RateLimiter(ADDRESS_ROWS_PER_MINUTE / 60, ADDRESS_ROWS_BURST)
        self._overall = overall or RateLimiter(ALL_ROWS_PER_MINUTE / 60, ALL_ROWS_BURST)
        self._networks: set[str] = set()
        self._suppressed: dict[str, int] = {}

    def take_row(self, address: str) -> bool:
        """Whether one more attempt from there is written; else it is counted."""
        network = self._select_bucket(_find_network(address))
        if not (self._per_address.take(network) or self._overall.take("")):
            return True
        self._suppressed[network] = self._suppressed.get(network, 0) + 1
        return False

    def take_suppressed(self) -> dict[str, int]:
        """Attempts by address that went beyond since this was asked last."""
        found, self._suppressed = self._suppressed, {}
        return found

    def _select_bucket(self, network: str) -> str:
        if network in self._networks or len(self._networks) < ADDRESSES_MAX:
            self._networks.add(network)
            return network
        return OTHER_ADDRESSES


def _find_network(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return OTHER_ADDRESSES
    if isinstance(found, IPv6Address):
        return f"{IPv6Address(int(found) >> _IPV6_HOST_BITS << _IPV6_HOST_BITS)}/{_IPV6_HOST_BITS}"
    return address


@asynccontextmanager
async def open_audit_trail(dsn: str) -> AsyncIterator[AuditTrail]:
    """The trail in the database."""
    async with access_queries.open_audit_pool(dsn) as pool:
        trail = AuditTrail(lambda rows: access_queries.insert_attempts(pool, rows))
        summing = asyncio.create_task(trail.write_summaries())
        try:
            yield trail
        finally:
            summing.cancel()
            await trail.write_summary()


def _sanitise(text: str) -> str:
    """Short, and without characters that a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:_TEXT_LENGTH_MAX])
