"""The accounts whose books and bank differ, computed anew whenever a bank message was imported and its acts are decided."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from core.errors import CrescendoError
from monitoring.verdict import AccountDifference
from posting.store.failures import DATABASE_ERRORS
from service.database.read_pool import Pool, borrow_connection
from service.http import submission_queries
from settlement.reconciliation.account_status import load_accounts_report
from settlement.reconciliation.transfer_accounts import AccountantsByYear

LOG = structlog.get_logger()
REFRESH_SECONDS = 5
RETRY_SECONDS = 60
"""How long the next comparison waits after one that failed."""
SETTLE_SECONDS = 30
"""How long nothing of the bank must change before the accounts are compared: an import stores the message before its acts."""
COMPARE_SECONDS = 300
"""The longest time of one comparison; each of its queries has the limit of the pool as well."""


class BankDifferences:
    """The differences as of the last comparison; none before the first."""

    def __init__(
        self,
        pool: Pool,
        load_accountants: Callable[[], AccountantsByYear],
        *,
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        self._pool, self._load_accountants = pool, load_accountants
        self._settle_seconds = settle_seconds
        self._state: dict[str, Any] = {}
        self._state_since = 0.0
        self._compared_state: dict[str, Any] = {}
        self.differences: Sequence[AccountDifference] = ()

    async def run(self) -> None:
        """Refresh until cancelled; a comparison that fails is logged and tried again, and never stops the service."""
        while True:
            is_refreshed = await self._try_refresh()
            await asyncio.sleep(REFRESH_SECONDS if is_refreshed else RETRY_SECONDS)

    async def _try_refresh(self) -> bool:
        try:
            await self.refresh()
        except (TimeoutError, OSError, CrescendoError, *DATABASE_ERRORS) as error:
            # the engine reports a database that is gone; the reference data may be being edited
            LOG.warning("books and bank not compared", cause=repr(error), next_in_seconds=RETRY_SECONDS)
            return False
        return True

    async def refresh(self) -> None:
        """Compare the accounts if what they depend on has changed, and has settled since."""
        state, now = await submission_queries.read_bank_state(self._pool), time.monotonic()
        if state != self._state:
            self._state, self._state_since = state, now
        is_settled = not state["is_deciding"] and now - self._state_since >= self._settle_seconds
        if is_settled and state != self._compared_state:
            self.differences = await self._compare() if state["statements"] else ()
            self._compared_state = state

    async def _compare(self) -> Sequence[AccountDifference]:
        accountants = await asyncio.to_thread(self._load_accountants)
        async with asyncio.timeout(COMPARE_SECONDS), borrow_connection(self._pool) as connection:
            report = await load_accounts_report(connection, accountants)
        return [
            AccountDifference(account.account, account.difference)
            for account in report.accounts
            if account.difference
        ]
