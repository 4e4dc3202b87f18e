"""The rollover of a suppressed programme: it waits for an order, and goes on in the programmes that the order names."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from closing.steps import Step
from core.catalog import CATALOG
from reporting import code_labels
from reporting.act_history import explain
from reporting.code_names import read_names
from reporting.commitments import load_outstanding_commitments
from reporting.visibility import Visibility
from service.cli.closing_tables import build_step_table
from service.database import command_queries
from service.database.embedded_server import Database
from service.terminal.console import style_table
from tests.closing.closing_state import YEAR, execute, open_year_end, read_carries
from tests.service.small_state import State, build_openings, build_payee_code
from tests.succession_years import suppress_programme, write_successions

_STEPS = (Step.COMMITMENTS, Step.REQUESTS)
_UNITS = {"0135": "0135-D013-DD13", "0203": "0203-D013-DD13"}
_ORDER = "Arrêté du 2 janvier 2019,2019-01-02"


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    """Open the State whose programme 0177 is suppressed in 2019, with credits of the two programmes there instead."""
    async with open_year_end(database, tmp_path / "state", has_credits=False) as small_state:
        suppress_programme(small_state.reference)
        common = {"exercise": YEAR + 1, "date": "2019-01-02"}
        for unit in _UNITS.values():
            rows = [{**row, **common, "reference": f"N{row['reference']}"} for row in build_openings(unit)]
            await small_state.submit_accepted(rows)
        yield small_state


async def _read_places(state: State) -> list[tuple[str, str, str, int]]:
    """Return (kind, reference, fund centre, cents) of what was carried, in order."""
    rows = await state.fetch(
        "select e.kind, e.reference, t.code, e.amount from entry e join cell c on c.cell = e.cell"
        " join reference_text t on t.kind = 1 and t.id = c.centre order by e.entry_id"
    )
    return [
        (CATALOG[row["kind"]].name, row["reference"], row["code"], row["amount"])
        for row in rows
        if CATALOG[row["kind"]].carries
    ]


async def test_without_an_order_each_line_is_named_and_the_step_goes_on(state: State) -> None:
    for step, kinds in (
        (Step.COMMITMENTS, [("commitment_carry", 3, 12_700), ("service_carry", 2, 11_000)]),
        (Step.REQUESTS, [("request_carry", 2, 19_000)]),
    ):
        result = await execute(state, step)
        assert (result.waits, result.posted) == ("", None)
        assert result.sums is not None
        assert [(row.kind, row.lines, row.cents) for row in result.sums.blocked] == kinds
        assert {row.obstacle for row in result.sums.blocked} == {
            "programme 0177 does not exist in 2019, and 2019/successions.csv names none that follows it"
        }
        assert all(row.first_entry for row in result.sums.blocked)
    assert await read_carries(state) == []


async def test_what_waited_goes_on_once_an_order_is_there_and_nothing_goes_twice(state: State) -> None:
    write_successions(state.reference, f"0177,,ministry,EJ-1,0203,,{_ORDER}")
    for step in _STEPS:
        result = await execute(state, step)
        assert result.posted is not None
        assert result.posted.reasons == []
        assert result.sums is not None
        assert {(row.programme, row.follower) for row in result.sums.carried} == {("0177", "0203")}
        table = "\n".join(style_table(build_step_table(result.sums), 160))
        assert "goes on in" in table
        assert "0203" in table
        assert result.sums.blocked
    first = [
        ("commitment_carry", "EJ-1", _UNITS["0203"], 12_000),
        ("service_carry", "SF-2", _UNITS["0203"], 6_000),
        ("request_carry", "DP-1", _UNITS["0203"], 12_000),
    ]
    assert await _read_places(state) == first
    rest = f"0177-D013,,,,0135-D013,,{_ORDER}"
    write_successions(state.reference, f"0177,,ministry,EJ-1,0203,,{_ORDER}", rest)
    for step in (*_STEPS, *_STEPS):
        result = await execute(state, step, "2019-01-22")
        assert result.sums is not None
        assert result.sums.blocked == []
    assert (await _read_places(state))[3:] == [
        ("commitment_carry", "EJ-2", _UNITS["0135"], 0),
        ("commitment_carry", "EJ-2", _UNITS["0135"], 700),
        ("service_carry", "SF-3", _UNITS["0135"], 5_000),
        ("request_carry", "DP-2", _UNITS["0135"], 7_000),
    ]
    assert (await state.verify()).findings == []


async def test_a_service_follows_its_commitment_although_the_order_changed_since(state: State) -> None:
    """The commitments are carried by hand before, to another programme than the order names later."""
    write_successions(state.reference, f"0177,,,,0203,,{_ORDER}", f"0177-D013,,,,0135-D013,,{_ORDER}")
    rows = await state.fetch("select entry_id from entry where reference = 'EJ-1'")
    place = {"fund_centre": _UNITS["0203"], "functional_area": "0203-12", "commitment_item": "31"}
    carry = {"kind": "commitment_carry", "reference": "EJ-1", "exercise": 2019, "date": "2019-01-21"}
    carry |= {"predecessor": f"@{rows[0]['entry_id']}", "reference_sender": "ministry", "amount": "120.00"}
    await state.submit_accepted([carry | place], "closing")
    for step in _STEPS:
        result = await execute(state, step)
        assert result.posted is not None
        assert result.posted.reasons == []
    places = {row[1]: row[2] for row in await _read_places(state)}
    assert places == {
        **dict.fromkeys(("EJ-1", "SF-2", "DP-1"), _UNITS["0203"]),
        **dict.fromkeys(("EJ-2", "SF-3", "DP-2"), _UNITS["0135"]),
    }
    assert (await state.verify()).findings == []


async def test_the_ministry_goes_on_in_the_new_programme_and_reports_follow(state: State) -> None:
    """It certifies, requests, cancels, withdraws and is paid there, by the references of 2018."""
    write_successions(state.reference, f"0177,,,,0203,,{_ORDER}")
    for step in _STEPS:
        await execute(state, step)
    common = {"exercise": 2019, "date": "2019-02-01", "predecessor": "EJ-1"}
    request = {**common, "kind": "payment_request", "payee": build_payee_code(1)}
    await state.submit_accepted(
        [
            {**common, "reference": "RA-9", "kind": "prior_withdrawal", "amount": "20.00"},
            {**common, "reference": "SF-9", "kind": "service", "amount": "100.00"},
            {**request, "reference": "DP-9", "amount": "160.00"},
            {**common, "reference": "EA-9", "kind": "commitment_increase", "amount": "5.00"},
        ]
    )
    (paid,) = await state.fetch("select max(entry_id) as entry_id from entry where reference = 'DP-9'")
    payment = {"reference": "P-9", "kind": "payment", "exercise": 2019, "date": "2019-02-02"}
    await state.submit_accepted(
        [{**payment, "predecessor": f"@{paid['entry_id']}", "amount": "160.00"}], "treasury"
    )
    assert (await state.verify()).findings == []
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        outstanding = await load_outstanding_commitments(connection, names, visibility=Visibility("ministry"))
        history = await explain(connection, names, "EJ-1")
    programmes = {(centre.year, centre.centre[:4]) for centre in outstanding.centres}
    assert (2019, "0203") in programmes
    texts = repr(history)
    assert _UNITS["0203"] in texts
    assert "0177-D013-DD13" in texts


async def test_an_order_that_names_a_place_without_its_accountant_is_named_and_waits(state: State) -> None:
    write_successions(state.reference, f"0177,,,,0217-SGAC-ASPR,0217-07,{_ORDER}")
    result = await execute(state, Step.COMMITMENTS)
    assert result.sums is not None
    assert {row.obstacle for row in result.sums.blocked} == {
        "fund centre 0217-SGAC-ASPR has the accountant ECOL in 2019, and 0177-D013-DD13 had PACA"
    }
