"""``crescendo report refusals --submission``: all refused lines, in every format."""

import asyncio
import csv
import io
import os
import pty
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest_asyncio

from tests.file_strategies import REFERENCE
from tests.service.command_line import COMMAND, ROOT, CommandResult, run_crescendo
from tests.service.http.act_files import CREDITS, build_commitment, build_service, build_unknown_centres
from tests.service.http.running_service import to_jsonl

LINES = 5_200
REFERENCES = [f"U{number}" for number in range(LINES)]


@pytest_asyncio.fixture
async def place(dsn: str, tmp_path: Path) -> tuple[str | Path, ...]:
    """The options of a database with one submission of which every line is refused."""
    path = tmp_path / "wrong.jsonl"
    path.write_bytes(to_jsonl(build_unknown_centres(LINES)))
    place = ("--database", dsn, "--data", tmp_path)
    result = await run_crescendo("run", path, *place, "--sender", "MIN-09", environment=ENVIRONMENT)
    assert result.code == 0, result.err
    return place


ENVIRONMENT = {"CRESCENDO_REFERENCE": str(REFERENCE)}


async def report(place: tuple[str | Path, ...], submission: int, *options: str) -> CommandResult:
    words = ("report", "refusals", "--submission", str(submission), *options, *place)
    result = await run_crescendo(*words, environment=ENVIRONMENT)
    assert result.code == 0, result.err
    return result


async def test_every_refused_line_is_listed_in_every_format(place: tuple[str | Path, ...]) -> None:
    document = (await report(place, 1, "--json")).json()
    assert [line["reference"] for line in document] == REFERENCES
    rows = list(csv.DictReader(io.StringIO((await report(place, 1, "--csv")).out)))
    assert [row["reference"] for row in rows] == REFERENCES
    rows = [line.split() for line in (await report(place, 1)).out.splitlines()]
    assert [row[1] for row in rows if row and row[0].replace(",", "").isdigit()] == REFERENCES


async def test_progress_on_a_terminal_does_not_take_the_lines(place: tuple[str | Path, ...]) -> None:
    terminal, process_side = pty.openpty()
    words = ("report", "refusals", "--submission", "1", "--csv", *map(str, place))
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, *words), cwd=ROOT, env={**os.environ, **ENVIRONMENT}, stdout=PIPE, stderr=process_side
    )
    os.close(process_side)
    out, _ = await process.communicate()
    os.close(terminal)
    assert [row["reference"] for row in csv.DictReader(io.StringIO(out.decode()))] == REFERENCES


async def test_a_submission_without_refused_lines_has_an_empty_report(
    place: tuple[str | Path, ...], tmp_path: Path
) -> None:
    path = tmp_path / "credits.jsonl"
    path.write_bytes(to_jsonl(CREDITS))
    result = await run_crescendo("run", path, *place, "--sender", "MIN-09", environment=ENVIRONMENT)
    assert result.code == 0, result.err
    assert (await report(place, 2, "--json")).json() == []
    assert (await report(place, 2, "--csv")).out.startswith("line,to line,reference,")
    assert "No line was refused" in (await report(place, 2)).out


async def test_a_conflict_with_an_act_that_is_held_is_described_as_it_is(dsn: str, tmp_path: Path) -> None:
    place = ("--database", dsn, "--data", tmp_path)
    rows = [build_service("SF-1", "EJ-1", "5.00"), build_service("SF-1", "EJ-1", "6.00")]
    for name, lines in (
        ("held", [*CREDITS, *rows]),
        ("again", [build_commitment("EJ-1"), rows[1]]),
    ):
        path = tmp_path / f"{name}.jsonl"
        path.write_bytes(to_jsonl(lines))
        ran = await run_crescendo("run", path, *place, "--sender", "MIN-09", environment=ENVIRONMENT)
        assert ran.code == 0, ran.err
    held, conflict = (await report(place, 1, "--json")).json()
    assert (held["code"], conflict["code"]) == ("PREDECESSOR_MISSING", "REFERENCE_CONFLICT")
    assert "accepted or held" in conflict["finding"]
    assert "was held and then refused, send again" in conflict["action"]
    french = (await report(place, 1, "--json", "--language", "fr")).json()[1]
    assert "accepté ou en attente" in french["finding"]
    assert (await report(place, 2, "--json")).json() == [], "the reference is free again"
