"""How often a sender may ask: a bucket that fills at a steady rate and holds a burst."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


@dataclass(slots=True)
class Rates:
    """Buckets by name.  The clock may be another, so that nobody has to wait for it."""

    a_second: float
    burst: float
    clock: Callable[[], float] = time.monotonic
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def wait(self, name: str) -> float:
        """Take one from the bucket of ``name``: 0 when there was one, else the seconds until there is."""
        now = self.clock()
        bucket = self._buckets.setdefault(name, _Bucket(self.burst, now))
        bucket.left = min(self.burst, bucket.left + (now - bucket.at) * self.a_second)
        bucket.at = now
        if bucket.left >= 1:
            bucket.left -= 1
            return 0
        return (1 - bucket.left) / self.a_second
