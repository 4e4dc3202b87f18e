"""A real Prometheus on this machine that scrapes a running service, with the rules of the repository."""

import asyncio
import re
import socket
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.external_programs import find_program

PATIENCE_SECONDS = 60
MONITORING = Path(__file__).parents[2] / "monitoring"


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running Prometheus."""

    client: httpx.AsyncClient

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the present result of a query."""
        response = await self.client.get("/api/v1/query", params={"query": expression})
        assert response.status_code == 200, response.text
        result = response.json()["data"]["result"]
        return [result] if response.json()["data"]["resultType"] == "scalar" else result

    async def get(self, path: str, **parameters: str) -> Any:
        response = await self.client.get(f"/api/v1/{path}", params=parameters)
        assert response.status_code == 200, response.text
        return response.json()["data"]

    async def wait_for(self, expression: str) -> None:
        """Wait until a query has a result; Prometheus sends no notification, so it is polled.

        Raises
        ------
        TimeoutError
            The query had no result in time.
        """
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await self.query(expression):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


@asynccontextmanager
async def run_prometheus(target: str, folder: Path) -> AsyncIterator[Prometheus]:
    """Run Prometheus with the settings of the repository, scraping only ``target``, once a second."""
    settings = (MONITORING / "prometheus.yml").read_text().replace("crescendo:8000", target)
    settings = re.sub(r"(scrape|evaluation)_interval: \S+", r"\1_interval: 1s", settings)
    (folder / "prometheus.yml").write_text(settings.replace("alerts/*.yml", str(MONITORING / "alerts/*.yml")))
    address = f"127.0.0.1:{_find_free_port()}"
    words = ("--config.file", folder / "prometheus.yml", "--storage.tsdb.path", folder / "data")
    words = (*words, f"--web.listen-address={address}", "--log.level=warn")
    process = await asyncio.create_subprocess_exec(
        find_program("prometheus"), *words, stdout=DEVNULL, stderr=PIPE
    )
    output = asyncio.create_task(process.stderr.read()) if process.stderr else None
    try:
        async with httpx.AsyncClient(base_url=f"http://{address}", timeout=30) as client:
            await _wait_until_ready(client, process)
            yield Prometheus(client)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        if output:
            await output


async def _wait_until_ready(client: httpx.AsyncClient, process: asyncio.subprocess.Process) -> None:
    """Wait until it answers queries."""
    while process.returncode is None:
        try:
            if (await client.get("/-/ready")).status_code == 200:
                return
        except httpx.TransportError:
            pass  # it does not listen yet
        await asyncio.sleep(0.05)
    raise AssertionError("Prometheus ended by itself")


def _find_free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
