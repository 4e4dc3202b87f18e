"""A real Prometheus looks at the running service under load, and every panel of every board has something to show."""

import asyncio
import math
from collections.abc import AsyncIterator
from typing import NamedTuple

import httpx
import pytest
import pytest_asyncio

from monitoring.grafana.boards import BOARDS
from monitoring.grafana.panels import Panel
from monitoring.metrics import METRICS, PREFIX, Sort
from service.database.embedded import Database
from tests.monitoring.prometheus import Prometheus, watching
from tests.monitoring.test_rules import promtool
from tests.service.http.access_keys import FOREIGN, MINISTRY
from tests.service.http.act_files import CREDITS, commitment, unknown_centres
from tests.service.http.running_service import JSONL, Running, as_jsonl, fresh, running

pytestmark = [pytest.mark.outside("prometheus", "promtool"), pytest.mark.asyncio(loop_scope="module")]

EMPTY_IN_A_GOOD_RUN = {"Alerts", "Requests that failed", "Payments and the bank's answers"}
"""Panels that have nothing to show because nothing is wrong, or nothing is paid here; each says so."""
PANELS = [(board.name, panel) for board in BOARDS for panel in board.panels]


class Scene(NamedTuple):
    """Who works, and who looks on."""

    service: Running
    prometheus: Prometheus


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    data, kept = tmp_path_factory.mktemp("served"), tmp_path_factory.mktemp("prometheus")
    async with (
        fresh(database) as dsn,
        running(dsn, data, "--cut-off", "18:00") as service,
        watching(service.url.removeprefix("http://"), kept) as prometheus,
    ):
        await prometheus.until('count_over_time(up{job="crescendo"}[1m]) >= 2')
        async with service.client(MINISTRY) as client:
            await _work(client)
            await prometheus.until(f"crescendo_last_batch >= {await _last_batch(client)}")
        await prometheus.until(
            "crescendo:lines:rate1m > 0 and count_over_time(crescendo:lines:rate1m[1m]) > 2"
        )
        # what was done last may have been seen once by then, and a rate needs to see it twice
        await prometheus.until("min(count_over_time(crescendo_turned_away_total[1m])) >= 2")
        yield Scene(service, prometheus)


async def _work(client: httpx.AsyncClient) -> None:
    """Files, forms, refusals, and two who are turned away."""
    rows = [*CREDITS, *unknown_centres(7), *(commitment(f"C{number}", "1.00") for number in range(50))]
    found = await client.post("/v1/submissions?wait=60", content=as_jsonl(rows), headers=JSONL)
    assert found.json()["state"] == "decided"
    forms = [client.post("/v1/acts", json=commitment(f"F{number}", "0.01")) for number in range(40)]
    await asyncio.gather(*forms, client.post("/v1/acts", json=commitment("F", "0.01"), headers=FOREIGN))
    await client.get("/v1/submissions", headers={"authorization": "Bearer x"})
    await client.get("/v1/submissions/1", headers=FOREIGN)


async def _last_batch(client: httpx.AsyncClient) -> int:
    found = (await client.get("/metrics")).text
    (line,) = [line for line in found.splitlines() if line.startswith("crescendo_last_batch ")]
    return int(float(line.split()[1]))


def _as_asked(expression: str) -> str:
    """With what Grafana puts in place of its variables."""
    return expression.replace("$__rate_interval", "1m").replace("$sender", ".*")


@pytest.mark.parametrize(
    ("board", "panel"), PANELS, ids=[f"{board}: {panel.title}" for board, panel in PANELS]
)
async def test_every_query_of_a_panel_gives_data(scene: Scene, board: str, panel: Panel) -> None:
    for query in panel.queries:
        found = await scene.prometheus.ask(_as_asked(query.expression))
        if panel.title in EMPTY_IN_A_GOOD_RUN:
            assert panel.empty_when
            assert found == []
        else:
            values = [float(each["value"][1]) for each in found]
            assert any(not math.isnan(value) for value in values), query.expression


async def test_the_choices_above_the_panels_have_values(scene: Scene) -> None:
    for board in BOARDS:
        for each in board.variables:
            found = await scene.prometheus.get(f"label/{each.name}/values", **{"match[]": each.metric})
            assert set(found) == {"MIN-09", "MIN-12"}


async def test_every_rule_is_loaded_and_can_be_reckoned(scene: Scene) -> None:
    groups = (await scene.prometheus.get("rules"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) == 15 + 8
    assert {rule["name"]: rule.get("lastError", "") for rule in rules if rule["health"] == "err"} == {}
    assert [rule["name"] for rule in rules if rule.get("alerts")] == []


async def test_what_prometheus_sums_is_what_the_service_committed(scene: Scene) -> None:
    for outcome, lines in (("accepted", len(CREDITS) + 50 + 41), ("refused", 7)):
        (found,) = await scene.prometheus.ask(f'sum(crescendo_lines_total{{outcome="{outcome}"}})')
        assert float(found["value"][1]) == lines


async def test_what_the_service_shows_passes_the_tool_and_stays_small(scene: Scene) -> None:
    async with scene.service.client() as client:
        shown = await client.get("/metrics")
    assert promtool("check", "metrics", text=shown.content) == (0, "")
    assert len(shown.text.splitlines()) < 1500
    for name, metric in METRICS.items():
        series = f"{PREFIX}{name}_count" if metric.sort is Sort.HISTOGRAM else PREFIX + name
        assert any(line.startswith(series) for line in shown.text.splitlines()), f"{name} has no value"
