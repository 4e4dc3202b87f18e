"""A programme that an order gives to another: the journal is proven with the order, and what followed it is found without."""

from pathlib import Path

import pytest

from posting.book.registry import ReferenceData
from reporting.verification import verify
from tests.databases import open_connection
from tests.reference_years import copy_reference
from tests.reporting.journals import ASPR, BUDGET, PAID, SPENDING, Row, act, grant, process_senders
from tests.succession_years import write_successions

_AFTER = {"fund_centre": "0177-D013-DR13", "functional_area": "0177-12", "commitment_item": "31"}
_NEXT = {"exercise": "2019", "date": "2019-01-02"}
_CARRY = {"exercise": "2019", "date": "2019-01-21", "reference_sender": "MINISTRY"} | _AFTER
_GOES_ON = {"exercise": "2019", "date": "2019-02-01"}
_FILES: tuple[tuple[str, list[Row]], ...] = (
    ("BUDGET", BUDGET),
    (
        "MINISTRY",
        [
            SPENDING[0],
            act("commitment", "C1", "100.00", ASPR),
            act("service", "S1", "60.00", predecessor="C1"),
            act("payment_request", "D1", "50.00", predecessor="C1") | PAID,
            act("direct_payment_request", "D2", "30.00", ASPR, PAID, received="2018-03-01"),
        ],
    ),
    ("treasury", [act("payment", "P1", "30.00", predecessor="@20", date="2018-10-15")]),
    ("bank", [act("bank_debit", "B1", "30.00", predecessor="@21", date="2018-10-16")]),
    (
        "BUDGET",
        [
            grant(f"{kind}_{measure}", f"N-{measure}-{place}", "200.00", place, budget_year="2019", **_NEXT)
            for measure in ("ae", "cp")
            for kind, place in (
                ("budget_opening", "0177"),
                ("allotment", "0177-D013"),
                ("allotment", "0177-D013-DR13"),
            )
        ],
    ),
    (
        "closing",
        [
            act("commitment_carry", "C1", "40.00", _CARRY, predecessor="@17"),
            act("service_carry", "S1", "10.00", _CARRY, predecessor="@18"),
            act("request_carry", "D1", "50.00", _CARRY, predecessor="@19"),
        ],
    ),
    (
        "MINISTRY",
        [
            act("service", "S2", "25.00", _GOES_ON, predecessor="C1"),
            act("payment_request", "D3", "20.00", _GOES_ON, PAID, predecessor="C1"),
            act("payment_request_rejection", "R1", "5.00", _GOES_ON, predecessor="D1"),
            act("prior_withdrawal", "W1", "3.00", _GOES_ON, predecessor="C1"),
            act("late_interest", "L1", "2.00", _GOES_ON, PAID, _AFTER, predecessor="@20", reason="order"),
            act(
                "repayment_receivable",
                "T1",
                "7.00",
                _GOES_ON,
                PAID,
                predecessor="@20",
                fund_centre="0177-D013-DR13",
                commitment_item="48560",
            ),
            act("receipt", "E1", "7.00", _GOES_ON, predecessor="T1"),
            act("credit_restoration", "X1", "7.00", _GOES_ON, _AFTER, predecessor="E1"),
        ],
    ),
)
_FOLLOWS = {
    "carries": {"entry 29 ", "entry 30 ", "entry 31 "},
    "interest_assignments": {"entry 36 "},
    "repayments": {"entry 37 "},
    "restorations": {"entry 39 "},
}
"""By check: what followed the order."""


def _write_reference(folder: Path, *rows: str) -> Path:
    """Give the small reference data an order into 2019, and the programme that it names the accountant of the other."""
    reference = copy_reference(folder)
    with (reference / "2018" / "assigned.csv").open("a") as file:
        file.write("0177-D013-DR13,ECOL\n")
    write_successions(reference, *rows)
    return reference


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("0217,,,,0177-D013-DR13,0177-12,Order,2019-01-02", {}),
        ("0217,,,,0117-CENT-C001,0117-01,Order,2019-01-02", _FOLLOWS),
        ("0177,,,,0217-SGAC-ASPR,0217-07,Order,2019-01-02", _FOLLOWS),
    ],
    ids=["as the order says", "an order of another programme", "an order the other way"],
)
async def test_what_followed_an_order_is_proven_by_it(
    dsn: str, tmp_path: Path, order: str, expected: dict[str, set[str]]
) -> None:
    reference = _write_reference(tmp_path / "used", "0217,,,,0177-D013-DR13,0177-12,Order,2019-01-02")
    await process_senders(dsn, tmp_path, _FILES, ReferenceData.load(reference))
    async with open_connection(dsn) as connection:
        assert await connection.fetch("select code from refusal") == []
    verification = await verify(dsn, folder=_write_reference(tmp_path / "now", order))
    places: dict[str, set[str]] = {}
    for finding in verification.findings:
        places.setdefault(finding.check, set()).add(finding.place[: len("entry 00 ")])
    assert places == expected
