"""Payment runs are verified from the raw rows; any later change is detected."""

from pathlib import Path

import pytest
import pytest_asyncio

from reporting.verification import Verification, verify
from service.database.embedded_server import Database
from tests.databases import create_database, open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.remade_hashes import list_hash_findings, remake_hashes
from tests.settlement.runs.small_state import OTHER_UNIT, SmallState, iban

RULES = (
    *("run_lines", "run_hands", "run_released", "run_payments"),
    *("run_files", "run_transfers", "run_details", "run_ends"),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def template(database: Database, tmp_path_factory: pytest.TempPathFactory):
    """Two issued runs, a released and a proposed one; with a withheld line, a group and a returned transfer."""
    async with create_database(database) as dsn:
        state = await SmallState(dsn, tmp_path_factory.mktemp("proved")).open()
        await state.register_payees(*({"payee": f"P{at}", "iban": iban(at)} for at in range(1, 4)))
        await state.post_requests(
            *(
                {"reference": f"DP-{at}", "payee": f"P{at % 3 + 1}", "amount": f"{at}.00"}
                for at in range(1, 9)
            ),
            {"reference": "DP-A", "payee": "P1", "amount": "5.00", **OTHER_UNIT},
        )
        first = await state.propose()
        await state.edit(first, "hold", 3)
        await state.edit(first, "regroup", 1)
        await state.release(first)
        await state.issue(first)
        await state.return_transfer("DP-1")
        second = await state.propose()
        returned = [line["line"] for line in await state.load_lines(second) if line["left_out"]]
        await state.edit(second, "unhold", *returned)
        await state.release(second)
        await state.issue(second)
        await state.post_requests({"reference": "DP-N", "payee": "P1", "amount": "5.00"})
        await state.release(await state.propose())
        await state.post_requests({"reference": "DP-O", "payee": "P1", "amount": "6.00"})
        await state.propose()
        yield dsn


@pytest.fixture
async def proved(database: Database, template: str, tmp_path: Path):
    """A copy of the database to change."""
    async with open_connection(database.dsn) as admin:
        await admin.execute(f"create database proved template {template.rpartition('/')[2]}")
        yield SmallState(database.dsn.rpartition("/")[0] + "/proved", tmp_path)
        await admin.execute("drop database proved with (force)")


def list_broken_checks(verification: Verification) -> dict[str, list[str]]:
    return {
        check.name: [finding.place for finding in verification.findings if finding.check == check.name]
        for check in verification.checks
        if check.broken and check.name in RULES
    }


async def test_unaltered_runs_are_verified(proved: SmallState) -> None:
    states = await proved.fetch_rows("select state from payment_state order by run")
    assert [row["state"] for row in states] == ["issued", "issued", "released", "proposed"]
    verification = await verify(proved.dsn, folder=REFERENCE)
    assert {check.name for check in verification.checks} >= set(RULES)
    assert list_broken_checks(verification) == {}


CHANGES = {
    "a file carries a cent more": (
        "update payment_file set cents = cents + 1 where run = 1 and file = 1",
        "run_files",
    ),
    "a file is gone": ("delete from payment_file where run = 2", "run_files"),
    "a transfer more in a file": (
        "update payment_file set transactions = transactions + 1 where run = 2",
        "run_files",
    ),
    "a payment of another sum": (
        "update entry set amount = amount + 1 where entry_id = (select max(entry_id) from entry where kind = 18)",
        "run_payments",
    ),
    "a payment of something else": (
        "update entry set predecessor = predecessor - 1 where entry_id = (select max(entry_id) from entry where kind = 18)",
        "run_payments",
    ),
    "a payment twice": (
        "insert into entry select * from entry where entry_id = (select max(entry_id) from entry where kind = 18)",
        "run_payments",
    ),
    "a held line paid": ("delete from payment_edit where what = 'hold'", "run_released"),
    "more released than is paid": (
        "update payment_release set cents = cents + 1 where run = 3",
        "run_released",
    ),
    "the end of a run tells another sum": (
        "update payment_end set paid_cents = paid_cents - 1 where run = 1",
        "run_ends",
    ),
    "one hand": ("update payment_release set released_by = 'Alice' where run = 1", "run_hands"),
    "never released": ("delete from payment_release where run = 2", "run_hands"),
    "changed after the release": (
        "insert into payment_edit (run, what, line, reason, by, at) values (1, 'hold', 1, '', 'Zoe', now() + '1 day')",
        "run_hands",
    ),
    "a proposal of another sum": ("update payment_run set cents = cents + 1 where run = 4", "run_lines"),
    "pages of another run": (
        "update payment_page set content = (select content from payment_page where run = 4) where run = 3",
        "run_lines",
    ),
    "an account with wrong check digits": (
        "update payee set iban = overlay(iban placing '00' from 3) where payee = 2",
        "run_transfers",
    ),
    "an account that is none": ("update payee set iban = 'FR14 2004' where payee = 2", "run_transfers"),
    "too much for one transfer by SEPA": (
        "update entry set amount = 100000000000 where entry_id = (select min(entry_id) from entry where kind = 18)",
        "run_transfers",
    ),
    **{
        f"executed on {day}": (f"update payment_file set executed = '{day}' where run = 1", "run_transfers")
        for day in (
            "2018-06-16",
            "2018-06-17",
            "2018-03-30",
            "2018-04-02",
            "2019-04-19",
            "2019-05-01",
            "2018-12-25",
            "2019-12-26",
            "2019-01-01",
        )
    },
    "no pages": ("delete from payment_page where run = 4", "run_lines"),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_changes_are_detected(proved: SmallState, name: str) -> None:
    change, rule = CHANGES[name]
    await proved.forge(change)
    async with open_connection(proved.dsn) as connection:
        await connection.execute("set session_replication_role = replica")
        await remake_hashes(connection)
    verification = await verify(proved.dsn, folder=REFERENCE, checks=[rule])
    assert list_hash_findings(verification) == []
    broken = list_broken_checks(verification)
    assert rule in broken, broken
    assert all("run " in place or "entry " in place for place in broken[rule])
