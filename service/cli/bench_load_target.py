"""A new service to put under load: a new data folder, new keys, a separate process."""

import asyncio
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from core.errors import CrescendoError
from core.roles import Role
from service.auth import access_queries as access
from service.auth.access_queries import Grant
from service.configuration.settings import Settings
from service.database.command_queries import connect
from service.database.configured_database import find_server, open_database
from service.database.embedded_roles import build_service_address
from service.database.ledger_selection import LedgerCreation
from service.terminal.console import print_note

START_SECONDS = 180
"""The first start on a machine compiles the kernels."""
STOP_SECONDS = 180
_POLL_SECONDS = 0.05
_ADDRESS_LINE = re.compile(r"listening on (http://\S+)")
_SETUP_ROLES = (
    ("DIRECTORATE", Role.BUDGET_DIRECTORATE),
    ("BUDGET", Role.PROGRAMME_MANAGER),
    ("TREASURY-OFFICE", Role.ASSIGNED_ACCOUNTANT),
)
"""Who opens and allots the credits of a load, and registers its payees."""
_PAYERS = (("DRFIP-75", Role.ASSIGNED_ACCOUNTANT), ("DRFIP-69", Role.ASSIGNED_ACCOUNTANT))


class ServiceFailed(CrescendoError):
    """The service under load did not start, or did not stop in order."""


class RunningService(NamedTuple):
    """A running service: address, keys, process and database."""

    url: str
    keys: list[tuple[str, str]]
    """Sender and token of each key; the last three are those that prepare the load."""
    process: int
    """Process id."""
    dsn: str
    data: Path
    accountants: list[tuple[str, str]]
    """Sender and token of two accountants, who pay."""


@contextmanager
def run_service(folder: Path, senders: int, rate: int) -> Iterator[RunningService]:
    """Run a service on a free port, and remove all its files afterwards.

    Raises
    ------
    ServiceFailed
        It did not start, or ended with an error; the message includes the end of its log.
    """
    with (
        tempfile.TemporaryDirectory(prefix="crescendo-load-", dir=folder) as temporary,
        serve_ledger(Path(temporary) / "data", senders, rate) as service,
    ):
        yield service


@contextmanager
def serve_ledger(data: Path, senders: int, rate: int) -> Iterator[RunningService]:
    """Run a service of the data folder ``data``, which is created if there is none; its log is beside that folder.

    Raises
    ------
    ServiceFailed
        It did not start, or ended with an error; the message includes the end of its log.
    """
    keys = asyncio.run(_create_keys(data, senders))
    arguments = ("serve", "--data", str(data), "--port", "0", "--rate", str(rate))
    log = data.with_name("log")
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-c", "from service.cli.main import main; main()", *arguments], stderr=stream
        )
    try:
        url = _wait_until_ready(process, log)
        server = find_server(Settings(data=data))
        dsn = build_service_address(server.dsn) if server else ""
        yield RunningService(url, keys[:-2], process.pid, dsn, data, keys[-2:])
    finally:
        process.send_signal(signal.SIGTERM)
        _wait_for_end(process)
    if process.returncode:
        raise ServiceFailed(f"the service ended with {process.returncode}:\n{log.read_text()[-2000:]}")


def _wait_for_end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise ServiceFailed(f"the service did not stop within {STOP_SECONDS} seconds") from None


async def _create_keys(data: Path, senders: int) -> list[tuple[str, str]]:
    """Create a key for each sender, those that prepare the load, and those of two accountants who pay."""
    officers = [(f"MIN-{number:02}", Role.AUTHORISING_OFFICER) for number in range(1, senders + 1)]
    creation = LedgerCreation(print_note)
    async with (
        open_database(Settings(data=data), print_note, creation) as database,
        connect(database.dsn) as connection,
    ):
        keys = []
        for sender, role in [*officers, *_SETUP_ROLES, *_PAYERS]:
            grant = Grant(sender, frozenset({role}), frozenset(), "load", None)
            _, token = await access.create_key(connection, grant)
            keys.append((sender, token))
        return keys


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until the service accepts work; return its address."""
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        match = _ADDRESS_LINE.search(log.read_text())
        if match and _is_ready(match[1]):
            return match[1]
        time.sleep(_POLL_SECONDS)
    raise ServiceFailed(f"the service did not start:\n{log.read_text()[-2000:]}")


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5):  # noqa: S310 -- the URL is our own, http
            return True
    except (urllib.error.URLError, OSError):
        return False
