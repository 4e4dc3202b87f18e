"""Payment before service: what states a listed nature is proven, and every planted breach is found."""

from pathlib import Path

import pytest

from tests.databases import open_connection
from tests.reporting.journals import ASPR, BUDGET, PAID, SPENDING, act, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

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
    async with open_connection(dsn) as connection:
        assert await connection.fetchval("select code from refusal") == 57
    check = "payment_before_service"
    planted = Breach(BREACHES[breach][0], check, BREACHES[breach][1]) if breach else None
    await assert_found(dsn, planted, entries=20)
