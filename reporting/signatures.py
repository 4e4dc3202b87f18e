"""Who entered and validated entries, with the roles that each had then, and the agreements of lines that name nobody."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from reporting.act_views import LineAgreement, Signatory, Signature
from reporting.report_queries import Connection, Row, fetch


class Hands(NamedTuple):
    """The signatures and agreements of entries, by entry; most entries have neither."""

    signatures: Mapping[int, Signature]
    agreements: Mapping[int, LineAgreement]


async def fetch_hands(connection: Connection, rows: Sequence[Row], batch_of: Mapping[int, int]) -> Hands:
    """Fetch the signatures and agreements of the entries ``rows``."""
    entries = [row["entry_id"] for row in rows]
    days: list[date] = [row["day"] for row in rows]
    batches = [batch_of[entry] for entry in entries]
    signatures = await fetch(connection, "signatures", entries, batches, days)
    agreements = await fetch(connection, "agreements", entries)
    return Hands(
        {row["entry"]: _build_signature(row) for row in signatures},
        {row["entry"]: LineAgreement(row["number"], row["separation"]) for row in agreements},
    )


def _build_signature(row: Row) -> Signature:
    entered, validated, owner = (
        Signatory(row[name], row[f"{name}_name"], list(row[f"{name}_roles"] or ())) if row[name] else None
        for name in ("entered", "validated", "owner")
    )
    return Signature(entered, validated, row["delegation"] or "", row["delegated_role"] or "", owner)
