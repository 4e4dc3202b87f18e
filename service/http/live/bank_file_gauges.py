"""What stands in files for the bank, counted now and then: runs are issued beside the service, by another process."""

import asyncio
from contextlib import suppress

from monitoring.polled_metrics import Sample
from monitoring.service_metrics import ServiceMetrics
from service.database.failures import DATABASE_ERRORS
from service.database.read_pool import Pool
from service.http import submission_queries

REFRESH_SECONDS = 5


class BankFileGauges:
    """The sums of all runs that are over; nothing before they are first looked at."""

    def __init__(self, pool: Pool, board: ServiceMetrics) -> None:
        self._pool = pool
        self._samples: dict[str, list[Sample]] = {"acts": [], "cents": []}
        board.bind_samples("bank_file_acts_total", lambda: self._samples["acts"])
        board.bind_samples("bank_file_cents_total", lambda: self._samples["cents"])

    async def run(self) -> None:
        """Look for as long as the service lives."""
        while True:
            with suppress(*DATABASE_ERRORS):  # the engine tells of a database that is gone
                await self.refresh()
            await asyncio.sleep(REFRESH_SECONDS)

    async def refresh(self) -> None:
        """Read the sums once."""
        for name, sum_ in (await submission_queries.read_bank_file_totals(self._pool)).items():
            self._samples[name] = [Sample(sum_)]
