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
    assert "The nearest are 4011100000, 4016000000, 4017000000" in near.err
    days = ("--first-day", "2018-03-02", "--last-day", "2018-03-01")
    reverse = await report(place, "journal", *days, code=2)
    assert "--first-day 2018-03-02 is after --last-day 2018-03-01" in reverse.err
    no_exercise = await report(place, "trial-balance", "--month", "1", code=2)
    assert "--month is of an exercise: name it with --exercise" in no_exercise.err
    await report(place, "journal", "--month", "16", code=2)
    await report(place, "journal", "--first-day", "2018-02-30", code=2)
    missing = await report(place, "journal", "--batch", "99", code=1)
    assert "There is no batch 99" in missing.err
    assert (await report(place, "journal", "--exercise", "2019", "--json")).json() == []


async def test_open_items_say_which_accounts_they_list(place: tuple[str | Path, ...]) -> None:
    """Accounts of charges have no items, and none of transit has one here: nothing is compared with a balance."""
    charges = await report(place, "open-items", "--account", "6", code=2)
    assert (
        "--account 6: this report lists no such account. It lists those that begin with 401, 404,"
        in charges.err
    )
    unknown = await report(place, "open-items", "--account", "999", code=2)
    assert "no account of the charts begins so" in unknown.err
    transit = (await report(place, "open-items", "--account", "512")).out
    assert "; only accounts 5126\n" in transit
    assert "no item and no balance" in transit
    assert "equal" not in transit
    assert "equal to the balances" in (await report(place, "open-items", "--account", "40")).out


async def test_titles_say_what_is_cut_off(place: tuple[str | Path, ...]) -> None:
    for options, title in (
        (
            ("follow-up", "--year", "2018", "--date", "2018-06-30"),
            "commitments; only year 2018; only up to 2018-06-30",
        ),
        (
            ("trial-balance", "--exercise", "2018", "--month", "1"),
            "Trial balance 2018, after batch 1; only up to month 1",
        ),
        (("journal", "--month", "3", "--batch", "1"), "Journal; only month 3; only up to batch 1"),
        (("open-items", "--opening", "2019"), "batch 1; only what the years before 2019 left"),
        (("public-balance", "--accountant", "ADCE"), "batch 1; only accountant ADCE"),
    ):
        assert f"{title}\n" in (await report(place, *options)).out
    totals = (await report(place, "journal", "--first-day", "2018-01-01")).out
    assert "Totals of the journal; only from 2018-01-01\n" in totals
    french = (await report(place, "follow-up", "--date", "2018-06-30", LC_ALL="fr_FR.UTF-8")).out
    assert french.startswith("\nSuivi des engagements juridiques ; seulement jusqu'au 2018-06-30\n")


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
    missing = await report(place, "journal", "--output", str(tmp_path / "none" / "a.xlsx"), code=2)
    assert f"there is no folder {tmp_path / 'none'}: create it first" in missing.err


async def test_a_parquet_file_is_english_and_a_workbook_of_the_locale(
    place: tuple[str | Path, ...], tmp_path: Path
) -> None:
    """A link stays a link: the file behind it is the one that is replaced."""
    target, link = tmp_path / "target.parquet", tmp_path / "link.parquet"
    target.write_bytes(b"old")
    link.symlink_to(target)
    await report(place, "trial-balance", "--output", str(link), LC_ALL="fr_FR.UTF-8")
    assert link.is_symlink()
    assert pq.read_table(target).column_names[0] == "account"
    sheets = tmp_path / "report.xlsx"
    await report(place, "trial-balance", "--output", str(sheets), LC_ALL="fr_FR.UTF-8")
    assert b"<t>compte</t>" in zipfile.ZipFile(sheets).read("xl/worksheets/sheet1.xml")
