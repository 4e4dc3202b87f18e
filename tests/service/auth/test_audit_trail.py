"""The trail is bounded for strangers, counts what it does not write, and is whole for whoever is known."""

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
    """A trail, and the rows that were written; the clock stands unless the test moves it."""

    def __init__(self, address: int = 3, everybody: int = 5) -> None:
        self.now, self.rows = 0.0, list[tuple[Any, ...]]()
        clock = lambda: self.now  # noqa: E731
        bounds = AnonymousRowLimits(RateLimiter(1, address, clock), RateLimiter(1, everybody, clock))
        self.trail = AuditTrail(self._write, bounds)

    async def _write(self, rows: Any) -> None:
        self.rows += rows

    async def record_attempts(self, times: int, address: str = "192.0.2.7", sender: str = "") -> int:
        """Rows that were written for so many different attempts."""
        before = len(self.rows)
        for number in range(times):
            await self.trail.record(Attempt("", sender, address, f"GET /{number}", "key-missing", ""))
        return len(self.rows) - before


async def test_of_one_address_so_many_are_written_and_the_others_counted() -> None:
    kept = TrailRecorder()
    assert await kept.record_attempts(50) == 3
    assert await kept.record_attempts(1, "192.0.2.8") == 1
    await kept.trail.write_summary()
    assert [row[2:5] for row in kept.rows[4:]] == [("192.0.2.7", "", SUMMARY_CODE)]
    assert kept.rows[-1][-1] == 47
    assert sum(row[-1] for row in kept.rows) == 51  # nothing is forgotten
    await kept.trail.write_summary()
    assert len(kept.rows) == 5
    kept.now += 2
    assert await kept.record_attempts(50) == 2


async def test_many_addresses_together_are_bounded_too() -> None:
    kept = TrailRecorder()
    for last in range(20):
        await kept.record_attempts(1, f"192.0.2.{last}")
    assert len(kept.rows) == 5
    await kept.trail.write_summary()
    assert sum(row[-1] for row in kept.rows) == 20


async def test_an_ipv6_network_is_one_address() -> None:
    kept = TrailRecorder()
    for last in range(20):
        await kept.record_attempts(1, f"2001:db8::{last:x}")
    assert len(kept.rows) == 3
    await kept.trail.write_summary()
    assert kept.rows[-1][2] == "2001:db8::/64"


async def test_addresses_without_end_cost_no_memory_without_end() -> None:
    kept = TrailRecorder(1, 0)
    for number in range(ADDRESSES_MAX + 100):
        await kept.record_attempts(1, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    await kept.record_attempts(1, "nonsense")
    await kept.trail.write_summary()
    assert len(kept.rows) == ADDRESSES_MAX + 1
    assert [row[-1] for row in kept.rows if row[2] == OTHER_ADDRESSES] == [101]


async def test_who_is_known_is_written_whole() -> None:
    kept = TrailRecorder()
    assert await kept.record_attempts(50, sender="MIN-09") == 50
