"""The stored sums of delays: at every moment those of all payments, whoever stored them and whatever came since."""

import random
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio

from core import late_interest, payment_rules
from core.delay_rules import DelayRules
from core.tables.columns import concat_tables
from core.tables.delays import DelaySums
from posting.delays import delay_queries, stored_sum_queries, sum_measurement
from posting.delays.delay_sums import SumScope, add_up
from reporting import code_labels
from reporting.code_names import read_names
from reporting.delays import Delays, DelayScope, load_delays
from service.database import command_queries
from service.database.embedded_server import Database
from service.engine import late_interest as late
from service.engine.late_interest import InterestRequest
from service.terminal.processing_progress import ProgressLines
from tests.databases import open_connection
from tests.service.late_interest.random_payments import SENDERS, Payments
from tests.service.late_interest.test_import_marks import import_files
from tests.service.late_interest.test_late_interest import claim
from tests.service.small_state import (
    NEVER,
    State,
    copy_state,
    create_interruption,
    open_state,
    paris_time,
)

SCOPES = [
    DelayScope(by, year, sender=sender)
    for by in ("ministry", "programme")
    for year in (None, 2018, 2019)
    for sender in (None, *SENDERS)
]


def load_rules(state: State) -> DelayRules:
    folder = state.reference
    return DelayRules(payment_rules.load(folder).term_days, late_interest.load(folder))


async def update(state: State) -> bool:
    async with command_queries.connect(state.dsn) as connection:
        return await sum_measurement.update_sums(connection, load_rules(state))


async def read_last_measured(state: State) -> int:
    """Return the last entry that the stored sums contain; 0 if none are valid."""
    async with command_queries.connect(state.dsn) as connection:
        sum_state = await stored_sum_queries.find_state(connection, load_rules(state))
        return sum_state.last_entry if sum_state else 0


async def load_report(state: State, scope: DelayScope) -> tuple[Delays, list[str]]:
    """Return the report and its queries."""
    queries: list[str] = []
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        with connection.query_logger(lambda record: queries.append(record.query)):
            return await load_delays(connection, names, scope), queries


async def check_sums(state: State) -> DelaySums:
    """Check that the stored sums and what follows them are the sums of all payments; return them."""
    rules = load_rules(state)
    async with command_queries.connect(state.dsn) as connection, connection.transaction():
        whole = await sum_measurement.add_up_after(connection, rules, SumScope())
        parts = [whole]
        if sum_state := await stored_sum_queries.find_state(connection, rules):
            stored = await stored_sum_queries.read_sums(connection, sum_state)
            scope = SumScope(sum_state.last_entry)
            parts = [stored, await sum_measurement.add_up_after(connection, rules, scope)]
    joined = add_up(concat_tables(parts))
    assert [column.tolist() for column in joined] == [column.tolist() for column in whole]
    return whole


async def check_reports(state: State) -> None:
    """Check that each report is the same without stored sums."""
    reports = [(await load_report(state, scope))[0] for scope in SCOPES]
    async with open_connection(state.dsn) as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute("create table kept_measurement as select * from delay_measurement")
        await connection.execute("delete from delay_measurement")
        plain = [(await load_report(state, scope))[0] for scope in SCOPES]
        await connection.execute(
            "insert into delay_measurement overriding system value select * from kept_measurement"
        )
        await connection.execute("drop table kept_measurement")
    assert reports == plain


# ------------------------------------------------------------------------------------------------ who stores them


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def responded(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    """A run of seven late requests; the bank responded, and nothing is imported."""
    async with open_state(database, tmp_path_factory.mktemp("responded"), 7) as state:
        state.simulate_bank(await state.pay_due(date(2018, 10, 31), paris_time("2018-11-05")), NEVER)
        yield state


@pytest_asyncio.fixture
async def state(responded: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with copy_state(database, responded, tmp_path / "state") as copy:
        yield copy


def list_all_statements(state: State) -> list[Path]:
    return sorted(path for path in state.answers.glob("*.xml") if "camt053" in path.name)


@pytest.mark.parametrize("claiming", [True, False])
async def test_an_import_stores_sums_with_and_without_interest(state: State, claiming: bool) -> None:
    """The report of stored sums looks at no payment and no request; the claims after them it adds up."""
    await import_files(state, list_all_statements(state), claiming=claiming)
    measured = await read_last_measured(state)
    assert measured > 0
    report, queries = await load_report(state, DelayScope())
    assert (report.total.payments, report.total.interest_due > 0) == (7, True)
    assert report.total.interest_proposed == (report.total.interest_due if claiming else 0)
    assert delay_queries.SQL["contract_items"] not in queries
    await check_sums(state)
    await check_reports(state)
    assert not await update(state), "nothing is left to measure"
    assert await read_last_measured(state) == measured
    assert (await state.verify()).findings == []


async def test_all_payments_are_measured_again_by_pay_interest(state: State) -> None:
    await import_files(state, list_all_statements(state))
    rows = await state.fetch("select after_entry from delay_measurement order by measurement")
    assert [row["after_entry"] for row in rows] == [0]
    await claim(state, "2018-11-21")
    await claim(state, "2018-11-22", dry=True)
    rows = await state.fetch("select after_entry from delay_measurement order by measurement")
    assert [row["after_entry"] for row in rows] == [0, 0]
    await check_sums(state)
    assert (await state.verify()).findings == []


async def test_other_rules_make_stored_sums_invalid_until_the_next_import(state: State) -> None:
    """The report measures all payments by the new rules, and the next import of debits stores their sums."""
    statements = list_all_statements(state)
    await import_files(state, statements[:1])
    before, _ = await load_report(state, DelayScope())
    rules = state.reference / "late_interest.toml"
    text = rules.read_text()
    rules.write_text(text.replace("compensation_euros = 40", "compensation_euros = 50"))
    assert await read_last_measured(state) == 0
    after, queries = await load_report(state, DelayScope())
    assert after.total.interest_due > before.total.interest_due
    assert delay_queries.SQL["contract_items"] in queries
    assert "delay_sums" not in {finding.check for finding in (await state.verify()).findings}
    await import_files(state, statements[1:])
    assert await read_last_measured(state) > 0
    await check_sums(state)
    await check_reports(state)
    rules.write_text(text)
    assert await read_last_measured(state) == 0, "the earlier sums end before the later payments"


async def test_without_a_rate_an_import_stores_no_sums(state: State) -> None:
    rules = state.reference / "late_interest.toml"
    text = rules.read_text()
    rules.write_text(text.replace('"2018-2" = "0.25"\n', ""))
    result = await import_files(state, list_all_statements(state), claiming=False)
    assert (result.rejected, result.is_interrupted) == ([], False)
    assert await read_last_measured(state) == 0
    rules.write_text(text)
    assert await update(state)
    await check_sums(state)


async def test_stored_sums_are_never_changed(state: State) -> None:
    await import_files(state, list_all_statements(state))
    for table in ("delay_measurement", "delay_sum"):
        with pytest.raises(Exception, match="append-only"):
            await state.fetch(f"delete from {table}")


async def test_a_measurement_that_another_overtook_is_not_stored(state: State) -> None:
    await import_files(state, list_all_statements(state))
    rules = load_rules(state)
    async with command_queries.connect(state.dsn) as connection:
        sum_state = await stored_sum_queries.find_state(connection, rules)
        assert sum_state
        sums = await stored_sum_queries.read_sums(connection, sum_state)
        later = sum_state._replace(last_entry=sum_state.last_entry + 1)
        await stored_sum_queries.store_sums(connection, later, sums, after=sum_state.last_entry - 1)
    assert await read_last_measured(state) == sum_state.last_entry


BREACHES = {
    "a payment more": ("delay_sums", "update delay_sum set payments = payments + 1"),
    "days less": ("delay_sums", "update delay_sum set days = days - 1"),
    "in time": ("delay_sums", "update delay_sum set in_time = in_time + 1"),
    "suspended": ("delay_sums", "update delay_sum set suspended = 1, suspended_days = 3"),
    "interest": ("delay_sums", "update delay_sum set interest = interest + 1"),
    "compensation": ("delay_sums", "update delay_sum set compensation_of_sender_and_year = 0"),
    "proposed": ("delay_sums", "update delay_sum set interest_proposed = interest_proposed + 1"),
    "paid": ("delay_sums", "update delay_sum set interest_paid = 1"),
    "set-offs": ("delay_sums", "update delay_sum set set_offs = 1"),
    "set off": ("delay_sums", "update delay_sum set set_off_cents = 1"),
    "another centre": ("delay_sums", "update delay_sum set centre = centre + 100000"),
    "another year": ("delay_sums", "update delay_sum set year = 2017"),
    "sums removed": ("delay_sums", "delete from delay_sum"),
    "a hole": ("delay_measurements", "update delay_measurement set after_entry = 1 where after_entry > 0"),
    "beyond the journal": (
        "delay_measurements",
        "update delay_measurement set last_entry = last_entry + 1000000",
    ),
}


@pytest.mark.parametrize("name", list(BREACHES))
async def test_changed_sums_are_found(state: State, name: str) -> None:
    check, change = BREACHES[name]
    statements = list_all_statements(state)
    await import_files(state, statements[:1])
    await import_files(state, statements[1:])
    assert (await state.verify()).findings == []
    async with open_connection(state.dsn) as connection:
        await connection.execute("set session_replication_role = replica")
        assert await connection.execute(change) not in ("UPDATE 0", "DELETE 0")
    findings = (await state.verify()).findings
    assert check in {finding.check for finding in findings}
    assert {finding.check for finding in findings} <= {"delay_sums", "delay_measurements"}
    assert all(finding.place and finding.found and finding.expected for finding in findings)


# ------------------------------------------------------------------------------------------------ random payments


async def claim_since_mark(state: State) -> None:
    await late.propose_since_mark(
        state.context,
        InterestRequest(paris_time("2018-11-25")),
        create_interruption(),
        reporter=ProgressLines(),
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_random_payments_leave_the_sums_of_all(database: Database, tmp_path: Path, seed: int) -> None:
    """Parts, suspensions, set-offs, rejections, returns, transfers sent again, interest claimed and paid; sums are stored."""
    rng = random.Random(seed)
    (tmp_path / "own").mkdir()
    async with open_state(database, tmp_path / "own", 4) as state:
        payments, total = Payments(state, rng), None
        for _ in range(6):
            for sender in SENDERS:
                await payments.order(sender)
            await payments.pay()
            await payments.set_off()
            await payments.answer()
            match rng.choice(("update", "claim", "claim since mark", "nothing")):
                case "update":
                    await update(state)
                case "claim":
                    await claim(state, "2018-11-25")
                case "claim since mark":
                    await claim_since_mark(state)
            await payments.note_claims()
            total = await check_sums(state)
        await update(state)
        await check_reports(state)
        assert (await state.verify()).findings == []
        assert total is not None
        for name in (
            "payments",
            "suspended",
            "interest",
            "compensation",
            "interest_proposed",
            "interest_paid",
            "set_offs",
            "set_off_cents",
        ):
            assert getattr(total, name).any(), name
