"""A year that is carried into the next: the journal is proven, and every planted breach of the rules of carries is found."""

from pathlib import Path

import pytest

from core.catalog import KIND_NUMBERS
from tests.databases import open_connection
from tests.reporting.journals import ASPR, BUDGET, PAID, SPENDING, act, grant, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_NEXT = {"exercise": "2019", "date": "2019-01-02"}
_CARRY = {"exercise": "2019", "date": "2019-01-21", "reference_sender": "MINISTRY"} | ASPR
_GOES_ON = {"exercise": "2019", "date": "2019-02-01"}
_ACTS = [
    SPENDING[0],
    act("commitment", "C1", "100.00", ASPR),
    act("service", "S1", "60.00", predecessor="C1"),
    act("payment_request", "D1", "50.00", predecessor="C1") | PAID,
    act("direct_payment_request", "D2", "30.00", ASPR, PAID),
]
"""The third party, then entries 17 to 20 behind those of the budget and the third party."""
_OPENINGS = [
    grant(f"{kind}_{measure}", f"N-{measure}-{place}", amount, place, budget_year="2019", **_NEXT)
    for measure in ("ae", "cp")
    for kind, amount, place in (
        ("budget_opening", "300.00", "0217"),
        ("allotment", "200.00", "0217-SGAC"),
        ("allotment", "150.00", "0217-SGAC-ASPR"),
    )
]
"""Entries 21 to 26."""
_CARRIES = [
    act("commitment_carry", "C1", "40.00", _CARRY, predecessor="@17"),
    act("request_carry", "D1", "50.00", _CARRY, predecessor="@19"),
    act("request_carry", "D2", "30.00", _CARRY, predecessor="@20"),
]
"""Entries 27 to 29."""
_FOLLOWING = [
    act("service", "S2", "25.00", _GOES_ON, predecessor="C1"),
    act("payment_request", "D3", "20.00", _GOES_ON, PAID, predecessor="C1"),
    act("payment_request_rejection", "R1", "10.00", _GOES_ON, predecessor="D2"),
]
"""Entries 30 to 32: by the references of the ministry."""
_PAYMENTS = [
    act("payment", "P1", "45.00", _GOES_ON, predecessor="@28"),
    act("payment", "P2", "20.00", _GOES_ON, predecessor="@31"),
]
"""Entries 33 and 34."""
_SERVICES = [act("service_carry", "S1", "10.00", _CARRY, predecessor="@18")]
"""Entry 35."""
_LAST = [
    act("service_cancellation", "A1", "4.00", _GOES_ON, predecessor="S1"),
    act("prior_withdrawal", "W1", "3.00", _GOES_ON, predecessor="C1"),
    act("payment_request_rejection", "R2", "5.00", _GOES_ON, predecessor="D1"),
    act("payment_request_rejection", "R3", "5.00", _GOES_ON, predecessor="@19"),
    act("payment_request", "D4", "14.00", _GOES_ON, PAID, predecessor="C1"),
]
"""Entries 36 to 40: what is cancelled or rejected of the year before goes on in the next."""
_FILES = (
    ("BUDGET", BUDGET),
    ("MINISTRY", _ACTS),
    ("BUDGET", _OPENINGS),
    ("closing", _CARRIES),
    ("MINISTRY", _FOLLOWING),
    ("treasury", _PAYMENTS),
    ("closing", _SERVICES),
    ("MINISTRY", _LAST),
)
_SET = "update entry set {change} where entry_id = {entry}"
_UNRELEASED = """update node_balance set cp_reserved = cp_reserved + 5000
    where batch = (select batch from batch where first_entry = 27) and cp_reserved = 0"""
_REVERSED = f"""update entry set kind = case entry_id when 31 then {KIND_NUMBERS["commitment_reversal"]} else kind end,
    predecessor = case entry_id when 30 then 17 else 27 end, amount = case entry_id when 31 then 4000 else amount end
    where entry_id in (30, 31)"""
"""The request of the carried commitment becomes its reversal, and its service one of the year before."""
_CHANGE_REVERSED = f"""update entry set kind = case entry_id when 30 then {KIND_NUMBERS["commitment_increase"]}
    else {KIND_NUMBERS["commitment_change_reversal"]} end, predecessor = case entry_id when 30 then 17 else 30 end
    where entry_id in (30, 37)"""
"""A service of the carried commitment becomes an increase of the year before, its withdrawal the reversal of that."""
_OLD_CELL = "cell = (select cell from entry where entry_id = 20)"
BREACHES = {
    "a commitment carried in part": (_SET.format(change="amount = amount - 100", entry=27), "carries", "entry 27 "),
    "more carried than was open": (_SET.format(change="amount = amount + 100", entry=27), "commitments", "entry 17 "),
    "a request carried in part": (_SET.format(change="amount = amount - 100", entry=29), "carries", "entry 29 "),
    "a request carried twice": (_SET.format(change="predecessor = 19", entry=29), "carries", "entry 29 "),
    "a request carried within its year": (_SET.format(change=_OLD_CELL, entry=29), "carries", "entry 29 "),
    "a carry while the year before still pays": (
        _SET.format(change="day = '2019-01-20'", entry=28), "carries", "entry 28 ",
    ),
    "AE given back of a carried commitment": (
        _SET.format(change=f"kind = {KIND_NUMBERS['commitment_decrease']}", entry=30), "carries", "entry 30 ",
    ),
    "a carry reversed": (_REVERSED, "reversals", "entry 31 "),
    "a reservation that stays in the year before": (
        _UNRELEASED, "node_balances", "0217",
    ),
    "more paid than was carried": (_SET.format(change="amount = amount + 10000", entry=34), "remaining", "entry 27 "),
    "an act that follows a carried commitment": (_SET.format(change="predecessor = 17", entry=30), "carries", "entry 30 "),
    "a change of a carried commitment reversed": (_CHANGE_REVERSED, "carries", "entry 37 "),
    "more service carried than is unbilled": (_SET.format(change="amount = amount + 1", entry=35), "commitments", "entry 17 "),
    "a service carried to another assignment": (_SET.format(change=_OLD_CELL, entry=35), "carries", "entry 35 "),
    "a service carried without its commitment": (_SET.format(change="predecessor = 30", entry=35), "carries", "entry 35 "),
    "more cancelled than was carried": (_SET.format(change="amount = amount + 601", entry=36), "open_items", "entry 35 "),
    "more carried than was certified": (_SET.format(change="amount = amount + 5001", entry=35), "open_items", "entry 18 "),
    "more requested than was carried": (_SET.format(change="amount = amount + 201", entry=40), "commitments", "entry 27 "),
}  # fmt: skip


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_a_carry_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    async with open_connection(dsn) as connection:
        assert await connection.fetch("select code from refusal") == []
    await assert_found(dsn, Breach(*BREACHES[breach]) if breach else None, entries=40)
