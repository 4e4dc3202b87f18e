"""The audit trail limits the rows of unknown senders and counts the rest; it writes every attempt of known senders."""

from typing import Any

from service.auth.audit_trail import (
    ADDRESSES_MAX,
    OTHER_ADDRESSES,
    SUMMARY_CODE,
    AnonymousRowLimits,
    Attempt,
    AuditTrail,
)
from service.auth.rate_limit import RateLimiter


class TrailRecorder:
    """An audit trail and the rows that it wrote; the test moves the clock."""

    def __init__(self, address: int = 3, everybody: int = 5) -> None:
        self.now, self.rows = 0.0, list[tuple[Any, ...]]()
        clock = lambda: self.now  # noqa: E731
        bounds = AnonymousRowLimits(RateLimiter(1, address, clock), RateLimiter(1, everybody, clock))
        self.trail = AuditTrail(self._write, bounds)

    async def _write(self, rows: Any) -> None:
        self.rows += rows

    async def record_attempts(self, times: int, address: str = "192.0.2.7", sender: str = "") -> int:
        """Record different attempts and return the rows that were written."""
        before = len(self.rows)
        for number in range(times):
            await self.trail.record(Attempt("", sender, address, f"GET /{number}", "key-missing", ""))
        return len(self.rows) - before


async def test_attempts_of_one_address_beyond_the_limit_are_counted() -> None:
    recorder = TrailRecorder()
    assert await recorder.record_attempts(50) == 3
    assert await recorder.record_attempts(1, "192.0.2.8") == 1
    await recorder.trail.write_summary()
    assert [row[2:5] for row in recorder.rows[4:]] == [("192.0.2.7", "", SUMMARY_CODE)]
    assert recorder.rows[-1][-1] == 47
    assert sum(row[-1] for row in recorder.rows) == 51  # every attempt is written or counted
    await recorder.trail.write_summary()
    assert len(recorder.rows) == 5
    recorder.now += 2
    assert await recorder.record_attempts(50) == 2


async def test_attempts_of_many_addresses_are_limited_together() -> None:
    recorder = TrailRecorder()
    for last in range(20):
        await recorder.record_attempts(1, f"192.0.2.{last}")
    assert len(recorder.rows) == 5
    await recorder.trail.write_summary()
    assert sum(row[-1] for row in recorder.rows) == 20


async def test_an_ipv6_network_counts_as_one_address() -> None:
    recorder = TrailRecorder()
    for last in range(20):
        await recorder.record_attempts(1, f"2001:db8::{last:x}")
    assert len(recorder.rows) == 3
    await recorder.trail.write_summary()
    assert recorder.rows[-1][2] == "2001:db8::/64"


async def test_memory_for_addresses_is_limited() -> None:
    recorder = TrailRecorder(1, 0)
    for number in range(ADDRESSES_MAX + 100):
        await recorder.record_attempts(1, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    await recorder.record_attempts(1, "nonsense")
    await recorder.trail.write_summary()
    assert len(recorder.rows) == ADDRESSES_MAX + 1
    assert [row[-1] for row in recorder.rows if row[2] == OTHER_ADDRESSES] == [101]


async def test_attempts_of_known_senders_are_all_written() -> None:
    recorder = TrailRecorder()
    assert await recorder.record_attempts(50, sender="MIN-09") == 50
