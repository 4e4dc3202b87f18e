"""The result of a small State: charges come to the account of the result, once, and ``verify`` proves it."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from closing.steps import Step
from core.senders import CLOSING
from reporting import code_labels, journal
from reporting.act_history import fetch_accepted_lines
from reporting.code_names import read_names
from reporting.report_catalog import REPORTS
from reporting.report_definition import ReportArguments
from reporting.statements import StatementYear, load_statements
from reporting.trial_balance import BY_ACCOUNTANT, BalanceScope, load_trial_balance
from reporting.visibility import WHOLE_JOURNAL, ReferenceQuery, Visibility, list_centres_within
from service.database import command_queries
from service.database.embedded_server import Database
from service.http.problems import Problem
from service.http.query_scope import read_visible_entry
from tests.closing.closing_state import (
    ACCRUED,
    LATE_SERVICE,
    SUPPLIERS,
    TRANSIT,
    YEAR,
    execute,
    open_year_end,
    read_openings,
)
from tests.period_decisions import decide_period
from tests.reporting.remade_hashes import remake_hashes
from tests.service.small_state import State

_JOURNAL = next(report for report in REPORTS if report.name == "journal")
RESULT, TRANSFER = "1200000000", "1842300000"
_AFTER = "2019-01-25"
DETERMINED = {
    ("ADCE", RESULT): 30_900,
    ("ADCE", TRANSFER): -30_900,
    ("PACA", TRANSFER): 30_900,
    ("PACA", SUPPLIERS): -19_000,
    ("PACA", ACCRUED): -11_000,
    ("PACA", TRANSIT): -900,
}
"""309.00 are charges of PACA, who owes or has paid as much; their result stands in the books of ADCE."""


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with open_year_end(database, tmp_path / "state") as small_state:
        yield small_state


async def read_balances(state: State, year: int = YEAR) -> dict[tuple[str, str], int]:
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        scope = BalanceScope(year, None, None, BY_ACCOUNTANT)
        balance = await load_trial_balance(connection, names, scope)
    assert balance.is_balanced
    return {(row.accountant, row.account): row.balance_cents for row in balance.accounts if row.balance_cents}


async def read_statements(state: State) -> list[StatementYear]:
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        return (await load_statements(connection, names, BalanceScope(YEAR))).years


async def test_charges_of_each_accountant_come_to_the_result_of_the_one_who_centralises(state: State) -> None:
    statements = await read_statements(state)
    result = await execute(state, Step.RESULT, _AFTER)
    assert result.posted is not None
    assert result.posted.reasons == []
    assert await read_balances(state) == DETERMINED
    (months,) = await state.fetch(
        "select array_agg(distinct month) as months from entry where debit = 0 and credit <> 0"
    )
    assert months["months"] == [15]
    assert await read_statements(state) == statements
    assert statements[0].result_cents == -30_900
    assert (await state.verify()).findings == []


async def test_a_further_execution_adds_only_what_changed(state: State) -> None:
    await execute(state, Step.RESULT, _AFTER)
    again = await execute(state, Step.RESULT, _AFTER)
    assert (again.posted, again.waits) == (None, "")
    await state.submit_accepted([LATE_SERVICE])
    later = await execute(state, Step.RESULT, _AFTER)
    assert later.sums is not None
    assert [(row.accountant, row.kind, row.lines, row.cents) for row in later.sums.carried] == [
        ("PACA", "result_credit", 2, 2_000),
        ("PACA", "result_debit", 2, 2_000),
    ]
    assert (await read_balances(state))["ADCE", RESULT] == 31_900
    assert (await state.verify()).findings == []


async def test_the_openings_leave_nothing_on_the_technical_account_then(state: State) -> None:
    """Whether they came before the result or after it."""
    await execute(state, Step.OPENING, _AFTER)
    await execute(state, Step.RESULT, _AFTER)
    final = await execute(state, Step.OPENING, _AFTER)
    assert final.sums is not None
    assert final.sums.differences == []
    assert await read_openings(state) == {
        SUPPLIERS: -19_000,
        ACCRUED: -11_000,
        TRANSIT: -900,
        RESULT: 30_900,
    }
    assert await read_balances(state, YEAR + 1) == DETERMINED
    assert (await state.verify()).findings == []


async def test_what_is_refused_is_brought_to_the_result_by_the_next_execution(state: State) -> None:
    """A month that somebody closes meanwhile holds the step up, and its result is final once it is locked."""
    await decide_period(state.dsn, "2018-15", "close", "ADCE")
    assert (
        "month 15 of 2018, which has its result, is closed"
        in (await execute(state, Step.RESULT, _AFTER)).waits
    )
    await decide_period(state.dsn, "2018-15", "reopen", "ADCE")
    await execute(state, Step.RESULT, _AFTER)
    for action in ("close", "lock"):
        await decide_period(state.dsn, "2018-15", action)
    await state.submit_accepted([LATE_SERVICE])
    assert "month 15 of 2018 is locked" in (await execute(state, Step.RESULT, _AFTER)).waits
    line = {"exercise": YEAR, "date": "2018-12-31", "fund_centre": "0177-D013", "amount": "1.00"}
    line |= {"reference": "X-1", "kind": "result_debit", "account": RESULT}
    assert [reason.code for reason in (await state.submit([line], CLOSING)).reasons] == ["PERIOD_LOCKED"]


async def test_a_caller_of_one_programme_sees_no_result(state: State) -> None:
    """A line of the result stands on a fund centre of its accountant, and states what he has of every programme."""
    await execute(state, Step.RESULT, _AFTER)
    (entry, *_) = entries = await state.fetch("select * from entry where month = 15 order by entry_id")
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        every_code = frozenset(names.codes.years[YEAR].programmes)
        limited = Visibility(None, list_centres_within(names, every_code), sorted(every_code))
        for visibility, lines in ((WHOLE_JOURNAL, len(entries)), (limited, 0)):
            query = ReferenceQuery(entry["reference"], visibility)
            assert len(await fetch_accepted_lines(connection, query)) == lines
            arguments = ReportArguments({**_JOURNAL.default_values, "month": 15}, visibility)
            report = await journal.load_journal(connection, names, arguments)
            assert len(report.entries) == lines
        with pytest.raises(Problem, match="You have no entry"):
            await read_visible_entry(connection, limited, entry["entry_id"])


async def test_no_result_follows_final_openings(state: State) -> None:
    """As in a ledger of before months 13 to 15: that of the result was added to a year whose openings were final already."""
    opened = "insert into period_start (exercise, month, is_open) values (2018, 15, true)"
    await execute(state, Step.OPENING, _AFTER)
    await _change_rows(state, "delete from period_start where exercise = 2018 and month > 12")
    for month in range(1, 13):
        for action in ("close", "lock"):
            await decide_period(state.dsn, f"2018-{month:02}", action, "PACA")
    for action in ("close", "lock"):
        await decide_period(state.dsn, "2019-00", action, "PACA")
    await _change_rows(state, opened)
    result = await execute(state, Step.RESULT, _AFTER)
    assert "the opening month of 2019 is locked for an accountant" in result.waits
    assert result.posted is None


async def _change_rows(state: State, change: str) -> None:
    connection = await asyncpg.connect(state.dsn)
    await connection.execute(f"set session_replication_role = replica; {change}")
    await connection.close()


async def test_the_step_waits_for_the_end_of_the_year_and_for_its_account(state: State) -> None:
    early = await execute(state, Step.RESULT, "2018-12-31")
    assert early.waits == "2018 is not over: this step is executed from 2019-01-01 on, by --at DAY"
    state.reference.joinpath("2018", "result.csv").unlink()
    state.reference.joinpath("2019", "settlement_act.csv").unlink()
    missing = await execute(state, Step.RESULT, _AFTER)
    assert missing.waits == "the files of 2018 name no account of the result: add result.csv with one line"


_LINE = "where month = 15 and {}"
_ACCOUNT = "(select id from reference_text where kind = 5 and code = '{}')"
_CHARGE = _LINE.format("credit <> 0 and credit <> " + _ACCOUNT.format(TRANSFER))
BREACHES = {
    "a cent less of a charge": (f"update entry set amount = amount - 1 {_CHARGE}", "308.99 taken off"),
    "a result in other books": (
        f"update entry set accountant = (select accountant from entry {_CHARGE} limit 1) where month = 15",
        "posted on 1200000000 of PACA",
    ),
    "a debt in place of a charge": (
        f"update entry set credit = {_ACCOUNT.format(SUPPLIERS)} {_CHARGE}",
        "posted on 4011100000",
    ),
    "an act that names no entry": (
        f"update entry set reference = '2018.PACA' {_LINE.format('true')}",
        "309.00 taken off",
    ),
    "an act that names an earlier entry": (
        f"update entry set reference = '2018.PACA.1' {_LINE.format('true')}",
        "309.00 taken off",
    ),
    "one side alone": (f"update entry set amount = amount + 1 {_CHARGE}", "more than it credits, of PACA"),
    "what another sender posts": (
        "update submission set sender = 'CHORUS' where sender = 'closing'",
        "posted by CHORUS",
    ),
    "a charge that is left out": (
        f"update entry set credit = (select max(id) from reference_text where kind = 5 and code = '6222000000') {_CHARGE}",
        "left by the last execution",
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
async def test_a_breach_of_the_result_is_found(state: State, breach: str) -> None:
    await execute(state, Step.RESULT, _AFTER)
    assert (await state.verify("results")).findings == []
    change, text = BREACHES[breach]
    connection = await asyncpg.connect(state.dsn)
    await connection.execute(f"set session_replication_role = replica; {change}")
    await remake_hashes(connection)
    await connection.close()
    findings = (await state.verify("results")).findings
    assert [finding for finding in findings if text in finding.found], findings
