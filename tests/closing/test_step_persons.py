"""Two persons for a step that cannot be undone: one prepares C14, another one confirms it by executing it."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import asyncpg
import pytest

from closing.steps import Step
from core.directory_entries import CoupleEntry, LoginEntry, PersonEntry, RoleEnd, RoleEntry
from core.errors import PersonNotProved
from core.person_decisions import NOBODY, StatedPerson
from core.roles import Role
from posting.store import directory_store
from posting.store.directory_store import NewChange
from service.database.embedded_server import Database
from service.engine import closing_plan
from service.terminal.processing_progress import ProgressLines
from tests.accountants import add_accountants
from tests.closing.closing_state import OPENED, YEAR, execute, open_year_end, prepare, read_openings
from tests.databases import open_connection
from tests.proved_persons import find_yesterday
from tests.reporting.remade_hashes import remake_hashes
from tests.service.small_state import State, build_request

CHLOE, DAVID, ELSA = (StatedPerson(name, user=name) for name in ("chloe", "david", "elsa"))
_SINCE = date(2018, 1, 1)


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with open_year_end(database, tmp_path / "state") as small_state:
        await add_accountants(small_state.dsn)
        yield small_state


async def _change_directory(
    state: State, *entries: CoupleEntry | LoginEntry | PersonEntry | RoleEnd | RoleEntry
) -> None:
    async with open_connection(state.dsn) as connection:
        await directory_store.store_change(connection, NewChange([*entries], "test", StatedPerson("test")))


async def test_what_one_person_prepares_another_one_executes(state: State) -> None:
    prepared = await prepare(state, Step.OPENING, DAVID)
    assert (prepared.preparation, prepared.waits) == (1, "")
    assert prepared.sums is not None
    assert await read_openings(state) == {}
    result = await execute(state, Step.OPENING, by=CHLOE)
    assert (result.waits, await read_openings(state)) == ("", OPENED)
    plan = await closing_plan.load_plan(state.dsn, state.context.reference, YEAR, reporter=ProgressLines())
    assert not isinstance(plan, str)
    assert {step.step for step in plan.steps if step.persons == 2} == {
        "C07",
        "C12",
        "C13",
        "C14",
        "C15",
        "C16",
    }
    last = plan.find_step(Step.OPENING).preparation
    assert last is not None
    assert (last.by, last.confirmed_by, last.is_used, last.cents) == (
        "david",
        "chloe",
        True,
        prepared.sums.cents,
    )
    assert (await state.verify()).findings == []


async def test_the_same_person_nobody_and_a_spouse_are_refused(state: State) -> None:
    assert (
        "nobody has prepared it: another person runs" in (await execute(state, Step.OPENING, by=CHLOE)).waits
    )
    await prepare(state, Step.OPENING, DAVID)
    assert (
        await execute(state, Step.OPENING, by=DAVID)
    ).waits == "david prepared it: another person executes it"
    await _change_directory(state, CoupleEntry("david", "chloe", _SINCE))
    assert (
        "david, who prepared it, is spouse or partner of chloe"
        in (await execute(state, Step.OPENING, by=CHLOE)).waits
    )
    with pytest.raises(PersonNotProved):
        await execute(state, Step.OPENING, by=NOBODY)
    with pytest.raises(PersonNotProved):
        await prepare(state, Step.OPENING, NOBODY)
    assert await read_openings(state) == {}


async def test_a_person_without_a_role_of_an_accountant_neither_prepares_nor_confirms(state: State) -> None:
    await _change_directory(
        state,
        *(PersonEntry("elsa", "Elsa"), LoginEntry("elsa", "user", "elsa", _SINCE)),
        RoleEntry("elsa", Role.AUDITOR, "both", _SINCE),
    )
    with pytest.raises(PersonNotProved, match="has no role assigned_accountant"):
        await prepare(state, Step.OPENING, ELSA)
    await prepare(state, Step.OPENING, DAVID)
    with pytest.raises(PersonNotProved, match="has no role assigned_accountant"):
        await execute(state, Step.OPENING, by=ELSA)


async def test_who_prepared_it_still_has_the_role_when_it_is_confirmed(state: State) -> None:
    await prepare(state, Step.OPENING, DAVID)
    await _change_directory(state, RoleEnd(2, find_yesterday()))
    waits = (await execute(state, Step.OPENING, by=CHLOE)).waits
    assert waits.startswith("david prepared it, and has no role assigned_accountant or central_accountant on")
    assert waits.endswith("another person runs crescendo close prepare C14 --year 2018 again")
    assert await read_openings(state) == {}


async def test_what_changed_since_is_prepared_again(state: State) -> None:
    """And what was executed is not executed again by its preparation."""
    await prepare(state, Step.OPENING, DAVID)
    await state.submit_accepted([{**build_request(1), "reference": "DP-9"}])
    assert "what david prepared has changed since" in (await execute(state, Step.OPENING, by=CHLOE)).waits
    await prepare(state, Step.OPENING, DAVID)
    assert (await execute(state, Step.OPENING, by=CHLOE)).waits == ""
    await state.submit_accepted([{**build_request(1), "reference": "DP-10"}])
    assert "nobody has prepared it" in (await execute(state, Step.OPENING, by=CHLOE)).waits


async def test_acts_of_the_next_year_do_not_change_what_was_prepared(state: State) -> None:
    await prepare(state, Step.OPENING, DAVID)
    await execute(state, Step.COMMITMENTS, by=CHLOE)
    assert (await execute(state, Step.OPENING, by=CHLOE)).waits == ""


async def test_a_step_of_one_person_is_not_prepared(state: State) -> None:
    assert (
        await prepare(state, Step.COMMITMENTS, DAVID)
    ).waits == "one person executes C06: no other prepares it"


BREACHES = {
    "a file that nobody confirmed": ("delete from step_confirmation", "one person"),
    "a preparation of another step": ("update step_preparation set step = 'C12'", "one person"),
    "one person for both": (
        "update person_decision set person = 1 where decision in ('preparation', 'closing')",
        "prepared and confirmed by person 1",
    ),
    "a preparation that is none": (
        "update person_decision set decision = 'closing' where decision = 'preparation'",
        "prepared by proof",
    ),
    "a couple": (
        "insert into person_couple (person, partner, first_day, change) values (1, 2, '2018-01-01', 1)",
        "spouses or partners",
    ),
    "a rule that is lost": ("delete from step_rule", "0 rows"),
    "a second rule of C07": ("insert into earmark_rule values (7)", "2 rows"),
}


@pytest.mark.parametrize("breach", BREACHES)
async def test_a_breach_of_two_persons_is_found(state: State, breach: str) -> None:
    await prepare(state, Step.OPENING, DAVID)
    await execute(state, Step.OPENING, by=CHLOE)
    change, text = BREACHES[breach]
    connection = await asyncpg.connect(state.dsn)
    await connection.execute(f"set session_replication_role = replica; {change}")
    await remake_hashes(connection)
    await connection.close()
    findings = (await state.verify("step_persons")).findings
    assert [finding.found for finding in findings if text in finding.found], findings
