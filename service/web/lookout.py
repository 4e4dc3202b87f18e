"""The figures of the moment, put together once a second while somebody looks, and shared by all who do."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec
import structlog

from monitoring.figures import Batch
from monitoring.snapshot import Around, figures, totals
from monitoring.trend import Trend
from service.web import postgres
from service.web.desk import Desk
from service.web.postgres import DATABASE_FAILURES
from service.web.problems import busy

LOG = structlog.get_logger()
LOOK_SECONDS = 1
WATCHERS_MAX = 256
"""Who may look at once: each holds a connection, and is sent a few kilobytes a second."""
BATCHES = 12
"""The last ones, which are shown."""


class Lookout:
    """Looks at the board once a second.  Whoever asks gets figures that were looked at after they asked."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._trend = desk, Trend()
        self._started_at = datetime.now(UTC)
        self._watchers = self._begun = self._done = 0
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
        if not self._watchers:
            return
        self._begun += 1
        batches = await postgres.last_batches(self._desk.pool, BATCHES)
        self._shown, self._done = self._put_together(batches), self._begun
        self._tell()

    def _put_together(self, batches: list[Batch]) -> bytes:
        around = Around(self._started_at, self._state(), batches)
        return msgspec.json.encode(figures(self._desk.board, self._trend, around))

    def _state(self) -> str:
        return "ready" if self._desk.is_ready else "loading"

    def _tell(self) -> None:
        looked, self._looked = self._looked, asyncio.Event()
        looked.set()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Be one of those who look.

        Raises
        ------
        Problem
            As many look as can look.
        """
        self.check_room()
        self._watchers += 1
        try:
            yield
        finally:
            self._watchers -= 1

    def check_room(self) -> None:
        """Whether one more can look.

        Raises
        ------
        Problem
            Not now.
        """
        if self._watchers >= WATCHERS_MAX:
            raise busy("As many look as can look")

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
