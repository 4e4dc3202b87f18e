"""Unpaid requests of the year before come first: such a journal is proven, and what takes their credits is found."""

from pathlib import Path

import pytest

from core.outcome_codes import Outcome
from tests.databases import open_connection
from tests.reporting.journals import ASPR, BUDGET, PAID, SPENDING, act, grant, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_NEXT = {"exercise": "2019", "date": "2019-01-02"}
_CARRY = {"exercise": "2019", "date": "2019-01-21", "reference_sender": "MINISTRY"} | ASPR
_REQUESTS = [
    SPENDING[0],
    act("direct_payment_request", "D1", "30.00", ASPR, PAID),
    act("direct_payment_request", "D2", "10.00", ASPR, PAID),
]
"""Entries 17 and 18 behind those of the budget and the third party."""
_OPENINGS = [
    grant(f"{kind}_{measure}", f"N-{measure}-{place}", amount, place, budget_year="2019", **_NEXT)
    for measure in ("ae", "cp")
    for kind, amount, place in (
        ("budget_opening", "100.00", "0217"),
        ("allotment", "100.00", "0217-SGAC"),
        ("allotment", "100.00", "0217-SGAC-ASPR"),
    )
]
"""Entries 19 to 24."""
_USES = [
    grant("credit_return_ae", "R1", "5.00", "0217-SGAC-ASPR", **_NEXT),
    act("direct_payment_request", "D3", "15.00", ASPR, PAID, **_NEXT),
    act("commitment", "C1", "40.00", ASPR, **_NEXT),
    act("payment_request_without_service", "D4", "40.00", PAID, predecessor="C1", nature="location", **_NEXT),
]
"""Entries 25 to 28: of AE they leave 40.00 to the requests of 2018, of CP 45.00."""
_CARRIES = [act("request_carry", "D1", "30.00", _CARRY, predecessor="@17")]
"""Entry 29: 10.00 wait for the other request."""
_FOLLOWING = [act("direct_payment_request", "D5", "5.00", ASPR, PAID, exercise="2019", date="2019-01-22")]
"""Refused: it lacks AE."""
_FILES = (
    ("BUDGET", BUDGET),
    ("MINISTRY", _REQUESTS),
    ("BUDGET", _OPENINGS),
    ("MINISTRY", _USES),
    ("closing", _CARRIES),
    ("MINISTRY", _FOLLOWING),
)
_MORE = "update entry set amount = amount + 1 where entry_id = {entry}"
BREACHES = {
    "AE given back that wait for a request": (
        "update entry set amount = amount + 5501 where entry_id = 25", "prior_reservations", "entry 25 ",
    ),
    "AE committed that wait for a request": (_MORE.format(entry=27), "prior_reservations", "entry 27 "),
    "more requested in the year before": (_MORE.format(entry=18), "prior_reservations", "entry 27 "),
    "CP requested that wait for a request": (
        "update entry set amount = amount + 501 where entry_id = 28", "prior_reservations", "entry 28 ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_credits_that_wait_for_a_request_are_missed(
    dsn: str, tmp_path: Path, breach: str | None
) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    async with open_connection(dsn) as connection:
        assert [row["code"] for row in await connection.fetch("select code from refusal")] == [
            Outcome.PRIOR_REQUESTS_FIRST
        ]
    await assert_found(dsn, Breach(*BREACHES[breach]) if breach else None, entries=29)
