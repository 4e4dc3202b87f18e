"""The inventory of a year: accruals are reversed on 2 January, once and whole, and a breach is found (rule A65)."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from closing.steps import Step
from core.catalog import KIND_NUMBERS
from core.roles import Role
from posting.store.step_executions import PROVEN
from reporting import code_labels, general_ledger, journal
from reporting.accruals import load_accruals
from reporting.code_names import read_names
from reporting.report_catalog import REPORTS
from reporting.report_definition import ReportArguments
from service.auth.access_queries import Grant, create_key
from service.database import command_queries
from service.database.embedded_server import Database
from service.engine import closing_execution, closing_plan
from service.engine.step_conditions import StepRequest, open_snapshot
from service.engine.year_closing import StepResult
from service.terminal.processing_progress import ProgressLines
from tests.accountants import CHANGE_FIELDS
from tests.closing import asset_state
from tests.closing.closing_state import execute, prepare, read_openings
from tests.databases import create_database, open_connection
from tests.period_decisions import decide_period
from tests.reporting.remade_hashes import remake_hashes
from tests.service.small_state import ANNE, BENOIT, UNITS, State, create_interruption

YEAR = 2018
RENT, ACCRUED, PREPAID, DISPUTES = "6113110000", "4081000000", "4860000000", "1512800000"
_PERSONS = {name: CHANGE_FIELDS[name] for name in ("entered_by", "validated_by")}
_REVERSAL = KIND_NUMBERS["inventory_reversal"]


def build_act(kind: str, reference: str, amount: str, account: str = "", **fields: Any) -> dict[str, Any]:
    """Build a line of the inventory of the first accountant."""
    common = {
        "kind": kind,
        "reference": reference,
        "amount": amount,
        "date": f"{YEAR}-12-31",
        "exercise": YEAR,
    }
    place = {"fund_centre": UNITS[0][0], "functional_area": UNITS[0][1], "commitment_item": "31"}
    own = place if account and "predecessor" not in fields else {}
    return {**common, **own, **_PERSONS, **({"account": account} if account else {}), **fields}


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with create_database(database) as dsn:
        small_state = State(dsn, tmp_path / "state")
        await small_state.fund(1)
        async with open_connection(dsn) as connection:
            rights = frozenset({Role.ASSIGNED_ACCOUNTANT})
            await create_key(connection, Grant("accountant", rights, frozenset(), "", None))
        acts = [
            build_act("accrual", "CAP-1", "100.00", RENT),
            build_act("prepaid_expense", "CCA-1", "30.00", RENT),
            build_act("provision", "PRO-1", "50.00", "6815128000"),
            build_act("inventory_correction", "COR-1", "40.00", predecessor="CAP-1"),
        ]
        await small_state.submit_accepted(acts, "accountant")
        yield small_state


async def take_inventory(state: State, day: str = "2019-02-01") -> StepResult:
    return await closing_execution.execute(
        state.context,
        StepRequest(YEAR, Step.INVENTORY, date.fromisoformat(day), by=ANNE),
        create_interruption(),
        reporter=ProgressLines(),
    )


async def read_reversals(state: State) -> list[tuple[str, date, int]]:
    rows = await state.fetch(
        "select reference, day, amount from entry where kind = $1 order by entry_id", _REVERSAL
    )
    return [tuple(row) for row in rows]


async def test_each_accrual_is_reversed_once_and_whole(state: State) -> None:
    result = await take_inventory(state)
    assert (result.state, result.waits) == (PROVEN, "")
    assert result.sums is not None
    assert {(row.account, row.cents) for row in result.sums.carried} == {(ACCRUED, 6_000), (PREPAID, 3_000)}
    assert [(day, cents) for _, day, cents in await read_reversals(state)] == [
        (date(2019, 1, 2), 6_000),
        (date(2019, 1, 2), 3_000),
    ]
    assert (await take_inventory(state)).posted is None
    late = build_act("accrual", "CAP-2", "5.00", RENT)
    await state.submit_accepted([late], "accountant")
    await take_inventory(state)
    assert [cents for _, _, cents in await read_reversals(state)] == [6_000, 3_000, 500]
    assert (await state.verify()).findings == []


async def test_accruals_stay_until_2_january_and_wait_for_an_open_month(state: State) -> None:
    early = await take_inventory(state, "2019-01-01")
    assert "are reversed on 2019-01-02" in early.waits
    await decide_period(state.dsn, "2019-01", "close")
    assert "reopen it" in (await take_inventory(state)).waits
    assert await read_reversals(state) == []


async def test_accruals_are_reversed_although_nothing_can_be_charged(state: State) -> None:
    """An asset was put into service in December, which is closed: what it lacks is named, and blocks."""
    equipment = asset_state.build_act(
        "asset_service", "IM-1", "1000.00", "2018-04-30", account=asset_state.EQUIPMENT
    )
    await state.submit_accepted([equipment], "accountant")
    await decide_period(state.dsn, "2018-12", "close")
    result = await take_inventory(state)
    assert (result.state, result.waits) == ("refused", "")
    (finding,) = (row for row in result.findings if row.subject == "a part of the step that cannot begin")
    assert finding.detail.startswith("December of 2018 is not open")
    assert [cents for _, _, cents in await read_reversals(state)] == [6_000, 3_000]


async def test_the_evidence_names_both_files_of_an_inventory(state: State) -> None:
    equipment = asset_state.build_act(
        "asset_service", "IM-1", "1000.00", "2018-04-30", account=asset_state.EQUIPMENT
    )
    await state.submit_accepted([equipment], "accountant")
    assert (await take_inventory(state)).state == PROVEN
    files = await state.fetch(
        "select submission, file_hash from submission where sender = 'closing' order by submission"
    )
    async with open_snapshot(state.dsn) as connection:
        last = (await closing_plan.load_board(connection, YEAR)).find_step(Step.INVENTORY).last
    assert last is not None
    own = [row.detail for row in last.findings if row.subject == "a file of the step"]
    assert [(detail.split(",")[0], detail[-64:]) for detail in own] == [
        (f"submission {row['submission']}", row["file_hash"].hex()) for row in files
    ]
    assert len(own) == 2


async def test_the_openings_have_what_stood_at_the_end_of_the_year(state: State) -> None:
    await take_inventory(state)
    await prepare(state, Step.OPENING, ANNE)
    result = await execute(state, Step.OPENING, by=BENOIT)
    assert result.waits == ""
    openings = await read_openings(state)
    assert (openings[ACCRUED], openings[PREPAID], openings[DISPUTES]) == (-6_000, 3_000, -5_000)
    assert (await state.verify()).findings == []


async def test_the_journal_and_the_general_ledger_name_the_documents(state: State) -> None:
    """Each act of the inventory has a document of its own in the journal INV."""
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        arguments = [
            ReportArguments(report.default_values)
            for report in REPORTS
            if report.name in ("journal", "general-ledger")
        ]
        entries = (await journal.load_journal(connection, names, arguments[0])).entries
        rows = (await general_ledger.load_general_ledger(connection, names, arguments[1])).rows
    numbers = [("CAP-1", 1), ("CCA-1", 2), ("PRO-1", 3), ("COR-1", 4)]
    assert [(entry.reference, entry.document) for entry in entries if entry.journal == "INV"] == numbers
    assert sorted({(row.document, row.reference) for row in rows if row.journal == "INV"}) == [
        (number, reference) for reference, number in numbers
    ]


async def test_the_report_tells_manual_accruals_from_what_is_certified(state: State) -> None:
    place = {"fund_centre": UNITS[0][0], "functional_area": UNITS[0][1], "commitment_item": "31"}
    common = {"exercise": YEAR, "date": "2018-12-01"}
    order = {**common, **place, "reference": "EJ-1", "kind": "commitment", "amount": "20.00"}
    service = {**common, "reference": "SF-1", "kind": "service", "amount": "20.00", "predecessor": "EJ-1"}
    await state.submit_accepted([order, service])
    await take_inventory(state)
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        report = await load_accruals(connection, names, exercise=YEAR)
    assert [(row.sort, row.amount_cents, row.reversed_cents, row.open_cents) for row in report.accruals] == [
        ("accrual", 6_000, 6_000, 0),
        ("prepaid_expense", 3_000, 3_000, 0),
        ("provision", 5_000, 0, 5_000),
        ("automatic", 2_000, 0, 2_000),
    ]
    assert (report.manual_cents, report.automatic_cents) == (5_000, 2_000)
    assert (await state.verify()).findings == []


BREACHES = {
    "on another day": (
        "update entry set day = '2019-01-03' where kind = {reversal} and amount = 6000",
        "reversed on 2019-01-03 by closing",
    ),
    "a part": ("update entry set amount = 5999 where kind = {reversal} and amount = 6000", "0.01 left"),
    "in another month of the year": (
        "update entry set day = '2018-12-30' where reference = 'CAP-1'",
        "of 2018-12-30, budget year 2018",
    ),
    "against another account": (
        "update entry set credit = t.id from reference_text t where t.kind = 5 and t.code = '4870000000' and amount = 10000",
        "accrual of 6113110000 against 4870000000",
    ),
    "between other accounts": (
        (
            "update entry e set credit = t.id from reference_text t where t.kind = 5 and t.code = '6188000000'"
            " and e.kind = {reversal} and amount = 6000"
        ),
        "between 4081000000 and 6188000000",
    ),
    "more than was posted": (
        "update entry set amount = 10001 where reference = 'COR-1'",
        "100.01 taken off entry",
    ),
    "a correction of another year": (
        "update entry set exercise = 2019, day = '2019-12-31' where reference = 'COR-1'",
        "inventory_correction in 2019",
    ),
}


@pytest.mark.parametrize("name", BREACHES)
async def test_a_breach_of_an_accrual_is_found(state: State, name: str) -> None:
    await take_inventory(state)
    change, text = BREACHES[name]
    async with open_connection(state.dsn) as connection:
        statement = change.format(reversal=_REVERSAL)
        await connection.execute(f"set session_replication_role = replica; {statement}")
        await remake_hashes(connection)
    findings = (await state.verify("accruals")).findings
    assert [finding for finding in findings if text in finding.found], findings
