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
from settlement.runs import issue, run_queries
from settlement.simulated_bank.responses import Style
from tests.databases import connected
from tests.service.small_state import (
    NEVER,
    OFTEN,
    UNITS,
    Row,
    State,
    account,
    copied,
    moment,
    nothing,
    openings,
    owed_to,
    request,
)

OWED = 12
NOVEMBER = moment("2018-11-05")
IBAN = re.compile(r"FR\d{25}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def owing(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    async with owed_to(database, tmp_path_factory.mktemp("owing"), OWED) as found:
        yield found


@pytest_asyncio.fixture
async def state(owing: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with copied(database, owing, tmp_path / "state") as found:
        yield found


def others(state: State, year: int, first: int) -> None:
    """Give every accountant of a year another account."""
    path = state.reference / str(year) / "accountants.csv"
    numbers = iter(range(first, first + 100))
    path.write_text(IBAN.sub(lambda _: account(next(numbers)), path.read_text()))


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
    assert await state.unmatched() == []
    assert await state.in_transit() == []
    standing = await state.standing()
    assert standing.agrees
    assert all(each.unmatched == each.refused == each.transit == 0 for each in standing.accounts)
    assert (await state.proof()).findings == []


@pytest.mark.parametrize("style", Style)
async def test_each_year_is_paid_from_its_own_account(state: State, style: Style) -> None:
    before = accounts(state)
    own_year(state)
    files = await state.pay(date(2018, 11, 5), NOVEMBER)
    assert set(debtors(files)) <= before
    await state.take(state.files(state.bank(files, OFTEN, style)))
    await agreed(state)


@pytest.mark.parametrize("style", Style)
async def test_an_account_that_changes_before_the_statement(state: State, style: Style) -> None:
    files = await state.pay(date(2018, 11, 5), NOVEMBER)
    others(state, 2018, 700)
    left = debtors(files)
    assert {each.account for each in await state.in_transit()} == set(left)
    await state.take(state.files(state.bank(files, OFTEN, style)))
    await agreed(state)
    assert {each.account for each in (await state.standing()).accounts} == set(left)


@pytest.mark.parametrize("what", ["account", "assignment"])
async def test_what_changes_afterwards_changes_no_books(state: State, what: str) -> None:
    files = await state.pay(date(2018, 11, 5), NOVEMBER)
    await state.take(state.files(state.bank(files, OFTEN)))
    await agreed(state)
    before = await state.standing()
    if what == "account":
        others(state, 2018, 700)
    else:
        path = state.reference / "2018" / "assigned.csv"
        path.write_text(re.sub(r"(?m)^(\d{4}[^,]*),PACA$", r"\1,ECOL", path.read_text()))
    await agreed(state)
    assert await state.standing() == before


async def test_one_run_of_two_years_pays_each_from_its_own_account(state: State) -> None:
    """The lines of both stand in one stretch of the acts, and in a file each."""
    own_year(state)
    rows: list[Row] = [row for unit, _ in UNITS for row in openings(unit)]
    rows += [request(number) for number in range(1, OWED + 1)]
    later = {"exercise": 2019, "date": "2019-01-02"}
    await state.accepted([{**row, **later, "reference": f"Y{row['reference']}"} for row in rows])
    files = await state.pay(date(2019, 12, 31), moment("2019-01-04"))
    left = debtors(files)
    assert len(left) == len(set(left)) == 2 * len(UNITS)
    assert len(set(left) & accounts(state)) == len(set(left) & accounts(state, 2019)) == len(UNITS)
    assert [path.name.split("-")[-1] for path in files] == ["1.xml", "2.xml"] * len(UNITS)
    others(state, 2018, 700)
    others(state, 2019, 800)
    await state.take(state.files(state.bank(files, NEVER)))
    assert (await state.kinds())["bank_debit"] == 2 * OWED
    await agreed(state)


async def test_a_file_made_again_is_the_same_after_a_change(state: State) -> None:
    files = await state.pay(date(2018, 11, 5), NOVEMBER)
    before = [path.read_bytes() for path in files]
    await as_of_before(state)
    others(state, 2018, 700)
    for path in files:
        path.unlink()
    outbox = issue.Outbox(files[0].parent.parent)
    async with run_queries.connected(state.dsn) as connection:
        await issue.again(connection, 1, outbox, nothing)
    assert [path.read_bytes() for path in files] == before


async def forged(state: State, terms: dict) -> None:
    async with connected(state.dsn) as connection:
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
    files = await state.pay(date(2018, 11, 5), NOVEMBER)
    await as_of_before(state)
    await state.take(state.files(state.bank(files, OFTEN)))
    await agreed(state)
    others(state, 2018, 700)
    assert (await state.proof()).findings == []


async def test_an_account_that_is_changed_by_hand_is_found(state: State) -> None:
    files = await state.pay(date(2018, 11, 5), NOVEMBER)
    await state.take(state.files(state.bank(files, NEVER)))
    told = await terms(state)
    code = files[0].name.split("-")[1]
    told["years"]["2018"][code][1] = account(999)
    await forged(state, told)
    assert {each.check for each in (await state.proof()).findings} == {"bank_books"}
    assert not (await state.standing()).agrees
