"""The opening balances of a small State: provisional in January, then what changed of them, once, proven by ``verify``."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from closing.step_sums import DifferenceSum
from closing.steps import Step
from reporting import code_labels
from reporting.act_history import explain
from reporting.act_narrative import render
from reporting.code_names import read_names
from reporting.trial_balance import BalanceScope, TrialBalance, build_table, load_trial_balance
from reporting.verification.verify import verify
from service.database import command_queries
from service.database.embedded_server import Database
from tests.closing.closing_state import CARRIED_ON, YEAR, execute, open_year_end
from tests.period_decisions import decide_period
from tests.reporting.remade_hashes import remake_hashes
from tests.service.small_state import State

TECHNICAL, SUPPLIERS, ACCRUED, TRANSIT = "8900009999", "4011100000", "4081000000", "5126410000"
OPENED = {SUPPLIERS: -19_000, ACCRUED: -11_000, TRANSIT: -900, TECHNICAL: 30_900}
"""309.00 are certified or requested directly; 199.00 of it requested, of which 9.00 are on the way to the bank."""
_LATE_SERVICE = {
    "exercise": YEAR,
    "date": "2018-12-31",
    "kind": "service",
    "reference": "SF-9",
    "predecessor": "EJ-1",
    "amount": "10.00",
}


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with open_year_end(database, tmp_path / "state") as small_state:
        yield small_state


async def load_balance(state: State, exercise: int | None) -> TrialBalance:
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        return await load_trial_balance(connection, names, BalanceScope(exercise))


async def read_openings(state: State) -> dict[str, int]:
    balance = await load_balance(state, YEAR + 1)
    return {row.account: row.opening_cents for row in balance.accounts if row.opening_cents}


async def count_entries(state: State) -> int:
    (row,) = await state.fetch("select count(*) as entries from entry")
    return row["entries"]


async def test_each_balance_of_the_year_is_opened_in_the_next(state: State) -> None:
    result = await execute(state, Step.OPENING)
    assert result.posted is not None
    assert result.posted.reasons == []
    assert await read_openings(state) == OPENED
    closing = {row.account: row.balance_cents for row in (await load_balance(state, YEAR)).accounts}
    assert {account: cents for account, cents in closing.items() if account[0] < "6"} == {
        account: cents for account, cents in OPENED.items() if account != TECHNICAL
    }
    assert (await state.verify()).findings == []


async def test_the_difference_is_the_result_that_is_not_brought_to_class_1(state: State) -> None:
    result = await execute(state, Step.OPENING, is_dry_run=True)
    assert result.sums is not None
    assert result.sums.differences == [DifferenceSum("PACA", TECHNICAL, 30_900, 30_900)]
    assert await read_openings(state) == {}


async def test_a_second_execution_adds_only_what_changed(state: State) -> None:
    await execute(state, Step.OPENING)
    before = await count_entries(state)
    again = await execute(state, Step.OPENING)
    assert again.posted is None
    assert await count_entries(state) == before
    await state.submit_accepted([_LATE_SERVICE])
    later = await execute(state, Step.OPENING)
    assert later.sums is not None
    assert (later.sums.lines, later.sums.cents) == (2, 2_000)
    assert await read_openings(state) == OPENED | {ACCRUED: -12_000, TECHNICAL: 31_900}
    assert (await state.verify()).findings == []


async def test_acts_of_january_stand_apart_from_the_opening(state: State) -> None:
    """The request of 70.00 that is carried and paid in February clears its debt; the opening stays as it was."""
    await execute(state, Step.COMMITMENTS)
    await execute(state, Step.REQUESTS)
    await execute(state, Step.OPENING)
    (carried,) = await state.fetch("select max(entry_id) as entry from entry where reference = 'DP-2'")
    payment = {
        "exercise": 2019,
        "date": "2019-02-01",
        "kind": "payment",
        "reference": "P-9",
        "amount": "70.00",
    }
    await state.submit_accepted([{**payment, "predecessor": f"@{carried['entry']}"}], "treasury")
    balance = await load_balance(state, YEAR + 1)
    figures = {
        row.account: (row.opening_cents, row.debit_cents, row.credit_cents, row.balance_cents)
        for row in balance.accounts
    }
    assert figures[SUPPLIERS] == (-19_000, 7_000, 0, -12_000)
    assert figures[TRANSIT] == (-900, 0, 7_000, -7_900)
    assert sum(row[0] for row in figures.values()) == 0
    assert balance.is_balanced
    assert "opening" in [column.name for column in build_table(balance).columns]
    # All years together contain each movement once, and no opening.
    whole = {row.account: row.balance_cents for row in (await load_balance(state, None)).accounts}
    assert whole[SUPPLIERS] == -12_000
    assert TECHNICAL not in whole
    assert (await state.verify()).findings == []


async def test_a_closed_january_takes_openings(state: State) -> None:
    """The openings stand before the first month, and the day of the command is in an open one."""
    await decide_period(state.dsn, "2019-01", "close")
    result = await execute(state, Step.OPENING, "2019-02-04")
    assert result.waits == ""
    assert await read_openings(state) == OPENED


async def test_an_opening_is_explained(state: State) -> None:
    await execute(state, Step.OPENING)
    (row,) = await state.fetch(
        "select reference from entry where exercise = 2019 and reference like '2018.%' limit 1"
    )
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        text = "\n".join(map(str, render(await explain(connection, names, row["reference"]))))
    assert "opening_credit" in text
    assert f"credit {SUPPLIERS}" in text


async def test_a_year_without_a_technical_account_waits(state: State) -> None:
    state.reference.joinpath("2018", "opening.csv").unlink()
    result = await execute(state, Step.OPENING)
    assert "name no technical account for opening balances: add opening.csv" in result.waits


async def test_no_ministry_opens_a_balance(state: State) -> None:
    row = {"exercise": 2019, "date": "2019-01-01", "kind": "opening_debit", "reference": "X-1"}
    row |= {"fund_centre": "0177", "account": SUPPLIERS, "amount": "1.00"}
    with pytest.raises(Exception, match="closing"):
        await state.submit_accepted([row])


_OF = "from entry where exercise = 2019 and reference like '2018.%'"
_ACCOUNT = "(select id from reference_text where kind = 5 and code = '{}')"
_ON_SUPPLIERS = f"(credit = {_ACCOUNT.format(SUPPLIERS)} or debit = {_ACCOUNT.format(TECHNICAL)})"
BREACHES = {
    "an opening of another amount": (
        f"update entry set amount = amount + 1 where entry_id = (select min(entry_id) {_OF})",
        "more than it credits",
    ),
    "openings that are not those of the balance": (
        f"update entry set amount = amount - 100 where entry_id in (select entry_id {_OF} and {_ON_SUPPLIERS})",
        "opened so far on 4011100000",
    ),
    "an opening on a charge": (
        f"update entry set debit = {_ACCOUNT.format('6188000000')} where entry_id in (select entry_id {_OF} and debit <> 0)",
        "opened on 6188000000",
    ),
    "an opening that names a later balance": (
        "update entry set reference = '2018.PACA.999999' where exercise = 2019 and reference like '2018.%'",
        "opened so far",
    ),
    "an entry of the year before that was added behind its opening": (
        "update entry set amount = amount + 5 where reference = 'DP-2'",
        "opened so far on 4011100000",
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
async def test_a_breach_of_an_opening_is_found(state: State, breach: str) -> None:
    await execute(state, Step.OPENING, CARRIED_ON)
    change, text = BREACHES[breach]
    connection = await asyncpg.connect(state.dsn)
    await connection.execute(f"set session_replication_role = replica; {change}")
    await remake_hashes(connection)
    await connection.close()
    findings = (await verify(state.dsn, folder=state.reference)).findings
    assert [
        finding.found for finding in findings if finding.check == "opening_balances" and text in finding.found
    ], findings
