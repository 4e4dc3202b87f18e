"""``crescendo report invoices``, in every format; and how many requests ``crescendo run`` accepted without a number."""

import csv
import io
from pathlib import Path

import pytest_asyncio

from tests.file_strategies import REFERENCE
from tests.reporting.test_invoices import FIRST, request
from tests.service.command_line import CommandResult, run_crescendo
from tests.service.http.running_service import to_jsonl

ENVIRONMENT = {"CRESCENDO_REFERENCE": str(REFERENCE)}
EVERY_REQUEST = ["D1", "D2", "D3", "D4", "D5"]


@pytest_asyncio.fixture
async def place(dsn: str, tmp_path: Path) -> tuple[str | Path, ...]:
    """The options of a database with the invoices of a ministry."""
    path = tmp_path / "requests.jsonl"
    path.write_bytes(to_jsonl(FIRST))
    place = ("--database", dsn, "--data", tmp_path)
    result = await run_crescendo("run", path, *place, "--sender", "MIN-09", environment=ENVIRONMENT)
    assert result.code == 0, result.err
    return place


async def report(place: tuple[str | Path, ...], *options: str, code: int = 0) -> CommandResult:
    result = await run_crescendo("report", "invoices", *options, *place, environment=ENVIRONMENT)
    assert result.code == code, result.err
    return result


async def test_an_invoice_is_looked_up_in_every_format(place: tuple[str | Path, ...]) -> None:
    invoice = ("--supplier", "SUPPLIER", "--number", "f 77", "--day", "2018-02-26", "--entry", "18")
    (row,) = (await report(place, *invoice, "--json")).json()
    assert (row["reference"], row["sender"], row["amount_cents"]) == ("D1", "MIN-09", 6000)
    (line,) = csv.DictReader(io.StringIO((await report(place, *invoice, "--csv")).out))
    assert (line["invoice"], line["dated"], line["requested"]) == ("F-77", "2018-02-26", "60.00")
    text = (await report(place, *invoice)).out
    assert text.startswith("\nInvoices\n")
    assert "60.00" in text


async def test_without_a_filter_every_invoice_is_listed(place: tuple[str | Path, ...]) -> None:
    rows = (await report(place, "--json")).json()
    assert [row["reference"] for row in rows] == EVERY_REQUEST
    french = await run_crescendo(
        "report", "invoices", *place, environment={**ENVIRONMENT, "LC_ALL": "fr_FR.UTF-8"}
    )
    assert french.out.startswith("\nFactures\n")
    assert "fournisseur" in french.out


async def test_a_run_states_how_many_requests_have_no_invoice_number(dsn: str, tmp_path: Path) -> None:
    place = ("--database", dsn, "--data", tmp_path, "--sender", "MIN-09")
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    first.write_bytes(to_jsonl(FIRST))
    result = await run_crescendo("run", first, *place, environment=ENVIRONMENT)
    assert "\n1 payment request accepted without an invoice number: nothing tells" in result.out
    second.write_bytes(to_jsonl([*FIRST[:1], request("D9", "1.00", invoice_number="F-90")]))
    again = await run_crescendo("run", second, *place, "--json", environment=ENVIRONMENT)
    assert again.json()["requests_without_invoice"] == 0
    nothing = await run_crescendo("run", second, *place, "--json", environment=ENVIRONMENT)
    assert nothing.json()["requests_without_invoice"] is None


async def test_what_nobody_requested_is_an_empty_report(place: tuple[str | Path, ...]) -> None:
    assert (await report(place, "--number", "F-99", "--json")).json() == []
    assert (await report(place, "--number", "F-99", "--csv")).out.count("\n") == 1


async def test_an_unknown_supplier_is_an_error_and_a_day_that_is_none_is_wrong_usage(
    place: tuple[str | Path, ...],
) -> None:
    assert "no third party NOBODY" in (await report(place, "--supplier", "NOBODY", code=1)).err
    await report(place, "--day", "2018-02-30", code=2)
    await report(place, "--entry", "0", code=2)
