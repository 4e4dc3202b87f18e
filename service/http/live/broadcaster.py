"""The live figures: computed once a second while there are viewers, and shared by all of them."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec
import structlog

from core.stage_timing import StageTimes
from monitoring.alert_history import READING_SECONDS
from monitoring.alert_rules import AlertWatch
from monitoring.service_metrics import ServiceMetrics
from monitoring.situation import ServiceStatus, read_alert_metrics
from monitoring.snapshot import build_figures, count_totals
from monitoring.trend import Trend
from posting.store.failures import DATABASE_ERRORS
from service.database.read_pool import Pool
from service.http import submission_queries
from service.http.live.live_sources import LiveSources
from service.http.quotas import VIEWERS, Quota
from service.http.service_state import ServiceState

LOG = structlog.get_logger()
REFRESH_SECONDS = 1
FIGURES_SECONDS = 15
"""How long a viewer waits for figures; they are computed once a second."""
VIEWERS_MAX = 256
"""Viewers at once, half of them of one sender: each holds a connection and gets a few kilobytes a second."""
BATCHES_MAX = 12
"""How many of the last batches the figures list."""
_NO_LIMIT = 2**63 - 1


class FiguresBroadcaster:
    """Computes the figures once a second; each viewer gets figures that were computed after its request."""

    def __init__(
        self,
        metrics: ServiceMetrics,
        stages: StageTimes,
        pool: Pool,
        *,
        state: ServiceState,
        sources: LiveSources = LiveSources(),  # noqa: B008 - it does not change
    ) -> None:
        self._metrics, self._stages, self._pool, self._state = metrics, stages, pool, state
        self._trend, self._sources = Trend(), sources
        self._alert_watch, self._next_reading_at = AlertWatch(), 0.0
        self._started_at = datetime.now(UTC)
        self._last_started = self._last_finished = 0
        """Numbers of the last computation that was started, and of the last that was finished."""
        self._viewer_quota = Quota(VIEWERS_MAX, VIEWERS)
        self._refreshed = asyncio.Event()
        self._payload = b""
        self._is_closed = False
        state.call_on_drain(self.close)

    async def run(self) -> None:
        """Refresh until cancelled; failures are logged and stop nothing else."""
        while True:
            try:
                await self._refresh()
            except DATABASE_ERRORS as error:
                LOG.warning("no figures: the database does not answer", cause=repr(error))
            except Exception:
                LOG.exception("no figures")
            await asyncio.sleep(REFRESH_SECONDS)

    async def _refresh(self) -> None:
        self._observe()
        if not self._viewer_quota.used:
            return
        self._last_started += 1
        number = self._last_started
        figures = build_figures(self._metrics, self._trend, self._read_status())
        # The metrics count what is committed: list the batches up to the last one counted, and none of those after it.
        last = figures.commits.last_batch if self._state.is_ready else _NO_LIMIT
        batches = await submission_queries.read_last_batches(self._pool, BATCHES_MAX, last)
        self._payload = msgspec.json.encode(msgspec.structs.replace(figures, batches=batches))
        self._last_finished = number
        self._wake_viewers()

    def _observe(self) -> None:
        """Record the totals of this second and, every few seconds, judge the alert rules: both need the past."""
        waits = self._metrics.read_values("database_seconds_total")
        nanoseconds = {step: round(seconds * 1e9) for (step,), seconds in waits.items()}
        self._trend.record(*count_totals(self._metrics), {**self._stages.nanoseconds, **nanoseconds})
        if (now := time.monotonic()) >= self._next_reading_at:
            self._next_reading_at = now + READING_SECONDS
            self._alert_watch.record(read_alert_metrics(now, self._metrics))

    def _read_status(self) -> ServiceStatus:
        state = "stopping" if self._state.is_draining else "ready" if self._state.is_ready else "loading"
        return ServiceStatus(
            self._started_at,
            state,
            self._sources.list_pauses(),
            self._sources.list_differences(),
            self._alert_watch.firing,
        )

    def _wake_viewers(self) -> None:
        refreshed, self._refreshed = self._refreshed, asyncio.Event()
        refreshed.set()

    @contextmanager
    def open_viewer_slot(self, viewer: str) -> Iterator[None]:
        """Occupy one viewer slot, counted per sender or, without a key, per IP address.

        Raises
        ------
        Problem
            There are too many viewers, of all or of this sender or address.
        """
        with self._viewer_quota.open_share(viewer) as share:
            share.take(1)
            yield

    def check_viewer_slot(self, viewer: str) -> None:
        """Check that a viewer slot is free.

        Raises
        ------
        Problem
            There are too many viewers, of all or of this sender or address.
        """
        self._viewer_quota.check(viewer, 1)

    async def wait_for_figures(self) -> bytes | None:
        """Return figures, as JSON, whose computation starts after this call; None once the service stops.

        Raises
        ------
        TimeoutError
            None were computed in time, as the database does not answer.
        """
        target = self._last_started + 1
        async with asyncio.timeout(FIGURES_SECONDS):
            while self._last_finished < target and not self._is_closed:
                await self._refreshed.wait()
        return None if self._is_closed else self._payload

    def close(self) -> None:
        """Release all viewers."""
        self._is_closed = True
        self._wake_viewers()
