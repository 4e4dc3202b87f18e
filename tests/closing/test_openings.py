"""The opening balances of a small State: provisional in January, then what changed of them, once, proven by ``verify``."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import msgspec
import pytest

from closing.step_sums import DifferenceSum
from closing.steps import Step
from core.money import AMOUNT_MAX
from reporting import code_labels
from reporting.act_history import explain
from reporting.act_narrative import render
from reporting.code_names import read_names
from reporting.trial_balance import build_table
from service.database import command_queries
from service.database.embedded_server import Database
from tests.closing.closing_state import (
    ACCRUED,
    CARRIED_ON,
    OPENED,
    SUPPLIERS,
    TECHNICAL,
    TRANSIT,
    YEAR,
    execute,
    load_balance,
    open_year_end,
    read_openings,
)
from tests.reporting.remade_hashes import remake_hashes
from tests.service.small_state import State, build_request

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


async def test_a_balance_whose_openings_differ_is_not_balanced(state: State) -> None:
    await execute(state, Step.OPENING)
    balance = await load_balance(state, YEAR + 1)
    assert balance.is_balanced
    (first, *others) = balance.accounts
    changed = msgspec.structs.replace(first, opening_cents=first.opening_cents + 1)
    assert not msgspec.structs.replace(balance, accounts=[changed, *others]).is_balanced


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


async def test_no_ministry_opens_a_balance(state: State) -> None:
    row = {"exercise": 2019, "date": "2019-01-01", "kind": "opening_debit", "reference": "X-1"}
    row |= {"fund_centre": "0177", "account": SUPPLIERS, "amount": "1.00"}
    with pytest.raises(Exception, match="closing"):
        await state.submit_accepted([row])


_OF = "from entry where exercise = 2019 and reference like '2018.%'"
_ACCOUNT = "(select id from reference_text where kind = 5 and code = '{}')"
_ON_SUPPLIERS = f"(credit = {_ACCOUNT.format(SUPPLIERS)} or debit = {_ACCOUNT.format(TECHNICAL)})"
_LOSE_A_LINE = f"""delete from entry where entry_id in (
        select entry_id {_OF} and credit = {_ACCOUNT.format(SUPPLIERS)} and amount = 19000);
    update entry set amount = amount - 19000 where entry_id in (
        select entry_id {_OF} and debit = {_ACCOUNT.format(TECHNICAL)} and amount > 19000)"""
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
    "a lost line, and as much less on the technical account": (
        _LOSE_A_LINE,
        "0.00 opened by the last execution",
    ),
    "an accountant left out": (
        "delete from entry where exercise = 2019 and reference like '2018.ECOL.%'",
        "0.00 opened by the last execution",
    ),
    "an opening that names another accountant": (
        "update entry set reference = replace(reference, 'PACA', 'COHE') where exercise = 2019",
        "an opening of PACA in 2019",
    ),
    "an opening that names another year": (
        "update entry set reference = replace(reference, '2018.', '2017.') where exercise = 2019",
        "an opening of PACA in 2019",
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
async def test_a_breach_of_an_opening_is_found(state: State, breach: str) -> None:
    await state.submit_accepted([{**build_request(1), "reference": "DP-9"}])
    await execute(state, Step.OPENING, CARRIED_ON)
    change, text = BREACHES[breach]
    await _plant(state, change)
    findings = (await state.verify("opening_balances")).findings
    assert [finding.found for finding in findings if text in finding.found], findings


@pytest.mark.parametrize("account", [SUPPLIERS, ACCRUED, TRANSIT])
async def test_what_is_opened_of_debts_is_the_sum_of_the_items_that_go_on(state: State, account: str) -> None:
    """Judged by the items themselves, before and after the carries, which move them to the next year without a posting."""
    await execute(state, Step.OPENING)
    assert (await state.verify("item_balances")).findings == []
    await execute(state, Step.COMMITMENTS)
    await execute(state, Step.REQUESTS)
    assert (await state.verify("item_balances")).findings == []
    await _plant(
        state, f"update entry set amount = amount + 1 where month = 0 and credit = {_ACCOUNT.format(account)}"
    )
    findings = (await state.verify("item_balances")).findings
    assert [finding.place for finding in findings] == [f"{account} of PACA, 2019"]


_SUSPENSE = "4721000000"
_TO_SUSPENSE = f"update entry set credit = {_ACCOUNT.format(_SUSPENSE)} where reference = 'DP-2'"
_ABOVE_THE_LIMIT = f"update entry set amount = amount + {AMOUNT_MAX} where reference = 'DP-2'"


async def _plant(state: State, change: str) -> None:
    connection = await asyncpg.connect(state.dsn)
    await connection.execute(f"set session_replication_role = replica; {change}")
    await remake_hashes(connection)
    await connection.close()


async def _is_suspense_missing(state: State) -> bool:
    """Return whether the check misses an opening on the account of suspense."""
    findings = (await state.verify("opening_balances")).findings
    return any(finding.place.startswith(_SUSPENSE) for finding in findings)


def _replace_in_next_year(state: State, file: str, old: str, new: str) -> None:
    """Give 2019 files of its own, those of 2018 with one change."""
    folder = shutil.copytree(state.reference / "2018", state.reference / "2019", dirs_exist_ok=True)
    folder.joinpath("year.toml").write_text("year = 2019\n")
    text = folder.joinpath(file).read_text()
    assert old in text
    folder.joinpath(file).write_text(text.replace(old, new))


async def test_a_balance_that_cannot_be_opened_is_not_missing(state: State) -> None:
    """An account that 2019 does not have, an accountant without a fund centre there, and more than one line may state."""
    await execute(state, Step.OPENING)
    await _plant(state, _TO_SUSPENSE)
    assert await _is_suspense_missing(state)
    _replace_in_next_year(state, "accounts.csv", f"{_SUSPENSE},", "4722000000,")
    folder = state.reference / "2019"
    folder.joinpath("suspense.csv").write_text("account,source\n4731,chart\n5129,chart\n")
    treasury = folder.joinpath("treasury.csv").read_text()
    folder.joinpath("treasury.csv").write_text(treasury.replace(_SUSPENSE, "4731000000"))
    assert not await _is_suspense_missing(state)
    _replace_in_next_year(state, "assigned.csv", "0177-D013,PACA", "0177-D013,COHE")
    assert not await _is_suspense_missing(state)
    shutil.copytree(state.reference / "2018", state.reference / "2019", dirs_exist_ok=True)
    _replace_in_next_year(state, "opening.csv", "ours", "ours")
    assert await _is_suspense_missing(state)
    await _plant(state, _ABOVE_THE_LIMIT)
    assert not await _is_suspense_missing(state)


async def test_entries_after_the_last_execution_are_not_missing(state: State) -> None:
    await execute(state, Step.OPENING)
    await state.submit_accepted([_LATE_SERVICE, {**build_request(1), "reference": "DP-9"}])
    assert (await state.verify()).findings == []
