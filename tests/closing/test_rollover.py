"""The rollover of a small State: what is open goes on under its own references, once, and everything else stays."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from closing.carry_acts import RenamedAct
from closing.steps import Step
from core.roles import Role
from reporting import code_labels
from reporting.code_names import read_names
from reporting.commitments import load_outstanding_commitments
from reporting.report_queries import fetch
from reporting.visibility import Visibility
from service.auth.access_queries import Grant, create_key
from service.database import command_queries
from service.database.embedded_server import Database
from service.engine import closing_plan, engine_context
from service.terminal.processing_progress import ProgressLines
from tests.closing.closing_state import (
    CARRIED_ON,
    LINES,
    YEAR,
    build_next_credits,
    execute,
    open_year_end,
    read_carries,
)
from tests.databases import open_connection
from tests.reference_years import copy_year, remove_lines, replace_text
from tests.service.small_state import UNITS, State, build_payee_code

STEPS = [Step.COMMITMENTS, Step.REQUESTS]


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with open_year_end(database, tmp_path / "state") as small_state:
        yield small_state


async def test_what_is_open_goes_on_under_its_own_references(state: State) -> None:
    for step in STEPS:
        result = await execute(state, step)
        assert result.posted is not None
        assert result.posted.reasons == []
    assert await read_carries(state) == [
        ("commitment_carry", "EJ-1", 2019, 12_000),
        ("commitment_carry", "EJ-2", 2019, 0),
        ("commitment_carry", "EJ-2", 2019, 700),
        ("service_carry", "SF-2", 2019, 6_000),
        ("service_carry", "SF-3", 2019, 5_000),
        ("request_carry", "DP-1", 2019, 12_000),
        ("request_carry", "DP-2", 2019, 7_000),
    ]
    assert (await state.verify()).findings == []


async def test_a_guarantee_goes_on_and_is_released_and_paid_in_the_next_year(state: State) -> None:
    """It is carried with the requests of the year; what of it was released before goes on as a request."""
    common = {"exercise": YEAR, "date": "2018-06-02"}
    place = {"fund_centre": UNITS[0][0], "functional_area": UNITS[0][1], "commitment_item": "31"}
    request = {"reference": "DP-9", "predecessor": "EJ-9", "amount": "60.00", "payee": build_payee_code(1)}
    await state.submit_accepted(
        [
            {"kind": "commitment", "reference": "EJ-9", "amount": "60.00", **common, **place},
            {"kind": "service", "reference": "SF-9", "predecessor": "EJ-9", "amount": "60.00", **common},
            {"kind": "payment_request", **request, **common},
        ]
    )
    async with open_connection(state.dsn) as connection:
        rights = frozenset({Role.ASSIGNED_ACCOUNTANT})
        await create_key(connection, Grant("accountant", rights, frozenset(), "", None))
    named = {"predecessor_sender": "ministry", **common}
    retention = {"kind": "retention", "reference": "RG-9", "predecessor": "DP-9", "amount": "3.00", **named}
    await state.submit_accepted([retention], "accountant")
    named["predecessor_sender"] = "accountant"
    release = {"kind": "retention_release", "reference": "LG-9", "predecessor": "RG-9", "amount": "1.00"}
    await state.submit_accepted([release | named])
    for step in STEPS:
        result = await execute(state, step)
        assert result.posted is not None
        assert result.posted.reasons == []
    carries = await read_carries(state)
    assert [row for row in carries if row[1].endswith("G-9")] == [
        ("request_carry", "LG-9", 2019, 100),
        ("retention_carry", "RG-9", 2019, 200),
    ]
    rest = {
        **release,
        **named,
        "reference": "LG-10",
        "amount": "2.00",
        "exercise": 2019,
        "date": "2019-02-01",
    }
    await state.submit_accepted([rest])
    assert (await state.verify()).findings == []


async def test_the_open_lines_of_an_act_go_on_as_one_act(state: State) -> None:
    """Of three lines the second is rejected: the others are lines 1 and 2 of what goes on."""
    place = {"fund_centre": UNITS[0][0], "functional_area": UNITS[0][1], "commitment_item": "31"}
    request = {"kind": "direct_payment_request", "reference": "DP-7", "exercise": YEAR, "date": "2018-06-01"}
    request |= {"payee": build_payee_code(1), **place}
    await state.submit_accepted([{**request, "line": line, "amount": f"{line}.00"} for line in (1, 2, 3)])
    rejection = {"kind": "payment_request_rejection", "reference": "RJ-7", "exercise": YEAR}
    rejection |= {"date": "2018-06-02", "predecessor": "DP-7#2", "amount": "2.00"}
    await state.submit_accepted([rejection])
    result = await execute(state, Step.REQUESTS)
    assert result.posted is not None
    assert result.posted.reasons == []
    carries = await read_carries(state)
    assert [row[2:] for row in carries if row[1] == "DP-7"] == [(2019, 100), (2019, 300)]


async def test_references_that_the_ministry_uses_again_keep_nothing_from_going_on(state: State) -> None:
    """The numbers of its commitments, services and requests begin again in January: the carries have names of their own."""
    place = {"fund_centre": UNITS[0][0], "functional_area": UNITS[0][1], "commitment_item": "31"}
    common = {"exercise": 2019, "date": "2019-01-03"}
    payee = {"payee": build_payee_code(1)}
    await state.submit_accepted(
        [
            {"kind": "commitment", "reference": "EJ-1", "amount": "10.00", **common, **place},
            {"kind": "service", "reference": "SF-2", "amount": "10.00", "predecessor": "EJ-1", **common},
            {
                "kind": "direct_payment_request",
                "reference": "DP-2",
                "amount": "1.00",
                **common,
                **place,
                **payee,
            },
        ]
    )
    renamed: list[RenamedAct] = []
    for step in STEPS:
        result = await execute(state, step)
        assert result.posted is not None
        assert result.posted.reasons == []
        renamed += result.renamed.first
        assert result.renamed.count == len(result.renamed.first)
    entries = {
        row["reference"]: row["entry_id"]
        for row in await state.fetch(
            "select reference, min(entry_id) as entry_id from entry group by reference"
        )
    }
    carries = {row[1] for row in await read_carries(state)}
    assert {"EJ-2", "SF-3", "DP-1"} < carries
    assert {name.split(".")[1] for name in carries if name.startswith("2018.")} == {
        str(entries[reference]) for reference in ("EJ-1", "SF-2", "DP-2")
    }
    assert [act.reference for act in renamed] == ["EJ-1", "SF-2", "DP-2"]
    assert {act.new_reference for act in renamed} < carries
    assert (await state.verify()).findings == []


async def test_a_request_whose_carry_was_rejected_is_named_and_stays(state: State) -> None:
    await execute(state, Step.REQUESTS)
    rejection = {"kind": "payment_request_rejection", "reference": "RJ-1", "predecessor": "DP-2"}
    await state.submit_accepted([{**rejection, "exercise": 2019, "date": "2019-02-01", "amount": "70.00"}])
    result = await execute(state, Step.REQUESTS, "2019-02-02")
    assert result.sums is not None
    assert result.posted is None
    assert [(row.kind, row.lines, row.cents) for row in result.sums.blocked] == [("request_carry", 1, 7_000)]
    (request,) = await state.fetch("select min(entry_id) as entry_id from entry where reference = 'DP-2'")
    assert result.sums.blocked[0].first_entry == request["entry_id"]
    assert "reject the request too" in result.sums.blocked[0].obstacle


async def test_a_reversed_line_of_a_commitment_stays(state: State) -> None:
    common = {"exercise": YEAR, "date": "2018-06-02"}
    reversal = {
        "kind": "commitment_reversal",
        "reference": "EX-1",
        "predecessor": "EJ-2#2",
        "amount": "7.00",
        **common,
    }
    await state.submit_accepted([reversal])
    result = await execute(state, Step.COMMITMENTS)
    assert result.posted is not None
    assert result.posted.reasons == []
    assert [row[2:] for row in await read_carries(state) if row[1] == "EJ-2"] == [(2019, 0)]


async def test_the_ministry_goes_on_in_january(state: State) -> None:
    for step in STEPS:
        await execute(state, step)
    common = {"exercise": 2019, "date": "2019-02-01"}
    request = {**common, "kind": "payment_request", "payee": build_payee_code(1), "predecessor": "EJ-1"}
    rows = [
        {**request, "reference": "DP-9", "amount": "60.00"},
        {**common, "reference": "SF-9", "kind": "service", "predecessor": "EJ-1", "amount": "120.00"},
        {**common, "reference": "SF-8", "kind": "service", "predecessor": "EJ-2#2", "amount": "7.00"},
        {**request, "reference": "DP-8", "amount": "50.00", "predecessor": "EJ-2"},
        {
            **common,
            "reference": "AS-1",
            "kind": "service_cancellation",
            "predecessor": "SF-9",
            "amount": "1.00",
        },
    ]
    await state.submit_accepted(rows)
    assert (await state.verify()).findings == []


async def test_a_further_execution_adds_nothing(state: State) -> None:
    for step in STEPS:
        await execute(state, step)
    carried = await read_carries(state)
    for step in STEPS:
        result = await execute(state, step, "2019-01-22")
        assert (result.posted, result.waits) == (None, "")
        assert result.sums is not None
        assert (result.sums.lines, result.sums.done) == (0, LINES[step])
    assert await read_carries(state) == carried


async def test_a_dry_run_says_what_would_go_on_and_stores_nothing(state: State) -> None:
    result = await execute(state, Step.COMMITMENTS, is_dry_run=True)
    assert result.sums is not None
    assert [(row.kind, row.programme, row.lines, row.cents) for row in result.sums.carried] == [
        ("commitment_carry", "0177", 3, 12_700),
        ("service_carry", "0177", 2, 11_000),
    ]
    assert await read_carries(state) == []


@pytest.mark.parametrize(
    ("day", "text"),
    [
        ("2019-01-20", "2018 still pays until 2019-01-20"),
        ("2019-04-02", "2019-04-02 is not in an open period of 2019"),
        ("2020-01-21", "2020-01-21 is not in an open period of 2019"),
    ],
)
async def test_a_step_waits_for_its_day(state: State, day: str, text: str) -> None:
    for is_dry_run in (False, True):
        assert text in (await execute(state, Step.COMMITMENTS, day, is_dry_run=is_dry_run)).waits
    assert await read_carries(state) == []


async def test_requests_wait_for_payment_runs_that_may_pay_them(state: State) -> None:
    run = await state.propose_run(
        until=date.fromisoformat("2018-12-31"), day=date.fromisoformat("2018-12-28")
    )
    assert f"payment run {run} is proposed" in (await execute(state, Step.REQUESTS)).waits
    assert (await execute(state, Step.COMMITMENTS)).waits == ""


async def test_what_lacks_credits_waits_and_goes_on_once_they_are_there(
    database: Database, tmp_path: Path
) -> None:
    async with open_year_end(database, tmp_path / "state", has_credits=False) as state:
        refused = (await execute(state, Step.REQUESTS)).posted
        assert refused is not None
        assert {row.code: row.lines for row in refused.reasons} == {"CP_EXCEEDED": 1, "AE_EXCEEDED": 1}
        await state.submit_accepted(build_next_credits())
        carried = (await execute(state, Step.REQUESTS, "2019-01-22")).posted
        assert carried is not None
        assert carried.reasons == []
        assert [row[:2] for row in await read_carries(state)] == [
            ("request_carry", "DP-1"),
            ("request_carry", "DP-2"),
        ]


async def test_an_assignment_without_a_successor_is_named_and_waits(state: State) -> None:
    """The unit of all acts is suppressed in 2019: nothing can go on, and the reason names it."""
    unit = UNITS[0][0]
    copy_year(state.reference)
    remove_lines(state.reference, "2019/centres.csv", unit)
    result = await execute(state, Step.COMMITMENTS)
    assert result.sums is not None
    assert {row.obstacle for row in result.sums.blocked} == {f"fund centre {unit} does not exist in 2019"}
    assert (result.sums.lines, result.posted) == (0, None)
    assert await read_carries(state) == []


async def test_a_debt_is_not_carried_to_another_accountant(state: State) -> None:
    """A carry posts nothing: it would leave the debt in the books of the accountant of the year before."""
    copy_year(state.reference)
    replace_text(state.reference, "2019/assigned.csv", "0177-D013,PACA", "0177-D013,ECOL")
    result = await execute(state, Step.REQUESTS)
    assert result.sums is not None
    assert {row.obstacle for row in result.sums.blocked} == {
        "fund centre 0177-D013-DD13 has the accountant ECOL in 2019, and PACA before"
    }
    assert await read_carries(state) == []


async def test_a_year_that_the_calendar_lacks_is_refused(state: State) -> None:
    plan = await closing_plan.load_plan(
        state.dsn, engine_context.load_reference(state.settings), 2019, reporter=ProgressLines()
    )
    assert isinstance(plan, str)
    assert "no exercise 2020" in plan


async def test_the_plan_counts_what_is_open_and_what_is_done(state: State) -> None:
    others = [("C04", 2, 0), ("C07", 0, 0), ("C14", 4, 0), ("C12", 4, 0), ("C15", 0, 0), ("C16", 0, 0)]
    assert await _read_plan(state) == [("C06", 5, 0), *others]
    await execute(state, Step.COMMITMENTS, CARRIED_ON)
    assert await _read_plan(state) == [("C06", 0, 5), *others]


async def _read_plan(state: State) -> list[tuple[str, int, int]]:
    reference = engine_context.load_reference(state.settings)
    plan = await closing_plan.load_plan(state.dsn, reference, YEAR, reporter=ProgressLines())
    assert not isinstance(plan, str)
    return [(step.step.value, step.sums.lines, step.sums.done) for step in plan.steps if step.sums]


async def test_a_ministry_that_sees_its_own_acts_alone_sees_what_was_carried(state: State) -> None:
    await execute(state, Step.COMMITMENTS)
    for sender, years in (("ministry", [2018, 2019]), ("other-ministry", [])):
        async with command_queries.connect(state.dsn) as connection:
            names = await read_names(connection, code_labels.load(state.reference))
            outstanding = await load_outstanding_commitments(connection, names, visibility=Visibility(sender))
            rows = await fetch(connection, "entries_by_reference", "EJ-1", sender, None, None, 2019, 0, 9)
        assert [centre.year for centre in outstanding.centres] == years
        assert len(rows) == len(years) // 2
