"""Operations accounts that change: a transfer stays with the account its run was issued with, despite later changes."""

import json
import re
import shutil
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio

from service.database.embedded_server import Database
from settlement.bank_formats import STATEMENT_FORMATS, BankFormat
from settlement.runs import issue, run_queries
from tests.databases import open_connection
from tests.service.command_line import run_crescendo
from tests.service.small_state import (
    NEVER,
    OFTEN,
    UNITS,
    Row,
    State,
    build_account_code,
    build_openings,
    build_request,
    copy_state,
    ignore_progress,
    open_state,
    paris_time,
)
from tests.settlement.camt_messages import ACCOUNT, balance, document, entry, statement

OWED = 12
NOVEMBER = paris_time("2018-11-05")
IBAN = re.compile(r"FR\d{25}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def template(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    async with open_state(database, tmp_path_factory.mktemp("owing"), OWED) as state:
        yield state


@pytest_asyncio.fixture
async def state(template: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with copy_state(database, template, tmp_path / "state") as copy:
        yield copy


def write_other_accounts(state: State, year: int, first: int) -> None:
    """Write reference data in which every accountant of a year has another account."""
    path = state.reference / str(year) / "accountants.csv"
    numbers = iter(range(first, first + 100))
    path.write_text(IBAN.sub(lambda _: build_account_code(next(numbers)), path.read_text()))


def write_own_accounts(state: State) -> None:
    """Write separate files for 2019, with other accounts."""
    shutil.rmtree(state.reference / "2019")
    folder = shutil.copytree(state.reference / "2018", state.reference / "2019")
    (folder / "year.toml").write_text("year = 2019\n")
    write_other_accounts(state, 2019, 900)


def read_accounts(state: State, year: int = 2018) -> set[str]:
    return set(IBAN.findall((state.reference / str(year) / "accountants.csv").read_text()))


def read_debtors(files: list[Path]) -> list[str]:
    return [re.findall(r"<DbtrAcct><Id><IBAN>(\w+)<", path.read_text())[0] for path in files]


async def check_agreement(state: State) -> None:
    """Check that everything is debited, nothing is left to explain, and the verification finds nothing."""
    assert await state.read_unmatched() == []
    assert await state.read_in_transit() == []
    standing = await state.read_status()
    assert standing.agrees
    assert all(account.unmatched == account.refused == account.transit == 0 for account in standing.accounts)
    assert (await state.verify()).findings == []


@pytest.mark.parametrize("style", STATEMENT_FORMATS)
async def test_each_year_is_paid_from_its_own_account(state: State, style: BankFormat) -> None:
    previous = read_accounts(state)
    write_own_accounts(state)
    files = await state.pay_due(date(2018, 11, 5), NOVEMBER)
    assert set(read_debtors(files)) <= previous
    await state.import_files(state.list_files(state.simulate_bank(files, OFTEN, style)))
    await check_agreement(state)


@pytest.mark.parametrize("style", STATEMENT_FORMATS)
async def test_an_account_that_changes_before_the_statement(state: State, style: BankFormat) -> None:
    files = await state.pay_due(date(2018, 11, 5), NOVEMBER)
    write_other_accounts(state, 2018, 700)
    paying_accounts = read_debtors(files)
    assert {transfer.account for transfer in await state.read_in_transit()} == set(paying_accounts)
    await state.import_files(state.list_files(state.simulate_bank(files, OFTEN, style)))
    await check_agreement(state)
    assert {account.account for account in (await state.read_status()).accounts} == set(paying_accounts)


async def test_a_later_account_changes_no_books(state: State) -> None:
    files = await state.pay_due(date(2018, 11, 5), NOVEMBER)
    await state.import_files(state.list_files(state.simulate_bank(files, OFTEN)))
    await check_agreement(state)
    previous = await state.read_status()
    write_other_accounts(state, 2018, 700)
    await check_agreement(state)
    assert await state.read_status() == previous


async def test_a_later_assignment_changes_no_books_and_is_a_finding(state: State) -> None:
    """The accountant stands in each entry: another one in the files contradicts the entries, and pays nothing."""
    files = await state.pay_due(date(2018, 11, 5), NOVEMBER)
    await state.import_files(state.list_files(state.simulate_bank(files, OFTEN)))
    previous = await state.read_status()
    path = state.reference / "2018" / "assigned.csv"
    path.write_text(re.sub(r"(?m)^(\d{4}[^,]*),PACA$", r"\1,ECOL", path.read_text()))
    assert await state.read_status() == previous
    assert {finding.check for finding in (await state.verify()).findings} == {"accountants"}


async def test_one_run_of_two_years_pays_each_from_its_own_account(state: State) -> None:
    """The lines of both years are in one range of acts, but in separate files."""
    write_own_accounts(state)
    rows: list[Row] = [row for unit, _ in UNITS for row in build_openings(unit)]
    rows += [build_request(number) for number in range(1, OWED + 1)]
    later = {"exercise": 2019, "date": "2019-01-02"}
    await state.submit_accepted([{**row, **later, "reference": f"Y{row['reference']}"} for row in rows])
    files = await state.pay_due(date(2019, 12, 31), paris_time("2019-01-04"))
    paying_accounts = read_debtors(files)
    assert len(paying_accounts) == len(set(paying_accounts)) == 2 * len(UNITS)
    assert (
        len(set(paying_accounts) & read_accounts(state))
        == len(set(paying_accounts) & read_accounts(state, 2019))
        == len(UNITS)
    )
    assert [path.name.split("-")[-1] for path in files] == ["1.xml", "2.xml"] * len(UNITS)
    write_other_accounts(state, 2018, 700)
    write_other_accounts(state, 2019, 800)
    await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))
    assert (await state.count_kinds())["bank_debit"] == 2 * OWED
    await check_agreement(state)


async def test_a_rebuilt_file_is_the_same_after_an_account_change(state: State) -> None:
    files = await state.pay_due(date(2018, 11, 5), NOVEMBER)
    previous = [path.read_bytes() for path in files]
    write_other_accounts(state, 2018, 700)
    for path in files:
        path.unlink()
    outbox = issue.Outbox(files[0].parent.parent)
    async with run_queries.open_connection(state.dsn) as connection:
        await issue.rebuild_files(connection, 1, outbox, on_step=ignore_progress)
    assert [path.read_bytes() for path in files] == previous


async def write_terms(state: State, terms: dict) -> None:
    async with open_connection(state.dsn) as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute("update payment_issue set terms = $1", json.dumps(terms))


async def read_terms(state: State) -> dict:
    ((text,),) = await state.fetch("select terms from payment_issue")
    return json.loads(text)


async def test_a_manually_changed_account_is_detected(state: State) -> None:
    files = await state.pay_due(date(2018, 11, 5), NOVEMBER)
    await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))
    year_terms = await read_terms(state)
    code = files[0].name.split("-")[2]
    year_terms["years"]["2018"][code][1] = build_account_code(999)
    await write_terms(state, year_terms)
    assert {finding.check for finding in (await state.verify()).findings} == {"bank_books", "evidence"}
    assert not (await state.read_status()).agrees


async def test_a_statement_of_an_account_that_is_not_ours_is_a_finding(state: State, tmp_path: Path) -> None:
    await state.import_files(
        state.list_files(state.simulate_bank(await state.pay_due(date(2018, 11, 5), NOVEMBER), NEVER))
    )
    own = [account.account for account in (await state.read_status()).accounts]
    path = tmp_path / "foreign.xml"
    path.write_text(
        document(statement(balance("OPBD", "100.00"), balance("CLBD", "89.50"), entry("10.50", "DBIT")))
    )
    place = ("--database", state.dsn, "--data", state.folder)
    environment = {"CRESCENDO_REFERENCE": str(state.reference)}
    document_form = await run_crescendo("bank", "import", path, *place, "--json", environment=environment)
    assert document_form.code == 1, document_form.err
    assert [message["foreign_accounts"] for message in document_form.json()["messages"]] == [[ACCOUNT]]
    text = await run_crescendo("bank", "import", path, *place, environment=environment)
    assert text.code == 1, "also if it is imported again"
    assert f"{ACCOUNT} is no operations account of this ledger" in text.out
    standing = await run_crescendo("bank", "status", *place, "--json", environment=environment)
    assert standing.code == 0
    assert [account["account"] for account in standing.json()["accounts"]] == own
    assert [account["account"] for account in standing.json()["foreign"]] == [ACCOUNT]
    text = await run_crescendo("bank", "status", *place, environment=environment)
    assert "Books and bank agree to the cent; 0 transfers in transit." in text.out
    assert "1 account is not ours" in text.out
