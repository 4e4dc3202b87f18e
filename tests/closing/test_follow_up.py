"""The follow-up of commitments on a small State, before and after its commitments are carried; all added up by hand."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from closing.steps import Step
from reporting import code_labels, follow_up, report_queries
from reporting.code_names import read_names
from reporting.commitments import load_outstanding_commitments
from reporting.follow_up import FollowUp
from reporting.report_catalog import REPORTS
from reporting.report_definition import PageRange, ReportArguments
from service.database import command_queries
from service.database.embedded_server import Database
from tests.closing.closing_state import YEAR, execute, open_year_end
from tests.service.small_state import UNITS, State

MEASURES = (
    "engaged",
    "carried_in",
    "carried_out",
    "received",
    "certified",
    "prerecorded",
    "invoiced",
    "paid",
    "remaining",
)
(REPORT,) = [report for report in REPORTS if report.name == "follow-up"]


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    """Open the State: 366.00 are engaged, 239.00 certified, 129.00 requested for it, 9.00 paid."""
    async with open_year_end(database, tmp_path / "state") as small_state:
        yield small_state


async def load(state: State, page: PageRange | None = None, **values: Any) -> FollowUp:
    arguments = ReportArguments({**REPORT.default_values, **values}, page=page)
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        return await follow_up.load_follow_up(connection, names, arguments)


def list_measures(result: FollowUp) -> dict[tuple[int, str, int], tuple[int, ...]]:
    return {
        (line.year, line.reference, line.position): tuple(getattr(line, f"{name}_cents") for name in MEASURES)
        for line in result.lines
    }


async def test_an_amount_is_in_one_stage_of_its_commitment(state: State) -> None:
    result = await load(state)
    assert list_measures(result) == {
        (YEAR, "EJ-1", 1): (30_000, 0, 0, 18_000, 6_000, 0, 12_000, 0, 30_000),
        (YEAR, "EJ-2", 1): (5_000, 0, 0, 5_000, 5_000, 0, 0, 0, 5_000),
        (YEAR, "EJ-2", 2): (700, 0, 0, 0, 0, 0, 0, 0, 700),
        (YEAR, "EJ-3", 1): (900, 0, 0, 900, 0, 0, 0, 900, 0),
    }
    first = result.lines[0]
    assert (first.sender, first.supplier_name != "", first.served_on) == ("ministry", True, "2018-06-01")
    assert result.totals is not None
    (total,) = result.totals
    assert (total.lines, total.engaged_cents, total.paid_cents) == (4, 36_600, 900)


async def test_a_line_has_the_same_place_whatever_the_report_shows(state: State) -> None:
    common = {
        "reference": "EJ-9",
        "kind": "commitment",
        "exercise": YEAR,
        "date": "2018-06-01",
        "amount": "1.00",
    }
    places = [
        {"fund_centre": centre, "functional_area": area, "commitment_item": "31"} for centre, area in UNITS
    ]
    await state.submit_accepted([{**common, "line": line, **place} for line, place in enumerate(places, 1)])
    for result in (await load(state), await load(state, programme=UNITS[1][0][:4])):
        assert ("EJ-9", 2) in {(line.reference, line.position) for line in result.lines}


async def test_carried_acts_of_two_senders_have_places_of_their_own(state: State) -> None:
    place = {"fund_centre": UNITS[0][0], "functional_area": UNITS[0][1], "commitment_item": "31"}
    act = {
        "reference": "EJ-1",
        "kind": "commitment",
        "exercise": YEAR,
        "date": "2018-06-01",
        "amount": "1.00",
    }
    await state.submit_accepted([{**act, **place}], "agency")
    await execute(state, Step.COMMITMENTS)
    carried = [line for line in (await load(state, year=YEAR + 1)).lines if line.reference == "EJ-1"]
    assert {(line.sender, line.position) for line in carried} == {("ministry", 1), ("agency", 1)}


async def test_a_payment_that_the_accountant_suspends_is_pre_recorded(state: State) -> None:
    (request,) = await state.fetch("select entry_id from entry where reference = 'DP-1'")
    suspension = {"reference": "SU-1", "kind": "term_suspension", "exercise": YEAR, "date": "2018-06-03"}
    await state.submit_accepted([{**suspension, "predecessor": f"@{request['entry_id']}"}], "accountant")
    measures = list_measures(await load(state))
    assert measures[YEAR, "EJ-1", 1] == (30_000, 0, 0, 18_000, 6_000, 12_000, 0, 0, 30_000)


@pytest.mark.parametrize("is_carried_first", [False, True])
async def test_what_is_suspended_stays_pre_recorded_in_the_next_year(
    state: State, is_carried_first: bool
) -> None:
    """The request is suspended before it is carried, or its carry is; what is resumed is invoiced again."""
    await execute(state, Step.COMMITMENTS)
    if is_carried_first:
        await execute(state, Step.REQUESTS)
    (row,) = await state.fetch("select max(entry_id) as entry from entry where reference = 'DP-1'")
    day = {"exercise": YEAR + is_carried_first, "date": "2019-01-22" if is_carried_first else "2018-06-03"}
    suspension = {"reference": "SU-1", "kind": "term_suspension", **day, "predecessor": f"@{row['entry']}"}
    await state.submit_accepted([suspension], "accountant")
    if not is_carried_first:
        await execute(state, Step.REQUESTS)
    assert list_measures(await load(state))[YEAR, "EJ-1", 1][5:8] == (12_000, 0, 0)
    (carry,) = await state.fetch("select max(entry_id) as entry from entry where reference = 'DP-1'")
    again = {"reference": "SU-2", "kind": "term_suspension", "exercise": YEAR + 1, "date": "2019-01-23"}
    if not is_carried_first:  # of a suspended request, a suspended part is suspended once
        await state.submit_accepted([again | {"predecessor": f"@{carry['entry']}"}], "accountant")
    assert list_measures(await load(state))[YEAR, "EJ-1", 1][5:8] == (12_000, 0, 0)
    end = {"kind": "term_resumption", "exercise": YEAR + 1, "date": "2019-01-24"}
    for name in ("SU-1",) if is_carried_first else ("SU-1", "SU-2"):
        (row,) = await state.fetch(f"select entry_id from entry where reference = '{name}'")
        act = {"reference": f"RE-{name}", "predecessor": f"@{row['entry_id']}"}
        await state.submit_accepted([end | act], "accountant")
    assert list_measures(await load(state))[YEAR, "EJ-1", 1][5:8] == (0, 12_000, 0)


async def test_a_whole_report_reads_the_journal_once(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_queries, "_ROWS_AT_ONCE", 2)
    statements: list[str] = []
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        with connection.query_logger(lambda record: statements.append(record.query)):
            pages = [
                page
                async for page in follow_up.stream_follow_up(
                    connection, names, ReportArguments(REPORT.default_values)
                )
            ]
        await connection.fetch("select")  # asyncpg calls the logger when the loop is free
    assert [len(page) for page in pages] == [2, 2]
    assert [line for page in pages for line in page] == (await load(state)).lines
    assert sum("enable_nestloop" in statement for statement in statements) == 1  # before each reading


async def test_a_carried_commitment_has_a_row_in_each_year(state: State) -> None:
    await execute(state, Step.COMMITMENTS)
    result = await load(state)
    measures = list_measures(result)
    assert measures[YEAR, "EJ-1", 1] == (30_000, 0, 18_000, 18_000, 0, 0, 12_000, 0, 12_000)
    assert measures[YEAR + 1, "EJ-1", 1] == (18_000, 18_000, 0, 0, 6_000, 0, 0, 0, 18_000)
    assert {line.origin_year for line in result.lines} == {YEAR}
    assert {line.sender for line in result.lines} == {"ministry"}
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        outstanding = await load_outstanding_commitments(connection, names)
    assert sum(line.remaining_cents for line in result.lines) == outstanding.remaining_cents
    assert sum(line.paid_cents for line in result.lines) == outstanding.paid_cents
    assert sum(line.certified_cents for line in result.lines) == outstanding.unbilled_cents
    assert len((await load(state, year=YEAR + 1)).lines) < len(result.lines)


async def test_the_lines_are_as_of_a_batch_or_a_day(state: State) -> None:
    (row,) = await state.fetch("select max(batch) as batch from batch")
    before = await load(state)
    await execute(state, Step.COMMITMENTS)
    assert (await load(state, batch=row["batch"])).lines == before.lines
    assert (await load(state, date=date(2018, 6, 1))).lines[-1].paid_cents == 0
    assert (await load(state, date=date(2018, 5, 31))).lines == []


async def test_pages_follow_each_other(state: State) -> None:
    whole, after, lines = await load(state), 0, []
    while True:
        page = await load(state, PageRange(after, 3))
        lines += page.lines
        if page.next_after is None:
            break
        assert page.totals is None
        after = page.next_after
    assert lines == whole.lines
    assert page.totals == whole.totals
