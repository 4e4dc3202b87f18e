"""Visas: a journal of them is proven, and every planted breach of their rules is found."""

from pathlib import Path

import pytest

from core.catalog import KIND_NUMBERS
from reporting import act_narrative
from tests.reporting.journals import act, explain_acts, grant, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_PLACE = {"fund_centre": "0217-SGAC-IMMO", "functional_area": "0217-07", "commitment_item": "51"}
_ON_31 = _PLACE | {"commitment_item": "31"}
_HASH = {"document_hash": "5e" * 32}
_BUDGET = [
    grant("budget_opening_ae", "O1", "9000000.00", "0217"),
    grant("allotment_ae", "A1", "9000000.00", "0217-SGAC"),
    grant("allotment_ae", "A2", "9000000.00", "0217-SGAC-IMMO"),
]
_ACTS = [
    act("commitment", "C1", "499999.99", _PLACE),
    act("commitment", "C2", "800000.00", _ON_31),
    act("visa_request", "D1", "600000.00", _PLACE),
    act("visa", "V1", "600000.00", predecessor="D1", date="2018-03-16"),
    act("commitment_with_visa", "C3", "400000.00", predecessor="V1", date="2018-03-16"),
    act("commitment_with_visa", "C4", "200000.00", predecessor="V1", date="2018-03-17"),
    act("visa_request", "D2", "700000.00", _PLACE),
    act("tacit_visa", "V2", "700000.00", predecessor="D2", date="2018-03-31"),
    act("commitment_with_visa", "C5", "700000.00", predecessor="V2", date="2018-03-31"),
    act("visa_request", "D3", "900000.00", _PLACE),
    act("visa_refusal", "V3", "900000.00", predecessor="D3", date="2018-03-20"),
    act("visa_override", "V4", "900000.00", _HASH, predecessor="V3", date="2018-04-20"),
    act("commitment_with_visa", "C6", "900000.00", predecessor="V4", date="2018-04-20"),
    act("visa_request", "D4", "500000.00", _PLACE),
    act("commitment_increase", "I1", "100.00", predecessor="C6", date="2018-04-21"),
    act("commitment_reversal", "R1", "200000.00", predecessor="C4", date="2018-04-22"),
]
"""Entries 4 to 19, behind those of the budget: C1 is entry 4, D1 6, V1 7, C3 8, C4 9, D2 10, V2 11, C5 12, D3 13, V3 14,
V4 15, C6 16, D4 17, I1 18, R1 19."""
_FILES = (("BUDGET", _BUDGET), ("MINISTRY", _ACTS))

BREACHES = {
    "a commitment at the threshold without a visa": Breach(
        "update entry set amount = 50000000 where entry_id = 4", "visas", "entry 4 "
    ),
    "an increase at the threshold without a visa": Breach(
        "update entry set amount = 50000000 where entry_id = 18", "visas", "entry 18 "
    ),
    "a commitment of the title with a threshold": Breach(
        "update entry set cell = (select cell from entry where entry_id = 4) where entry_id = 5", "visas", "entry 5 "
    ),
    "two lines that reach the threshold together": Breach(
        "update entry set reference = 'C1', cell = (select cell from entry where entry_id = 4) where entry_id = 5",
        "visas", "entry 4 ",
    ),
    "more committed than the visa allows": Breach(
        "update entry set amount = amount + 1 where entry_id = 9", "visas", "entry 7 "
    ),
    "a commitment on a request without a visa": Breach(
        "update entry set predecessor = 17 where entry_id = 8", "predecessors", "entry 8 "
    ),
    "a commitment on a refusal": Breach(
        "update entry set predecessor = 14 where entry_id = 16", "predecessors", "entry 16 "
    ),
    "silence that counts on the last day of the controller": Breach(
        "update entry set day = '2018-03-30' where entry_id = 11", "visas", "entry 11 "
    ),
    "a visa of a part": Breach(
        "update entry set amount = amount - 1 where entry_id = 15", "visas", "entry 15 "
    ),
    "two decisions on one request": Breach(
        "update entry set predecessor = 6, amount = 60000000 where entry_id = 14", "visas", "entry 14 "
    ),
    "an override of what was not refused": Breach(
        f"update entry set kind = {KIND_NUMBERS['visa']} where entry_id = 14", "predecessors", "entry 15 "
    ),
}  # fmt: skip


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_visas_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    await assert_found(dsn, BREACHES[breach] if breach else None, entries=19)


async def test_the_history_of_a_commitment_names_its_visa(dsn: str, tmp_path: Path) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    histories = await explain_acts(dsn, "C3", "D3")
    texts = {
        reference: "\n".join(str(part) for part in act_narrative.render(history))
        for reference, history in histories.items()
    }
    assert "follows    entry 7, visa V1 of 600,000.00 euros on 2018-03-16" in texts["C3"]
    followers = (
        "visa_refusal V3 of 900,000.00 euros on 2018-03-20",
        "visa_override V4 of 900,000.00 euros on 2018-04-20",
        "commitment_with_visa C6 of 900,000.00 euros on 2018-04-20",
    )
    assert [follower in texts["D3"] for follower in followers] == [True, True, True]
