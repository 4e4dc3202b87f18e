"""``crescendo run --dry-run``: it predicts the run, stores nothing, and needs no more options than a run."""

from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bench.year.year_generator import Year, generate_year
from posting.store.migrate import migrate
from service.engine.dry_run import LINES_MAX
from tests.databases import lock_table, open_connection, wait_until_blocked
from tests.file_strategies import REFERENCE
from tests.service.command_line import (
    CommandResult,
    interrupt_command,
    run_crescendo,
    start_command,
)
from tests.service.http.act_files import CREDITS, build_commitment, build_service, build_unknown_centres
from tests.service.http.running_service import to_jsonl

ENVIRONMENT = {"CRESCENDO_REFERENCE": str(REFERENCE)}
OUTCOMES = ("accepted", "duplicate", "refused")
WHOSE = ("--sender", "MIN-01")


@pytest.fixture(autouse=True)
async def _ledger(dsn: str) -> None:
    """Create a ledger: a dry run creates none."""
    async with open_connection(dsn) as connection:
        await migrate(connection)


def _write_acts(folder: Path, name: str, rows: Any) -> Path:
    path = folder / f"{name}.jsonl"
    path.write_bytes(to_jsonl(rows))
    return path


async def _run_command(place: tuple[str | Path, ...], *arguments: str | Path) -> CommandResult:
    return await run_crescendo("run", *arguments, *place, *WHOSE, "--json", environment=ENVIRONMENT)


async def _count_rows(dsn: str) -> int:
    """Count the rows of all tables that a run writes."""
    connection = await asyncpg.connect(dsn)
    try:
        tables = ("entry", "refusal", "duplicate", "batch", "submission", "progress", "cell", "node_balance")
        return sum([await connection.fetchval(f"select count(*) from {table}") for table in tables])
    finally:
        await connection.close()


async def test_a_dry_run_of_a_year_predicts_the_run(dsn: str, tmp_path: Path) -> None:
    """Budget and acts in separate files, in every format: each depends on those before it."""
    folder = tmp_path / "year"
    summary = generate_year(folder, Year(acts=2_000, formats=("parquet", "arrow", "csv", "jsonl")))
    files = [folder / file["name"] for file in summary["files"]]
    place = ("--database", dsn, "--data", tmp_path / "data", "--json")
    dry = await run_crescendo("run", *files, "--dry-run", *place)
    assert dry.code == 0, dry.out
    assert await _count_rows(dsn) == 0
    assert list((tmp_path / "data" / "spool" / "incoming").iterdir()) == []
    expected, done = dry.json(), (await run_crescendo("run", *files, *place)).json()
    assert expected["dry_run"]
    assert [file["file"] for file in expected["files"]] == [receipt["file"] for receipt in done["receipts"]]
    for pairs, receipt in zip(expected["files"], done["receipts"], strict=True):
        assert {name: pairs[name] for name in OUTCOMES} == {name: receipt[name] for name in OUTCOMES}
        assert (pairs["lines"], pairs["cents"]) == (receipt["lines"], receipt["cents"])
    refused = sum(reason["lines"] for file in expected["files"] for reason in file["reasons"])
    assert refused == sum(reason["lines"] for reason in done["reasons"])


async def test_acts_wait_for_each_other_and_for_the_end_of_their_file_as_in_a_run(
    dsn: str, tmp_path: Path
) -> None:
    place = ("--database", dsn, "--data", tmp_path)
    rows = [
        *CREDITS,
        build_service("SF", "EJ", "1.00"),
        build_service("NEVER", "NOBODY", "1.00"),
        build_commitment("EJ"),
    ]
    first = _write_acts(tmp_path, "first", rows)
    second = _write_acts(tmp_path, "second", [build_service("SF-2", "EJ", "1.00"), build_commitment("EJ")])
    (first_result, second_result) = (await _run_command(place, "--dry-run", first, second)).json()["files"]
    assert [first_result[name]["lines"] for name in OUTCOMES] == [len(CREDITS) + 2, 0, 1]
    assert [reason["code"] for reason in first_result["reasons"]] == ["PREDECESSOR_MISSING"]
    assert first_result["refusals"][0]["reference"] == "NEVER"
    assert [second_result[name]["lines"] for name in OUTCOMES] == [1, 1, 0]
    assert await _count_rows(dsn) == 0
    both = (await _run_command(place, first, second)).json()["receipts"]
    assert [[pair[name] for name in OUTCOMES] for pair in both] == [
        [file[name] for name in OUTCOMES] for file in (first_result, second_result)
    ]


async def test_files_that_would_not_be_decided_are_listed(dsn: str, tmp_path: Path) -> None:
    place = ("--database", dsn, "--data", tmp_path)
    done = _write_acts(tmp_path, "done", CREDITS)
    receipt = (await _run_command(place, done)).json()["receipts"][0]
    previous = await _count_rows(dsn)
    new = _write_acts(tmp_path, "new", [build_commitment("EJ", "1.00")])
    again = tmp_path / "again.jsonl"
    again.write_bytes(new.read_bytes())
    broken = tmp_path / "broken.csv"
    broken.write_text("no;such;column\n1;2;3\n")
    result = await _run_command(place, "--dry-run", done, new, again, broken)
    assert result.code == 1
    document = result.json()
    assert [file["file"] for file in document["files"]] == ["new.jsonl"]
    assert document["known"] == [{"file": str(done), "submission": receipt["submission"]}]
    assert document["twice"] == [str(again)]
    assert [rejection["error"] for rejection in document["rejected"]] == ["FormatUnknown"]
    presented = (await _run_command(place, "--dry-run", "--again", done)).json()["files"][0]
    assert presented["duplicate"]["lines"] == len(CREDITS)
    assert await _count_rows(dsn) == previous


async def test_atomic_files_are_decided_the_same_in_a_dry_run(dsn: str, tmp_path: Path) -> None:
    place = ("--database", dsn, "--data", tmp_path)
    acts = [build_commitment("EJ", "1.00"), *build_unknown_centres(1)]
    files = (_write_acts(tmp_path, "credits", CREDITS), _write_acts(tmp_path, "acts", acts))
    both = (await _run_command(place, "--dry-run", "--atomic", *files)).json()["files"]
    assert [pair["accepted"]["lines"] for pair in both] == [len(CREDITS), 0]
    separate = (await _run_command(place, "--dry-run", *files)).json()["files"]
    assert [file["accepted"]["lines"] for file in separate] == [len(CREDITS), 1]


async def test_the_output_states_that_nothing_is_stored(dsn: str, tmp_path: Path) -> None:
    path = _write_acts(tmp_path, "acts", [*CREDITS, *build_unknown_centres(2)])
    arguments = ("--dry-run", path, "--database", dsn, "--data", tmp_path, *WHOSE)
    result = await run_crescendo("run", *arguments, environment=ENVIRONMENT)
    assert result.code == 0, result.out
    for text in ("Expected outcome", "FUND_CENTRE_UNKNOWN", "nothing is stored"):
        assert text in result.out


async def test_the_output_names_the_first_refused_lines_of_each_file(dsn: str, tmp_path: Path) -> None:
    path = _write_acts(tmp_path, "acts", [*CREDITS, *build_unknown_centres(7)])
    arguments = ("--dry-run", path, "--database", dsn, "--data", tmp_path, *WHOSE)
    out = (await run_crescendo("run", *arguments, environment=ENVIRONMENT)).out
    assert "First of these lines of acts.jsonl; --json lists up to 1,000, and what to do:" in out
    first = len(CREDITS) + 1
    assert [line for line in out.splitlines() if line.startswith("  line ")] == [
        f"  line {first + number:,}  U{number}  FUND_CENTRE_UNKNOWN" for number in range(5)
    ]


@pytest.mark.parametrize("arguments", [(), ("--json",)])
async def test_a_dry_run_needs_files(dsn: str, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    place = ("--database", dsn, "--data", tmp_path)
    result = await run_crescendo("run", "--dry-run", *arguments, *place, environment=ENVIRONMENT)
    assert result.code == 0, result.out


async def test_too_many_lines_are_refused_before_any_is_decided(dsn: str, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_text("reference;kind\n" + "A;commitment\n" * (LINES_MAX + 1))
    result = await run_crescendo(
        "run", "--dry-run", path, "--database", dsn, "--data", tmp_path, *WHOSE, environment=ENVIRONMENT
    )
    assert result.code == 2
    assert f"{LINES_MAX:,}" in result.err


async def test_unfinished_work_prevents_a_dry_run(dsn: str, tmp_path: Path) -> None:
    place = ("--database", dsn, "--data", tmp_path)
    path = _write_acts(tmp_path, "left", CREDITS)
    async with lock_table(dsn) as blocking:
        process = await start_command("run", path, *place, *WHOSE, environment=ENVIRONMENT)
        await wait_until_blocked(blocking)
        await interrupt_command(process)
        await interrupt_command(process)
        assert await process.wait() == 130
    result = await _run_command(place, "--dry-run", _write_acts(tmp_path, "acts", [build_commitment("EJ")]))
    assert result.code == 2
    assert "left.jsonl" in result.err
