"""The command line: effects, output and exit codes."""

import asyncio
import csv
import io
import json
import os
import re
import subprocess
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pytest
import pytest_asyncio
from cyclopts import App

from bench.year.year_generator import Year, generate_year
from core.outcome_codes import Outcome
from posting.store.journal_store import PostgresStore
from reporting.table_layout import measure_width
from service.cli.main import build_app
from tests.databases import lock_table, wait_until_blocked
from tests.service.command_line import (
    COMMAND,
    ROOT,
    CommandResult,
    create_ledger,
    interrupt_command,
    run_crescendo,
    start_command,
    wait_for_end,
)
from tests.service.terminal.command_terminal import run_on_terminal

FORMATS = ("parquet", "arrow", "csv", "jsonl")
NOWHERE = "postgresql://nobody:secret@127.0.0.1:1/nothing"


class Sample(NamedTuple):
    """A small year on disk."""

    folder: Path
    files: list[Path]
    summary: dict[str, Any]


class Committed(NamedTuple):
    """The year processed once, and the result of the command."""

    data: Path
    place: tuple[str, Path, str, Path]
    first: CommandResult


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder = tmp_path_factory.mktemp("year")
    summary = generate_year(folder, Year(acts=2_000, formats=FORMATS))
    return Sample(folder, [folder / file["name"] for file in summary["files"]], summary)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def committed(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Committed:
    """The year in a new embedded database, processed with a glob that also matches other files."""
    home = tmp_path_factory.mktemp("committed")
    config = home / "settings.toml"
    config.write_text('[server]\nshared_buffers = "16MB"\nmax_wal_size = "256MB"\n')
    place = ("--data", home / "data", "--config", config)
    everything = sorted(sample.folder.iterdir())
    return Committed(home / "data", place, await run_crescendo("run", *everything, *place, "--json"))


async def read_chain(dsn: str) -> str:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval("select encode(chain, 'hex') from batch order by batch desc limit 1")
    finally:
        await connection.close()


# --------------------------------------------------------------------------------------------- run


async def test_valid_files_are_processed_and_the_others_refused_whole(
    committed: Committed, sample: Sample
) -> None:
    document = committed.first.json()
    assert committed.first.code == 1
    assert [Path(rejection["file"]).name for rejection in document["rejected"]] == ["summary.json"]
    assert document["rejected"][0]["found"]
    assert document["rejected"][0]["remedy"]
    assert [receipt["file"] for receipt in document["receipts"]] == [path.name for path in sample.files]
    assert document["speed"]["lines"] == sample.summary["rows"]


async def test_every_line_has_one_outcome_and_every_receipt_adds_up(committed: Committed) -> None:
    for receipt in committed.first.json()["receipts"]:
        parts = [receipt[name] for name in ("accepted", "duplicate", "refused", "suspended")]
        assert receipt["done"]
        assert sum(part["lines"] for part in parts) == receipt["lines"]
        assert sum(part["cents"] for part in parts) == receipt["cents"]
        assert receipt["suspended"]["lines"] == 0


async def test_refusals_are_counted_by_reason(committed: Committed, sample: Sample) -> None:
    lines_by_code = {reason["code"]: reason["lines"] for reason in committed.first.json()["reasons"]}
    assert sum(lines_by_code.values()) == sum(
        receipt["refused"]["lines"] for receipt in committed.first.json()["receipts"]
    )
    for code, lines in sample.summary["faults"].items():
        assert lines_by_code[code] >= lines
    assert lines_by_code.keys() <= Outcome.__members__.keys()


async def test_files_processed_before_are_not_processed_again(committed: Committed, sample: Sample) -> None:
    result = await run_crescendo("run", *sample.files, *committed.place, "--json")
    assert result.code == 0
    assert result.json()["receipts"] == []
    assert len(result.json()["known"]) == len(sample.files)
    assert result.json()["chain"] == committed.first.json()["chain"]
    text = await run_crescendo("verify", *committed.place)
    assert "step: " in text.err
    assert "Not proven: that nobody rewrote the whole ledger and both its hashes." in text.out


async def test_without_files_and_unfinished_work_there_is_nothing_to_do(committed: Committed) -> None:
    result = await run_crescendo("run", *committed.place)
    assert result.code == 0
    assert "Nothing to do" in result.out
    assert committed.first.json()["chain"] in result.out


async def test_again_processes_refused_lines_and_accepts_nothing_twice(dsn: str, sample: Sample) -> None:
    place = ("--database", dsn, "--data", sample.folder / "again", "--json")
    first = (await run_crescendo("run", *sample.files[:3], *place)).json()
    second = await run_crescendo("run", *sample.files[:3], *place, "--again")
    assert second.code == 0
    for previous, current in zip(first["receipts"], second.json()["receipts"], strict=True):
        assert (current["file"], current["attempt"]) == (previous["file"], 2)
        assert current["accepted"]["lines"] == 0
        assert current["duplicate"]["lines"] == previous["accepted"]["lines"] + previous["duplicate"]["lines"]
        assert current["refused"] == previous["refused"]


async def test_the_same_path_twice_is_processed_once(dsn: str, sample: Sample, tmp_path: Path) -> None:
    copy = tmp_path / "copy.parquet"
    copy.write_bytes(sample.files[0].read_bytes())
    result = await run_crescendo(
        "run", sample.files[0], copy, "--database", dsn, "--data", tmp_path, "--json"
    )
    assert result.code == 0
    assert len(result.json()["receipts"]) == 1
    assert result.json()["twice"] == [str(copy)]


async def test_the_output_shows_receipts_reasons_and_the_chain(
    dsn: str, sample: Sample, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.csv"
    damaged.write_text("")
    paths = (sample.files[0], sample.files[1], damaged)
    result = await run_crescendo("run", *paths, "--database", dsn, "--data", tmp_path)
    assert result.code == 1
    for text in ("Receipts", sample.files[1].name, "Refused whole", "damaged.csv", "MOVE_FORBIDDEN"):
        assert text in result.out
    assert await read_chain(dsn) in result.out
    assert "\x1b" not in result.out + result.err


async def test_the_sender_may_be_an_option(dsn: str, tmp_path: Path) -> None:
    file = tmp_path / "acts.csv"
    file.write_text("reference,kind,exercise,date\nR1,third_party,2018,2018-01-02\n")
    place = ("--database", dsn, "--data", tmp_path, "--json")
    unnamed = await run_crescendo("run", file, *place)
    assert unnamed.code == 2
    assert "sender" in unnamed.err
    named = await run_crescendo("run", file, *place, "--sender", "MIN-09")
    assert named.code == 0
    assert named.json()["receipts"][0]["sender"] == "MIN-09"


# --------------------------------------------------------------------------------------------- stopping


async def test_an_interrupted_command_continues_to_the_same_chain(
    dsn: str, committed: Committed, sample: Sample, tmp_path: Path
) -> None:
    place = ("--database", dsn, "--data", tmp_path)
    await create_ledger(*place)
    async with lock_table(dsn) as blocking:
        process = await start_command("run", *sample.files, *place, "--json")
        await wait_until_blocked(blocking)
        assert "Stopping after the batches under way" in await interrupt_command(process)
    stopped = await wait_for_end(process)
    assert stopped.code == 130
    assert "run the same command again to continue" in stopped.err
    assert 0 < stopped.json()["batch"] < committed.first.json()["batch"]
    resumed = await run_crescendo("run", *sample.files, *place, "--json")
    assert resumed.code == 0
    assert resumed.json()["chain"] == committed.first.json()["chain"] == await read_chain(dsn)


async def test_unfinished_work_continues_without_files(dsn: str, sample: Sample, tmp_path: Path) -> None:
    place = ("--database", dsn, "--data", tmp_path)
    await create_ledger(*place)
    async with lock_table(dsn) as blocking:
        process = await start_command("run", *sample.files, *place)
        await wait_until_blocked(blocking)
        process.kill()
        assert (await wait_for_end(process)).code == -9
    resumed = await run_crescendo("run", *place, "--json")
    assert resumed.code == 0
    assert resumed.json()["receipts"]
    assert all(receipt["done"] for receipt in resumed.json()["receipts"])


async def test_a_second_interruption_stops_at_once(dsn: str, sample: Sample, tmp_path: Path) -> None:
    place = ("--database", dsn, "--data", tmp_path)
    await create_ledger(*place)
    async with lock_table(dsn) as blocking:
        process = await start_command("run", *sample.files, *place)
        await wait_until_blocked(blocking)
        await interrupt_command(process)
        await interrupt_command(process)
        assert await process.wait() == 130


async def test_a_lost_database_ends_the_command_with_a_remedy(
    dsn: str, sample: Sample, tmp_path: Path
) -> None:
    place = ("--database", dsn, "--data", tmp_path)
    await create_ledger(*place)
    server, _, name = dsn.rpartition("/")
    admin = await asyncpg.connect(f"{server}/crescendo")
    blocking = await asyncpg.connect(dsn)
    lock = blocking.transaction()
    await lock.start()
    await blocking.execute("lock table progress in share mode")
    process = await start_command("run", *sample.files, *place)
    await wait_until_blocked(blocking)
    await admin.execute(f"drop database {name} with (force)")
    result = await wait_for_end(process)
    await admin.execute(f"create database {name}")
    await admin.close()
    assert result.code == 3
    assert "start again with the same command" in result.err
    assert "Traceback" not in result.err


async def test_two_engines_never_work_on_one_database(dsn: str, sample: Sample, tmp_path: Path) -> None:
    async with PostgresStore(dsn).own_lease("the other one"):
        result = await run_crescendo("run", sample.files[0], "--database", dsn, "--data", tmp_path)
    assert result.code == 3
    assert "the other one works on this database" in result.err


async def test_an_unreachable_database_is_named_without_its_password(sample: Sample, tmp_path: Path) -> None:
    result = await run_crescendo("run", sample.files[0], "--database", NOWHERE, "--data", tmp_path)
    assert result.code == 3
    assert "127.0.0.1:1/nothing" in result.err
    assert "secret" not in result.err


# --------------------------------------------------------------------------------------------- reading


async def test_the_committed_year_is_proven(committed: Committed) -> None:
    result = await run_crescendo("verify", *committed.place, "--json")
    assert result.code == 0
    assert result.json()["proven"]
    assert result.json()["chain"] == committed.first.json()["chain"]


async def test_a_planted_change_is_detected(dsn: str, sample: Sample, tmp_path: Path) -> None:
    place = ("--database", dsn, "--data", tmp_path)
    await run_crescendo("run", *sample.files[:3], *place)
    vandal = await asyncpg.connect(dsn)
    await vandal.execute("alter table entry disable trigger append_only_rows")
    await vandal.execute("update entry set amount = amount + 1 where entry_id = 200")
    await vandal.close()
    result = await run_crescendo("verify", *place)
    assert result.code == 1
    assert "NOT proven" in result.out
    assert "chain" in result.out


async def test_reports_come_as_tables_csv_and_json(committed: Committed) -> None:
    balance = (await run_crescendo("report", "trial-balance", *committed.place, "--json")).json()
    assert balance["debit"] == balance["credit"] > 0
    budget = await run_crescendo("report", "budget", "--level", "bop", *committed.place, "--csv")
    rows = list(csv.DictReader(io.StringIO(budget.out)))
    assert rows
    assert all(len(row["centre"]) == len("0177-D013") for row in rows)
    refusals = await run_crescendo("report", "refusals", *committed.place)
    assert "MOVE_FORBIDDEN" in refusals.out


async def test_an_entry_is_explained_by_its_number(committed: Committed) -> None:
    by_number = await run_crescendo("explain", "@200", *committed.place, "--json")
    assert by_number.code == 0, by_number.err
    assert [line["entry"] for line in by_number.json()["accepted"]] == [200]
    assert (await run_crescendo("explain", "@999999999", *committed.place)).code == 1


async def test_an_act_is_explained_from_file_to_proof(committed: Committed) -> None:
    refused = await run_crescendo("report", "refusals", "--submission", "2", *committed.place, "--json")
    reference = refused.json()[0]["reference"]
    result = await run_crescendo("explain", reference, *committed.place, "--json")
    assert result.json()["refused"][0]["refusal"]["code"] == refused.json()[0]["code"]
    assert all(proof["stored"] == proof["computed"] for proof in result.json()["proofs"])
    unknown = await run_crescendo("explain", "NO-SUCH-ACT", *committed.place)
    assert unknown.code == 1
    assert "There is no act 'NO-SUCH-ACT'" in unknown.err
    similar = await run_crescendo("explain", f"{reference[:-1]}x", *committed.place)
    assert similar.code == 1
    assert "Similar are" in similar.err
    foreign = await run_crescendo("explain", reference, "--sender", "NOBODY", *committed.place)
    assert foreign.code == 1
    assert (
        f"An act with this reference is there of {result.json()['refused'][0]['origin']['sender']}"
        in foreign.err
    )


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("budget", "--programme", "9999"), 2, "there is no such programme. All are 0101, 0102"),
        (("budget", "--programme", "177"), 2, "Similar are 0177"),
        (
            ("budget", "--year", "2030"),
            2,
            "--year 2030: the reference data have no such year. They have 2018, 2019",
        ),
        (("trial-balance", "--exercise", "2030"), 2, "--exercise 2030"),
        (("delays", "--year", "2030"), 2, "--year 2030"),
        (("budget", "--batch", "999999"), 1, "There is no batch 999,999: the last one is"),
        (("refusals", "--submission", "999999"), 1, "There is no submission 999,999: the last one is"),
        (
            ("refusals", "--sender", "NOPE"),
            1,
            "There is no submission of NOPE. All senders are BUDGET, MIN-01",
        ),
        (("refusals", "--sender", "MIN-O1"), 1, "There is no submission of MIN-O1. Similar are MIN-01"),
        (
            ("refusals", "--submission", "2", "--sender", "MIN-01"),
            2,
            "--submission and --sender exclude each other",
        ),
        (("proof", "--submission", "999999"), 1, "There is no submission 999,999"),
        (("proof", "--batch", "999999"), 1, "There is no batch 999,999"),
        (("proof", "--batch", "0"), 1, "There is no batch 0"),
    ],
)
async def test_a_name_that_nothing_has_is_an_error_and_not_zero(
    words: tuple[str, ...], code: int, message: str, committed: Committed
) -> None:
    result = await run_crescendo("report", *words, *committed.place)
    assert (result.code, result.out) == (code, "")
    assert message in result.err


@pytest.mark.parametrize(
    ("words", "title", "heading"),
    [
        (("budget", "--level", "uo"), "Exécution budgétaire par UO, après le lot", "AE disponibles"),
        (("trial-balance",), "Balance générale, après le lot", "équilibrée"),
        (("trial-balance", "--exercise", "2018"), "Balance générale 2018, après le lot", "solde"),
        (("commitments",), "Restes à payer par programme, après le lot", "engagements juridiques"),
        (("refusals",), "Lignes refusées\n", "que faire"),
        (("refusals", "--submission", "2"), "Lignes refusées, une par une", "valeur trouvée"),
        (("delays",), "Délai global de paiement par ministère", "intérêts moratoires dus"),
        (
            ("delays", "--by", "programme", "--year", "2018"),
            "par programme, paiements de 2018",
            "dans le délai",
        ),
        (("proof", "--submission", "2"), "Preuve du dépôt 2", "recompté, euros"),
    ],
)
async def test_headings_are_french_under_a_french_locale(
    words: tuple[str, ...], title: str, heading: str, committed: Committed
) -> None:
    french = {"LC_ALL": "fr_FR.UTF-8"}
    place = ("report", *words, *committed.place)
    result = await run_crescendo(*place, environment=french)
    assert title in result.out
    assert heading in result.out
    table = await run_crescendo(*place, "--csv", environment=french)
    assert table.out.splitlines()[0] == (await run_crescendo(*place, "--csv")).out.splitlines()[0]
    english = await run_crescendo(*place, environment={"LC_ALL": "C.UTF-8"})
    assert title not in english.out


async def test_an_interpreter_that_starts_under_a_french_locale_prints_french(committed: Committed) -> None:
    """The locale may not be installed: then Python has to be told how to encode."""
    french = {"LC_ALL": "fr_FR.UTF-8", "PYTHONIOENCODING": "utf-8"}
    result = await run_crescendo("report", "trial-balance", *committed.place, environment=french)
    assert "Balance générale" in result.out


async def test_known_names_without_figures_are_no_error(committed: Committed) -> None:
    for words in (("budget", "--year", "2019"), ("delays", "--year", "2020"), ("budget", "--batch", "0")):
        assert (await run_crescendo("report", *words, *committed.place)).code == 0


async def test_a_proof_of_a_file_holds(committed: Committed) -> None:
    assert (await run_crescendo("report", "proof", "--submission", "3", *committed.place)).code == 0
    assert (await run_crescendo("report", "proof", *committed.place)).code == 2


async def test_the_database_status_is_shown(committed: Committed, sample: Sample) -> None:
    status = (await run_crescendo("db", "status", *committed.place, "--json")).json()
    assert status["submissions"] >= len(sample.files)
    assert status["chain"] == committed.first.json()["chain"]
    assert not status["holder_lives"]
    people = await run_crescendo("db", "status", *committed.place)
    assert "nobody" in people.out


async def test_the_address_of_a_running_database_serves_other_tools(committed: Committed) -> None:
    keeping = await start_command("db", "dsn", *committed.place)
    assert keeping.stdout
    address = (await keeping.stdout.readline()).decode().strip()
    assert await read_chain(address) == committed.first.json()["chain"]
    assert (await run_crescendo("db", "dsn", *committed.place)).out.strip() == address
    # a report can be read while another process runs the database
    assert (await run_crescendo("report", "trial-balance", *committed.place, "--json")).code == 0
    keeping.terminate()
    assert await keeping.wait() == 0


async def test_reports_need_a_database(tmp_path: Path) -> None:
    result = await run_crescendo("report", "budget", "--data", tmp_path / "empty")
    assert result.code == 3
    assert "contains no ledger" in result.err
    assert not (tmp_path / "empty").exists()


async def test_a_terminal_shows_whole_amounts_within_its_width(committed: Committed) -> None:
    """What a pipe shows in one line each stands on the terminal, but for the columns that are named as left out."""
    for words in (
        ("report", "budget"),
        ("report", "trial-balance"),
        ("report", "refusals"),
        ("db", "status"),
    ):
        lines = await run_on_terminal(80, *words, *committed.place)
        assert max(map(measure_width, lines)) <= 80
        piped = (await run_crescendo(*words, *committed.place)).out
        amounts = re.compile(r"-?[0-9][0-9,]*[.][0-9]{2}(?![0-9])")
        assert set(amounts.findall("\n".join(lines))) <= set(amounts.findall(piped))
        assert "Left out" not in piped


# --------------------------------------------------------------------------------------------- demo, generate


async def test_the_demonstration_ends_in_a_verdict_whose_commands_work(tmp_path: Path) -> None:
    """The last of them shows all results of the same files in a new ledger."""
    folder = tmp_path / "a year"
    arguments = ("demo", "--acts", "2000", "--folder", folder)
    result = await run_crescendo(*arguments)
    assert result.code == 0, result.out
    lines = result.out.splitlines()
    commands = [line for line in lines if line.startswith("  ") and "crescendo " in line]
    sentences = [line for line in lines if line not in commands]
    assert len(lines) <= 45
    assert max(map(len, sentences)) <= 80
    for label in "Files Accepted Refused Budget Paid Interest Bank Proven More".split():
        assert any(line.startswith(f"{label} ") for line in sentences), label
    assert len(commands) == 9
    await check_verdict_figures(" ".join(result.out.split()), folder / "data")
    times = {path: path.stat().st_mtime_ns for path in folder.glob("year-*/*")}
    assert times
    results = [await run_printed_command(command) for command in commands]
    whole = results[-1]
    for text in ("Receipts", "Refused lines", "Budget execution by programme", "balanced", "Proven", "More"):
        assert text in whole.out
    assert whole.err.startswith(
        f"The demonstration begins anew: the earlier ledger in {folder / 'data'}, which"
    )
    assert {path: path.stat().st_mtime_ns for path in folder.glob("year-*/*")} == times


async def run_printed_command(command: str) -> CommandResult:
    """Run a command as it is printed, in a shell; it ends well and prints something."""
    process = await asyncio.create_subprocess_shell(
        command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, f"{command}: {err.decode()}"
    assert out, command
    return CommandResult(process.returncode, out.decode(), err.decode())


async def check_verdict_figures(verdict: str, data: Path) -> None:
    """Check that the figures of the verdict are those of the reports it names."""
    place = ("--data", data)
    balance = (await run_crescendo("report", "trial-balance", "--csv", *place)).out
    treasury = next(row for row in csv.DictReader(io.StringIO(balance)) if row["account"].startswith("5121"))
    net = find_cents(verdict, r"Paid ([\d,.]+) euros net")
    assert net == -parse_cents(treasury["balance"])
    issued = find_cents(verdict, r"transfers, ([\d,.]+);")
    back = find_cents(verdict, r"came back, refused or returned, ([\d,.]+)")
    assert issued - back == net
    paid, interest, returned, reissued = (
        parse_cents(text)
        for text in re.findall(
            r"requests debited, ([\d,.]+), and late interest, ([\d,.]+); returned since, ([\d,.]+); "
            r"of that issued again and debited, ([\d,.]+) ",
            verdict,
        )[0]
    )
    assert paid + interest - returned + reissued == net
    delays = (await run_crescendo("report", "delays", "--json", *place)).json()["total"]
    assert (delays["cents"], delays["interest_paid_cents"]) == (paid, interest)
    due, posted, lacking = (
        find_cents(verdict, pattern)
        for pattern in (
            r"Interest ([\d,.]+) euros due",
            r"payment: ([\d,.]+) posted",
            r"lack for ([\d,.]+), ",
        )
    )
    assert due == posted + lacking
    assert posted == delays["interest_proposed_cents"]
    refused = (await run_crescendo("report", "refusals", "--json", *place)).json()
    counts = re.findall(r"Refused ([\d,]+) lines|also counts ([\d,]+) lines", verdict)
    assert sum(int("".join(texts).replace(",", "")) for texts in counts) == refused["lines"]
    reference = re.findall(r"explain (\S+)", verdict)[0]
    assert "bank_debit" in (await run_crescendo("explain", reference, *place)).out


def find_cents(text: str, pattern: str) -> int:
    return parse_cents(re.findall(pattern, text)[0])


def parse_cents(text: str) -> int:
    return round(Decimal(text.replace(",", "")) * 100)


async def test_the_demonstration_removes_no_other_files(tmp_path: Path) -> None:
    thesis = tmp_path / "data" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("ten years of work")
    result = await run_crescendo("demo", "--acts", "1000", "--folder", tmp_path)
    assert result.code == 3
    assert thesis.read_text() == "ten years of work"


async def test_the_same_seed_generates_the_same_files(tmp_path: Path, sample: Sample) -> None:
    arguments = ("--acts", "2000", "--out", tmp_path, "--json")
    result = await run_crescendo(
        "generate", "year", *arguments, *(word for name in FORMATS for word in ("--format", name))
    )
    assert result.code == 0
    assert result.json() == json.loads((sample.folder / "summary.json").read_bytes())
    assert (tmp_path / sample.files[0].name).read_bytes() == sample.files[0].read_bytes()


# --------------------------------------------------------------------------------------------- words


COMMANDS = (
    "run",
    "demo",
    "generate",
    "report",
    "explain",
    "verify",
    "submit",
    "access",
    "db",
    "bench",
    "serve",
)


async def test_the_overview_names_every_command_and_exit_code() -> None:
    result = await run_crescendo("--help")
    assert result.code == 0
    assert all(f"  {name}: " in result.out for name in COMMANDS)
    assert "130 interrupted" in result.out


@pytest.mark.parametrize("folder", [ROOT, Path("/")], ids=["checkout", "elsewhere"])
def test_the_version_is_that_of_the_project(folder: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [*COMMAND, "--version"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert result.stdout.strip() == project["version"]


async def test_every_command_of_every_group_has_help() -> None:
    app = build_app(["--help"])
    assert _list_without_help(app, ()) == []


def _list_without_help(app: App, path: tuple[str, ...]) -> list[str]:
    names = [name for name in app if not name.startswith("-")]
    parts = [(name, app[name]) for name in names]
    missing = [" ".join((*path, name)) for name, part in parts if not part.help]
    return missing + [place for name, part in parts for place in _list_without_help(part, (*path, name))]


@pytest.mark.parametrize("arguments", [(name,) for name in COMMANDS] + [("report", "budget"), ("db", "dsn")])
async def test_every_command_has_help(arguments: tuple[str, ...]) -> None:
    result = await run_crescendo(*arguments, "--help")
    assert result.code == 0
    assert result.out.startswith(f"Usage: crescendo {' '.join(arguments)}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "--nonsense"), "--nonsense"),
        (("runn",), "runn"),
        (("run", "--sender", "no spaces"), "--sender"),
        (("run", "--database", "nonsense"), "postgresql://user:password@host:port/name"),
        (("generate", "year", "--out", "x", "--acts", "1"), "at least 1,000"),
        (("explain",), "reference"),
        (("serve", "--port", "70000"), "cannot listen on 127.0.0.1"),
        (("serve", "--cut-off", "soon"), "'soon' is not a cut-off"),
    ],
)
async def test_wrong_usage_exits_with_code_two(
    arguments: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    result = await run_crescendo(*arguments, environment={"CRESCENDO_DATA": str(tmp_path / "data")})
    assert result.code == 2
    assert message in result.err


async def test_an_invalid_settings_file_is_wrong_usage(tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text('dta = "here"\n')
    result = await run_crescendo("run", environment={"CRESCENDO_CONFIG": str(config)})
    assert result.code == 2
    assert "dta" in result.err
