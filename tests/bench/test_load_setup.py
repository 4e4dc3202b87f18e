"""The forms before a load: whatever the service answers, the failure names it."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from bench.load import load_budget
from bench.load.http_connections import Address
from bench.load.load_setup import create_budget
from bench.load.load_target import LoadFailed, SenderKey, Target
from service.cli.bench_load import read_keys
from service.configuration.settings import UsageError

KEY = SenderKey("MIN-09", "key")


@contextmanager
def run_service(body: bytes, paths: list[str] | None = None) -> Iterator[Address]:
    """Run a service that answers every form with ``body``; ``paths`` receives the path of each."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if paths is not None:
                paths.append(self.path)
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Write no log."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Address("127.0.0.1", server.server_port)
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        ({"lines": [{"outcome": "ACCEPTED"}, {"outcome": "CP_EXCEEDED"}]}, '[{"outcome": "CP_EXCEEDED"}]'),
        ({"lines": ["x"]}, 'it states no outcome: {"lines": ["x"]}'),
        ({"lines": 5}, 'it states no outcome: {"lines": 5}'),
        ({"lines": {"outcome": 1}}, "it states no outcome"),
        ({"outcome": ["accepted"]}, "it states no outcome"),
        ({"lines": [{"outcome": []}]}, '[{"outcome": []}]'),
        ([], "it states no outcome: []"),
        (None, "it states no outcome: null"),
    ],
    ids=repr,
)
def test_an_answer_that_accepts_nothing_is_shown(answer: Any, finding: str) -> None:
    with run_service(json.dumps(answer).encode()) as address:
        target = Target(address, [KEY], KEY, KEY, KEY, report_progress=lambda _: None)
        with pytest.raises(LoadFailed) as failure:
            create_budget(target, load_budget.build_budget())
    assert f"did not accept the opening of credits of the load: {finding}" in str(failure.value)


def test_a_refusal_comes_before_anything_is_written() -> None:
    paths: list[str] = []
    line = {"reference": "TI000000", "outcome": "PAYEE_ALREADY_REGISTERED", "finding": "A third party " * 40}
    with run_service(json.dumps({"lines": [line, line]}).encode(), paths) as address:
        target = Target(address, [KEY], KEY, KEY, KEY, report_progress=lambda _: None)
        with pytest.raises(LoadFailed) as failure:
            create_budget(target, load_budget.build_budget())
    assert paths == ["/v1/acts?dry_run=true"]
    text = str(failure.value)
    assert re.search(r" (A|third|party) \.\.\.", text)
    assert "use the service of another ledger" in text
    assert "Nothing was opened or registered" in text


def test_keys_are_read_as_the_command_prints_them(tmp_path: Path) -> None:
    """``crescendo access create --json`` writes an object over several lines; one per line is read as well."""
    roles = {
        "MIN-01": ["authorising_officer"],
        "MANAGER": ["programme_manager"],
        "ACCOUNTANT": ["assigned_accountant"],
        "DIRECTORATE": ["budget_directorate"],
    }
    rows = [
        {"key": "k", "sender": name, "roles": names, "token": f"t-{name}"} for name, names in roles.items()
    ]
    file = tmp_path / "keys.jsonl"
    for indent in (2, None):
        file.write_text("\n".join(json.dumps(row, indent=indent) for row in rows))
        keys = read_keys(file)
        assert [key.sender for key in keys.senders] == ["MIN-01"]
        senders = (keys.directorate.sender, keys.manager.sender, keys.accountant.sender)
        assert senders == ("DIRECTORATE", "MANAGER", "ACCOUNTANT")
    file.write_text("crescendo_token")
    with pytest.raises(UsageError, match="access create --json prints"):
        read_keys(file)
