"""A real Prometheus scrapes the running service under load, and every panel of every board has data to show."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import pytest_asyncio

from monitoring.grafana.boards import BOARDS
from monitoring.grafana.panels import Panel
from monitoring.metrics import METRICS, PREFIX, MetricType
from service.database.embedded_server import Database
from tests.monitoring.prometheus import Prometheus, run_prometheus
from tests.monitoring.test_rules import run_promtool
from tests.service.http.access_keys import FOREIGN, MINISTRY
from tests.service.http.act_files import CREDITS, build_commitment, build_unknown_centres, submit_credits
from tests.service.http.running_service import JSONL, RunningService, create_database, run_service, to_jsonl
from tests.small_disks import mount_disk

pytestmark = [pytest.mark.outside("prometheus", "promtool"), pytest.mark.asyncio(loop_scope="module")]

EMPTY_IN_A_GOOD_RUN = {"Alerts", "Requests that failed", "Payments and bank messages"}
"""Panels without data because nothing is wrong or nothing is paid in this test; each names that reason."""
_DISK_MEGABYTES = 512
PANELS = [(board.name, panel) for board in BOARDS for panel in board.panels]


class ObservedService(NamedTuple):
    """A service that has processed work, and the Prometheus that observes it."""

    service: RunningService
    prometheus: Prometheus


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def observed(
    database: Database, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ObservedService]:
    folder = tmp_path_factory.mktemp("prometheus")
    # a disk of its own: that of this machine may be nearly full, and an alert would rightly fire
    with mount_disk(tmp_path_factory.mktemp("served"), _DISK_MEGABYTES) as data:
        async with _observe(database, data, folder) as observed_service:
            yield observed_service


@asynccontextmanager
async def _observe(database: Database, data: Path, folder: Path) -> AsyncIterator[ObservedService]:
    async with (
        create_database(database) as dsn,
        run_service(dsn, data, "--cut-off", "18:00") as service,
        run_prometheus(service.url.removeprefix("http://"), folder) as prometheus,
    ):
        await prometheus.wait_for('count_over_time(up{job="crescendo"}[1m]) >= 2')
        async with service.client(MINISTRY) as client:
            await _send_work(client)
            await prometheus.wait_for(f"crescendo_last_batch >= {await _read_last_batch(client)}")
        await prometheus.wait_for(
            "crescendo:lines:rate1m > 0 and count_over_time(crescendo:lines:rate1m[1m]) > 2"
        )
        # the last requests may have been scraped only once by then, and a rate needs two samples
        await prometheus.wait_for("min(count_over_time(crescendo_turned_away_total[1m])) >= 2")
        yield ObservedService(service, prometheus)


async def _send_work(client: httpx.AsyncClient) -> None:
    """Send files, forms, refused lines, and two requests that are rejected."""
    rows = [
        *build_unknown_centres(7),
        *(build_commitment(f"C{number}", "1.00") for number in range(50)),
    ]
    await submit_credits(client)
    response = await client.post("/v1/submissions?wait=60", content=to_jsonl(rows), headers=JSONL)
    assert response.json()["state"] == "decided"
    forms = [client.post("/v1/acts", json=build_commitment(f"F{number}", "0.01")) for number in range(40)]
    await asyncio.gather(*forms, client.post("/v1/acts", json=build_commitment("F", "0.01"), headers=FOREIGN))
    await client.get("/v1/submissions", headers={"authorization": "Bearer x"})
    await client.get("/v1/submissions/1", headers=FOREIGN)


async def _read_last_batch(client: httpx.AsyncClient) -> int:
    text = (await client.get("/metrics")).text
    (line,) = [line for line in text.splitlines() if line.startswith("crescendo_last_batch ")]
    return int(float(line.split()[1]))


def _fill_variables(expression: str) -> str:
    """Replace the variables as Grafana does."""
    return expression.replace("$__rate_interval", "1m").replace("$sender", ".*")


@pytest.mark.parametrize(
    ("board", "panel"), PANELS, ids=[f"{board}: {panel.title}" for board, panel in PANELS]
)
async def test_every_query_of_a_panel_gives_data(observed: ObservedService, board: str, panel: Panel) -> None:
    for query in panel.queries:
        result = await observed.prometheus.query(_fill_variables(query.expression))
        if panel.title in EMPTY_IN_A_GOOD_RUN:
            assert panel.empty_when
            assert result == []
        else:
            values = [float(series["value"][1]) for series in result]
            assert any(not math.isnan(value) for value in values), query.expression


async def test_the_variables_above_the_panels_have_values(observed: ObservedService) -> None:
    for board in BOARDS:
        for variable in board.variables:
            values = await observed.prometheus.get(
                f"label/{variable.name}/values", **{"match[]": variable.metric}
            )
            assert set(values) == {"DIRECTORATE", "MIN-09", "MIN-12", "DRFIP-75", "DGFIP"}


async def test_every_rule_is_loaded_and_evaluates(observed: ObservedService) -> None:
    groups = (await observed.prometheus.get("rules"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) == 16 + 8
    assert {rule["name"]: rule.get("lastError", "") for rule in rules if rule["health"] == "err"} == {}
    assert [rule["name"] for rule in rules if rule.get("alerts")] == []


async def test_prometheus_sums_equal_the_committed_lines(observed: ObservedService) -> None:
    for outcome, lines in (("accepted", len(CREDITS) + 50 + 41), ("refused", 7)):
        (result,) = await observed.prometheus.query(f'sum(crescendo_lines_total{{outcome="{outcome}"}})')
        assert float(result["value"][1]) == lines


async def test_the_metrics_pass_promtool_and_stay_small(observed: ObservedService) -> None:
    async with observed.service.client() as client:
        response = await client.get("/metrics")
    assert run_promtool("check", "metrics", text=response.content) == (0, "")
    assert len(response.text.splitlines()) < 1500
    for name, metric in METRICS.items():
        series = f"{PREFIX}{name}_count" if metric.metric_type is MetricType.HISTOGRAM else PREFIX + name
        assert any(line.startswith(series) for line in response.text.splitlines()), f"{name} has no value"
