"""The entries of bank statements by which receivables were collected, or that are on suspense."""

from collections.abc import Mapping, Sequence

from core.catalog import Family, list_kinds
from core.senders import BANK
from reporting.act_views import BankCredit
from reporting.report_queries import Connection, Row, fetch

_RECEIPTS = list_kinds(lambda kind: kind.family is Family.RECEIPT)


async def load_bank_credits(connection: Connection, rows: Sequence[Row]) -> Mapping[int, BankCredit]:
    """Load the entries of statements of those of ``rows`` that are receipts of the bank, by entry of the journal."""
    receipts = [row for row in rows if row["kind"] in _RECEIPTS and row["sender"] == BANK]
    if not receipts:
        return {}
    references = sorted({row["reference"] for row in receipts if not row["predecessor"]})
    receivables = sorted({row["predecessor"] for row in receipts})
    records = await fetch(connection, "bank_credits", receivables, references)
    credits_ = {(row["receivable"], row["reference"]): row for row in records}
    named = [(row["entry_id"], credits_.get((row["predecessor"], row["reference"]))) for row in receipts]
    return {entry: _describe_credit(entry, row) for entry, row in named if row}


def _describe_credit(entry: int, row: Row) -> BankCredit:
    texts = (row["file_name"], row["identity"], row["account"])
    return BankCredit(entry, *texts, row["item"], row["day"].isoformat(), row["amount"])
