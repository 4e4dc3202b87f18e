"""Queries for the payments that a benchmark stored in the database."""

from typing import NamedTuple

from core.catalog import KIND_NUMBERS
from posting.store.limited_connections import open_limited_connection


class PaymentSums(NamedTuple):
    """The number of payments, and their sum in cents."""

    payments: int
    cents: int


class StoredPayments(NamedTuple):
    """The payments in the journal and in the table of payment files."""

    posted: PaymentSums
    recorded: PaymentSums
    file_names: list[str]


async def read_stored_payments(dsn: str) -> StoredPayments:
    """Read the posted payments, and those recorded as written to files."""
    async with open_limited_connection(dsn) as connection:
        posted = "select count(*), coalesce(sum(amount), 0)::bigint from entry where kind = $1"
        files = "select name, transactions, cents from payment_file order by run, file"
        rows = await connection.fetch(files)
        (sums,) = await connection.fetch(posted, KIND_NUMBERS["payment"])
        recorded = PaymentSums(sum(row["transactions"] for row in rows), sum(row["cents"] for row in rows))
        return StoredPayments(PaymentSums(*sums), recorded, [row["name"] for row in rows])
