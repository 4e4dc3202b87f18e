"""The commands that pay, import the bank's answers, claim interest and open balances, between random acts."""

import random
from datetime import date
from pathlib import Path

import msgspec

from closing.steps import Step
from posting.book.registry import ReferenceData
from service.configuration.settings import Settings
from service.database.embedded_server import Database
from service.engine import late_interest, step_preparation, year_closing
from service.engine.file_processing import EngineContext
from service.engine.late_interest import InterestRequest
from service.engine.year_closing import StepRequest
from service.terminal.processing_progress import ProgressLines
from settlement.simulated_bank.transfer_outcomes import OutcomeRates
from tests.service.small_state import ANNE, BENOIT, State, create_interruption, paris_time

_OPENED_ON = date(2019, 3, 25)
_OBSTACLES = frozenset({"account 5126410000 does not exist in 2019"})
"""What the files of the second year prevent: transfers in transit have another account there."""
DAYS = ("2018-11-05", "2018-12-03", "2018-12-20")
_FAILURES = 40_000
"""Of a hundred thousand transfers, those that the bank rejects or returns."""


class RandomState(State):
    """A State on a database and on reference data that are there already."""

    def __init__(self, dsn: str, folder: Path, reference: Path, loaded: ReferenceData) -> None:
        self.dsn, self.folder, self.reference, self._loaded = dsn, folder, reference, loaded
        self.settings = Settings(data=folder / "data", reference=reference)
        self.answers = folder / "answers"

    @property
    def context(self) -> EngineContext:
        return EngineContext(self.settings, Database(self.dsn), self._loaded)

    async def pay_and_claim(self, rng: random.Random, day: str) -> None:
        """Pay what is due, import what the bank answers to it, and claim the interest on what was late."""
        at = paris_time(day)
        files = await self.pay_due(date(2018, 12, 31), at)
        if files:
            answers = self.simulate_bank(files, OutcomeRates(rng.randrange(10**6), _FAILURES))
            imported = await self.import_files(self.list_files(answers))
            assert imported.rejected == [], imported.rejected
        if rng.random() < 0.7:
            await late_interest.propose_interest(
                self.context, InterestRequest(at, by=ANNE), create_interruption(), reporter=ProgressLines()
            )

    async def open_next_year(self) -> None:
        """Open the balances of 2019, or what changed of them since."""
        request = StepRequest(2018, Step.OPENING, _OPENED_ON, by=ANNE)
        prepared = msgspec.structs.replace(request, by=BENOIT)
        await step_preparation.prepare_step(self.context, prepared, reporter=ProgressLines())
        result = await year_closing.execute_step(
            self.context, request, create_interruption(), reporter=ProgressLines()
        )
        assert result.waits == "", result.waits
        assert result.sums is not None
        assert {row.obstacle for row in result.sums.blocked} <= _OBSTACLES
        assert result.posted is None or not result.posted.reasons
