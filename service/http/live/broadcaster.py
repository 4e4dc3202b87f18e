"""The figures of the moment, put together once a second while somebody looks, and shared by all who do."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec
import structlog

from monitoring.snapshot import Around, figures, totals
from monitoring.trend import Trend
from service.http import submission_queries
from service.http.quotas import LOOKS, Room
from service.http.service_context import Desk
from service.http.submission_queries import DATABASE_FAILURES

LOG = structlog.get_logger()
LOOK_SECONDS = 1
WATCHERS_MAX = 256
"""Who may look at once, half of them of one sender: each holds a connection, and is sent a few kilobytes a second."""
BATCHES = 12
"""The last ones, which are shown."""
_ANY = 2**63 - 1


class Lookout:
    """Looks at the board once a second.  Whoever asks gets figures that were looked at after they asked."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._trend = desk, Trend()
        self._started_at = datetime.now(UTC)
        self._begun = self._done = 0
        self._seats = Room(WATCHERS_MAX, LOOKS)
        self._looked = asyncio.Event()
        self._shown = b""
        self._is_over = False
        desk.drained.append(self.close)

    async def keep(self) -> None:
        """Look for as long as the service lives; what goes wrong here is told, and stops nothing else."""
        while True:
            try:
                await self._look()
            except DATABASE_FAILURES as error:
                LOG.warning("no figures: the database does not answer", cause=repr(error))
            except Exception:
                LOG.exception("no figures")
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        self._trend.look(*totals(self._desk.board), self._desk.stages.nanoseconds)
        if not self._seats.taken:
            return
        self._begun += 1
        begun, found = self._begun, figures(self._desk.board, self._trend, self._around())
        # what the board counts is committed: the batches of its moment are all there, and later ones are left out
        last = found.commits.last_batch if self._desk.is_ready else _ANY
        batches = await submission_queries.last_batches(self._desk.pool, BATCHES, last)
        self._shown = msgspec.json.encode(msgspec.structs.replace(found, batches=batches))
        self._done = begun
        self._tell()

    def _around(self) -> Around:
        return Around(self._started_at, self._state())

    def _state(self) -> str:
        return "ready" if self._desk.is_ready else "loading"

    def _tell(self) -> None:
        looked, self._looked = self._looked, asyncio.Event()
        looked.set()

    @contextmanager
    def watching(self, who: str) -> Iterator[None]:
        """Be one of those who look: a sender, or the address of somebody without a key.

        Raises
        ------
        Problem
            As many look as can look, of all or of these.
        """
        with self._seats.share(who) as seat:
            seat.take(1)
            yield

    def check_room(self, who: str) -> None:
        """Whether one more can look.

        Raises
        ------
        Problem
            Not now.
        """
        self._seats.check(who, 1)

    async def next(self) -> bytes | None:
        """Figures looked at from now on, as JSON; None once the service stops."""
        wanted = self._begun + 1
        while self._done < wanted and not self._is_over:
            await self._looked.wait()
        return None if self._is_over else self._shown

    def close(self) -> None:
        """Let everybody go."""
        self._is_over = True
        self._tell()
