"""Invoices looked up: which requests state them, and what was paid of each, in figures that are added up by hand."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from posting.book.registry import ReferenceData
from reporting import invoices
from reporting.invoices import RequestedInvoice
from reporting.report_catalog import REPORTS
from reporting.report_definition import PageRange, ReportArguments
from reporting.report_queries import SQL
from reporting.visibility import WHOLE_JOURNAL, Visibility
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, BUDGET, PAID, SPENDING, Row, act, process_files
from tests.service.http.running_service import to_jsonl

(REPORT,) = (report for report in REPORTS if report.name == "invoices")
OTHER: Row = {"payee": "TAXES"}
INVOICE: Row = {"invoice_number": "F-77", "invoice_date": "2018-02-26"}


def request(reference: str, amount: str, *parts: Row, **fields: str) -> Row:
    return act("direct_payment_request", reference, amount, ASPR, PAID, INVOICE, *parts, **fields)


FIRST = [
    *BUDGET,
    SPENDING[0],
    act("third_party", "T2", "", OTHER, payee_name="Trésorerie", iban="FR1420041010050500013M02606"),
    request("D1", "60.00"),
    request("D2", "5.00", OTHER),
    request("D3", "4.00", invoice_number="f/78", invoice_part="1"),
    request("D4", "3.00", invoice_number="F 78", invoice_part="2", date="2018-03-20"),
    request("D5", "2.00", invoice_number="F-79", invoice_date=""),
    request("D6", "1.00", invoice_number="--"),
    act("payment_request_rejection", "R1", "2.00", predecessor="D5"),
]
"""Entries 18 to 23 are requests, of which the last states no invoice."""
SETTLEMENTS = [
    act("attachment", "O1", "20.00", OTHER, predecessor="@18", invoice_number="F-77"),
    act("payment", "P1", "30.00", predecessor="@18"),
    act("payment", "P2", "5.00", predecessor="@19"),
]
"""Entries 25 to 27."""
SECOND = [request("E1", "7.00", invoice_number="F-80"), request("E2", "8.00", invoice_number="F-79")]
"""Entries 28 and 29, of another ministry."""
FILES = (("MIN-09", FIRST), ("MIN-09", SETTLEMENTS), ("MIN-12", SECOND))


@pytest_asyncio.fixture
async def journal(dsn: str, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    """A journal of the invoices of two ministries."""
    for number, (sender, rows) in enumerate(FILES):
        path = tmp_path / f"{number}.jsonl"
        path.write_bytes(f'{{"envelope": {{"sender": "{sender}"}}}}\n'.encode() + to_jsonl(rows))
        await process_files(dsn, tmp_path, [path], ReferenceData.load(REFERENCE))
    connection = await asyncpg.connect(dsn)
    assert await connection.fetchval("select count(*) from refusal") == 0
    yield connection
    await connection.close()


def build_arguments(visibility: Visibility = WHOLE_JOURNAL, **values: Any) -> ReportArguments:
    return ReportArguments({**REPORT.default_values, **values}, visibility)


async def load(journal: asyncpg.Connection, arguments: ReportArguments) -> list[RequestedInvoice]:
    return (await invoices.load_invoices(journal, arguments)).invoices


async def test_an_invoice_shows_what_was_paid_of_it_and_by_which_acts(journal: asyncpg.Connection) -> None:
    """60.00 requested, of which 20.00 went to another creditor and 30.00 to the supplier."""
    rows = await load(journal, build_arguments(supplier="SUPPLIER", number="f 77"))
    assert rows == [
        RequestedInvoice(
            entry=18, day="2018-03-15", is_visible=True, supplier="SUPPLIER", invoice_number="F-77",
            invoice_date="2018-02-26", sender="MIN-09", reference="D1", amount_cents=6000, rejected_cents=0,
            settled_cents=5000, state="partly_paid", settled_by=[25, 26], settlements=2,
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "entries"),
    [
        ({}, [18, 19, 20, 21, 22, 28, 29]),
        ({"supplier": "TAXES"}, [19]),
        ({"supplier": "NOBODY"}, []),
        ({"number": "F-77"}, [18, 19]),
        ({"number": "f78"}, [20, 21]),
        ({"number": "F-7"}, []),
        ({"number": "--"}, []),
        ({"number": "F-79", "day": date(2018, 2, 26)}, [29]),
        ({"day": date(2018, 2, 26)}, [18, 19, 20, 21, 28, 29]),
        ({"day": date(9999, 1, 1)}, []),
        ({"day": date(1970, 1, 1)}, []),
        ({"entry": 21}, [21]),
        ({"entry": 21, "number": "F-77"}, []),
        ({"entry": 23}, []),
        ({"entry": 1}, []),
        ({"entry": 10**18}, []),
    ],
)
async def test_invoices_are_found_by_supplier_number_day_and_entry(
    values: dict[str, Any], entries: list[int], journal: asyncpg.Connection
) -> None:
    assert [row.entry for row in await load(journal, build_arguments(**values))] == entries


async def test_parts_and_what_was_rejected_in_full(journal: asyncpg.Connection) -> None:
    rows = {row.entry: row for row in await load(journal, build_arguments())}
    assert [(rows[entry].invoice_number, rows[entry].invoice_part) for entry in (20, 21)] == [
        ("f/78", 1),
        ("F 78", 2),
    ]
    freed = rows[22]
    assert (freed.invoice_date, freed.rejected_cents, freed.settled_cents, freed.state) == (
        *(None, 200, 0, "rejected"),
    )
    assert (rows[19].state, rows[19].settled_by) == ("paid", [27])


async def test_every_page_begins_behind_the_one_before(journal: asyncpg.Connection) -> None:
    whole, after = await load(journal, build_arguments()), 0
    rows: list[RequestedInvoice] = []
    while True:
        arguments = build_arguments()._replace(page=PageRange(after, 3))
        page = await invoices.load_invoices(journal, arguments)
        rows += page.invoices
        if page.next_after is None:
            break
        assert len(page.invoices) == 3
        after = page.next_after
    assert rows == whole
    assert len(rows) == 7


async def test_a_command_reads_all_of_them_page_by_page(
    journal: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invoices, "_ROWS_AT_ONCE", 2)
    monkeypatch.setattr(invoices, "_PAGES_AT_ONCE", 1)
    whole = await load(journal, build_arguments())
    pages = [page async for page in invoices.stream_invoices(journal, build_arguments())]
    assert [row for page in pages for row in page] == whole
    assert max(map(len, pages)) == 2


@pytest.mark.parametrize("number", ["F-79", None])
async def test_another_ministry_sees_number_and_day_of_the_request_and_only_if_it_holds_the_invoice(
    number: str | None, journal: asyncpg.Connection
) -> None:
    own = Visibility(sender="MIN-12")
    rows = await load(journal, build_arguments(own, supplier="SUPPLIER", number=number))
    visible = [row for row in rows if row.is_visible]
    assert [row.entry for row in visible] == ([29] if number else [28, 29])
    hidden = [row for row in rows if not row.is_visible]
    assert hidden == ([RequestedInvoice(entry=22, day="2018-03-15", is_visible=False)] if number else [])


async def test_a_key_of_other_programmes_sees_no_invoice(journal: asyncpg.Connection) -> None:
    assert await load(journal, build_arguments(Visibility(centres=[], programmes=[]))) == []
    assert await load(journal, build_arguments(Visibility(centres=[], programmes=[]), entry=18)) == []


async def test_a_key_that_sees_nothing_costs_as_few_queries_as_another(journal: asyncpg.Connection) -> None:
    texts: list[str] = []
    own = Visibility(centres=[], programmes=[])
    with journal.query_logger(lambda record: texts.append(record.query)):
        arguments = build_arguments(own)._replace(page=PageRange(0, 1))
        assert await load(journal, arguments) == []
    assert texts.count(SQL["invoice_requests"]) == 1, "one for all seven requests"


async def test_the_table_names_the_first_acts_and_counts_the_rest(journal: asyncpg.Connection) -> None:
    row = RequestedInvoice(
        entry=7, day="2018-03-15", is_visible=True, settled_by=list(range(8, 28)), settlements=1_020
    )
    table = invoices.build_table([row, RequestedInvoice(entry=9, day="2018-03-16", is_visible=False)])
    assert table.rows[0][-1] == f"{' '.join(map(str, range(8, 28)))} and 1,000 more"
    assert table.to_csv().splitlines()[2] == ",,,,9,2018-03-16,,,,,,not visible,"
