"""Operations accounts that change: a transfer left from the account that its run was issued with, whatever is said later."""

import json
import re
import shutil
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio

from service.database.embedded import Database
from settlement.bank_formats import STATEMENT_FORMATS, BankFormat
from settlement.runs import issue, run_queries
from tests.databases import open_connection
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

OWED = 12
NOVEMBER = paris_time("2018-11-05")
IBAN = re.compile(r"FR\d{25}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def owing(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    async with open_state(database, tmp_path_factory.mktemp("owing"), OWED) as found:
        yield found


@pytest_asyncio.fixture
async def state(owing: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with copy_state(database, owing, tmp_path / "state") as found:
        yield found


def others(state: State, year: int, first: int) -> None:
    """Give every accountant of a year another account."""
    path = state.reference / str(year) / "accountants.csv"
    numbers = iter(range(first, first + 100))
    path.write_text(IBAN.sub(lambda _: build_account_code(next(numbers)), path.read_text()))


def own_year(state: State) -> None:
    """Let 2019 have files of its own, and other accounts."""
    shutil.rmtree(state.reference / "2019")
    folder = shutil.copytree(state.reference / "2018", state.reference / "2019")
    (folder / "year.toml").write_text("year = 2019\n")
    others(state, 2019, 900)


def accounts(state: State, year: int = 2018) -> set[str]:
    return set(IBAN.findall((state.reference / str(year) / "accountants.csv").read_text()))


def debtors(files: list[Path]) -> list[str]:
    return [re.findall(r"<DbtrAcct><Id><IBAN>(\w+)<", path.read_text())[0] for path in files]


async def agreed(state: State) -> None:
    """All is debited, nothing left to explain, and the proof finds nothing."""
    assert await state.read_unmatched() == []
    assert await state.read_in_transit() == []
    standing = await state.read_status()
    assert standing.agrees
    assert all(each.unmatched == each.refused == each.transit == 0 for each in standing.accounts)
    assert (await state.verify()).findings == []


@pytest.mark.parametrize("style", STATEMENT_FORMATS)
async def test_each_year_is_paid_from_its_own_account(state: State, style: BankFormat) -> None:
    before = accounts(state)
    own_year(state)
    files = await state.pay_due(date(2018, 11, 5), NOVEMBER)
    assert set(debtors(files)) <= before
    await state.import_files(state.list_files(state.simulate_bank(files, OFTEN, style)))
    await agreed(state)


@pytest.mark.parametrize("style", STATEMENT_FORMATS)
async def test_an_account_that_changes_before_the_statement(state: State, style: BankFormat) -> None:
    files = await state.pay_due(date(2018, 11, 5), NOVEMBER)
    others(state, 2018, 700)
    left = debtors(files)
    assert {each.account for each in await state.read_in_transit()} == set(left)
    await state.import_files(state.list_files(state.simulate_bank(files, OFTEN, style)))
    await agreed(state)
    assert {each.account for each in (await state.read_status()).accounts} == set(left)


@pytest.mark.parametrize("what", ["account", "assignment"])
async def test_what_changes_afterwards_changes_no_books(state: State, what: str) -> None:
    files = await state.pay_due(date(2018, 11, 5), NOVEMBER)
    await state.import_files(state.list_files(state.simulate_bank(files, OFTEN)))
    await agreed(state)
    before = await state.read_status()
    if what == "account":
        others(state, 2018, 700)
    else:
        path = state.reference / "2018" / "assigned.csv"
        path.write_text(re.sub(r"(?m)^(\d{4}[^,]*),PACA$", r"\1,ECOL", path.read_text()))
    await agreed(state)
    assert await state.read_status() == before


async def test_one_run_of_two_years_pays_each_from_its_own_account(state: State) -> None:
    """The lines of both stand in one stretch of the acts, and in a file each."""
    own_year(state)
    rows: list[Row] = [row for unit, _ in UNITS for row in build_openings(unit)]
    rows += [build_request(number) for number in range(1, OWED + 1)]
    later = {"exercise": 2019, "date": "2019-01-02"}
    await state.submit_accepted([{**row, **later, "reference": f"Y{row['reference']}"} for row in rows])
    files = await state.pay_due(date(2019, 12, 31), paris_time("2019-01-04"))
    left = debtors(files)
    assert len(left) == len(set(left)) == 2 * len(UNITS)
    assert len(set(left) & accounts(state)) == len(set(left) & accounts(state, 2019)) == len(UNITS)
    assert [path.name.split("-")[-1] for path in files] == ["1.xml", "2.xml"] * len(UNITS)
    others(state, 2018, 700)
    others(state, 2019, 800)
    await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))
    assert (await state.count_kinds())["bank_debit"] == 2 * OWED
    await agreed(state)


async def test_a_file_made_again_is_the_same_after_a_change(state: State) -> None:
    files = await state.pay_due(date(2018, 11, 5), NOVEMBER)
    before = [path.read_bytes() for path in files]
    await as_of_before(state)
    others(state, 2018, 700)
    for path in files:
        path.unlink()
    outbox = issue.Outbox(files[0].parent.parent)
    async with run_queries.open_connection(state.dsn) as connection:
        await issue.rebuild_files(connection, 1, outbox, ignore_progress)
    assert [path.read_bytes() for path in files] == before


async def forged(state: State, terms: dict) -> None:
    async with open_connection(state.dsn) as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute("update payment_issue set terms = $1", json.dumps(terms))


async def terms(state: State) -> dict:
    ((text,),) = await state.fetch("select terms from payment_issue")
    return json.loads(text)


async def as_of_before(state: State) -> None:
    """The terms of a run as they were kept before accounts were by exercise."""
    told = await terms(state)
    told.pop("stretches")
    await forged(state, {**told, "accountants": told.pop("years")["2018"]})


async def test_a_run_whose_accounts_were_not_kept_by_exercise(state: State) -> None:
    """Its entries leave from where the reference data assign them, as they did."""
    files = await state.pay_due(date(2018, 11, 5), NOVEMBER)
    await as_of_before(state)
    await state.import_files(state.list_files(state.simulate_bank(files, OFTEN)))
    await agreed(state)
    others(state, 2018, 700)
    assert (await state.verify()).findings == []


async def test_an_account_that_is_changed_by_hand_is_found(state: State) -> None:
    files = await state.pay_due(date(2018, 11, 5), NOVEMBER)
    await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))
    told = await terms(state)
    code = files[0].name.split("-")[1]
    told["years"]["2018"][code][1] = build_account_code(999)
    await forged(state, told)
    assert {each.check for each in (await state.verify()).findings} == {"bank_books"}
    assert not (await state.read_status()).agrees
