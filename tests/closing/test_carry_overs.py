"""Credits that a year has left: orders carry them into the next year, and what no order names is annulled."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from closing.steps import Step
from core.catalog import CATALOG, KIND_NUMBERS
from core.nomenclature import CentreLevel
from core.person_decisions import NOBODY, StatedPerson
from posting.store.migration_files import list_migrations
from reporting import code_labels
from reporting.budget import BudgetScope
from reporting.code_names import read_names
from reporting.execution import load_execution
from reporting.settlement_tables import load_settlement_tables
from service.database import command_queries
from service.database.embedded_server import Database
from service.engine import closing_execution, closing_plan
from service.engine.step_conditions import StepRequest
from service.engine.year_closing import StepResult
from service.terminal.processing_progress import ProgressLines
from tests.accountants import add_accountants
from tests.closing import closing_state
from tests.closing.closing_state import YEAR, open_year_end
from tests.closing.test_closing_steps import list_blocks
from tests.databases import open_connection
from tests.reporting.planted_breaches import plant_breach
from tests.reporting.remade_hashes import remake_hashes
from tests.service.small_state import CALENDAR, CREDITS, State, copy_state, create_interruption

HEAD = (
    "order,date,minister,budget_minister,measure,programme,envelope,fund,new_programme,amount,lifting_law\n"
)
ORDER = "Arrêté du 15 février 2019,2019-02-15,Culture,Comptes publics"
_PUBLISHED = "is published on 2019-03-20: execute the step from that day on, by --at DAY"
FEBRUARY, APRIL = "2019-02-20", "2019-04-01"
CHLOE, DAVID = (StatedPerson(name, user=name) for name in ("chloe", "david"))
_IMMO = {"fund_centre": "0217-SGAC-IMMO", "exercise": YEAR, "date": "2018-06-01"}
_OPERATION = {**_IMMO, "operation": "OP-0217-000001", "commitment_item": "51"}
_ACTS = [
    {
        **_IMMO,
        "kind": "budget_move_ae",
        "reference": "MV-1",
        "counterpart": "0217-SGAC-ASPR",
        "commitment_item": "HT2",
        "amount": "500.00",
    },
    {**_OPERATION, "kind": "earmark", "reference": "AF-1", "amount": "200.00"},
    {
        **_OPERATION,
        "kind": "commitment",
        "reference": "EJ-7",
        "functional_area": "0217-07",
        "amount": "80.00",
    },
    {
        **_IMMO,
        "kind": "freeze_cp",
        "reference": "GE-1",
        "fund_centre": "0217-SGAC-ASPR",
        "commitment_item": "HT2",
        "amount": "7.00",
    },
]


def write_orders(state: State, *rows: str) -> None:
    """Write the orders that carry credits into 2019."""
    path = state.reference / "2019" / "carry_overs.csv"
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    """Open the State with an earmark of 200.00, of which 80.00 are engaged, 7.00 of CP frozen, and what C04 needs."""
    calendar = CALENDAR.replace("[1, 2, 3]", "[1, 2, 3, 4]")
    async with open_year_end(database, tmp_path / "state", calendar=calendar) as small_state:
        await small_state.submit_accepted(_ACTS)
        for step in (Step.COMMITMENTS, Step.REQUESTS):
            assert (await execute(small_state, step, FEBRUARY)).state == "proven"
        yield small_state


async def execute(state: State, step: Step, day: str, *, is_dry_run: bool = False) -> StepResult:
    request = StepRequest(YEAR, step, date.fromisoformat(day), is_dry_run, NOBODY)
    return await closing_execution.execute(
        state.context, request, create_interruption(), reporter=ProgressLines()
    )


async def _read_unused(state: State) -> list[tuple[str, str, int]]:
    """Return (kind, fund centre or operation, cents) of what left the year or came to the next, in order."""
    rows = await state.fetch(
        "select e.kind, t.code, e.amount from entry e join cell c on c.cell = e.cell"
        " join reference_text t on t.kind = 1 and t.id = case when c.operation > 0 then c.operation else c.centre end"
        " order by e.entry_id"
    )
    names = [(CATALOG[row["kind"]].name, row["code"], row["amount"]) for row in rows]
    return [row for row in names if row[0].startswith(("carryover", "unused"))]


async def test_earmarks_go_on_by_an_order_and_are_released_after_march(state: State) -> None:
    write_orders(state, f"{ORDER},earmarked_ae,0217,HT2,N/A,,50,")
    tried = await execute(state, Step.EARMARKS, FEBRUARY, is_dry_run=True)
    assert tried.sums is not None
    assert [(row.kind, row.lines, row.cents) for row in tried.sums.carried] == [
        ("carryover_in_ae", 1, 50_00),
        ("carryover_out_ae", 1, 50_00),
    ]
    assert [(row.kind, row.cents) for row in tried.sums.blocked] == [("carryover_out_ae", 70_00)]
    result = await execute(state, Step.EARMARKS, FEBRUARY)
    assert result.state == "refused"
    again = await execute(state, Step.EARMARKS, FEBRUARY)
    assert (again.posted, again.state) == (None, "refused")
    assert (await execute(state, Step.CARRY_OVER, APRIL)).waits.startswith("C15 needs C07")
    assert (await execute(state, Step.EARMARKS, APRIL)).state == "proven"
    assert await _read_unused(state) == [
        ("carryover_out_ae", "OP-0217-000001", 50_00),
        ("carryover_in_ae", "OP-0217-000001", 50_00),
        ("unused_earmark_release", "OP-0217-000001", 70_00),
    ]
    assert (await state.verify()).findings == []


async def test_orders_carry_and_what_they_leave_is_annulled(state: State) -> None:
    write_orders(
        state,
        f"{ORDER},ae,0177,HT2,N/A,,1000.50,",
        f"{ORDER},cp,0177,HT2,N/A,0177,3000000,",
        f"{ORDER},cp,0217,HT2,N/A,,1,",
    )
    assert (await execute(state, Step.EARMARKS, FEBRUARY)).state == "refused"
    first = await execute(state, Step.CARRY_OVER, FEBRUARY)
    assert first.state == "refused"
    assert {finding.subject for finding in first.findings if finding.blocks} == {"C07 is not proven"}
    assert first.sums is not None
    assert {row.kind for row in first.sums.blocked} == {"unused_cancellation_ae", "unused_cancellation_cp"}
    assert (await execute(state, Step.EARMARKS, APRIL)).state == "proven"
    last = await execute(state, Step.CARRY_OVER, APRIL)
    assert last.state == "proven"
    again = await execute(state, Step.CARRY_OVER, APRIL)
    assert (again.posted, again.state) == (None, "proven")
    plan = await closing_plan.load_plan(state.dsn, state.context.reference, YEAR, reporter=ProgressLines())
    assert not isinstance(plan, str)
    assert plan.find_step(Step.CARRY_OVER).state == "proven"
    rows = await state.fetch(
        "select distinct on (node) ae_opened - ae_consumed as ae, cp_opened - cp_consumed as cp, ae_reserved, cp_reserved"
        " from node_balance where node / (131072 * 6) = 18 order by node, batch desc"
    )
    assert {tuple(row) for row in rows} == {(0, 0, 0, 0)}
    await _check_reports(state)
    carried = [row for row in await _read_unused(state) if row[0].startswith("carryover")]
    assert carried == [
        ("carryover_out_ae", "0177-D013-DD13", 1000_50),
        ("carryover_in_ae", "0177", 1000_50),
        ("carryover_out_cp", "0177-D013-DD13", 3_000_000_00),
        ("carryover_in_cp", "0177", 3_000_000_00),
        ("carryover_out_cp", "0217-SGAC-ASPR", 1_00),
        ("carryover_in_cp", "0217", 1_00),
    ]
    assert (await state.verify()).findings == []


async def test_an_order_that_names_more_than_is_left_is_carried_as_far_as_it_goes(state: State) -> None:
    write_orders(state, f"{ORDER},ae,0217,HT2,N/A,,9000000000,")
    result = await execute(state, Step.CARRY_OVER, FEBRUARY)
    assert result.sums is not None
    text = "Arrêté du 15 février 2019 names more than 0217 has left"
    short = [row for row in result.sums.blocked if row.obstacle.startswith(text)]
    (carried,) = [row.cents for row in result.sums.carried if row.kind == "carryover_out_ae"]
    assert [(row.kind, row.lines, row.cents) for row in short] == [
        ("carryover_out_ae", 1, 9_000_000_000_00 - carried)
    ]
    assert result.state == "refused"


async def test_two_persons_carry_earmarks(state: State) -> None:
    write_orders(state, f"{ORDER},earmarked_ae,0217,HT2,N/A,,50,")
    await add_accountants(state.dsn)
    alone = await closing_state.execute(state, Step.EARMARKS, FEBRUARY, by=CHLOE)
    assert alone.waits.startswith("nobody has prepared it")
    assert (await closing_state.prepare(state, Step.EARMARKS, DAVID, FEBRUARY)).preparation
    assert (await closing_state.execute(state, Step.EARMARKS, FEBRUARY, by=CHLOE)).waits == ""
    assert (await state.verify()).findings == []
    async with open_connection(state.dsn) as connection:
        await connection.execute("set session_replication_role = replica; delete from step_confirmation")
        await remake_hashes(connection)
    assert "one person" in [row.found for row in (await state.verify("step_persons")).findings]


async def test_what_one_person_carried_before_the_rule_of_c07_is_no_breach(state: State) -> None:
    """The other steps needed two persons earlier; C07 does from the file on that its own migration stores."""
    (migration,) = [row for row in list_migrations() if row.name.startswith("0091")]
    write_orders(state, f"{ORDER},earmarked_ae,0217,HT2,N/A,,50,")
    await add_accountants(state.dsn)
    await closing_state.prepare(state, Step.EARMARKS, DAVID, FEBRUARY)
    await closing_state.execute(state, Step.EARMARKS, FEBRUARY, by=CHLOE)
    async with open_connection(state.dsn) as connection:
        await connection.execute("set session_replication_role = replica; delete from step_confirmation")
        await connection.execute("drop table if exists earmark_rule")
        async with connection.transaction():
            await connection.execute(migration.sql)
        await remake_hashes(connection)
    assert (await state.verify("step_persons")).findings == []
    await closing_state.prepare(state, Step.CARRY_OVER, DAVID, FEBRUARY)
    await closing_state.execute(state, Step.CARRY_OVER, FEBRUARY, by=CHLOE)
    async with open_connection(state.dsn) as connection:
        await connection.execute("set session_replication_role = replica; delete from step_confirmation")
        await remake_hashes(connection)
    (finding,) = (await state.verify("step_persons")).findings
    assert (finding.place[:11], finding.found) == ("C15 of 2018", "one person")


async def test_an_order_carries_from_its_day_on(state: State) -> None:
    """Before it C07 and C15 leave what it names, to be published, and what another order names is carried."""
    later = ORDER.replace("2019-02-15", "2019-03-20")
    write_orders(
        state,
        f"{later},cp,0177,HT2,N/A,,900,",
        f"{ORDER},cp,0177,HT2,N/A,,100,",
        f"{later},earmarked_ae,0217,HT2,N/A,,120,",
    )
    operations = await execute(state, Step.EARMARKS, FEBRUARY)
    assert operations.sums is not None
    assert [(row.cents, row.obstacle[-len(_PUBLISHED) :]) for row in operations.sums.blocked] == [
        (120_00, _PUBLISHED)
    ]
    first = await execute(state, Step.CARRY_OVER, FEBRUARY)
    assert first.sums is not None
    assert [(row.kind, row.cents) for row in first.sums.carried if row.kind == "carryover_out_cp"] == [
        ("carryover_out_cp", 100_00)
    ]
    waiting = [row for row in first.sums.blocked if row.obstacle.endswith(_PUBLISHED)]
    assert [(row.kind, row.lines, row.cents) for row in waiting] == [("carryover_out_cp", 1, 900_00)]
    assert (await execute(state, Step.EARMARKS, "2019-03-20")).state == "proven"
    await execute(state, Step.CARRY_OVER, "2019-03-20")
    out = [cents for kind, _, cents in await _read_unused(state) if kind == "carryover_out_cp"]
    assert (out[0], sum(out)) == (100_00, 1000_00)
    assert (await state.verify()).findings == []


async def test_what_is_prepared_on_one_day_another_person_executes_on_the_next(state: State) -> None:
    """But not from 1 April on, when the same step annuls what no order names."""
    write_orders(state, f"{ORDER},cp,0177,HT2,N/A,,100,")
    await add_accountants(state.dsn)
    await closing_state.prepare(state, Step.CARRY_OVER, DAVID, FEBRUARY)
    late = await closing_state.execute(state, Step.CARRY_OVER, APRIL, by=CHLOE)
    assert "what david prepared has changed since" in late.waits
    same = await closing_state.execute(state, Step.CARRY_OVER, FEBRUARY, by=DAVID)
    assert same.waits == "david prepared it: another person executes it"
    result = await closing_state.execute(state, Step.CARRY_OVER, "2019-02-21", by=CHLOE)
    assert result.waits == ""
    assert ("carryover_in_cp", "0177", 100_00) in await _read_unused(state)
    assert (await state.verify()).findings == []


async def _check_reports(state: State) -> None:
    """Check that the settlement tables add up, and that the execution says where credits came from and where they went."""
    scope = BudgetScope(year=YEAR)
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        tables = await load_settlement_tables(connection, names, scope)
        execution = await load_execution(connection, names, BudgetScope(CentreLevel.UO, year=YEAR))
        next_year = await load_execution(connection, names, BudgetScope(year=YEAR + 1))
    assert [(row.programme, row.measure, row.opened_cents) for row in tables.programmes] == [
        (programme, measure, CREDITS * 100) for programme in ("0177", "0217") for measure in ("AE", "CP")
    ]
    for row in tables.programmes:
        settled = row.consumed_cents + row.carried_cents + row.annulled_cents
        assert (row.opened_cents + row.complementary_cents, row.unsettled_cents) == (settled, 0)
    assert [(row.consumed_cents, row.carried_cents) for row in tables.programmes] == [
        (36_600, 1000_50), (900, 3_000_000_00), (80_00, 0), (0, 1_00),
    ]  # fmt: skip
    unit = next(row for row in execution.places if (row.centre, row.measure) == ("0177-D013-DD13", "AE"))
    assert (unit.initial_cents, unit.distributed_cents, unit.carried_out_cents) == (0, CREDITS * 100, 1000_50)
    assert (unit.opened_cents, unit.consumed_cents, unit.available_cents) == (36_600, 36_600, 0)
    assert [(row.centre, row.measure, row.initial_cents, row.carried_in_cents) for row in next_year.places] == [
        ("0177", "AE", CREDITS * 100, 1000_50), ("0177", "CP", CREDITS * 100, 3_000_000_00),
        ("0217", "CP", 0, 1_00),
    ]  # fmt: skip


async def test_more_than_the_ceiling_is_refused_unless_a_law_lifts_it(state: State) -> None:
    write_orders(state, f"{ORDER},cp,0177,HT2,N/A,,3000000.01,")
    result = await execute(state, Step.CARRY_OVER, FEBRUARY)
    assert result.posted is not None
    assert {(str(reason.code), reason.lines) for reason in result.posted.reasons} == {
        ("CARRY_OVER_LIMIT", 1),
        ("ACT_REFUSED", 1),
    }
    write_orders(state, f"{ORDER},cp,0177,HT2,N/A,,3000000.01,Loi 2018-1317 art. 1")
    await execute(state, Step.EARMARKS, APRIL)
    result = await execute(state, Step.CARRY_OVER, APRIL)
    assert (result.state, result.posted is not None and result.posted.reasons) == ("proven", [])
    assert (await state.verify()).findings == []


async def test_two_orders_of_one_key_are_carried_together_and_once(state: State) -> None:
    """As long as the first is above the ceiling both are refused; what is carried stands for the two of them."""
    rows = [f"{ORDER},cp,0177,HT2,N/A,,3000000.01,", f"{ORDER.replace('15', '18')},cp,0177,HT2,N/A,,100,"]
    write_orders(state, *rows)
    for _ in range(3):
        result = await execute(state, Step.CARRY_OVER, FEBRUARY)
        assert result.posted is not None
        assert {str(reason.code) for reason in result.posted.reasons} == {"CARRY_OVER_LIMIT", "ACT_REFUSED"}
        assert [row for row in await _read_unused(state) if row[0].startswith("carryover")] == []
    write_orders(state, rows[0].replace("3000000.01", "2000"), rows[1])
    await execute(state, Step.CARRY_OVER, FEBRUARY)
    again = await execute(state, Step.CARRY_OVER, FEBRUARY)
    assert again.posted is None
    arrivals = [row for row in await _read_unused(state) if row[0] == "carryover_in_cp"]
    assert arrivals == [("carryover_in_cp", "0177", 2000_00), ("carryover_in_cp", "0177", 100_00)]
    assert (await state.verify()).findings == []


async def test_an_order_brings_the_credits_that_requests_wait_for(database: Database, tmp_path: Path) -> None:
    """C04 lacks credits of 2019 until C15 has carried some, so before 1 April C15 does not need C04."""
    async with open_year_end(database, tmp_path / "state", has_credits=False) as state:
        write_orders(state, f"{ORDER},ae,0177,HT2,N/A,,70,", f"{ORDER},cp,0177,HT2,N/A,,190,")
        assert (await execute(state, Step.COMMITMENTS, FEBRUARY)).state == "proven"
        assert (await execute(state, Step.REQUESTS, FEBRUARY)).state == "refused"
        assert (await execute(state, Step.CARRY_OVER, FEBRUARY)).waits == ""
        common = {"exercise": YEAR + 1, "date": FEBRUARY, "commitment_item": "HT2"}
        rows = [
            {**common, "kind": f"allotment_{measure}", "reference": f"D-{place}-{measure}"}
            | {"fund_centre": place, "amount": amount}
            for place in ("0177-D013", "0177-D013-DD13")
            for measure, amount in (("ae", "70.00"), ("cp", "190.00"))
        ]
        await state.submit_accepted(rows)
        assert (await execute(state, Step.REQUESTS, FEBRUARY)).state == "proven"
        assert (await state.verify()).findings == []


async def _order_all(state: State, carried: Counter[tuple[str, str]]) -> None:
    """Write orders of all that is free beyond what they ``carried``, by measure and programme, and add it there."""
    keys = [(measure, programme) for measure in ("ae", "cp") for programme in ("0177", "0217")]
    laws = {"ae": "", "cp": "Loi 2018-1317 art. 1"}
    rows = [f"{ORDER},{measure},{programme},HT2,N/A,,{{}},{laws[measure]}" for measure, programme in keys]
    write_orders(state, *(row.format(9_000_000_000) for row in rows))
    tried = await execute(state, Step.CARRY_OVER, FEBRUARY, is_dry_run=True)
    assert tried.sums is not None
    for row in tried.sums.carried:
        if row.kind.startswith("carryover_out"):
            carried[row.kind[-2:], row.programme] += row.cents
    euros = [Decimal(carried[key]) / 100 for key in keys]
    write_orders(state, *(row.format(amount) for row, amount in zip(rows, euros, strict=True) if amount))


async def test_orders_that_carry_all_prove_nothing_before_requests_and_earmarks_are_proven(
    database: Database, tmp_path: Path
) -> None:
    """What C04 and C07 release later waits for orders again, and the acts of C15 are given all the same."""
    async with open_year_end(database, tmp_path / "state") as state:
        carried: Counter[tuple[str, str]] = Counter()
        await _order_all(state, carried)
        result = await execute(state, Step.CARRY_OVER, FEBRUARY)
        assert (result.waits, result.sums and result.sums.blocked) == ("", [])
        assert (list_blocks(result), result.state) == (["C04 is not proven", "C07 is not proven"], "refused")
        assert [row for row in await _read_unused(state) if row[0] == "carryover_in_cp"]
        for step in (Step.COMMITMENTS, Step.REQUESTS, Step.EARMARKS):
            assert (await execute(state, step, FEBRUARY)).state == "proven"
        await _order_all(state, carried)
        assert (await execute(state, Step.CARRY_OVER, FEBRUARY)).state == "proven"
        assert (await state.verify()).findings == []


@pytest.mark.parametrize("step", [Step.REQUESTS, Step.EARMARKS])
async def test_no_credits_are_carried_while_a_file_of_the_steps_before_is_undecided(
    state: State, step: Step
) -> None:
    write_orders(state, f"{ORDER},cp,0177,HT2,N/A,,100,", f"{ORDER},earmarked_ae,0217,HT2,N/A,,50,")
    await execute(state, Step.EARMARKS, FEBRUARY)
    async with open_connection(state.dsn) as connection:
        await connection.execute(
            "set session_replication_role = replica; update progress set done = false where submission ="
            f" (select max(submission) from submission where batch_id like '2018-{step}-%')"
        )
    waits = (await execute(state, Step.CARRY_OVER, FEBRUARY)).waits
    assert waits.startswith("acts of an earlier call are not decided yet"), waits


async def _reject(state: State, kind: str) -> None:
    """Reject every request of 2018, or every carry of one into 2019, of which something is open."""
    rows = await state.fetch("select entry_id, kind, amount from entry order by entry_id")
    await state.submit_accepted(
        [
            {"kind": "payment_request_rejection", "reference": f"RJ-{row['entry_id']}", "exercise": YEAR + 1}
            | {"date": APRIL, "predecessor": f"@{row['entry_id']}", "amount": f"{row['amount'] / 100:.2f}"}
            for row in rows
            if CATALOG[row["kind"]].name == kind and row["amount"] != 9_00  # 9.00 are paid
        ]
    )


async def test_what_was_carried_is_rejected_once_the_credits_are_annulled(
    state: State, database: Database, tmp_path: Path
) -> None:
    """The year before then reserves more than it has, until the requests are rejected too."""
    await execute(state, Step.EARMARKS, APRIL)
    assert (await execute(state, Step.CARRY_OVER, APRIL)).state == "proven"
    await _reject(state, "request_carry")
    assert (await execute(state, Step.CARRY_OVER, APRIL)).state == "proven"
    assert (await state.verify()).findings == []
    cancels = KIND_NUMBERS["unused_cancellation_cp"]
    async with (
        copy_state(database, state, tmp_path / "broken") as broken,
        open_connection(broken.dsn) as connection,
    ):
        await connection.execute("set session_replication_role = replica")
        breach = f"update entry set amount = amount + 1 where kind = {cancels}"
        assert await plant_breach(connection, broken.dsn, breach, "availability", folder=broken.reference)
    await _reject(state, "payment_request")
    await _reject(state, "direct_payment_request")
    assert (await state.verify()).findings == []


BREACHES = {
    "more carried than brought": (
        "update entry set amount = amount + 1 where kind = {out}", "carry_overs", "entry ",
    ),
    "what no order names": (
        "update entry set amount = amount + 1 where kind in ({out}, {into})", "carry_over_orders", "programme 0177",
    ),
    "carried before its order": (
        "update entry set day = '2019-02-14' where kind in ({out}, {into})", "carry_over_orders", "programme 0177",
    ),
    "CP above the ceiling": (
        "update entry set amount = amount + 1 where kind in ({out}, {into})", "carry_over_limits", "entry ",
    ),
    "credits that nothing annulled": (
        "update entry set amount = amount - 1 where kind = {cancels}", "settled_credits", "0177 HT2",
    ),
    "carried by a ministry": (
        "update submission set sender = 'ministry' where sender = 'closing'", "carry_overs", "entry ",
    ),
    "carried before the year was over": (
        "update entry set day = '2018-12-31' where kind = {out}", "carry_overs", "entry ",
    ),
    "carried figures changed": (
        "update decree_balance set carried = carried + 1 where carried > 0", "decree_balances", "0177 HT2",
    ),
}  # fmt: skip


async def test_a_planted_breach_is_found(state: State, database: Database, tmp_path: Path) -> None:
    write_orders(state, f"{ORDER},cp,0177,HT2,N/A,,3000000,")
    await execute(state, Step.EARMARKS, APRIL)
    assert (await execute(state, Step.CARRY_OVER, APRIL)).state == "proven"
    kinds = {"out": "carryover_out_cp", "into": "carryover_in_cp", "cancels": "unused_cancellation_cp"}
    numbers = {name: KIND_NUMBERS[kind] for name, kind in kinds.items()}
    for number, (breach, (statement, check, place)) in enumerate(BREACHES.items()):
        async with (
            copy_state(database, state, tmp_path / str(number)) as broken,
            open_connection(broken.dsn) as connection,
        ):
            await connection.execute("set session_replication_role = replica")
            places = await plant_breach(
                connection, broken.dsn, statement.format(**numbers), check, folder=broken.reference
            )
        assert any(found_place.startswith(place) for found_place in places), (breach, places)
