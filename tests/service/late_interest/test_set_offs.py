"""What is set off late: interest to the day of the set-off, 40 euros once, proven from raw rows (rule A59)."""

from pathlib import Path

import pytest

from reporting.delays import DelayScope
from service.database.embedded_server import Database
from tests.databases import open_connection
from tests.reporting.remade_hashes import list_hash_findings, remake_hashes
from tests.service.late_interest.test_late_interest import (
    Acts,
    claim,
    pay_part,
    prepare_state,
    read_claims,
)
from tests.service.late_interest.test_stored_sums import (
    check_sums,
    claim_since_mark,
    load_report,
    update,
)
from tests.service.small_state import Row, State, build_payee_code, build_request

REQUEST: Row = {**build_request(1), "amount": "1000.00", "date": "2018-10-01"}
"""Due on the 31st of October."""
ACTS: Acts = [
    REQUEST,
    {
        **REQUEST,
        "kind": "receivable",
        "reference": "TP-1",
        "commitment_item": "269906",
        "payee": build_payee_code(1),
        "amount": "400.00",
    },
]


async def set_off(state: State, day: str) -> None:
    common: Row = {"reference": "SO-1", "amount": "400.00", "exercise": 2018, "date": day}
    common = {**common, "predecessor_sender": "ministry"}
    await state.submit_accepted(
        [
            {**common, "kind": "set_off", "line": 1, "predecessor": "DP-1"},
            {**common, "kind": "set_off_receipt", "line": 2, "predecessor": "TP-1"},
        ],
        "treasury",
    )


async def test_interest_runs_to_the_day_of_the_set_off(database: Database, tmp_path: Path) -> None:
    """At 8.25 %: 400.00 x 5 / 365 = 0.45, with 40.00; then 600.00 x 7 / 365 = 0.95, and no second compensation."""
    async for state in prepare_state(database, tmp_path / "own", ACTS):
        await set_off(state, "2018-11-05")
        assert (await claim(state, "2018-11-20")).payments == 1
        assert await read_claims(state) == {"DP-1": [4_045]}
        assert (await claim(state, "2018-11-21")).payments == 0
        await pay_part(state, "DP-1", "600.00", "2018-11-07")
        await claim(state, "2018-12-31")
        assert await read_claims(state) == {"DP-1": [4_045, 95]}
        total = (await load_report(state, DelayScope()))[0].total
        assert (total.payments, total.cents, total.in_time) == (2, 100_000, 0)
        assert (total.set_offs, total.set_off_cents, total.interest_due_cents) == (1, 40_000, 4_140)
        await check_sums(state)
        assert (await state.verify()).findings == []


async def test_a_set_off_in_time_bears_nothing(database: Database, tmp_path: Path) -> None:
    async for state in prepare_state(database, tmp_path / "own", ACTS):
        await set_off(state, "2018-10-31")
        assert (await claim(state, "2018-11-20")).payments == 0
        total = (await load_report(state, DelayScope()))[0].total
        assert (total.in_time, total.set_offs, total.days) == (1, 1, 30)
        assert (await state.verify()).findings == []


async def test_a_set_off_after_the_mark_is_measured(database: Database, tmp_path: Path) -> None:
    """The sums that were stored end before it, and those of what follows are added to them."""
    async for state in prepare_state(database, tmp_path / "own", ACTS):
        await pay_part(state, "DP-1", "600.00", "2018-11-07")
        await claim(state, "2018-11-08")
        await set_off(state, "2018-11-12")
        await claim_since_mark(state)
        assert await read_claims(state) == {"DP-1": [4_095, 108]}
        assert await update(state) or (await load_report(state, DelayScope()))[0].total.set_offs
        await check_sums(state)
        assert (await state.verify()).findings == []


@pytest.mark.parametrize(
    ("damage", "check", "expected"),
    [
        ("update entry set day = '2018-11-04' where reference = 'SO-1'", "late_interest", "40.36 due"),
        ("update entry set day = '2018-10-31' where reference = 'SO-1'", "late_interest", "no late payment"),
        ("update entry set day = '2018-11-04' where reference = 'SO-1'", "delay_sums", "days 34"),
        ("update entry set amount = 30000 where reference = 'SO-1'", "delay_sums", "set_off_cents 30000"),
    ],
)
async def test_a_claim_on_another_set_off_is_detected(
    database: Database, tmp_path: Path, damage: str, check: str, expected: str
) -> None:
    """400.00 x 8.25 % x 4 / 365 = 0.36."""
    async for state in prepare_state(database, tmp_path / "own", ACTS):
        await set_off(state, "2018-11-05")
        await claim(state, "2018-11-20")
        assert (await state.verify()).findings == []
        async with open_connection(state.dsn) as connection, connection.transaction():
            await connection.execute("set local session_replication_role = replica")
            assert await connection.execute(damage) == "UPDATE 2"
            await remake_hashes(connection)
        verification = await state.verify()
        assert list_hash_findings(verification) == []
        assert expected in [row.expected for row in verification.findings if row.check == check]
