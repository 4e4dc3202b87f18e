"""Each import of a file of the bank and each proposal of late interest has a proof of its own: what is removed is found."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio

from service.database.embedded_server import Database
from service.engine import late_interest
from service.engine.late_interest import InterestRequest
from service.terminal.processing_progress import ProgressLines
from tests.accountants import add_accountants
from tests.databases import open_connection
from tests.reporting.remade_hashes import list_hash_findings, remake_hashes
from tests.service.small_state import (
    BENOIT,
    NEVER,
    State,
    build_third_party,
    copy_state,
    create_interruption,
    open_state,
    paris_time,
)

_PROOF = "(select {which}(person_decision) from person_decision where decision = '{decision}')"
_FIRST_IMPORT, _LAST_IMPORT = (_PROOF.format(which=which, decision="statement") for which in ("min", "max"))
_FIRST_CLAIM, _LAST_CLAIM = (_PROOF.format(which=which, decision="interest") for which in ("min", "max"))
_REMOVED = "delete from person_decision where person_decision = "
_WITHOUT_PROOF = "update submission set batch_id = 'interest-2018-11-21-9' where batch_id like '%P' || "
BREACHES = {
    "an import without its proof": (_REMOVED + _LAST_IMPORT, "statement "),
    "an import that states no proof": (
        f"update bank_attempt set person_decision = null where person_decision = {_LAST_IMPORT};" + _REMOVED + _LAST_IMPORT,
        "statement ",
    ),
    "imports with one proof": (f"update bank_attempt set person_decision = {_FIRST_IMPORT}", "statement "),
    "a proof of another message": (
        f"update person_decision set number = 99 where person_decision = {_FIRST_IMPORT}", "statement ",
    ),
    "late interest without its proof": (_REMOVED + _FIRST_CLAIM, "interest "),
    "late interest that states no proof": (f"{_WITHOUT_PROOF}{_LAST_CLAIM};{_REMOVED}{_LAST_CLAIM}", "interest 9"),
    "late interest with one proof": (
        f"update submission set batch_id = 'interest-2018-11-21-P' || {_FIRST_CLAIM} where batch_id like 'interest-%'",
        "interest ",
    ),
    "a proof of something else": (
        f"update person_decision set decision = 'statement' where person_decision = {_FIRST_CLAIM}", "interest ",
    ),
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def decided(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    """Anne imports the statements of two runs, those of the first twice; Benoît proposes late interest after each run."""
    async with open_state(database, tmp_path_factory.mktemp("decided"), 4) as state:
        await add_accountants(state.dsn)
        files = await pay_and_claim(state, "2018-11-05", "2018-11-20")
        await state.submit_accepted([build_third_party(number) for number in (5, 6)])
        await state.submit_requests(2, first=5)
        await pay_and_claim(state, "2018-11-12", "2018-11-21")
        await state.import_files(files, again=True)
        yield state


async def pay_and_claim(state: State, paid_on: str, claimed_on: str) -> list[Path]:
    """Pay what is due, import the statements, and propose late interest; return the statements."""
    answers = state.simulate_bank(await state.pay_due(date(2018, 11, 15), paris_time(paid_on)), NEVER)
    files = [path for path in state.list_files(answers) if "camt053" in path.name]
    await state.import_files(files)
    request = InterestRequest(paris_time(claimed_on), by=BENOIT)
    result = await late_interest.propose_interest(
        state.context, request, create_interruption(), reporter=ProgressLines()
    )
    assert result.posted
    return files


@pytest_asyncio.fixture
async def state(decided: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with copy_state(database, decided, tmp_path / "state") as copy:
        yield copy


async def list_findings(state: State, statement: str) -> list[str]:
    """Return the places that the check names once a statement changed the rows, and all hashes were made again."""
    async with open_connection(state.dsn) as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute(statement)
        await remake_hashes(connection)
    verification = await state.verify()
    assert list_hash_findings(verification) == []
    return [finding.place for finding in verification.findings if finding.check == "proved_persons"]


async def test_imports_and_claims_have_a_proof_each(state: State) -> None:
    assert (await state.verify()).findings == []
    attempts = await state.fetch(
        "select count(*) as rows, count(distinct person_decision) as proofs from bank_attempt"
    )
    assert attempts[0]["rows"] == attempts[0]["proofs"] > 2
    claims = await state.fetch(
        f"select batch_id, {_FIRST_CLAIM} as first, {_LAST_CLAIM} as last from submission where batch_id like 'interest-%'"
        " order by submission"
    )
    named = [f"interest-2018-11-20-P{claims[0]['first']}", f"interest-2018-11-21-P{claims[0]['last']}"]
    assert [row["batch_id"] for row in claims] == named


@pytest.mark.parametrize("breach", list(BREACHES))
async def test_a_planted_breach_is_found(breach: str, state: State) -> None:
    statement, place = BREACHES[breach]
    assert any(finding.startswith(place) for finding in await list_findings(state, statement))


async def test_rows_of_an_earlier_version_state_no_proof(state: State) -> None:
    """They are judged by message and last entry: what an earlier version stored stays proven."""
    earlier = "update submission set batch_id = 'interest-2018-11-20-9' where batch_id like 'interest-%';"
    assert await list_findings(state, earlier + "update bank_attempt set person_decision = null") == []
