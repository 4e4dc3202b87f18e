"""``crescendo top``: the figures of a running service, laid out for a terminal."""

import asyncio
import json
import os
import pty
import shlex
import shutil
import signal
import socket
from pathlib import Path

import msgspec
import pytest

from monitoring.live_figures import LiveFigures
from monitoring.service_metrics import ServiceMetrics
from monitoring.situation import ServiceStatus
from monitoring.snapshot import build_figures
from monitoring.trend import Trend
from monitoring.verdict import AccountDifference, PausedSender
from reporting.report_tables import Column, ReportTable
from service.client.retries import Unreachable
from service.database.embedded_server import Database
from service.terminal.live_view import (
    ROWS,
    FiguresForbidden,
    _decode_figures,
    _format_cut_off,
    _limit_rows,
    build_parts,
    format_line,
    format_percent,
)
from tests.monitoring.test_snapshot import STATUS
from tests.service.command_line import COMMAND, ROOT, run_crescendo, start_command, wait_for_end
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import build_debt_charges, build_unknown_centres, submit_credits
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl


async def test_the_terminal_shows_the_figures_of_the_page(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client(MINISTRY) as client,
    ):
        await submit_credits(client)
        rows = to_jsonl([*build_debt_charges(1), *build_unknown_centres(5)])
        await client.post("/v1/submissions?wait=60", content=rows, headers=JSONL)
        at = ("top", "--url", served.url, "--once")
        result = await run_crescendo(*at, "--json")
        figures = msgspec.json.decode(result.out, type=LiveFigures)
        page = (await client.get("/v1/figures")).json()
        for name in ("flows", "refusals", "programmes", "batches", "started_at"):
            assert json.loads(result.out)[name] == page[name]
        (row,) = await fetch(dsn, "select count(*) as lines from refusal")
        assert figures.throughput.outcomes.refused.lines == row["lines"] == 5
        drawn = await run_crescendo(*at)
        assert drawn.code == 0
        for text in ("FUND_CENTRE_UNKNOWN", "MIN-09", "0177", figures.batches[0].chain[:16], "refused"):
            assert text in drawn.out


async def test_without_a_terminal_each_reading_is_a_line(database: Database, tmp_path: Path) -> None:
    async with create_database(database) as dsn, run_service(dsn, tmp_path) as served:
        process = await start_command("top", "--url", served.url)
        assert process.stdout
        lines = [(await process.stdout.readline()).decode() for _ in range(2)]
        assert all("ready: 0 lines/s, 0 files and 0 forms wait" in line for line in lines)
        assert all(line.endswith(". All is well. Nothing waits.\n") for line in lines)
        process.send_signal(signal.SIGINT)
        assert (await wait_for_end(process)).code == 0


async def test_on_a_terminal_the_figures_are_refreshed_in_place(database: Database, tmp_path: Path) -> None:
    async with create_database(database) as dsn, run_service(dsn, tmp_path) as served:
        terminal, process_side = pty.openpty()
        arguments = (*COMMAND, "top", "--url", served.url)
        process = await asyncio.create_subprocess_exec(
            *arguments,
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "140", "LINES": "60"},
            stdout=process_side,
        )
        os.close(process_side)
        screen = ""
        while screen.count("Crescendo, ready") < 2:
            screen += (await asyncio.to_thread(os.read, terminal, 65536)).decode(errors="replace")
        assert "\x1b[?1049h" in screen, "a screen of its own, gone afterwards"
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
        os.close(terminal)


async def test_a_missing_service(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        result = await run_crescendo("top", "--url", f"http://127.0.0.1:{free.getsockname()[1]}", "--once")
    assert result.code == 3
    assert "refused" in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--url", "ftp://somewhere"), "not the address"),
        (("--seconds", "0"), "--seconds"),
        (("--seconds", "9999"), "3,600"),
    ],
)
async def test_invalid_options_of_top(arguments: tuple[str, ...], message: str) -> None:
    result = await run_crescendo("top", *arguments, "--once")
    assert result.code == 2
    assert message in result.err


@pytest.mark.parametrize("status", [401, 403])
def test_a_forbidden_caller_is_told_which_key_is_needed(status: int) -> None:
    with pytest.raises(FiguresForbidden, match="operators and auditors"):
        _decode_figures("http://there", status, b"{}")


@pytest.mark.parametrize(("status", "body"), [(503, b""), (404, b""), (200, b"<html>"), (200, b"{}")])
def test_an_invalid_response_is_unreachable(status: int, body: bytes) -> None:
    with pytest.raises(Unreachable, match="http://there"):
        _decode_figures("http://there", status, body)


def test_an_idle_service_is_shown() -> None:
    figures = build_figures(ServiceMetrics({}), Trend(), STATUS)
    assert "0 lines/s" in format_line(figures)
    assert "All is well. Nothing waits." in build_parts(figures)
    assert [part.rows for part in build_parts(figures) if isinstance(part, ReportTable)][2:] == [
        [],
        [],
        [],
        [],
    ]


def test_paused_senders_causes_and_the_first_step_are_shown() -> None:
    pause = PausedSender("MIN-12", "wrong nomenclature", 0)
    status = ServiceStatus(STATUS.started_at, "ready", [pause], [AccountDifference("FR76X", 150)])
    figures = build_figures(ServiceMetrics({}), Trend(), status)
    parts = build_parts(figures)
    line = (
        "Not well: books and bank differ by 1.50 euros on FR76X; "
        "MIN-12 is paused (wrong nomenclature; files that wait: 0). Nothing waits."
    )
    assert parts[1] == figures.verdict.english == line
    assert format_line(figures).endswith(line)
    (command,) = [part for part in parts if isinstance(part, str) and " access create " in part]
    words = shlex.split(command)
    assert words[1:] == ["access", "create", "DIRECTORATE", "--role", "budget_directorate"]
    assert shutil.which(words[0]), "the command can be pasted"
    (files,) = [part for part in parts if isinstance(part, ReportTable) and part.title == "Files by sender"]
    assert files.rows == [["MIN-12 (paused)", 0, 0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.4, "; 0:00:00 to the cut-off"),
        (3725.9, "; 1:02:05 to the cut-off"),
        (-60, "; the cut-off is 0:01:00 past"),
        (3_600_000, "; 1,000:00:00 to the cut-off"),
    ],
)
def test_the_clock_of_the_cut_off(seconds: float | None, text: str) -> None:
    assert _format_cut_off(seconds) == text


def test_hidden_rows_are_counted() -> None:
    rows = [[str(n)] for n in range(ROWS + 3)]
    assert _limit_rows(ReportTable("Files", [Column("n")], rows)) == ReportTable(
        "Files; 3 more", [Column("n")], rows[:ROWS]
    )


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"), (0.0004, "0 %"), (0.0006, "0.1 %"), (0.09, "9 %"), (0.0985, "9.9 %"), (0.125, "13 %"),
        (0.5678, "57 %"), (0.2, "20 %"), (0.99, "99 %"), (0.9994, "99.9 %"), (0.99999, "100 %"), (1.0, "100 %"),
        (-0.125, "-13 %"), (12.345, "1,235 %"),
    ],
)  # fmt: skip
def test_a_share_is_rounded_as_on_the_page(share: float, text: str) -> None:
    """The texts are those that ``formatPercent`` of the page returns, with the terminal's space before the sign."""
    assert format_percent(share) == text
