"""No run pays to bank details that are new until a person restores the line by name; a plain model says which are new."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from core.catalog import KIND_NUMBERS
from core.payment_rules import TIME_ZONE
from core.person_decisions import StatedPerson
from reporting.verification import verify
from settlement.runs import run_edits, run_queries, run_status
from settlement.runs.exclusions import Exclusion
from settlement.runs.run_queries import NoSuchRun
from settlement.runs.run_status import LineSelection
from tests.accountants import CHANGE_FIELDS, add_accountants
from tests.databases import open_connection
from tests.reporting.remade_hashes import remake_hashes
from tests.settlement.runs.small_state import AT, SmallState, iban

NEW_DAYS = 10


@pytest.fixture
async def state(dsn: str, tmp_path: Path) -> SmallState:
    await add_accountants(dsn)
    state = await SmallState(dsn, tmp_path).open()
    await move_last_batch(state, 300)
    state.change_rules(new_days=NEW_DAYS)
    return state


async def move_last_batch(state: SmallState, days: int) -> None:
    """Let the last batch be committed so many days before today, at this time in Paris."""
    at = datetime.now(ZoneInfo(TIME_ZONE)) - timedelta(days=days)
    await state.forge(
        f"update batch set committed_at = '{at.isoformat()}' where batch = (select max(batch) from batch)"
    )


async def register(state: SmallState, payee: str, number: int, *, days: int) -> None:
    await state.register_payees({"payee": payee, "iban": iban(number)})
    await move_last_batch(state, days)


async def change(state: SmallState, payee: str, number: int, *, days: int, **fields: str) -> None:
    details = {"kind": "bank_details", "payee": payee, "payee_name": "Entreprise", "iban": iban(number)}
    await state.post(
        [details | CHANGE_FIELDS | {"reference": f"RIB-{payee}-{number}"} | fields], "accountant"
    )
    await move_last_batch(state, days)


async def load_reasons(state: SmallState, run: int) -> list[str]:
    return [Exclusion(line["left_out"]).name for line in await state.load_lines(run)]


@pytest.mark.parametrize(("days", "reason"), [(0, "NEW_BANK_DETAILS"), (9, "NEW_BANK_DETAILS"), (10, "NONE")])
async def test_new_details_are_left_out_for_the_stated_days(
    state: SmallState, days: int, reason: str
) -> None:
    await register(state, "P1", 1, days=days)
    await state.post_requests({"reference": "DP-1", "payee": "P1", "amount": "1"})
    assert await load_reasons(state, await state.propose()) == [reason]


@pytest.mark.parametrize("at", [AT, AT.replace(year=2018, month=12)])
async def test_neither_the_date_of_the_change_nor_the_moment_of_the_run_counts(
    state: SmallState, at: datetime
) -> None:
    """The change states a day long ago, and the run a later day: the clock of the database counts alone."""
    await register(state, "P1", 1, days=300)
    await change(state, "P1", 2, days=0, date="2018-04-02")
    await state.post_requests({"reference": "DP-1", "payee": "P1", "amount": "1"})
    assert await load_reasons(state, await state.propose(until="2018-12-31", at=at)) == ["NEW_BANK_DETAILS"]


async def test_a_person_restores_the_line_by_name_and_another_releases_the_run(state: SmallState) -> None:
    await register(state, "P1", 1, days=0)
    await state.post_requests({"reference": "DP-1", "payee": "P1", "amount": "1"})
    run = await state.propose(by="Alice")
    async with run_queries.open_connection(state.dsn) as connection:
        (line,) = (await run_status.describe_run(connection, run, LineSelection(1)))["shown"]
    today = datetime.now(ZoneInfo(TIME_ZONE)).date()
    assert (line["standing"], line["details_since"]) == ("NEW_BANK_DETAILS", str(today))
    with pytest.raises(NoSuchRun, match="pays nothing"):
        await state.release(run, by="Bruno")
    with pytest.raises(NoSuchRun, match="is restored with a reason: its bank details are new"):
        await state.edit(run, "unhold", 1, by="Claire", reason="")
    await state.edit(run, "unhold", 1, by="Claire", reason="called back 01 02 03 04 05")
    edits = await state.fetch_rows("select what, line, reason, by from payment_edit")
    assert [tuple(edit.values()) for edit in edits] == [("unhold", 1, "called back 01 02 03 04 05", "Claire")]
    with pytest.raises(NoSuchRun, match="another person must"):
        await state.release(run, by="Claire")
    assert await state.release(run, by="Bruno") == (1, 100)
    assert [file["transactions"] for file in await state.issue(run)] == [1]


@pytest.mark.parametrize("code", ["chloe", "david"])
async def test_who_changed_the_details_restores_no_line(state: SmallState, code: str) -> None:
    await register(state, "P1", 1, days=20)
    await change(state, "P1", 2, days=0)
    await state.post_requests({"reference": "DP-1", "payee": "P1", "amount": "1"})
    run = await state.propose()
    with pytest.raises(NoSuchRun, match=f"by another person: {code} changed its bank details"):
        await state.edit(run, "unhold", 1, by=code)
    await state.edit(run, "unhold", 1, by="Claire")
    assert await state.release(run) == (1, 100)
    await state.issue(run)
    assert await list_findings(state) == []
    await state.forge(f"update payment_edit set by = '{code}'")
    assert await list_findings(state) == ["run 1, line 1"]


async def test_a_line_that_is_restored_and_withheld_again_is_not_paid(state: SmallState) -> None:
    await register(state, "P1", 1, days=0)
    await state.post_requests({"reference": "DP-1", "payee": "P1", "amount": "1"})
    run = await state.propose()
    await state.edit(run, "unhold", 1)
    await state.edit(run, "hold", 1)
    with pytest.raises(NoSuchRun, match="pays nothing"):
        await state.release(run)


async def test_another_reason_comes_first_as_nobody_may_overrule_it(state: SmallState) -> None:
    await register(state, "P1", 1, days=0)
    await state.post_requests({"reference": "DP-1", "payee": "P1", "amount": "1", "method": "cash"})
    run = await state.propose()
    assert await load_reasons(state, run) == ["METHOD"]
    with pytest.raises(NoSuchRun, match="by other means"):
        await state.edit(run, "unhold", 1)


async def test_a_transfer_that_is_sent_again_to_new_details_is_left_out(state: SmallState) -> None:
    await register(state, "P1", 1, days=20)
    await state.post_requests({"reference": "DP-1", "payee": "P1", "amount": "1"})
    first = await state.propose()
    await state.release(first)
    await state.issue(first)
    await state.return_transfer("DP-1")
    assert await load_reasons(state, await state.propose()) == ["RETURNED"]
    await change(state, "P1", 2, days=0)
    run = await state.propose()
    (line,) = await state.load_lines(run)
    assert (line["left_out"], line["kind"]) == (Exclusion.NEW_BANK_DETAILS, KIND_NUMBERS["reissue"])
    await state.edit(run, "unhold", 1)
    await state.release(run)
    assert [file["transactions"] for file in await state.issue(run)] == [1]


async def test_details_that_change_between_proposal_and_issue_are_not_paid(state: SmallState) -> None:
    """The line names the account that was approved: another one is refused, and new to the next run."""
    await register(state, "P1", 1, days=20)
    await state.post_requests({"reference": "DP-1", "payee": "P1", "amount": "1"})
    run = await state.propose()
    await change(state, "P1", 2, days=0)
    await state.release(run)
    assert await state.issue(run) == []
    (refusal,) = await state.fetch_rows("select paid, refused from payment_end")
    assert (refusal["paid"], refusal["refused"]) == (0, 1)
    assert await load_reasons(state, await state.propose()) == ["NEW_BANK_DETAILS"]


async def test_details_that_change_there_and_back_are_paid_to_the_approved_account(state: SmallState) -> None:
    await register(state, "P1", 1, days=20)
    await state.post_requests(
        {"reference": "DP-1", "payee": "P1", "amount": "1"},
        {"reference": "DP-2", "payee": "P1", "amount": "2", "due": "2018-09-30"},
    )
    run = await state.propose()
    await change(state, "P1", 2, days=0)
    await change(state, "P1", 1, days=0)
    await state.release(run)
    assert [file["cents"] for file in await state.issue(run)] == [100]
    assert await load_reasons(state, await state.propose(until="2018-09-30")) == ["NEW_BANK_DETAILS"]


async def list_findings(state: SmallState) -> list[str]:
    """Return the places that the check names, with all hashes made again."""
    async with open_connection(state.dsn) as connection:
        await connection.execute("set session_replication_role = replica")
        await remake_hashes(connection)
    verification = await verify(state.dsn, folder=state.reference)
    assert {finding.check for finding in verification.findings} <= {"run_details", "proved_persons"}
    return [finding.place for finding in verification.findings if finding.check == "run_details"]


MOVED = (
    "update batch set committed_at = now() - interval '{days} days' where batch = (select batch - 1 from batch b"
    " where first_entry = (select entry_id from entry where reference = 'DP-1'))"
)
"""Moves the batch before that of the request, which registered its payee."""


async def test_a_payment_to_new_details_is_found(state: SmallState) -> None:
    """The details are paid after twenty days; the breach moves the batch that changed them to nine days before."""
    await register(state, "P1", 1, days=20)
    await state.post_requests({"reference": "DP-1", "payee": "P1", "amount": "1"})
    run = await state.propose()
    await state.release(run)
    await state.issue(run)
    assert await list_findings(state) == []
    await state.forge(MOVED.format(days=9))
    assert await list_findings(state) == ["run 1, line 1"]
    await state.forge(MOVED.format(days=10))
    assert await list_findings(state) == []


@pytest.mark.parametrize("new_days", [0, 30])
async def test_a_run_is_judged_by_the_rules_of_its_time(state: SmallState, new_days: int) -> None:
    """Details of twenty days were not new to the run, and those of nine days were, whatever the rules say since.

    A run from before the number was stored is judged by the rules of today.
    """
    await register(state, "P1", 1, days=20)
    await state.post_requests({"reference": "DP-1", "payee": "P1", "amount": "1"})
    await state.propose()
    state.change_rules(new_days=new_days)
    assert await list_findings(state) == []
    await state.forge(MOVED.format(days=9))
    assert await list_findings(state) == ["run 1, line 1"]
    await state.forge("update payment_run set new_days = null, rules_hash = null")
    assert await list_findings(state) == ([] if new_days == 0 else ["run 1, line 1"])


async def test_a_run_states_what_the_rules_of_today_say(state: SmallState) -> None:
    """As long as the file is the same one: a smaller number would let payments to new details pass."""
    await register(state, "P1", 1, days=9)
    await state.post_requests({"reference": "DP-1", "payee": "P1", "amount": "1"})
    await state.propose()
    assert await list_findings(state) == []
    await state.forge("update payment_run set new_days = 3")
    assert await list_findings(state) == ["run 1"]
    state.change_rules(new_days=20)
    assert await list_findings(state) == []


async def test_a_restored_line_that_loses_its_edit_is_found(state: SmallState) -> None:
    await register(state, "P1", 1, days=0)
    await state.post_requests({"reference": "DP-1", "payee": "P1", "amount": "1"})
    run = await state.propose()
    await state.edit(run, "unhold", 1)
    await state.release(run)
    await state.issue(run)
    assert await list_findings(state) == []
    await state.forge("delete from payment_edit")
    verification = await verify(state.dsn, folder=state.reference)
    assert {"run_released", "run_payments"} <= {finding.check for finding in verification.findings}


class Line(NamedTuple):
    """A line of a run: its payee, the account that it names, and whether that was new to the run."""

    payee: str
    account: int
    is_new: bool


class Model:
    """Payees with their accounts, and requests that are not paid, in plain dictionaries."""

    def __init__(self, new_days: int) -> None:
        self._new_days = new_days
        self.accounts: dict[str, tuple[int, int]] = {}
        """By payee the number of the account, and how many days ago it came."""
        self.requests: dict[str, str] = {}
        """By reference the payee of each request that is not paid."""

    def propose(self) -> dict[str, Line]:
        """Return the lines of a run by the reference of their request."""
        lines = {}
        for reference, payee in self.requests.items():
            account, days = self.accounts[payee]
            lines[reference] = Line(payee, account, days < self._new_days)
        return lines

    def issue(self, lines: dict[str, Line], restored: set[str]) -> list[str]:
        """Pay the lines that are not new or were restored, and whose payee still has the account; return them."""
        paid = [
            reference
            for reference, line in lines.items()
            if (not line.is_new or reference in restored) and self.accounts[line.payee][0] == line.account
        ]
        for reference in paid:
            del self.requests[reference]
        return paid


class Walk:
    """Random changes of accounts, requests and runs; the batches of each round are moved to one earlier day."""

    def __init__(self, state: SmallState, model: Model, rng: random.Random) -> None:
        self._state, self._model, self._rng = state, model, rng
        self._numbers = count(1)

    async def register(self, payees: Sequence[str], days: int) -> None:
        for payee in payees:
            account = next(self._numbers)
            await register(self._state, payee, account, days=days)
            self._model.accounts[payee] = (account, days)

    async def change_some(self, days: int) -> None:
        """Change some accounts, at times to the one that is in force already."""
        for payee in self._rng.sample(sorted(self._model.accounts), self._rng.randint(0, 2)):
            number = next(self._numbers)
            account = self._rng.choice((number, self._model.accounts[payee][0]))
            await change(self._state, payee, account, days=days, reference=f"RIB-{number}")
            self._model.accounts[payee] = (account, days)

    async def request_some(self, days: int) -> None:
        payees = self._rng.choices(sorted(self._model.accounts), k=3)
        requests = {f"DP-{next(self._numbers)}": payee for payee in payees}
        await self._state.post_requests(
            *(
                {"reference": reference, "payee": payee, "amount": "1"}
                for reference, payee in requests.items()
            )
        )
        await move_last_batch(self._state, days)
        self._model.requests |= requests

    async def pay(self, days: int) -> None:
        """Propose a run, restore some lines, change accounts meanwhile, and issue it."""
        expected, run = self._model.propose(), await self._state.propose()
        numbers = await self._compare_lines(run, expected)
        new = [reference for reference, line in expected.items() if line.is_new]
        restored = set(self._rng.sample(new, self._rng.randint(0, len(new))))
        if restored:
            await self._state.edit(run, "unhold", *(numbers[reference] for reference in restored))
        if len(new) - len(restored) == len(expected):
            await self._abandon(run)
            return
        await self.change_some(days)
        await self._state.release(run)
        await self._state.issue(run)
        await move_last_batch(self._state, days)
        paid = await self._state.fetch_rows(
            "select r.reference from entry p join entry r on r.entry_id = p.predecessor"
            " where p.submission = (select submission from payment_end where run = $1)",
            run,
        )
        assert sorted(row["reference"] for row in paid) == sorted(self._model.issue(expected, restored))

    async def _compare_lines(self, run: int, expected: dict[str, Line]) -> dict[str, int]:
        """Compare the reasons of a run with the model; return the number of each line by its reference."""
        entries = await self._state.fetch_rows("select entry_id, reference from entry")
        references = {entry["entry_id"]: entry["reference"] for entry in entries}
        lines = {references[line["entry_id"]]: line for line in await self._state.load_lines(run)}
        reasons = {True: Exclusion.NEW_BANK_DETAILS, False: Exclusion.NONE}
        assert {reference: line["left_out"] for reference, line in lines.items()} == {
            reference: reasons[line.is_new] for reference, line in expected.items()
        }
        return {reference: line["line"] for reference, line in lines.items()}

    async def _abandon(self, run: int) -> None:
        async with run_queries.open_connection(self._state.dsn) as connection:
            await run_edits.abandon_run(
                connection, run, "pays nothing", by=StatedPerson("Alice", user="Alice")
            )


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
async def test_a_walk_of_changes_and_runs_pays_as_the_plain_model(
    dsn: str, tmp_path: Path, seed: int
) -> None:
    """The accounts of a round came so many days ago, fewer from round to round; each run is proposed today."""
    rng, state = random.Random(seed), await SmallState(dsn, tmp_path).open()
    await move_last_batch(state, 300)
    model = Model(new_days := rng.choice((1, 4, 10)))
    state.change_rules(new_days=new_days)
    walk = Walk(state, model, rng)
    await walk.register([f"P{at}" for at in range(4)], days=20)
    for days in sorted((rng.randint(0, 12) for _ in range(4)), reverse=True):
        await walk.change_some(days)
        await walk.request_some(days)
        await walk.pay(days)
    assert await list_findings(state) == []
