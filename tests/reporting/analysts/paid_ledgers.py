"""Ledgers whose requests are paid, in part returned, and with items on suspense accounts."""

from pathlib import Path

from core.catalog import KIND_NUMBERS
from core.reference.files import SAMPLE_FOLDER
from posting.book.registry import ReferenceData
from tests.accountants import add_accountants
from tests.databases import open_connection
from tests.reporting import test_settlements as settlements
from tests.reporting.journals import BUDGET, act, process_senders
from tests.reporting.verification import test_suspense as suspense

_PAID_KINDS = ("payment_request", "payment_request_without_service", "direct_payment_request")


async def pay_requests(dsn: str, folder: Path) -> None:
    """Pay every second request of a ledger, each on its own day."""
    async with open_connection(dsn) as connection:
        rows = await connection.fetch(
            "select entry_id, amount, day, exercise from entry where kind = any($1::smallint[]) order by entry_id",
            [KIND_NUMBERS[name] for name in _PAID_KINDS],
        )
    payments = [
        act(
            "payment",
            f"P{row['entry_id']}",
            f"{row['amount'] // 100}.{row['amount'] % 100:02}",
            predecessor=f"@{row['entry_id']}",
            date=row["day"].isoformat(),
            exercise=str(row["exercise"]),
        )
        for row in rows[::2]
    ]
    await process_senders(dsn, folder, [("TREASURY", payments)], ReferenceData.load(SAMPLE_FOLDER))


async def process_busy_ledger(dsn: str, folder: Path) -> None:
    """Process the acts of settlements, and entries by hand that leave items on suspense accounts, in part cleared."""
    await add_accountants(dsn)
    senders = ("BUDGET", "MINISTRY", "TREASURY", "BANK", "TREASURY")
    files = (BUDGET, settlements._REQUESTS, settlements._RUN, settlements._STATEMENT, settlements._AGAIN)
    by_hand = (suspense._ITEMS, suspense._CLEARINGS[:2])
    acts = [*zip(senders, files, strict=True), *(("DRFIP", rows) for rows in by_hand)]
    await process_senders(dsn, folder, acts)
