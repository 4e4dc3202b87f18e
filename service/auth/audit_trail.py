"""The audit trail of refused attempts.

An attempt is written before it is answered; equal attempts at one moment share a row.  Attempts without a known sender
cannot fill the disk: a limited number of rows per minute is written for one address and for all, and further attempts are
counted by address and written once a minute as a sum.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from ipaddress import IPv6Address, ip_address
from typing import Any, NamedTuple

import structlog

from posting.store.failures import RETRIED_ERRORS
from service.auth import access_queries
from service.auth.rate_limit import RateLimiter

LOG = structlog.get_logger()
ADDRESS_ROWS_PER_MINUTE, ADDRESS_ROWS_BURST = 10, 2_000
ALL_ROWS_PER_MINUTE, ALL_ROWS_BURST = 100, 10_000
"""Rows without a known sender: the steady rate, and the burst after a quiet time.  About 50 MB a day at most."""
ADDRESSES_MAX = 4_096
"""Addresses with a limit of their own; further ones share one."""
SUMMARY_SECONDS = 60
OTHER_ADDRESSES = "other addresses"
SUMMARY_CODE = "attempts-beyond"
_IPV6_HOST_BITS = 64

WriteRows = Callable[[Iterable[tuple[Any, ...]]], Awaitable[None]]
_TEXT_LENGTH_MAX = 300


class Attempt(NamedTuple):
    """A refused attempt: who tried what, and why it was refused.  It contains nothing secret."""

    key: str
    sender: str
    address: str
    action: str
    code: str
    detail: str


class AuditTrail:
    """Collects attempts while a write is running, and writes them together."""

    def __init__(self, write: WriteRows, limits: "AnonymousRowLimits | None" = None) -> None:
        self._write = write
        self._limits = limits or AnonymousRowLimits()
        self._pending: dict[Attempt, int] = {}
        self._next_write: asyncio.Future[None] | None = None

    async def record(self, attempt: Attempt) -> None:
        """Write an attempt durably; beyond the limits for unknown senders, only count it for the next summary."""
        if not (attempt.sender or self._limits.take_row(attempt.address)):
            return
        row = Attempt(*(_sanitise(text) for text in attempt))
        self._pending[row] = self._pending.get(row, 0) + 1
        if self._next_write is None:
            self._next_write = asyncio.ensure_future(self._write_pending())
        await asyncio.shield(self._next_write)

    async def _write_pending(self) -> None:
        """Write the attempts that came before the write begins; later ones wait for the next write."""
        await asyncio.sleep(0)
        rows, self._pending, self._next_write = self._pending, {}, None
        await self._write([(*attempt, times) for attempt, times in rows.items()])

    async def write_summary(self) -> None:
        """Write how many attempts exceeded the limits, by address."""
        if suppressed := self._limits.take_suppressed_attempts():
            detail = "Further attempts that were counted and not written one by one"
            rows = [
                ("", "", address, "", SUMMARY_CODE, detail, times) for address, times in suppressed.items()
            ]
            await self._write(rows)

    async def write_summaries(self) -> None:
        """Write a summary once a minute; after a failure, continue with the next."""
        while True:
            await asyncio.sleep(SUMMARY_SECONDS)
            try:
                await self.write_summary()
            except Exception:
                LOG.exception("summary of attempts not written")


class AnonymousRowLimits:
    """Limits on the rows for attempts without a known sender, and counts of the attempts beyond them.

    All addresses of an IPv6 network (/64) count as one, because one client can use them all.
    """

    def __init__(self, per_address: RateLimiter | None = None, overall: RateLimiter | None = None) -> None:
        self._per_address = per_address or RateLimiter(ADDRESS_ROWS_PER_MINUTE / 60, ADDRESS_ROWS_BURST)
        self._overall = overall or RateLimiter(ALL_ROWS_PER_MINUTE / 60, ALL_ROWS_BURST)
        self._networks: set[str] = set()
        self._suppressed: dict[str, int] = {}

    def take_row(self, address: str) -> bool:
        """Return whether an attempt from this address gets a row; otherwise count it."""
        network = self._select_bucket(_find_network(address))
        if not (self._per_address.take(network) or self._overall.take("")):
            return True
        self._suppressed[network] = self._suppressed.get(network, 0) + 1
        return False

    def take_suppressed_attempts(self) -> dict[str, int]:
        """Return the attempts by address that exceeded the limits since the last call."""
        suppressed, self._suppressed = self._suppressed, {}
        return suppressed

    def _select_bucket(self, network: str) -> str:
        if network in self._networks or len(self._networks) < ADDRESSES_MAX:
            self._networks.add(network)
            return network
        return OTHER_ADDRESSES


def _find_network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return OTHER_ADDRESSES
    if isinstance(parsed, IPv6Address):
        return f"{IPv6Address(int(parsed) >> _IPV6_HOST_BITS << _IPV6_HOST_BITS)}/{_IPV6_HOST_BITS}"
    return address


@asynccontextmanager
async def open_audit_trail(dsn: str) -> AsyncIterator[AuditTrail]:
    """Open the audit trail of a database."""
    async with access_queries.open_audit_pool(dsn) as pool:
        trail = AuditTrail(lambda rows: access_queries.insert_attempts(pool, rows))
        summaries = asyncio.create_task(trail.write_summaries())
        try:
            yield trail
        finally:
            summaries.cancel()
            try:
                await trail.write_summary()
            except RETRIED_ERRORS:
                LOG.exception("summary of attempts not written")


def _sanitise(text: str) -> str:
    """Shorten a text, and replace characters that would control a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:_TEXT_LENGTH_MAX])
