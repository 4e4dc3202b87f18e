"""``crescendo report journal`` and ``general-ledger``, in every format."""

import csv
import io
from pathlib import Path

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
