"""Payment before service: what states a listed nature is proven, and every planted breach is found."""

from pathlib import Path

import asyncpg
import pytest

from reporting.verification import verify
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, BUDGET, PAID, SPENDING, act, process_senders
from tests.reporting.remade_hashes import list_hash_findings, remake_hashes

_WITHOUT_SERVICE = "payment_request_without_service"
_ACTS = [
    SPENDING[0],
    act("commitment", "C1", "100.00", ASPR),
    act("commitment", "C2", "50.00", {**ASPR, "commitment_item": "63"}),
    act(_WITHOUT_SERVICE, "D1", "10.00", PAID, predecessor="C1", nature="voyage", remittance="Billets"),
    act(_WITHOUT_SERVICE, "D2", "10.00", PAID, predecessor="C1", received="2018-03-01"),  # refused
    act(_WITHOUT_SERVICE, "D3", "20.00", PAID, predecessor="C2", received="2018-03-01"),
]
"""Entries 16 to 20, behind those of the budget: D1 is entry 19, D3 entry 20."""
_STAY = "update entry set cell = (select cell from entry where entry_id = {cell}) where entry_id in {entries}"
BREACHES = {
    "a grant that becomes a purchase": (_STAY.format(cell=17, entries="(18, 20)"), "entry 20 "),
    "a nature that is unlisted": (
        ("update request_detail set page = overlay(page placing 'mobile'::bytea from position('voyage'::bytea in page))"
        " where position('voyage'::bytea in page) > 0"), "entry 19 ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_only_listed_natures_and_grants_are_proven(
    dsn: str, tmp_path: Path, breach: str | None
) -> None:
    await process_senders(dsn, tmp_path, (("BUDGET", BUDGET), ("MINISTRY", _ACTS)))
    connection = await asyncpg.connect(dsn)
    assert await connection.fetchval("select code from refusal") == 57
    if breach:
        await connection.execute(f"set session_replication_role = replica; {BREACHES[breach][0]}")
        await remake_hashes(connection)
    await connection.close()
    verification = await verify(dsn, folder=REFERENCE)
    assert list_hash_findings(verification) == []
    findings = verification.findings
    places = [finding.place for finding in findings if finding.check == "payment_before_service"]
    if breach is None:
        assert findings == []
    else:
        assert [place for place in places if place.startswith(BREACHES[breach][1])], findings
