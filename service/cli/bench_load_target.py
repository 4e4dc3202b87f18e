"""A service of our own to put under load: a fresh folder, keys of its own, another process."""

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
from service.auth import access_queries as access
from service.auth.access_queries import Grant
from service.auth.roles import Role
from service.configuration.settings import Settings
from service.database.command_queries import apply_migrations, connect
from service.database.configured_database import find_running
from service.database.embedded import run_embedded

START_SECONDS = 180
"""The first start on a machine compiles the kernels."""
_POLL_SECONDS = 0.05
_ADDRESS_LINE = re.compile(r"listening on (http://\S+)")
_STEWARD_ROLES = frozenset({Role.PROGRAMME_MANAGER, Role.ASSIGNED_ACCOUNTANT})


class ServiceFailed(CrescendoError):
    """The service to be loaded did not start, or did not stop in good order."""


class RunningService(NamedTuple):
    """A service under way: where it is, its keys (the last is the steward's), its process and database."""

    url: str
    keys: list[tuple[str, str]]
    process: int
    dsn: str


@contextmanager
def run_service(folder: Path, senders: int, rate: int) -> Iterator[RunningService]:
    """A service on a port of its own, and nothing left of it afterwards.

    Raises
    ------
    ServiceUnfit
        It did not start; its last words are told.
    """
    with tempfile.TemporaryDirectory(prefix="crescendo-load-", dir=folder) as home:
        data = Path(home) / "data"
        keys = asyncio.run(_create_keys(data, senders))
        words = ("serve", "--data", str(data), "--port", "0", "--rate", str(rate))
        said = Path(home) / "said"
        with said.open("wb") as told:
            process = subprocess.Popen(
                [sys.executable, "-c", "from service.cli.main import main; main()", *words], stderr=told
            )
        try:
            url = _wait_until_ready(process, said)
            found = find_running(Settings(data=data))
            yield RunningService(url, keys, process.pid, found.dsn if found else "")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
        if process.returncode:
            raise ServiceFailed(f"the service ended with {process.returncode}:\n{said.read_text()[-2000:]}")


async def _create_keys(data: Path, senders: int) -> list[tuple[str, str]]:
    """A key for each sender, and the steward's behind them."""
    officers = [
        (f"MIN-{number:02}", frozenset({Role.AUTHORISING_OFFICER})) for number in range(1, senders + 1)
    ]
    async with run_embedded(data) as database, connect(database.dsn) as connection:
        await apply_migrations(connection)
        found = []
        for sender, roles in [*officers, ("BUDGET", _STEWARD_ROLES)]:
            _, token = await access.create_key(connection, Grant(sender, roles, frozenset(), "load", None))
            found.append((sender, token))
        return found


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until work is taken; the address."""
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        found = _ADDRESS_LINE.search(log.read_text())
        if found and _is_ready(found[1]):
            return found[1]
        time.sleep(_POLL_SECONDS)
    raise ServiceFailed(f"the service did not start:\n{log.read_text()[-2000:]}")


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5):  # noqa: S310 -- the URL is our own, http
            return True
    except (urllib.error.URLError, OSError):
        return False
