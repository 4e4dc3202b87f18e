"""The report of payment delays by ministry and programme, compared with a direct computation."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio

from reporting import code_labels
from reporting import delays as report
from reporting.code_names import ACCOUNT, read_names
from reporting.delays import Delay, Delays, DelayScope
from service.database import command_queries
from service.database.embedded_server import Database
from service.engine import late_interest
from service.engine.late_interest import InterestRequest
from service.terminal.processing_progress import ProgressLines
from tests.databases import create_database
from tests.service.small_state import (
    NEVER,
    State,
    build_payee_code,
    build_request,
    create_interruption,
    paris_time,
)

PAID = 20
PAID_ON = date(2018, 11, 5)
PROGRAMMES = ("0177", "0217")
"""Of odd and even numbers, the other way round."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def state(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    """Requests of the days from the third to the twenty-second of October, number 5 suspended for ten days before its order.

    The accountant's suspension of number 4 changes nothing.  Of the interest paid a part is owed to somebody else.
    """
    async with create_database(database) as dsn:
        state = State(dsn, tmp_path_factory.mktemp("delays"))
        await state.fund(PAID)
        days = {number: f"2018-10-{number + 2:02}" for number in range(1, PAID + 1)}
        suspension = {
            "received": days[5],
            "suspension_notified": "2018-10-10",
            "suspension_ended": "2018-10-20",
        }
        rows = [{**build_request(number, day), "amount": f"{number}000.25"} for number, day in days.items()]
        rows[4] |= {**suspension, "date": "2018-10-20"}
        await state.submit_accepted(rows)
        term = {"exercise": 2018, "kind": "term_suspension", "reference": "S-1", "predecessor": "DP-4"}
        more = {"exercise": 2018, "kind": "term_resumption", "reference": "S-2", "predecessor": "S-1"}
        await state.submit_accepted([term | {"date": "2018-10-10"}, more | {"date": "2018-10-20"}])
        files = await state.pay_due(date(2018, 12, 1), paris_time("2018-11-05"))
        await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))
        await late_interest.propose_interest(
            state.context,
            InterestRequest(paris_time("2018-11-08")),
            create_interruption(),
            reporter=ProgressLines(),
        )
        (row,) = await state.fetch("select min(entry_id) as entry from entry where kind = 28")
        part = {"exercise": 2018, "kind": "attachment", "reference": "SATD-1", "date": "2018-11-09"}
        assignment = {"predecessor": f"@{row['entry']}", "payee": build_payee_code(2), "amount": "10.00"}
        await state.submit_accepted([part | assignment])
        files = await state.pay_due(date(2018, 12, 1), paris_time("2018-11-12"))
        await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))
        yield state


async def load_report(state: State, scope: DelayScope) -> Delays:
    codes = code_labels.load(state.reference)
    async with command_queries.connect(state.dsn) as connection:
        return await report.load_delays(connection, await read_names(connection, codes), scope)


def compute_expected(numbers: list[int]) -> dict[str, int]:
    """Compute the figures of some requests directly."""
    names = ("payments", "cents", "days", "in_time", "suspended", "suspended_days", "due")
    figures: dict[str, int] = dict.fromkeys(names, 0)
    for number in numbers:
        days = (PAID_ON - date(2018, 10, number + 2)).days
        stopped = 10 if number == 5 else 0
        days_late = 0 if number == 5 else max(days - 30, 0)
        cents = number * 100_000 + 25
        figures["payments"] += 1
        figures["cents"] += cents
        figures["days"] += days - stopped
        figures["in_time"] += days_late == 0
        figures["suspended"] += stopped > 0
        figures["suspended_days"] += stopped
        figures["due"] += 4_000 + (2 * cents * 825 * days_late + 3_650_000) // 7_300_000 if days_late else 0
    return figures


def to_figures(row: Delay) -> dict[str, int]:
    names = ("payments", "cents", "days", "in_time", "suspended", "suspended_days")
    return {**{name: getattr(row, name) for name in names}, "due": row.interest_due}


async def test_by_programme(state: State) -> None:
    report = await load_report(state, DelayScope("programme"))
    rows = {row.programme: row for row in report.rows}
    assert tuple(sorted(rows)) == PROGRAMMES
    for remainder, programme in enumerate(PROGRAMMES):
        numbers = [number for number in range(1, PAID + 1) if number % 2 == remainder]
        row, expected = rows[programme], compute_expected(numbers)
        assert to_figures(row) == expected
        assert row.interest_due == row.interest_proposed == row.interest_paid > 0
        assert row.mean_days == round(expected["days"] / expected["payments"], 1)
        assert row.in_time_percent == round(100 * expected["in_time"] / expected["payments"], 1)
    assert to_figures(report.total) == compute_expected(list(range(1, PAID + 1)))


async def test_by_ministry_the_longest_first(state: State) -> None:
    table = await load_report(state, DelayScope())
    assert {row.programme for row in table.rows} == {""}
    means = [row.mean_days for row in table.rows]
    assert means == sorted(means, reverse=True)
    assert sum(row.payments for row in table.rows) == table.total.payments == PAID
    lines = report.build_table(table).to_csv().splitlines()
    assert len(lines) == len(table.rows) + 1


async def test_within_programmes_and_years(state: State) -> None:
    narrow = await load_report(state, DelayScope("programme", within=frozenset({"0217"})))
    assert [row.programme for row in narrow.rows] == ["0217"]
    assert narrow.total.payments == PAID // 2
    assert (await load_report(state, DelayScope(year=2018))).total.payments == PAID
    nothing = await load_report(state, DelayScope(year=2019))
    assert (nothing.rows, nothing.total.payments, nothing.total.mean_days) == ([], 0, 0.0)


async def test_other_reference_files_hide_no_payment(state: State) -> None:
    """Their charts of accounts do not have the accounts that the ledger has posted to."""
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        accounts = {number: f"X{code}" for number, code in names.by_number[ACCOUNT].items()}
        names = replace(names, by_number={**names.by_number, ACCOUNT: accounts})
        total = (await report.load_delays(connection, names)).total
    assert total.payments == PAID
    assert total.interest_due == total.interest_proposed == total.interest_paid > 0


async def test_a_journal_without_payments_is_not_read(dsn: str, tmp_path: Path) -> None:
    """The sums of the accounts state that nothing was paid, so the report needs no look at entries and requests."""
    unpaid = State(dsn, tmp_path)
    await unpaid.fund(1)
    await unpaid.submit_accepted([build_request(1, "2018-10-03")])
    queries: list[str] = []
    async with command_queries.connect(dsn) as connection:
        names = await read_names(connection, code_labels.load(unpaid.reference))
        with connection.query_logger(lambda record: queries.append(record.query)):
            table = await report.load_delays(connection, names)
    assert (table.rows, table.total.payments) == ([], 0)
    assert [query for query in queries if "from entry" in query or "request_detail" in query] == []
    assert any("account_balance" in query for query in queries)
