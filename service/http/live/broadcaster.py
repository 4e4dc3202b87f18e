"""The figures of the moment, put together once a second while somebody looks, and shared by all who do."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec
import structlog

from monitoring.snapshot import ServiceStatus, build_figures, count_totals
from monitoring.trend import Trend
from service.database.failures import DATABASE_ERRORS
from service.http import submission_queries
from service.http.quotas import VIEWERS, Quota
from service.http.service_context import ServiceContext

LOG = structlog.get_logger()
REFRESH_SECONDS = 1
VIEWERS_MAX = 256
"""Who may look at once, half of them of one sender: each holds a connection, and is sent a few kilobytes a second."""
BATCHES_MAX = 12
"""The last ones, which are shown."""
_NO_LIMIT = 2**63 - 1


class FiguresBroadcaster:
    """Looks at the board once a second.  Whoever asks gets figures that were looked at after they asked."""

    def __init__(self, desk: ServiceContext) -> None:
        self._desk, self._trend = desk, Trend()
        self._started_at = datetime.now(UTC)
        self._last_started = self._last_finished = 0
        self._viewer_quota = Quota(VIEWERS_MAX, VIEWERS)
        self._refreshed = asyncio.Event()
        self._payload = b""
        self._is_closed = False
        desk.drain_callbacks.append(self.close)

    async def run(self) -> None:
        """Look for as long as the service lives; what goes wrong here is told, and stops nothing else."""
        while True:
            try:
                await self._refresh()
            except DATABASE_ERRORS as error:
                LOG.warning("no figures: the database does not answer", cause=repr(error))
            except Exception:
                LOG.exception("no figures")
            await asyncio.sleep(REFRESH_SECONDS)

    async def _refresh(self) -> None:
        self._trend.record(*count_totals(self._desk.metrics), self._desk.stages.nanoseconds)
        if not self._viewer_quota.used:
            return
        self._last_started += 1
        begun, found = (
            self._last_started,
            build_figures(self._desk.metrics, self._trend, self._describe_service()),
        )
        # what the board counts is committed: the batches of its moment are all there, and later ones are left out
        last = found.commits.last_batch if self._desk.is_ready else _NO_LIMIT
        batches = await submission_queries.read_last_batches(self._desk.pool, BATCHES_MAX, last)
        self._payload = msgspec.json.encode(msgspec.structs.replace(found, batches=batches))
        self._last_finished = begun
        self._wake_viewers()

    def _describe_service(self) -> ServiceStatus:
        return ServiceStatus(self._started_at, self._get_state())

    def _get_state(self) -> str:
        return "ready" if self._desk.is_ready else "loading"

    def _wake_viewers(self) -> None:
        looked, self._refreshed = self._refreshed, asyncio.Event()
        looked.set()

    @contextmanager
    def open_viewer_slot(self, viewer: str) -> Iterator[None]:
        """Be one of those who look: a sender, or the address of somebody without a key.

        Raises
        ------
        Problem
            As many look as can look, of all or of these.
        """
        with self._viewer_quota.open_share(viewer) as seat:
            seat.take(1)
            yield

    def check_viewer_slot(self, viewer: str) -> None:
        """Whether one more can look.

        Raises
        ------
        Problem
            Not now.
        """
        self._viewer_quota.check(viewer, 1)

    async def wait_for_figures(self) -> bytes | None:
        """Figures looked at from now on, as JSON; None once the service stops."""
        wanted = self._last_started + 1
        while self._last_finished < wanted and not self._is_closed:
            await self._refreshed.wait()
        return None if self._is_closed else self._payload

    def close(self) -> None:
        """Let everybody go."""
        self._is_closed = True
        self._wake_viewers()
