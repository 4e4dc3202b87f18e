"""The clock of the creditor: the suspension before the order stops it, the accountant's does not (rule A59)."""

from pathlib import Path

import pytest

from service.database.embedded_server import Database
from tests.databases import open_connection
from tests.reporting.remade_hashes import list_hash_findings, remake_hashes
from tests.service.late_interest.test_contracts import plant_claim
from tests.service.late_interest.test_late_interest import claim, pay_part, prepare_state, read_claims
from tests.service.small_state import Row, State, build_request

REQUEST: Row = {**build_request(1), "amount": "1000.00", "received": "2018-10-01", "date": "2018-10-25"}
"""Due on the 31st of October, unless its term was suspended."""
PAID_ON = "2018-11-05"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, 4_113),  # 5 days at 8.25 %: 1,000.00 x 8.25 % x 5 / 365 = 1.130
        ({"suspension_notified": "2018-10-20", "suspension_ended": "2018-10-25"}, 0),  # due on 24 November
        (
            {"suspension_notified": "2018-10-02", "suspension_ended": "2018-10-03"},
            4_068,
        ),  # due on 2 November: 0.678
        ({"received": "", "invoice_date": "2018-10-10"}, 0),  # received on the 12th, due on 11 November
        ({"received": "", "invoice_date": "2018-09-01"}, 4_746),  # due on 3 October: 33 days, 7.459
    ],
)
async def test_the_term_runs_from_receipt_less_the_suspension_before_the_order(
    database: Database, tmp_path: Path, fields: Row, expected: int
) -> None:
    async for state in prepare_state(database, tmp_path / "own", [{**REQUEST, **fields}]):
        await _check_interest(state, expected)


async def test_the_suspension_of_the_accountant_does_not_stop_the_clock(
    database: Database, tmp_path: Path
) -> None:
    """Suspended from 26 October to 5 November, the day of payment: late all the same."""
    suspension: Row = {
        "kind": "term_suspension",
        "reference": "S-1",
        "predecessor": "DP-1",
        "date": "2018-10-26",
    }
    resumption = {
        "kind": "term_resumption",
        "reference": "S-2",
        "predecessor": "S-1",
        "date": PAID_ON,
    }
    async for state in prepare_state(database, tmp_path / "own", [REQUEST, suspension, resumption]):
        await pay_part(state, "DP-1", "1000.00", PAID_ON)
        await claim(state, "2018-12-31")
        assert await read_claims(state) == {"DP-1": [4_113]}
        assert (await state.verify()).findings == []
        async with open_connection(state.dsn) as connection, connection.transaction():
            await connection.execute("set local session_replication_role = replica")
            assert await connection.execute("delete from entry where reference = 'S-2'") == "DELETE 1"
            await remake_hashes(connection)
        verification = await state.verify()
        assert list_hash_findings(verification) == []
        checks = {finding.check: finding.place for finding in verification.findings}
        assert checks["suspended_unpaid"].startswith("entry ")


@pytest.mark.parametrize(
    ("item", "contract", "cents"),
    [("31", "none", 0), ("63", "none", 0), ("63", "works", 4_113), ("31", "concession", 4_113)],
)
async def test_the_contract_that_a_request_states_counts_before_its_item(
    database: Database, tmp_path: Path, item: str, contract: str, cents: int
) -> None:
    """A grant (63) by its nature alone bears none; what is paid under a contract of works does."""
    request = {**REQUEST, "commitment_item": item, "contract": contract}
    async for state in prepare_state(database, tmp_path / "own", [request]):
        await _check_interest(state, cents)


async def _check_interest(state: State, cents: int) -> None:
    """Pay the request: ``cents`` of interest are claimed, or none, and then a claim is a breach."""
    await pay_part(state, "DP-1", "1000.00", PAID_ON)
    await claim(state, "2018-12-31")
    assert await read_claims(state) == ({"DP-1": [cents]} if cents else {})
    assert (await state.verify()).findings == []
    if not cents:
        await plant_claim(state, "DP-1", "41.13")
        (finding,) = (await state.verify()).findings
        assert (finding.check, finding.expected) == ("late_interest", "no late payment")
