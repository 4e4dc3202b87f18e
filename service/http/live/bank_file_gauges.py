"""Totals of the files for the bank, polled from the database: another process issues payment runs."""

import asyncio
from contextlib import suppress

from monitoring.polled_metrics import Sample
from monitoring.service_metrics import ServiceMetrics
from posting.store.failures import DATABASE_ERRORS
from service.database.read_pool import Pool
from service.http import submission_queries

REFRESH_SECONDS = 5


class BankFileGauges:
    """The totals of all finished payment runs; no samples before the first refresh."""

    def __init__(self, pool: Pool, metrics: ServiceMetrics) -> None:
        self._pool = pool
        self._samples: dict[str, list[Sample]] = {"acts": [], "cents": []}
        metrics.bind_samples("bank_file_acts_total", lambda: self._samples["acts"])
        metrics.bind_samples("bank_file_cents_total", lambda: self._samples["cents"])

    async def run(self) -> None:
        """Refresh until cancelled."""
        while True:
            with suppress(*DATABASE_ERRORS):  # the engine reports a database that is gone
                await self.refresh()
            await asyncio.sleep(REFRESH_SECONDS)

    async def refresh(self) -> None:
        """Read the totals once."""
        for name, total in (await submission_queries.read_bank_file_totals(self._pool)).items():
            self._samples[name] = [Sample(total)]
