"""Invoice services: a journal with their requests is proven, and every planted breach of their rules is found."""

from pathlib import Path

import pytest

from core.catalog import KIND_NUMBERS
from reporting import act_narrative
from tests.databases import open_connection
from tests.reporting.journals import PAID, SPENDING, act, explain_acts, grant, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_PLACE = {"fund_centre": "0177-D075-DD75", "functional_area": "0177-12", "commitment_item": "31"}
"""It has an invoice service from 1 June 2018 on."""
_ELSEWHERE = _PLACE | {"fund_centre": "0177-D013-DD13"}
_BUDGET = [
    grant(f"{kind}_{budget}", f"{centre}-{budget}", amount, centre)
    for budget in ("ae", "cp")
    for kind, centre, amount in (
        ("budget_opening", "0177", "2000.00"),
        ("allotment", "0177-D075", "1000.00"),
        ("allotment", "0177-D075-DD75", "1000.00"),
        ("allotment", "0177-D013", "1000.00"),
        ("allotment", "0177-D013-DD13", "1000.00"),
    )
]
_OFFICER = [
    SPENDING[0],
    act("commitment", "C1", "300.00", _PLACE),
    act("service", "S1", "200.00", predecessor="C1"),
    act("payment_request", "D1", "50.00", PAID, predecessor="C1", date="2018-05-31"),
    act("commitment", "C2", "100.00", _ELSEWHERE),
    act("service", "S2", "100.00", predecessor="C2"),
    act("payment_request", "D2", "60.00", PAID, predecessor="C2", date="2018-06-05"),
]
"""Entries 11 to 17, behind those of the budget: C1 is entry 12, D1 14, C2 15, D2 17."""
_SERVICE = [
    act("invoice_request", "F1", "100.00", PAID, predecessor="@12", date="2018-06-01"),
    act("payment_request_rejection", "R1", "10.00", predecessor="F1", date="2018-06-04"),
    act("invoice_request", "F2", "60.00", PAID, predecessor="@12", date="2018-06-05"),
    act("invoice_request", "F3", "40.00", PAID, predecessor="@15", date="2018-06-05"),  # refused
]
"""Entries 18 to 20: F1, R1, F2."""
_FILES = (("BUDGET", _BUDGET), ("MINISTRY", _OFFICER), ("SFACT", _SERVICE))
_OF_OFFICER, _OF_SERVICE = (KIND_NUMBERS[name] for name in ("payment_request", "invoice_request"))

BREACHES = {
    "an order of the officer where the service requests": Breach(
        f"update entry set kind = {_OF_OFFICER} where entry_id = 18", "certified_requests", "entry 18 "
    ),
    "a request of the service before its first day": Breach(
        "update entry set day = '2018-05-31' where entry_id = 18", "certified_requests", "entry 18 "
    ),
    "an order of the officer after that day": Breach(
        "update entry set day = '2018-06-01' where entry_id = 14", "certified_requests", "entry 14 "
    ),
    "a request of a service that the fund centre does not have": Breach(
        f"update entry set kind = {_OF_SERVICE} where entry_id = 17", "certified_requests", "entry 17 "
    ),
    "more requested than is certified": Breach(
        "update entry set amount = amount + 1 where entry_id = 20", "commitments", "entry 12 "
    ),
}  # fmt: skip


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_invoice_services_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    async with open_connection(dsn) as connection:
        assert await connection.fetchval("select code from refusal") == 127
    await assert_found(dsn, BREACHES[breach] if breach else None, entries=20)


async def test_the_history_of_a_request_names_the_commitment(dsn: str, tmp_path: Path) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    histories = await explain_acts(dsn, "F1")
    text = "\n".join(str(part) for part in act_narrative.render(histories["F1"]))
    assert "F1: invoice_request (demande de paiement du service facturier) of 100.00 euros" in text
    assert "follows    entry 12, commitment C1 of 300.00 euros" in text
