"""What stands in files for the bank, counted now and then: runs are issued beside the service, by another process."""

import asyncio
from contextlib import suppress

from monitoring.polled_metrics import Sample
from monitoring.service_metrics import Board
from service.http import submission_queries
from service.http.submission_queries import DATABASE_FAILURES, Pool

LOOK_SECONDS = 5


class BankFiles:
    """The sums of all runs that are over; nothing before they are first looked at."""

    def __init__(self, pool: Pool, board: Board) -> None:
        self._pool = pool
        self._samples: dict[str, list[Sample]] = {"acts": [], "cents": []}
        board.read_each("bank_file_acts_total", lambda: self._samples["acts"])
        board.read_each("bank_file_cents_total", lambda: self._samples["cents"])

    async def keep(self) -> None:
        """Look for as long as the service lives."""
        while True:
            with suppress(*DATABASE_FAILURES):  # the engine tells of a database that is gone
                await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Read the sums once."""
        for name, sum_ in (await submission_queries.bank_files(self._pool)).items():
            self._samples[name] = [Sample(sum_)]
