"""``crescendo close``: the plan of a year, a dry run, the execution of its steps, and what they print."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from closing.steps import Step
from service.database.embedded_server import Database
from tests.accountants import add_accountants
from tests.closing.closing_state import open_year_end, read_carries
from tests.service.command_line import CommandResult, run_crescendo
from tests.service.small_state import State

AT = ("--at", "2019-01-21T10:00")


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with open_year_end(database, tmp_path / "state") as small_state:
        yield small_state


async def close(state: State, *words: str, code: int = 0) -> CommandResult:
    place = {
        "CRESCENDO_DATABASE": state.dsn,
        "CRESCENDO_DATA": str(state.settings.data),
        "CRESCENDO_REFERENCE": str(state.reference),
    }
    result = await run_crescendo("close", *words, "--year", "2018", environment=place)
    assert result.code == code, result
    return result


def find_step(plan: dict[str, Any], name: str) -> dict[str, Any]:
    return next(step for step in plan["steps"] if step["step"] == name)


async def test_the_plan_shows_steps_with_what_is_open(state: State) -> None:
    text = (await close(state, "plan")).out
    assert "Closing of 2018: what each step has to do" in text
    assert "2018 pays until 2019-01-20: C04, C06, C07 and C15 are executed after it." in text
    plan = (await close(state, "plan", "--json")).json()
    assert sorted(step["step"] for step in plan["steps"]) == list(Step)
    assert find_step(plan, "C04")["sums"]["carried"] == [
        {
            "kind": "request_carry",
            "programme": "0177",
            "lines": 2,
            "cents": 19_000,
            "accountant": "",
            "account": "",
            "follower": "",
        }
    ]


async def test_a_step_is_tried_executed_and_executed_again(state: State) -> None:
    tried = (await close(state, "execute", "C06", *AT, "--dry-run")).out
    assert "Dry run: nothing is stored." in tried
    assert await read_carries(state) == []
    executed = (await close(state, "execute", "C06", *AT)).out
    assert "Carried into 2019: 5 lines, 237.00 euros, as submission" in executed
    again = (await close(state, "execute", "C06", *AT)).out
    assert again == "Nothing of 2018 is left for this step to carry.\n"


async def test_refused_lines_are_counted_with_the_command_that_lists_them(state: State) -> None:
    """The commitments may go on alone, but nothing of the requests while the programme lacks credits.

    From 1 January on nobody takes these credits away any more, as the unpaid requests come first.
    """
    credit_return = {
        "exercise": 2018,
        "budget_year": 2019,
        "date": "2018-12-20",
        "kind": "credit_return_cp",
        "commitment_item": "HT2",
    }
    credit_return |= {"reference": "RC-1", "fund_centre": "0177-D013-DD13", "amount": "99999950.00"}
    await state.submit_accepted([credit_return])
    refused = await close(state, "execute", "C04", *AT, code=1)
    assert "CP_EXCEEDED" in refused.out
    assert "report refusals --submission" in refused.out


async def test_openings_are_tried_executed_and_executed_again(state: State) -> None:
    """Classes 6 and 7 are not opened, so each output names the account that they stand against, beside their sum."""
    tried = (await close(state, "execute", "C14", *AT, "--dry-run")).out
    assert "What openings leave on the technical account" in tried
    assert "8900009999" in tried
    plan = (await close(state, "plan", "--json")).json()
    assert find_step(plan, "C14")["sums"]["differences"] == [
        {
            "accountant": "PACA",
            "account": "8900009999",
            "cents": 30_900,
            "result_cents": 30_900,
            "earlier_cents": 0,
        }
    ]
    executed = (await close(state, "execute", "C14", *AT)).out
    assert "Opened in 2019: 4 lines, 618.00 euros, as submission" in executed
    again = (await close(state, "execute", "C14", *AT)).out
    assert again.endswith("Nothing of 2018 is left for this step to open.\n")


async def test_a_step_too_early_says_from_when_on(state: State) -> None:
    result = await close(state, "execute", "C06", "--at", "2018-12-31T10:00", code=1)
    assert "2018 still pays until 2019-01-20" in result.out


async def test_wrong_words_are_explained(state: State) -> None:
    result = await close(state, "execute", "C99", *AT, code=2)
    assert "there is no step C99; crescendo close plan lists all: C01, C02, C03" in result.err
    place = {"CRESCENDO_DATABASE": state.dsn, "CRESCENDO_REFERENCE": str(state.reference)}
    unknown = await run_crescendo("close", "plan", "--year", "2031", environment=place)
    assert unknown.code == 2
    assert "the calendar has no exercise 2031" in unknown.err


async def test_a_step_of_two_persons_is_prepared_and_shown(state: State) -> None:
    """Where the directory knows nobody yet, one person executes it."""
    alone = await close(state, "prepare", "C14", *AT, code=1)
    assert "the directory knows nobody, so one person executes the step" in alone.out
    other = await close(state, "prepare", "C06", *AT, code=1)
    assert "one person executes C06: no other prepares it" in other.out
    await add_accountants(state.dsn)
    prepared = (await close(state, "prepare", "C14", *AT)).out
    assert "Preparation 1: another person confirms it by crescendo close execute C14 --year 2018." in prepared
    assert (await close(state, "prepare", "C14", *AT, "--json")).json()["preparation"] == 2
    assert "nobody yet" in (await close(state, "plan")).out
    own = await close(state, "execute", "C14", *AT, code=1)
    assert "prepared it: another person executes it" in own.out


async def test_a_step_is_shown_with_its_executions(state: State) -> None:
    """What it would find now stands below what its last execution found."""
    before = (await close(state, "show", "C02", *AT)).out
    assert "It is not begun." in before
    assert "It needs what is not proven yet: C01." in before
    executed = (await close(state, "execute", "C02", *AT)).out
    assert "C02 of 2018 is proven." in executed
    assert "transfers in transit 5126410000" in executed
    after = (await close(state, "show", "C02", *AT)).out
    assert "It is proven." in after
    assert "Executions of C02" in after
    display = (await close(state, "show", "C02", *AT, "--json")).json()
    assert [row["state"] for row in display["executions"]] == ["proven"]


async def test_a_proof_is_withdrawn_by_command(state: State) -> None:
    words = ("reverse", "C10", "--as", "chloe", "--reason", "too early")
    early = await close(state, *words, code=1)
    assert "Nothing is reversed: C10 of 2018 is not begun: there is no proof to withdraw" in early.out
    await close(state, "execute", "C10", *AT)
    assert (
        "The proof of C10 of 2018 is withdrawn; C11, C12 wait for it again."
        in (await close(state, *words)).out
    )
    carry = await close(state, "reverse", "C06", "--as", "chloe", "--reason", "wrong", code=1)
    assert "C06 cannot be reversed: the engine has no act that undoes a commitment_carry" in carry.out
    display = (await close(state, "show", "C10", *AT)).out
    assert "withdrawn" in display


async def test_a_year_is_not_locked_before_its_result(state: State) -> None:
    result = await close(state, "lock", code=1)
    assert "C13 needs C12, which is not proven: crescendo close show C12 --year 2018" in result.out
    early = await close(state, "execute", "C12", *AT, code=1)
    assert "C12 needs C08, which is not proven: crescendo close show C08 --year 2018" in early.out
    await close(state, "execute", "C08", *AT)
    executed = (await close(state, "execute", "C12", *AT)).out
    assert "Brought to the result of 2018: 4 lines, 1,236.00 euros" in executed
    again = (await close(state, "execute", "C12", *AT)).out
    assert again == "Nothing of 2018 is left for this step to bring to the result.\n"
    assert "C11 of 2018 is proven" in (await close(state, "execute", "C11", *AT)).out
    state.reference.joinpath("2019", "settlement_act.csv").unlink(missing_ok=True)
    early = await close(state, "execute", "C16", *AT, code=1)
    assert "no settlement act is named: add settlement_act.csv of 2019" in early.out
