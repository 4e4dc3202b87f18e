"""What is set off late: interest to the day on which both debts were due, 40 euros once, proven from raw rows (rule A59)."""

from pathlib import Path
from typing import NamedTuple

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
from tests.service.late_interest.test_limited_claims import submit_claims
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
        "due": "2018-11-05",
    },
]
"""The receivable is due on the 5th of November, five days after the request."""


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


async def test_interest_runs_to_the_day_on_which_both_were_due(database: Database, tmp_path: Path) -> None:
    """At 8.25 %: 400.00 x 5 / 365 = 0.45, with 40.00; then 600.00 x 7 / 365 = 0.95, and no second compensation."""
    async for state in prepare_state(database, tmp_path / "own", ACTS):
        await set_off(state, "2018-11-09")
        assert (await claim(state, "2018-11-20")).payments == 1
        assert await read_claims(state) == {"DP-1": [4_045]}
        assert (await claim(state, "2018-11-21")).payments == 0
        await pay_part(state, "DP-1", "600.00", "2018-11-07")
        await claim(state, "2018-12-31")
        assert await read_claims(state) == {"DP-1": [4_045, 95]}
        total = (await load_report(state, DelayScope()))[0].total
        assert (total.payments, total.cents, total.in_time) == (2, 100_000, 0)
        assert (total.set_offs, total.set_off_cents, total.interest_due_cents) == (1, 40_000, 4_140)
        assert total.days == 35 + 37
        await check_sums(state)
        assert (await state.verify()).findings == []


class SetOffCase(NamedTuple):
    """The days of a receivable and of the act that sets it off, and what is due for the delay."""

    receivable: str
    due: str
    act: str
    late_days: int
    cents: int


@pytest.mark.parametrize(
    "case",
    [
        SetOffCase("2018-10-01", "", "2018-11-05", 0, 0),  # it was due before the term ended
        SetOffCase("2018-10-01", "2018-10-31", "2018-12-20", 0, 0),
        SetOffCase("2018-10-01", "2018-11-01", "2018-11-05", 1, 4_009),
        SetOffCase("2018-10-01", "2018-11-03", "2018-11-05", 3, 4_027),
        SetOffCase("2018-11-04", "", "2018-11-05", 4, 4_036),
        SetOffCase("2018-11-04", "2018-10-15", "2018-11-05", 4, 4_036),  # due on its own day at the earliest
        SetOffCase("2018-10-01", "", "2018-10-20", 0, 0),
    ],
)
async def test_the_later_of_both_days_ends_the_interest(
    database: Database, tmp_path: Path, case: SetOffCase
) -> None:
    """400.00 at 8.25 % for so many days after 31 October, with 40.00; a claim by hand of a cent more is refused."""
    rows: Acts = [REQUEST, {**ACTS[1], "date": case.receivable, "due": case.due}]
    async for state in prepare_state(database, tmp_path / "own", rows):
        await set_off(state, case.act)
        (delay,) = (await load_report(state, DelayScope()))[0].rows
        assert (delay.in_time, delay.interest_due_cents) == (int(not case.late_days), case.cents)
        assert delay.days == (30 + case.late_days if case.act > "2018-10-31" else 19)
        code = "INTEREST_EXCEEDS_RULE" if case.cents else "INTEREST_NOT_DUE"
        euros, cents = divmod(case.cents + 1, 100)
        assert await submit_claims(state, {"reference": "A", "amount": f"{euros}.{cents:02}"}) == {code: 1}
        assert (await claim(state, "2018-12-31")).cents == case.cents
        assert await read_claims(state) == ({"DP-1": [case.cents]} if case.cents else {})
        await check_sums(state)
        assert (await state.verify()).findings == []


async def test_receivables_are_due_after_the_days_of_the_rules(database: Database, tmp_path: Path) -> None:
    """The day after the 10th of October, on which the receivable bears its date: 35 days later is the 14th of November."""
    rows: Acts = [REQUEST, {**ACTS[1], "date": "2018-10-10", "due": ""}]
    async for state in prepare_state(database, tmp_path / "own", rows):
        path = state.reference / "late_interest.toml"
        path.write_text(path.read_text().replace("receivable_days = 0", "receivable_days = 35"))
        await set_off(state, "2018-12-03")
        assert (await claim(state, "2018-12-20")).cents == 4_000 + 127
        assert (await state.verify()).findings == []


async def test_a_set_off_in_time_bears_nothing(database: Database, tmp_path: Path) -> None:
    rows: Acts = [REQUEST, {**ACTS[1], "date": "2018-10-01", "due": "2018-10-31"}]
    async for state in prepare_state(database, tmp_path / "own", rows):
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
        assert await read_claims(state) == {"DP-1": [4_095, 45]}
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


async def test_a_receivable_with_another_day_is_detected(database: Database, tmp_path: Path) -> None:
    """Without what the receivable states it is due on its own day, in time, and nothing was to be claimed."""
    async for state in prepare_state(database, tmp_path / "own", ACTS):
        await set_off(state, "2018-11-09")
        await claim(state, "2018-11-20")
        assert (await state.verify()).findings == []
        async with open_connection(state.dsn) as connection, connection.transaction():
            await connection.execute("set local session_replication_role = replica")
            page = "(select entry_id from entry where reference = 'TP-1')"
            delete = f"delete from request_detail where entry_id = {page}"
            assert await connection.execute(delete) == "DELETE 1"
            await remake_hashes(connection)
        findings = {(row.check, row.expected) for row in (await state.verify()).findings}
        assert {("late_interest", "no late payment"), ("delay_sums", "days 30")} <= findings
