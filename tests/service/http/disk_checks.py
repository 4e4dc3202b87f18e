"""Checks of a service whose disk is full."""

import re

import httpx

from service.http.problems import DISK_FULL_RETRY_SECONDS
from tests.service.http.running_service import RunningService


def check_disk_full(response: httpx.Response) -> None:
    assert (response.status_code, response.json()["code"]) == (503, "disk-full"), response.text
    assert response.headers["retry-after"] == str(DISK_FULL_RETRY_SECONDS)
    assert "full" in response.json()["detail"]


async def read_metric(served: RunningService, name: str) -> float:
    """Return the value of a metric without labels, as Prometheus reads it."""
    async with served.client() as client:
        text = (await client.get("/metrics")).text
    match = re.search(rf"^crescendo_{name} (\S+)$", text, re.MULTILINE)
    assert match, text
    return float(match[1])
