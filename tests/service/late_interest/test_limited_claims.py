"""Claims by hand that state no reason: at most what the rule gives by the debits before their file (rule A59)."""

from pathlib import Path

import pytest

from core.catalog import KIND_NUMBERS
from service.database.embedded_server import Database
from tests.databases import open_connection
from tests.reporting.remade_hashes import list_hash_findings, remake_hashes
from tests.service.late_interest.test_late_interest import claim, pay_part, prepare_state, read_claims
from tests.service.small_state import Row, State, build_payee_code, build_request

REQUEST: Row = {**build_request(1), "amount": "1000.00", "date": "2018-10-01"}
"""Due on 31 October; paid on 5 November it owes 1.13 at 8.25 %, and 40.00."""
GRANT: Row = {**build_request(2), "amount": "1000.00", "date": "2018-10-01", "commitment_item": "63"}
HAND = {
    "kind": "late_interest",
    "exercise": 2018,
    "date": "2018-12-01",
    "predecessor": "DP-1",
    "payee": build_payee_code(1),
}


async def submit_claims(state: State, *rows: Row) -> dict[str, int]:
    """Submit claims in a file; return the number of refused lines by code."""
    result = await state.submit([{**HAND, **row} for row in rows])
    return {reason.code: reason.lines for reason in result.reasons}


async def test_the_treasury_claims_what_a_claim_by_hand_leaves(database: Database, tmp_path: Path) -> None:
    async for state in prepare_state(database, tmp_path / "own", [REQUEST, GRANT]):
        assert await submit_claims(state, {"reference": "A", "amount": "0.01"}) == {"INTEREST_NOT_DUE": 1}
        for reference in ("DP-1", "DP-2"):
            await pay_part(state, reference, "1000.00", "2018-11-05")
        refused = await submit_claims(
            state,
            {"reference": "B", "amount": "41.14"},
            {"reference": "C", "amount": "30.00"},
            {"reference": "D", "amount": "11.14"},
            {"reference": "E", "amount": "0.01", "predecessor": "DP-2", "payee": build_payee_code(2)},
        )
        assert refused == {"INTEREST_EXCEEDS_RULE": 2, "INTEREST_NOT_DUE": 1}
        assert (await claim(state, "2018-12-31")).cents == 1_113
        assert await read_claims(state) == {"DP-1": [3_000, 1_113]}
        assert await submit_claims(state, {"reference": "F", "amount": "0.01"}) == {
            "INTEREST_EXCEEDS_RULE": 1
        }
        assert (await state.verify()).findings == []


async def test_a_refused_claim_may_be_sent_again_once_the_payment_is_debited(
    database: Database, tmp_path: Path
) -> None:
    """The same claim: nothing of it was accepted before."""
    async for state in prepare_state(database, tmp_path / "own", [REQUEST]):
        row: Row = {"reference": "A", "amount": "41.13"}
        assert await submit_claims(state, row) == {"INTEREST_NOT_DUE": 1}
        await pay_part(state, "DP-1", "1000.00", "2018-11-05")
        assert await submit_claims(state, {**row, "remittance": "IM"}) == {}
        assert await read_claims(state) == {"DP-1": [4_113]}


async def test_without_a_rate_only_claims_with_a_reason_are_accepted(
    database: Database, tmp_path: Path
) -> None:
    async for state in prepare_state(database, tmp_path / "own", [REQUEST]):
        await pay_part(state, "DP-1", "1000.00", "2018-11-05")
        path = state.reference / "late_interest.toml"
        path.write_text(path.read_text().replace('"2018-2" = "0.25"\n', ""))
        assert await submit_claims(state, {"reference": "A", "amount": "1.00"}) == {"INTEREST_NOT_DUE": 1}
        assert await submit_claims(state, {"reference": "B", "amount": "1.00", "reason": "jugement"}) == {}


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        ("update entry set amount = amount + 1 where reference = 'HAND'", "41.13 due"),
        ("update entry set day = '2018-10-31' where kind = 18", "no late payment"),
        ("update entry set day = '2018-11-04' where kind = 18", "40.90 due"),
        ("update entry set day = '2018-10-02' where reference = 'DP-1'", "40.90 due"),
    ],
)
async def test_a_claim_above_the_rule_is_detected(
    database: Database, tmp_path: Path, damage: str, expected: str
) -> None:
    """1,000.00 x 8.25 % x 4 / 365 = 0.904."""
    async for state in prepare_state(database, tmp_path / "own", [REQUEST]):
        await pay_part(state, "DP-1", "1000.00", "2018-11-05")
        assert await submit_claims(state, {"reference": "HAND", "amount": "41.13"}) == {}
        assert (await state.verify()).findings == []
        async with open_connection(state.dsn) as connection, connection.transaction():
            await connection.execute("set local session_replication_role = replica")
            assert await connection.execute(damage) == "UPDATE 1"
            await remake_hashes(connection)
        verification = await state.verify()
        assert list_hash_findings(verification) == []
        assert [row.expected for row in verification.findings if row.check == "late_interest"] == [expected]


async def test_the_reason_of_a_claim_is_stored_and_excuses_it(database: Database, tmp_path: Path) -> None:
    async for state in prepare_state(database, tmp_path / "own", [REQUEST]):
        claims = {"reference": "A", "amount": "900.00", "reason": "jugement n° 7"}
        assert await submit_claims(state, claims) == {}
        assert (await state.verify()).findings == []
        rows = await state.fetch(
            "select page from request_detail d join entry e using (entry_id) where e.kind = $1",
            KIND_NUMBERS["late_interest"],
        )
        assert "jugement n° 7".encode() in rows[0]["page"]
