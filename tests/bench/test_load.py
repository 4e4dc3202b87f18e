"""The load benchmark: its forms have the outcomes it expects, and it detects wrong responses.  No figure is checked."""

import asyncio
import json
import os
import pty
import random
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.load import file_driver, http_connections, load_benchmark, load_budget, load_report
from bench.load.arrivals import FALL_SECONDS, RISE_SECONDS, Load, plan_arrivals
from bench.load.file_driver import DecidedFile, FileNumber
from bench.load.form_driver import FormDriver, create_senders
from bench.load.forms import SHARES, Form, FormGenerator
from bench.load.http_connections import Address
from bench.load.process_usage import Usage
from core.outcome_codes import Outcome
from ingest.formats.jsonl import parse_act_lines
from ingest.queue.form_batcher import build_columns
from tests.bench.sample_engine import SampleEngine
from tests.service.command_line import COMMAND, ROOT, run_crescendo

BUDGET = load_budget.build_budget()


def _build_load(**settings: Any) -> Load:
    return Load(
        **{"profile": "steady", "connections": 4, "senders": 2, "rate": 200, "seconds": 1, **settings}
    )


# --------------------------------------------------------------------------------- arrivals


def test_the_same_seed_gives_the_same_arrivals() -> None:
    first, repeated, other = (plan_arrivals(_build_load(seed=seed)).due for seed in (3, 3, 4))
    assert np.array_equal(first, repeated)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("profile", ["steady", "year-end"])
def test_the_peak_has_its_rate(profile: str) -> None:
    load = _build_load(profile=profile, rate=1_000, seconds=100)
    due, peak = plan_arrivals(load)
    within = np.count_nonzero((due >= peak[0]) & (due < peak[1]))
    assert peak[1] - peak[0] == 100
    assert abs(within - 100_000) < 5 * 100_000**0.5
    assert (np.diff(due) >= 0).all()


def test_a_year_end_load_rises_and_falls() -> None:
    due, _ = plan_arrivals(_build_load(profile="year-end", rate=1_000, seconds=10))
    seconds = np.bincount(due.astype(int))
    assert len(seconds) == RISE_SECONDS + 10 + FALL_SECONDS
    thirds = seconds[:RISE_SECONDS].reshape(3, -1).sum(axis=1)
    assert thirds[0] < thirds[1] < thirds[2] < 20 * 1_000
    assert seconds[-5:].sum() < seconds[RISE_SECONDS : RISE_SECONDS + 5].sum()


@pytest.mark.parametrize(
    "wrong", [{"profile": "calm"}, {"senders": 0}, {"senders": 5}, {"rate": 0}, {"seconds": 0}]
)
def test_an_impossible_load_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"profile|senders|rate"):
        _build_load(**wrong)


# --------------------------------------------------------------------------------- forms and files


@pytest.fixture(scope="module")
def sample_engine() -> SampleEngine:
    engine = SampleEngine()
    for rows in (
        load_budget.build_opening_acts(BUDGET),
        load_budget.build_allotment_acts(BUDGET),
        load_budget.build_registration_acts(BUDGET),
    ):
        assert {*engine.decide(1, build_columns(rows))["outcome"]} == {Outcome.ACCEPTED}
    return engine


def test_every_form_has_its_expected_outcome(sample_engine: SampleEngine) -> None:
    """Three thousand forms of two senders, decided by the engine itself."""
    generators = [FormGenerator(f"S{number}-", BUDGET, random.Random(number)) for number in range(2)]
    kinds = set()
    for number in range(3_000):
        form = generators[number % 2].next_form()
        (row,) = parse_act_lines(form.body, "form", 1)
        (decision,) = sample_engine.decide(2 + number % 2, build_columns([row]))
        assert (row["reference"], decision["outcome"]) == (form.reference, form.expected), form
        assert form.entry in {0, decision["entry"]}
        kinds.add(form.kind if form.kind in SHARES else row["kind"])
        if form.expected is Outcome.ACCEPTED:
            generators[number % 2].record_form(form, int(decision["entry"]))
    assert {"commitment", "service", "payment_request", "direct_payment_request", "twice", "changed"} <= kinds


def test_the_first_form_follows_no_act() -> None:
    assert all(
        FormGenerator("S-", BUDGET, random.Random(at)).next_form().commitment is None for at in range(200)
    )


@pytest.mark.parametrize("lines", [4, 2_000, 2_003])
def test_the_receipt_of_a_file_is_computed_in_advance(sample_engine: SampleEngine, lines: int) -> None:
    table = file_driver.build_lines(FileNumber(5, lines), lines, BUDGET)
    decisions = sample_engine.decide(9, table.combine_chunks().to_batches()[0])
    refused = np.count_nonzero(decisions["outcome"] > Outcome.HELD)
    assert refused == file_driver.count_refusals(lines)
    assert np.count_nonzero(decisions["outcome"] == Outcome.ACCEPTED) == lines - refused


# --------------------------------------------------------------------------------- connections

Reply = Callable[[dict[str, str]], bytes]


def _build_response(status: int, body: bytes, length: int | None = None) -> bytes:
    return b"HTTP/1.1 %d x\r\ncontent-length: %d\r\n\r\n%b" % (
        status,
        len(body) if length is None else length,
        body,
    )


def _build_accepted_response(row: dict[str, str], outcome: str = "ACCEPTED") -> bytes:
    line = {"reference": row["reference"], "outcome": outcome, "entry": 1}
    return _build_response(200, json.dumps({"submission": 1, "lines": [line]}).encode())


@asynccontextmanager
async def _run_service(reply: Reply) -> AsyncIterator[Address]:
    """Run a service that answers every form with ``reply``, and closes the connection after an empty response."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                response = reply(json.loads(await reader.readexactly(length)))
                writer.write(response)
                if not response:
                    break
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield Address(*server.sockets[0].getsockname()[:2])


async def _drive_forms(reply: Reply, forms: int = 40) -> FormDriver:
    async with _run_service(reply) as address:
        senders = create_senders(["a", "b"], BUDGET, 1)
        driver = FormDriver(address, senders, np.linspace(0, 0.05, forms), seed=1)
        driver.add_idle(
            await http_connections.open_connections(address, driver.build_connection, 4, rate=1_000)
        )
        await driver.drive()
        await driver.close()
    return driver


async def test_expected_responses_are_counted() -> None:
    driver = await _drive_forms(
        lambda row: (
            _build_accepted_response(row) if "XXXX" not in json.dumps(row) else _build_response(500, b"")
        ),
        1,
    )
    assert driver.tally.outcomes == {"ACCEPTED": 1}
    assert driver.tally.error_count == 0
    assert (driver.answered_at > driver.lateness).all()


@pytest.mark.parametrize(
    ("reply", "expected_error"),
    [
        (lambda _: _build_response(503, b"busy"), "503"),
        (lambda row: _build_accepted_response({**row, "reference": "another"}), "of another"),
        (lambda row: _build_accepted_response(row, "CP_EXCEEDED"), "CP_EXCEEDED"),
        (lambda _: b"", "ended before the response"),
        (lambda _: b"HTTP/1.1 200 x\r\n\r\n", "ended before the response"),
        (lambda row: _build_accepted_response(row) + b"more", "ended before the response"),
    ],
)
async def test_wrong_responses_fail_the_benchmark(reply: Reply, expected_error: str) -> None:
    driver = await _drive_forms(reply, 8)
    assert driver.tally.error_count > 0
    assert not driver.tally.outcomes
    assert all(expected_error in error for error in driver.tally.errors)


async def test_a_response_in_pieces_is_one_response() -> None:
    class Listener:
        def __init__(self) -> None:
            self.responses: list[tuple[int, http_connections.Response]] = []
            self.closes: list[tuple[int, bool]] = []

        def handle_response(
            self, connection: http_connections.Connection, response: http_connections.Response
        ) -> None:
            self.responses.append((connection.number, response))

        def handle_close(self, connection: http_connections.Connection, was_busy: bool) -> None:
            self.closes.append((connection.number, was_busy))

    listener, response_bytes = Listener(), _build_response(200, b"{}" * 50)
    connection = http_connections.Connection(listener, 3, b"")
    for index in range(len(response_bytes)):
        connection.data_received(response_bytes[index : index + 1])
    assert listener.responses == [(3, http_connections.Response(200, b"{}" * 50))]
    connection.connection_lost(None)
    assert listener.closes == [(3, False)]


# --------------------------------------------------------------------------------- figures


def test_percentiles_are_measured_values() -> None:
    latencies = np.arange(1, 1_001, dtype=float)
    assert load_benchmark.compute_percentiles(latencies) == {
        "p50": 501.0,
        "p90": 901.0,
        "p99": 991.0,
        "p99.9": 1000.0,
        "max": 1000.0,
    }
    assert load_benchmark.compute_percentiles(latencies[:0]) == {}


def test_time_without_a_file_is_not_covered_by_any_file() -> None:
    def build_file(admitted: float, decided: float) -> DecidedFile:
        return DecidedFile(1, 1, admitted, decided)

    assert load_benchmark._measure_time_without_file([], 10, 14) == 4
    assert load_benchmark._measure_time_without_file([build_file(9, 12), build_file(11, 15)], 10, 14) == 0
    assert (
        load_benchmark._measure_time_without_file([build_file(11, 12), build_file(12.5, 13)], 10, 14) == 2.5
    )


def test_memory_growth_is_the_last_sample_minus_the_first() -> None:
    assert Usage([0.0, 1.0, 2.0], [5, 9, 7]).memory_growth_bytes == 2
    assert Usage().memory_growth_bytes == 0


def test_a_repeated_form_has_the_same_content() -> None:
    form = Form("commitment", "A", b'{"date":"d"}', Outcome.ACCEPTED, 5)
    generator = FormGenerator("S-", BUDGET, random.Random(1))
    generator.record_form(form, 7)
    repeated = generator._repeat_form("twice")
    assert (repeated.body, repeated.expected, repeated.entry) == (form.body, Outcome.DUPLICATE, 7)


# --------------------------------------------------------------------------------- the whole benchmark


def _build_figures(**changes: Any) -> load_benchmark.LoadFigures:
    usage = Usage([0.0, 1.0], [10**8, 2 * 10**8], {"service": 1.0})
    seconds = load_benchmark.SecondSeries([90, 110], [88, 112], [5.0, 6.0], [9.0, 11.0], [12.0, 20.0])
    latencies = {"p50": 5.5, "p90": 8.0, "p99": 10.0, "p99.9": 19.0, "max": 20.0}
    counts = {"errors": [], "error_count": 0, "reopened": 0, "files": 2, "file_lines": 800}
    fields = {
        "load": _build_load(),
        "forms": 200,
        "peak_forms": 200,
        "peak_rate": 100.0,
        "latency_ms": latencies,
        "late_ms": {"p99": 0.5},
        "outcomes": {"ACCEPTED": 198, "DUPLICATE": 2},
        "kinds": {"commitment": 200},
        **counts,
        "file_lines_a_second": 400,
        "without_file_seconds": 0.0,
        "core_microseconds_a_form": {"service": 5000.0},
        "peak_memory_bytes": 2 * 10**8,
        "memory_bytes_a_line": 64.0,
        "usage": usage,
        "seconds": seconds,
        "on": "a machine",
        "is_verified": True,
    }
    return load_benchmark.LoadFigures(**{**fields, **changes})


def test_a_load_is_published(tmp_path: Path) -> None:
    page = tmp_path / "docs/load.md"
    page.parent.mkdir()
    page.write_text(f"before\n{load_report.START}\nold\n{load_report.END}\nafter\n")
    for _ in range(2):
        load_report.publish(_build_figures(), tmp_path)
    text = page.read_text()
    assert "old" not in text
    assert "| p99, from the moment a form was due | 10.0 ms |" in text
    assert text.endswith(f"{load_report.END}\nafter\n")
    assert (tmp_path / "docs/load.png").read_bytes().startswith(b"\x89PNG")


def test_figures_with_an_error_are_marked_not_valid() -> None:
    table = load_report.render_table(
        _build_figures(is_verified=False, errors=["commitment A: no response"], error_count=1)
    )
    assert "Not valid: 1 errors" in table
    assert "commitment A: no response" in table


async def test_a_small_load_on_a_real_service_is_verified() -> None:
    options = {"--connections": 60, "--rate": 80, "--seconds": 4, "--senders": 3, "--file-lines": 4_000}
    words = [str(word) for pair in options.items() for word in pair]
    ended = await run_crescendo("bench", "load", "--profile", "steady", *words, "--json")
    assert ended.code == 0, ended.err + ended.out
    figures = ended.json()
    assert figures["is_verified"]
    assert figures["errors"] == []
    assert sum(figures["outcomes"].values()) == figures["forms"] > 200
    assert figures["files"] > 0
    assert figures["peak_memory_bytes"] > 0
    assert {"service", "postgres", "load", "files"} == figures["core_microseconds_a_form"].keys()
    assert len(figures["seconds"]["p99_ms"]) == 4


# --------------------------------------------------------------------------------- a service of somebody else


def _write_keys(folder: Path) -> Path:
    roles = ("authorising_officer", "budget_directorate", "programme_manager", "assigned_accountant")
    keys = [{"sender": f"S{number}", "token": "t", "roles": [role]} for number, role in enumerate(roles)]
    path = folder / "keys.jsonl"
    path.write_text("\n".join(map(json.dumps, keys)))
    return path


_SMALL_LOAD = (
    "--profile",
    "steady",
    "--rate",
    "10",
    "--seconds",
    "1",
    "--connections",
    "2",
    "--file-lines",
    "0",
)


async def test_a_foreign_service_is_not_loaded_without_consent(tmp_path: Path) -> None:
    """Without a terminal nobody can be asked: nothing is sent, and the message states what would be."""
    bodies: list[Any] = []

    def record(body: Any) -> bytes:
        bodies.append(body)
        return _build_response(500, b"")

    async with _run_service(record) as address:
        url = f"http://{address.host}:{address.port}"
        words = ["--senders", "1", "--url", url, "--keys", str(_write_keys(tmp_path))]
        ended = await run_crescendo("bench", "load", *_SMALL_LOAD, *words)
    assert ended.code == 2
    assert bodies == []
    assert "--yes" in ended.err
    assert "1,200,000,000,000 euros" in ended.err


@pytest.mark.parametrize(("answer", "is_sent"), [("no", False), ("", False), ("yes", True)])
async def test_the_terminal_is_asked_first(tmp_path: Path, answer: str, is_sent: bool) -> None:
    bodies: list[Any] = []

    def record(body: Any) -> bytes:
        bodies.append(body)
        return _build_response(403, b"{}")

    async with _run_service(record) as address:
        url = f"http://{address.host}:{address.port}"
        words = ["--senders", "1", "--url", url, "--keys", str(_write_keys(tmp_path))]
        output, code = await asyncio.to_thread(_answer_on_terminal, [*_SMALL_LOAD, *words], answer)
    assert "Traceback" not in output
    assert f"will be sent to {url}" in output
    assert bool(bodies) is is_sent
    assert code == (3 if is_sent else 2)


def _answer_on_terminal(words: list[str], answer: str) -> tuple[str, int]:
    """Run the command on a terminal, and type the answer."""
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "bench", "load", *words],
        stdin=end,
        stdout=end,
        stderr=end,
        start_new_session=True,
        cwd=ROOT,
    )
    os.close(end)
    os.write(terminal, f"{answer}\n".encode())
    output = b""
    with suppress(OSError):  # the terminal ends with the process
        while data := os.read(terminal, 1 << 16):
            output += data
    os.close(terminal)
    return output.decode(), process.wait(60)


@pytest.mark.parametrize(
    ("status", "body", "expected_text"),
    [
        (403, b"not permitted", "403"),
        (200, b"<html>", "<html>"),
        (200, b'{"outcome":"refused","lines":[{"outcome":"CP_EXCEEDED"}]}', "CP_EXCEEDED"),
        (200, b'{"lines":[]}', "outcome"),
    ],
)
async def test_a_service_that_refuses_the_budget_is_reported(
    tmp_path: Path, status: int, body: bytes, expected_text: str
) -> None:
    async with _run_service(lambda _: _build_response(status, body)) as address:
        url = f"http://{address.host}:{address.port}"
        words = ["--senders", "1", "--yes", "--url", url, "--keys", str(_write_keys(tmp_path))]
        ended = await run_crescendo("bench", "load", *_SMALL_LOAD, *words)
    assert ended.code == 3
    assert expected_text in ended.err
    assert "Nothing was opened or registered" in ended.err


async def test_a_service_that_is_not_there_is_reported(tmp_path: Path) -> None:
    words = ["--senders", "1", "--yes", "--url", "http://127.0.0.1:1", "--keys", str(_write_keys(tmp_path))]
    ended = await run_crescendo("bench", "load", *_SMALL_LOAD, *words)
    assert ended.code == 3
    assert "127.0.0.1:1" in ended.err


async def test_a_service_that_breaks_off_is_reported(tmp_path: Path) -> None:
    """It accepts the budget, then closes every connection of the load."""

    def reply(body: Any) -> bytes:
        accepted = json.dumps({"outcome": "accepted", "lines": []}).encode()
        return _build_response(200, accepted) if isinstance(body, list) else b""

    async with _run_service(reply) as address:
        url = f"http://{address.host}:{address.port}"
        words = ["--senders", "1", "--yes", "--url", url, "--keys", str(_write_keys(tmp_path))]
        ended = await run_crescendo("bench", "load", *_SMALL_LOAD, *words)
    assert ended.code == 1
    assert "ended before the response" in ended.out
    assert "memory" not in ended.out  # that of a service elsewhere is not known


@pytest.mark.parametrize(
    ("words", "expected_text"),
    [
        (["--url", "http://127.0.0.1:1"], "--keys"),
        (["--url", "http://127.0.0.1:1", "--keys", "nowhere.jsonl"], "nowhere.jsonl"),
        (["--profile", "calm"], "year-end"),
    ],
)
async def test_wrong_usage_is_reported(words: list[str], expected_text: str) -> None:
    ended = await run_crescendo("bench", "load", *words)
    assert ended.code == 2
    assert expected_text in ended.err
