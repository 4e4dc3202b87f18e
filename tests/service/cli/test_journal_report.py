"""``crescendo report journal`` and ``general-ledger``, in every format."""

import csv
import io
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import pytest_asyncio

from tests.file_strategies import REFERENCE
from tests.reporting.test_invoices import FIRST
from tests.service.command_line import CommandResult, run_crescendo
from tests.service.http.running_service import to_jsonl

ENVIRONMENT = {"CRESCENDO_REFERENCE": str(REFERENCE)}


@pytest_asyncio.fixture
async def place(dsn: str, tmp_path: Path) -> tuple[str | Path, ...]:
    """The options of a database with the requests of a ministry."""
    path = tmp_path / "requests.jsonl"
    path.write_bytes(to_jsonl(FIRST))
    place = ("--database", dsn, "--data", tmp_path)
    result = await run_crescendo("run", path, *place, "--sender", "MIN-09", environment=ENVIRONMENT)
    assert result.code == 0, result.err
    return place


async def report(
    place: tuple[str | Path, ...], *options: str, code: int = 0, **environment: str
) -> CommandResult:
    result = await run_crescendo("report", *options, *place, environment={**ENVIRONMENT, **environment})
    assert result.code == code, result.err
    return result


def read_csv(result: CommandResult) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(result.out)))


@pytest.mark.parametrize("name", ["journal", "general-ledger"])
async def test_every_format_has_the_same_rows(place: tuple[str | Path, ...], name: str) -> None:
    rows = (await report(place, name, "--json")).json()
    lines = read_csv(await report(place, name, "--csv"))
    assert len(rows) == len(lines) > 0
    amounts = ("amount_cents",) if name == "journal" else ("debit_cents", "credit_cents")
    cents = sum(row[amount] or 0 for row in rows for amount in amounts)
    euros = "".join(line[amount.removesuffix("_cents")] and "." for line in lines for amount in amounts)
    assert cents > 0
    assert euros
    total = sum(
        int(line[amount.removesuffix("_cents")].replace(".", "") or 0) for line in lines for amount in amounts
    )
    assert total == cents
    text = (await report(place, name)).out
    assert "balanced" in text.splitlines()[-1]
    assert "NOT balanced" not in text
    french = (await report(place, name, LC_ALL="fr_FR.UTF-8")).out
    titles = {"journal": "Livre-journal", "general-ledger": "Grand livre"}
    assert french.startswith(f"\n{titles[name]}\n")
    assert "équilibré" in french.splitlines()[-1]


async def test_what_nothing_has_is_an_error_and_what_is_none_is_wrong_usage(
    place: tuple[str | Path, ...],
) -> None:
    unknown = await report(place, "general-ledger", "--account", "999", code=2)
    assert "--account 999: no account of the charts begins so. The nearest are " in unknown.err
    near = await report(place, "general-ledger", "--account", "4019", code=2)
    assert "The nearest are 4011100000, 4017000000" in near.err
    days = ("--first-day", "2018-03-02", "--last-day", "2018-03-01")
    reverse = await report(place, "journal", *days, code=2)
    assert "--first-day 2018-03-02 is after --last-day 2018-03-01" in reverse.err
    await report(place, "journal", "--month", "16", code=2)
    await report(place, "journal", "--first-day", "2018-02-30", code=2)
    missing = await report(place, "journal", "--batch", "99", code=1)
    assert "There is no batch 99" in missing.err
    assert (await report(place, "journal", "--exercise", "2019", "--json")).json() == []


@pytest.mark.parametrize("name", ["journal", "trial-balance"])
async def test_a_report_is_written_to_a_file(
    place: tuple[str | Path, ...], name: str, tmp_path: Path
) -> None:
    """A long one page by page, a short one at once; the rows are those of the other formats."""
    lines = read_csv(await report(place, name, "--csv"))
    path = tmp_path / "out" / "report.parquet"
    path.parent.mkdir()
    result = await report(place, name, "--output", str(path))
    assert (result.out, f"The report is in {path}." in result.err) == ("", True)
    rows = pq.read_table(path).to_pylist()
    texts = [{key: "" if value is None else str(value) for key, value in row.items()} for row in rows]
    assert texts == lines
    sheets = path.with_suffix(".xlsx")
    await report(place, name, "-o", str(sheets))
    names = zipfile.ZipFile(sheets).namelist()
    assert {"xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"} <= set(names)
    assert sorted(file.name for file in path.parent.iterdir()) == ["report.parquet", "report.xlsx"]


async def test_a_file_that_cannot_be_written_is_an_error(
    place: tuple[str | Path, ...], tmp_path: Path
) -> None:
    unknown = await report(place, "journal", "--output", "report.xls", code=2)
    assert "--output report.xls: the name of the file ends neither in .xlsx nor in .parquet" in unknown.err
    both = await report(place, "journal", "--output", "report.xlsx", "--csv", code=2)
    assert "--output writes a file, --json and --csv write to standard output: give one of them" in both.err
    missing = await run_crescendo(
        *("report", "journal", "--output", tmp_path / "none" / "a.xlsx", *place), environment=ENVIRONMENT
    )
    assert missing.code != 0
    assert "none" in missing.err
    assert "Traceback" not in missing.err
