"""An invoice requested twice and a debt that has lapsed are found in the raw rows, though all hashes were made again."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from posting.book.registry import ReferenceData
from reporting.verification import verify
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, BUDGET, PAID, SPENDING, Row, act, process_files
from tests.reporting.remade_hashes import remake_hashes
from tests.service.http.running_service import to_jsonl

REGISTRATION = SPENDING[0]
INVOICE = {"invoice_number": "F-77", "invoice_date": "2018-02-26"}


def request(reference: str, amount: str, **fields: str) -> Row:
    return act("direct_payment_request", reference, amount, ASPR, PAID, INVOICE, **fields)


ACCEPTED = (
    request("D1", "10.00", invoice_number="F-78"),
    request("D2", "20.00", invoice_number="F-79"),
    act("payment_request_rejection", "R2", "20.00", predecessor="D2"),
    request("D3", "1.00", invoice_number="f 79"),
    request("D4", "2.00", invoice_number="F-80", invoice_part="1"),
    request("D5", "2.00", invoice_number="F-80", invoice_part="2"),
    request("D6", "3.00", invoice_number="F-81", line="1"),
    request("D6", "3.00", invoice_number="F-81", line="2"),
    request("D10", "1.00", invoice_number="F-85", invoice_date="2018-01-05"),
    request("D11", "1.00", invoice_number="F-85", invoice_date="2018-01-06"),
    request("D7", "1.00", invoice_number="F-82", invoice_date="2014-01-01"),
    request("D8", "1.00", invoice_number="F-83", right_year="2014"),
    act("commitment", "C1", "9.00", ASPR),
    act("service", "S1", "2.00", predecessor="C1"),
    act("service", "S2", "2.00", predecessor="C1"),
    act("payment_request", "P1", "2.00", PAID, predecessor="C1", invoice_date="2014-01-03"),
    act("payment_request", "P2", "1.00", PAID, predecessor="C1"),
    act("payment_request", "P3", "1.00", PAID, predecessor="C1", right_year="2014"),
    request("D9", "1.00", invoice_number="F-84", right_year="2013", prescription_stop="relief 2018-114"),
)
"""Requests that repeat an invoice rightly, and requests of debts that have not lapsed."""


def day_bytes(day: date) -> bytes:
    """Return a day as a page contains it."""
    return (day - date(1970, 1, 1)).days.to_bytes(2, "little")


PLANTED = {
    "another number": (b"F-78", b"F-81", ["entry 23 (D6)", "entry 24 (D6)"]),
    "another spelling": (b"F-78", b"f/81", ["entry 23 (D6)", "entry 24 (D6)"]),
    "another part": (b"\xff\x01\x02\xff", b"\xff\x01\x01\xff", ["entry 22 (D5)"]),
    "no date": (day_bytes(date(2018, 1, 6)), bytes(2), ["entry 26 (D11)"]),
    "no date on the first": (day_bytes(date(2018, 1, 5)), bytes(2), ["entry 26 (D11)"]),
    "the whole": (b"\xff\x01\x02\xff", b"\xff\x01\xff\xff", ["entry 22 (D5)"]),
}
"""What is changed on the page of the requests, and the entries that then repeat an invoice."""


def without_stop(page: bytes, stop: bytes) -> bytes:
    """Return a page without the text of its last column: the line that stated it states nothing."""
    return page[: -len(stop) - 2] + bytes(2)


@pytest_asyncio.fixture
async def connection(dsn: str, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    """A journal of requests, all accepted."""
    path = tmp_path / "requests.jsonl"
    path.write_bytes(b'{"envelope": {"sender": "TREASURY"}}\n' + to_jsonl([*BUDGET, REGISTRATION, *ACCEPTED]))
    await process_files(dsn, tmp_path, [path], ReferenceData.load(REFERENCE))
    connection = await asyncpg.connect(dsn)
    await connection.execute("set session_replication_role = replica")
    try:
        yield connection
    finally:
        await connection.close()


async def test_invoices_that_are_free_again_or_in_parts_are_proven(
    connection: asyncpg.Connection, dsn: str
) -> None:
    assert await connection.fetchval("select count(*) from refusal") == 0
    assert (await verify(dsn, folder=REFERENCE)).findings == []


async def read_page(connection: asyncpg.Connection) -> bytes:
    """Read the only page of the requests."""
    return bytes(await connection.fetchval("select page from request_detail") or b"")


async def list_findings(dsn: str) -> list[tuple[str, str]]:
    """Return checks and places."""
    findings = (await verify(dsn, folder=REFERENCE)).findings
    return [(finding.check, finding.place) for finding in findings]


@pytest.mark.parametrize("change", PLANTED)
async def test_an_invoice_requested_twice_is_found(
    change: str, connection: asyncpg.Connection, dsn: str
) -> None:
    before, after, places = PLANTED[change]
    page = await read_page(connection)
    assert page.count(before) == 1
    await connection.execute("update request_detail set page = $1", page.replace(before, after))
    await remake_hashes(connection)
    assert sorted(await list_findings(dsn)) == [("invoices_once", place) for place in places]


async def test_a_request_that_was_not_rejected_in_full_keeps_its_invoice(
    connection: asyncpg.Connection, dsn: str
) -> None:
    await connection.execute("update entry set amount = amount - 1 where reference = 'R2'")
    await remake_hashes(connection)
    findings = (await verify(dsn, folder=REFERENCE)).findings
    assert ("invoices_once", "entry 20 (D3)") in [(finding.check, finding.place) for finding in findings]


LAPSED = {
    "an older invoice": (day_bytes(date(2014, 1, 1)), day_bytes(date(2013, 12, 31)), "entry 27 (D7)"),
    "an older invoice of certified service": (
        day_bytes(date(2014, 1, 3)),
        day_bytes(date(2013, 12, 31)),
        "entry 32 (P1)",
    ),
    "an older right": (
        b"\xde\x07\x00\x00\xde\x07",
        b"\xdd\x07\x00\x00\xde\x07",
        "entry 28 (D8)",
    ),
    "no relief": (b"relief 2018-114", b"", "entry 35 (D9)"),
}
"""What is changed on the page of the requests, and the entry whose debt has then lapsed."""


@pytest.mark.parametrize("change", LAPSED)
async def test_a_debt_that_has_lapsed_is_found(change: str, connection: asyncpg.Connection, dsn: str) -> None:
    before, after, place = LAPSED[change]
    page = await read_page(connection)
    assert page.count(before) == 1
    changed = page.replace(before, after) if after else without_stop(page, before)
    await connection.execute("update request_detail set page = $1", changed)
    await remake_hashes(connection)
    assert await list_findings(dsn) == [("prescription", place)]


@pytest.mark.parametrize(
    ("service", "places"),
    [("S1", ["entry 32 (P1)"]), ("S2", ["entry 33 (P2)"])],
)
async def test_each_request_is_judged_by_the_service_that_it_bills(
    service: str, places: list[str], connection: asyncpg.Connection, dsn: str
) -> None:
    """The first request bills the first service, the others the second; the last one states its year."""
    await connection.execute("update entry set day = '2013-12-31' where reference = $1", service)
    await remake_hashes(connection)
    assert [place for check, place in await list_findings(dsn) if check == "prescription"] == places
