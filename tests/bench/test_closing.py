"""The benchmark of the closing at a small size: it verifies each step, and gives no figures for a step that is wrong."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bench.closing.closing_benchmark import (
    STEPS,
    FormLoad,
    StepDecision,
    check_end,
    check_repetition,
    check_step,
    measure,
    read_decision,
)
from bench.closing.served_closing import StepRequest, build_load, execute_steps
from bench.engine_command import Command
from bench.load.http_connections import Address
from bench.load.load_target import SenderKey, Target
from bench.year.year_generator import Year
from service.cli.bench import serve_database
from service.cli.bench_closing import create_server
from service.terminal.processing_progress import ProgressLines

WORDS = (sys.executable, "-c", "from service.cli.main import main; main()")


def test_each_step_is_executed_twice(tmp_path: Path) -> None:
    reports: list[str] = []
    command = Command(WORDS, serve_database, reports.append)
    figures = measure(command, Year(seed=3, acts=1_000), tmp_path)
    assert not list(tmp_path.iterdir())
    assert [row.step for row in figures.steps] == list(STEPS)
    assert all(row.lines > row.refused and row.lines_a_second > 0 for row in figures.steps)
    assert figures.entries > figures.lines
    assert figures.first_seconds >= max(row.seconds for row in figures.steps)
    assert reports[-1] == f"executing {STEPS[-1]}"


def test_a_service_executes_each_step_twice_beside_forms(tmp_path: Path) -> None:
    command = Command(WORDS, serve_database, lambda _: None)
    form_load = FormLoad(20, create_server(ProgressLines()))
    figures = measure(command, Year(seed=3, acts=1_000), tmp_path, forms=form_load)
    assert not list(tmp_path.iterdir())
    assert [row.step for row in figures.steps] == list(STEPS)
    assert all(row.lines > row.refused and row.seconds > 0 for row in figures.steps)
    assert figures.forms is not None
    assert figures.forms.forms > 0
    assert 0 < figures.forms.latency_ms["p50"] <= figures.forms.latency_ms["max"]
    assert figures.forms.peak_memory_bytes > 0


def test_forms_begin_with_one_a_second() -> None:
    with pytest.raises(ValueError, match="--rate"):
        build_load(0)


def test_what_is_left_open_or_carried_twice_gives_no_figures() -> None:
    with pytest.raises(RuntimeError, match="5 cents are open after C06, 4 were refused"):
        check_end("C06", 5, StepDecision(1, 1, 1, 4))
    receipt = {"accepted": {"lines": 2, "cents": 70}, "refused": {"lines": 0, "cents": 0}}
    posted = {"receipts": [receipt], "is_interrupted": False}
    with pytest.raises(RuntimeError, match="C06 carried 2 lines the second time"):
        check_repetition("C06", {"step": "C06", "waits": "", "posted": posted})


@pytest.mark.parametrize(
    ("open_cents", "decision"),
    [(101, StepDecision(1, 100, 0, 0)), (100, StepDecision(0, 0, 1, 100)), (0, StepDecision(0, 0, 0, 0))],
)
def test_a_step_that_leaves_something_gives_no_figures(open_cents: int, decision: StepDecision) -> None:
    with pytest.raises(RuntimeError, match="were open for C06"):
        check_step("C06", open_cents, decision)


def test_a_step_that_did_not_begin_gives_no_figures() -> None:
    with pytest.raises(RuntimeError, match="C04 did not begin: a run"):
        read_decision({"step": "C04", "waits": "a run", "posted": None})


def test_refused_lines_count_as_decided() -> None:
    receipt = {"accepted": {"lines": 2, "cents": 70}, "refused": {"lines": 1, "cents": 30}}
    posted = {"receipts": [receipt], "is_interrupted": False}
    decision = read_decision({"step": "C04", "waits": "", "posted": posted})
    assert decision == StepDecision(2, 70, 1, 30)
    check_step("C04", 100, decision)


# ------------------------------------------------------------------------------------- a service that answers wrongly


@contextmanager
def _run_service(closing: dict[str, Any]) -> Iterator[Target]:
    """Run a service that accepts what a load needs, answers a closing with ``closing``, and a form as no service would."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            answer = {
                "outcome": "accepted",
                "submission": 1,
                "lines": [{"reference": "X", "outcome": "LOST"}],
            }
            body = json.dumps(closing if "/closing/" in self.path else answer).encode()
            self.send_response(200 if content else 400)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Write no log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        key = SenderKey("MIN-01", "key")
        try:
            yield Target(
                Address("127.0.0.1", server.server_port), [key], key, key, key, report_progress=lambda _: None
            )
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("closing", "failure"),
    [
        ({"task": 1, "state": "failed", "failure": {"detail": "no"}}, "C06: failed"),
        ({"task": 1, "state": "done", "failure": None, "result": {}}, "forms failed"),
    ],
)
def test_a_step_or_a_form_that_fails_gives_no_figures(closing: dict[str, Any], failure: str) -> None:
    load = replace(build_load(400), connections=4, senders=1)
    requests = [StepRequest("C06", "/v1/closing/2018/C06", {"action": "execute"})] * 40
    with _run_service(closing) as target, pytest.raises(RuntimeError, match=failure):
        execute_steps(target, load, requests)
