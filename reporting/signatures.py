"""Who entered and validated entries, with the roles of each then; agreements of lines without persons; evidence of changes."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from reporting.act_views import ChangeEvidence, LineAgreement, Signatory, Signature
from reporting.report_queries import Connection, Row, fetch


class Hands(NamedTuple):
    """The signatures, agreements and evidence of entries, by entry; most entries have none of them."""

    signatures: Mapping[int, Signature]
    agreements: Mapping[int, LineAgreement]
    evidence: Mapping[int, ChangeEvidence]


async def fetch_hands(connection: Connection, rows: Sequence[Row], batch_of: Mapping[int, int]) -> Hands:
    """Fetch the signatures, agreements and evidence of the entries ``rows``."""
    entries = [row["entry_id"] for row in rows]
    days: list[date] = [row["day"] for row in rows]
    batches = [batch_of[entry] for entry in entries]
    signatures = await fetch(connection, "signatures", entries, batches, days)
    agreements = await fetch(connection, "agreements", entries)
    evidence = await fetch(connection, "details_evidence", entries)
    return Hands(
        {row["entry"]: _build_signature(row) for row in signatures},
        {row["entry"]: LineAgreement(row["number"], row["separation"]) for row in agreements},
        {row["entry"]: ChangeEvidence(row["evidence_hash"], row["call_back"]) for row in evidence},
    )


def _build_signature(row: Row) -> Signature:
    entered, validated, owner = (
        Signatory(row[name], row[f"{name}_name"], list(row[f"{name}_roles"] or ())) if row[name] else None
        for name in ("entered", "validated", "owner")
    )
    return Signature(entered, validated, row["delegation"] or "", row["delegated_role"] or "", owner)
