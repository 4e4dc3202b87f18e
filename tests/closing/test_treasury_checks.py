"""C11 is not proven while something of an operations account has no statement that proves it."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from closing.steps import Step
from core.catalog import KIND_NUMBERS
from posting.store.step_executions import StepFinding
from service.database.embedded_server import Database
from service.engine.step_conditions import open_snapshot
from service.engine.treasury_checks import compare_treasury
from tests.closing.closing_state import ACCRUED, OPERATIONS_ACCOUNT, import_statement, open_year_end
from tests.closing.test_closing_steps import execute, list_blocks, move_balance
from tests.databases import open_connection
from tests.period_decisions import decide_period
from tests.reference_years import copy_year
from tests.service.cli.test_bank_receipts import build_receivable
from tests.service.small_state import State, build_account_code
from tests.settlement.camt_messages import creditor_reference, detail, entry

TREASURY = "5121100000"
_NEW_ACCOUNT, _OTHER_ACCOUNT = build_account_code(99), build_account_code(3)
"""One that no accountant has in 2018, and that of ECOL; ``OPERATIONS_ACCOUNT`` is that of PACA."""
_LAST_DAY = "2018-12-31"
_BALANCE = f"balance of {OPERATIONS_ACCOUNT} on {_LAST_DAY}, bank less books"
_NOT_COMPARED = f"balance of {OPERATIONS_ACCOUNT} on {_LAST_DAY} not compared"
_BY_HAND = f"receipts by hand of {OPERATIONS_ACCOUNT} up to {_LAST_DAY}"
_IMPORT = f"import the statements of the bank up to {_LAST_DAY}, or a later one: crescendo bank import FILE;"


async def test_an_account_without_a_statement_is_not_proven(database: Database, tmp_path: Path) -> None:
    """9.00 were sent from it; without anything sent, what the books have on it is named as well."""
    async with open_year_end(database, tmp_path / "state", stated_day="") as state:
        result = await execute(state, Step.CASH)
        subject = f"operations account {OPERATIONS_ACCOUNT} without a statement"
        (finding,) = (row for row in result.findings if row.blocks)
        assert (finding.subject, finding.cents, result.state) == (subject, 9_00, "refused")
        assert finding.detail.startswith(_IMPORT)
        await move_balance(state, ACCRUED, TREASURY)
        (finding,) = (row for row in (await execute(state, Step.CASH)).findings if row.blocks)
        assert (finding.subject, finding.cents) == (subject, 9_00 - 110_00)


async def test_only_an_account_of_a_later_year_alone_needs_no_statement(
    database: Database, tmp_path: Path
) -> None:
    """The accountant has another account in 2019: in 2018 transfers left the old one, in 2019 they leave both."""
    async with open_year_end(database, tmp_path / "state", stated_day="") as state:
        _give_accounts(state, {OPERATIONS_ACCOUNT: _NEW_ACCOUNT})
        for step in (Step.COMMITMENTS, Step.REQUESTS):
            assert (await execute(state, step)).state == "proven"
        (carry,) = await state.fetch(
            "select max(entry_id) as entry from entry where kind = $1", KIND_NUMBERS["request_carry"]
        )
        payment = {"reference": "P-2", "kind": "payment", "exercise": 2019, "date": "2019-01-22"}
        await state.submit_accepted(
            [{**payment, "predecessor": f"@{carry['entry']}", "amount": "1.00"}], "treasury"
        )
        accounts = {}
        for year in (2018, 2019):
            findings = await _compare(state, year)
            accounts[year] = {row.subject.split()[2]: row.cents for row in findings if row.blocks}
        assert accounts == {
            2018: {OPERATIONS_ACCOUNT: 9_00},
            2019: {OPERATIONS_ACCOUNT: 9_00, _NEW_ACCOUNT: 1_00},
        }


@pytest.mark.parametrize(
    ("rest", "day", "subjects"),
    [
        ("5.00", "2019-12-31", []),
        ("5.00", "2020-01-05", [f"balance of {_NEW_ACCOUNT} on 2019-12-31 not compared"]),
        ("0.00", "2020-01-05", []),
    ],
)
async def test_what_is_left_on_an_earlier_account_is_added_by_a_statement_of_the_day_or_not_compared(
    database: Database, tmp_path: Path, rest: str, day: str, subjects: list[str]
) -> None:
    """The accountant has another account in 2019, on which nothing is; the openings of 2019 have the rest of the old one."""
    async with open_year_end(database, tmp_path / "state", stated_day="") as state:
        _give_accounts(state, {OPERATIONS_ACCOUNT: _NEW_ACCOUNT})
        movements = [entry(rest, "CRDT")] if rest != "0.00" else []
        await import_statement(state, _LAST_DAY, *movements, closing=rest)
        assert (await execute(state, Step.OPENING)).state == "proven"
        await import_statement(state, day, opening=rest, closing=rest)
        await import_statement(state, "2019-12-31", account=_NEW_ACCOUNT)
        findings = await _compare(state, 2019)
        assert [row.subject for row in findings if row.blocks or "not compared" in row.subject] == subjects


async def test_accounts_that_two_accountants_exchange_are_compared_once(
    database: Database, tmp_path: Path
) -> None:
    """In 2019 the old account of PACA is that of ECOL, whose books have its credit of that year."""
    async with open_year_end(database, tmp_path / "state") as state:
        _give_accounts(state, {OPERATIONS_ACCOUNT: _OTHER_ACCOUNT, _OTHER_ACCOUNT: OPERATIONS_ACCOUNT})
        await import_statement(state, "2019-12-31", entry("5.00", "CRDT", day="2019-01-15"), closing="5.00")
        await import_statement(state, "2019-12-31", account=_OTHER_ACCOUNT)
        assert _list_blocked_sums(await _compare(state, 2019)) == {}


@pytest.mark.parametrize("day", [_LAST_DAY, "2019-01-02"])
async def test_a_statement_is_not_of_before_the_end_of_the_year(
    database: Database, tmp_path: Path, day: str
) -> None:
    async with open_year_end(database, tmp_path / "state", stated_day="2018-12-28") as state:
        result = await execute(state, Step.CASH)
        assert list_blocks(result) == [
            f"operations account {OPERATIONS_ACCOUNT}, whose last statement is of 2018-12-28"
        ]
        assert result.state == "refused"
        await import_statement(state, day)
        assert (await execute(state, Step.CASH)).state == "proven"


@pytest.mark.parametrize(("day", "balance"), [("2018-12-14", {_BALANCE: (1, 10_00)}), ("2019-01-03", {})])
async def test_what_the_journal_refused_of_a_statement_is_not_proven(
    database: Database, tmp_path: Path, day: str, balance: dict[str, tuple[int, int]]
) -> None:
    """A credit of 10.00, whose month is closed, explains the difference and is in no books, whichever year it is of."""
    async with open_year_end(database, tmp_path / "state", stated_day="") as state:
        await decide_period(state.dsn, day[:7], "close")
        words = entry("10.00", "CRDT", day=day)
        await import_statement(state, max(day, _LAST_DAY), words, closing="10.00")
        result = await execute(state, Step.CASH)
        assert _list_blocked_sums(result.findings) == {
            f"movements of {OPERATIONS_ACCOUNT} whose acts the journal refused": (1, 10_00),
            **balance,
        }
        assert result.state == "refused"


@pytest.mark.parametrize(("day", "balance"), [(_LAST_DAY, {_BALANCE: (1, -60_00)}), ("2019-01-02", {})])
async def test_a_receipt_by_hand_that_is_no_credit_is_not_proven(
    database: Database, tmp_path: Path, day: str, balance: dict[str, tuple[int, int]]
) -> None:
    """It is in the books, and a later statement proves no balance of 31 December."""
    async with open_year_end(database, tmp_path / "state", stated_day="") as state:
        await _collect_by_hand(state, "2018-12-14")
        await import_statement(state, day)
        findings = (await execute(state, Step.CASH)).findings
        assert _list_blocked_sums(findings) == {
            f"{_BY_HAND} that are no credit of the bank": (1, 60_00),
            **balance,
        }
        assert (_NOT_COMPARED in [row.subject for row in findings]) == (not balance)


async def test_a_receipt_by_hand_of_the_next_year_is_for_that_year_to_prove(
    database: Database, tmp_path: Path
) -> None:
    async with open_year_end(database, tmp_path / "state") as state:
        await _collect_by_hand(state, "2019-01-02")
        await import_statement(state, "2019-01-03")
        assert (await execute(state, Step.CASH)).state == "proven"


@pytest.mark.parametrize("reversed_on", ["2018-12-31", "2019-01-10"])
@pytest.mark.parametrize(
    ("stated_day", "balance"), [(_LAST_DAY, {_BALANCE: (1, -60_00)}), ("2018-12-28", {})]
)
async def test_a_receipt_by_hand_that_the_bank_credited_in_the_next_year_is_taken_back(
    *,
    database: Database,
    tmp_path: Path,
    stated_day: str,
    balance: dict[str, tuple[int, int]],
    reversed_on: str,
) -> None:
    """Both are 60.00, and no figure of the status differs.  The books of 2018 take it back, also in January."""
    async with open_year_end(database, tmp_path / "state", stated_day=stated_day) as state:
        await _collect_by_hand(state, "2018-12-28")
        await _import_january_credit(state)
        (account,) = (row for row in (await state.read_status()).accounts if row.bank is not None)
        assert (account.by_hand, account.unmatched, account.difference) == (0, 0, 0)
        findings = (await execute(state, Step.CASH)).findings
        assert _list_blocked_sums(findings) == {
            f"{_BY_HAND} that the bank credited later": (1, 60_00),
            **balance,
        }
        assert all("receipt_reversal" in row.detail for row in findings if row.subject.startswith(_BY_HAND))
        assert (_NOT_COMPARED in [row.subject for row in findings]) == (not balance)
        row = {"kind": "receipt_reversal", "reference": "AE-1", "exercise": "2018", "predecessor": "EN-1"}
        await state.submit_accepted([{**row, "date": reversed_on, "amount": "60.00"}], "treasury")
        await _import_january_credit(state, again=True)
        assert (await execute(state, Step.CASH)).state == "proven"


async def _import_january_credit(state: State, *, again: bool = False) -> None:
    """Import a statement of 2 January with a credit of 60.00 that names the receivable."""
    day, words = "2019-01-02", [detail(remittance=creditor_reference("TP-1"))]
    await import_statement(state, day, entry("60.00", "CRDT", words, day=day), closing="60.00", again=again)


@pytest.mark.parametrize(("day", "balance"), [(_LAST_DAY, {_BALANCE: (1, 7_00)}), ("2019-01-02", {})])
async def test_what_the_first_statement_opens_with_beyond_the_books_is_not_proven(
    database: Database, tmp_path: Path, day: str, balance: dict[str, tuple[int, int]]
) -> None:
    async with open_year_end(database, tmp_path / "state", stated_day="") as state:
        await import_statement(state, day, opening="7.00", closing="7.00")
        subject = f"opening balance of {OPERATIONS_ACCOUNT} that the books do not have"
        result = await execute(state, Step.CASH)
        assert _list_blocked_sums(result.findings) == {subject: (1, 7_00), **balance}
        assert result.state == "refused"


@pytest.mark.parametrize(("day", "is_of_year"), [("2018-12-14", True), ("2019-01-03", False)])
async def test_a_movement_of_the_year_that_is_not_posted_is_not_proven(
    database: Database, tmp_path: Path, day: str, is_of_year: bool
) -> None:
    """A credit of before the rule of suspense stays listed; one of the next year stops that year."""
    async with open_year_end(database, tmp_path / "state", stated_day="") as state:
        last_day = max(day, _LAST_DAY)
        words = last_day, entry("60.00", "CRDT", day=day)
        await decide_period(state.dsn, day[:7], "close")
        await import_statement(state, *words, closing="60.00")
        await decide_period(state.dsn, day[:7], "reopen")
        async with open_connection(state.dsn) as connection:
            await connection.execute(
                "set session_replication_role = replica; update suspense_rule set after_message = 1"
            )
        await import_statement(state, *words, closing="60.00", again=True)
        result = await execute(state, Step.CASH)
        subject = f"movements of {OPERATIONS_ACCOUNT}"
        if is_of_year:
            subject = f"{subject} up to {_LAST_DAY} that are not posted"
            assert _list_blocked_sums(result.findings) == {subject: (1, 60_00), _BALANCE: (1, 60_00)}
        else:
            rows = [(row.subject, row.lines, row.cents) for row in result.findings]
            assert (f"{subject} that are not posted", 1, 60_00) in rows
            assert _list_blocked_sums(result.findings) == {}


async def _collect_by_hand(state: State, day: str) -> None:
    """Post a receipt of 60.00 by hand, of a receivable of 100.00."""
    await state.submit_accepted([build_receivable("TP-1", "100.00")])
    (receivable,) = await state.fetch("select entry_id from entry where reference = 'TP-1'")
    receipt = {"kind": "receipt", "reference": "EN-1", "exercise": day[:4], "date": day, "amount": "60.00"}
    await state.submit_accepted([{**receipt, "predecessor": f"@{receivable['entry_id']}"}], "treasury")


async def _compare(state: State, year: int) -> list[StepFinding]:
    """Compare the accounts of a year, whatever C11 waits for."""
    async with open_snapshot(state.dsn) as connection:
        return await compare_treasury(connection, state.context.reference, year)


def _give_accounts(state: State, accounts: Mapping[str, str]) -> None:
    """Give the accountants of 2019 other accounts, by those of 2018."""
    copy_year(state.reference)
    path = state.reference / "2019" / "accountants.csv"
    path.write_text(re.sub("|".join(accounts), lambda match: accounts[match[0]], path.read_text()))


def _list_blocked_sums(findings: Sequence[StepFinding]) -> dict[str, tuple[int, int]]:
    """Return lines and cents of what blocks, by its subject."""
    return {row.subject: (row.lines, row.cents) for row in findings if row.blocks}
