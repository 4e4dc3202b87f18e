"""``/metrics`` of the running service: its values equal those that SQL computes from the database."""

import asyncio
import json
from pathlib import Path

import asyncpg
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitoring.metrics import METRICS, PREFIX
from reporting.budget import load_budget
from reporting.code_labels import load
from reporting.code_names import read_names
from service.database.embedded_server import Database
from service.engine.timed_store import STEPS
from tests.databases import lock_table, wait_until_blocked
from tests.file_strategies import REFERENCE
from tests.service.http.access_keys import FOREIGN, MINISTRY
from tests.service.http.act_files import (
    ALLOTMENTS,
    build_commitment,
    build_service,
    build_unknown_centres,
    submit_credits,
)
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl

Figures = dict[tuple[str, tuple[str, ...]], float]


async def _read_figures(client: httpx.AsyncClient) -> Figures:
    response = await client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(response.text)
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def _sum_figures(figures: Figures, name: str, label: str = "") -> float:
    return sum(
        value
        for (metric, labels), value in figures.items()
        if metric == name and (not label or label in labels)
    )


async def _assert_budget(figures: Figures, dsn: str) -> None:
    """Check that the budget figures equal those of the budget report."""
    connection = await asyncpg.connect(dsn)
    try:
        names = await read_names(connection, load(REFERENCE))
        nodes = (await load_budget(connection, names)).nodes
    finally:
        await connection.close()
    for measure in ("ae", "cp"):
        for code in {node.centre for node in nodes}:
            amounts = [getattr(node, measure) for node in nodes if node.centre == code]
            labels = (measure, code, "2018")
            opened_cents = sum(amount.opened for amount in amounts)
            assert figures["crescendo_budget_opened_cents", labels] == opened_cents
            available = sum(amount.available for amount in amounts)
            assert figures["crescendo_budget_available_cents", labels] == available
    assert {labels[1] for name, labels in figures if name == "crescendo_budget_opened_cents"} == {
        "0117",
        "0177",
        "0217",
    }


async def test_the_metrics_equal_the_database(database: Database, tmp_path: Path) -> None:
    async with create_database(database) as dsn:
        past = ("--cut-off", "2018-12-31T18:00")
        async with run_service(dsn, tmp_path, *past) as served, served.client(MINISTRY) as client:
            before = await _read_figures(client)
            assert {
                f"{PREFIX}{name}"
                for name, metric in METRICS.items()
                if not metric.labels and metric.metric_type == "gauge"
            } <= {name for name, _ in before}
            await submit_credits(client)
            rows = [*build_unknown_centres(7), build_service("S", "C"), build_commitment("C")]
            await client.post("/v1/submissions?wait=60", content=to_jsonl(rows), headers=JSONL)
            second_file = to_jsonl([build_commitment("C"), build_commitment("POOR", "9999.00")])
            await client.post("/v1/submissions?wait=60", content=second_file, headers={**JSONL})
            forms = [client.post("/v1/acts", json=build_commitment(f"F{n}", "0.01")) for n in range(20)]
            other = client.post("/v1/acts", json=build_commitment("F", "0.01"), headers=FOREIGN)
            await asyncio.gather(*forms, other)
            sent = len(ALLOTMENTS) + len(rows) + 2
            await client.get("/v1/submissions/9999")
            await client.get("/etc/passwd")
            await client.get("/v1/submissions", headers={"authorization": "Bearer x"})
            figures = await _read_figures(client)
        for outcome, table in (("accepted", "entry"), ("refused", "refusal"), ("duplicate", "duplicate")):
            (row,) = await fetch(dsn, f"select count(*) from {table}")
            assert _sum_figures(figures, "crescendo_lines_total", outcome) == row["count"]
            assert _sum_figures(figures, "crescendo_lines_by_kind_total", outcome) == row["count"]
        await _assert_budget(figures, dsn)
        (row,) = await fetch(dsn, "select count(*), max(batch), sum(amount)::bigint as cents from batch")
        assert figures["crescendo_batches_total", ()] == row["count"]
        assert figures["crescendo_last_batch", ()] == row["max"]
        assert figures["crescendo_commit_seconds_count", ()] == row["count"]
        assert _sum_figures(figures, "crescendo_cents_total", "accepted") == row["cents"]
        assert figures["crescendo_refusals_total", ("FUND_CENTRE_UNKNOWN",)] == 7
        assert figures["crescendo_lines_total", ("accepted", "MIN-12")] == 1
        assert figures["crescendo_received_lines_total", ("MIN-09", "file")] == sent
        assert figures["crescendo_received_lines_total", ("MIN-09", "form")] == 20
        assert figures["crescendo_form_seconds_count", ()] == 21
        assert figures["crescendo_turned_away_total", ("key-unknown",)] == 1
        assert figures["crescendo_requests_total", ("POST", "/v1/acts", "200")] == 21
        assert figures["crescendo_requests_total", ("GET", "/v1/submissions/{submission}", "404")] == 1
        assert figures["crescendo_requests_total", ("other", "other", "404")] == 1
        assert figures["crescendo_requests_total", ("GET", "/v1/acts/{entry}", "500")] == 0
        assert figures["crescendo_requests_total", ("HEAD", "/docs", "500")] == 0
        assert figures["crescendo_ready", ()] == 1
        (row,) = await fetch(dsn, "select count(*) from access_key")
        assert figures["crescendo_keys", ()] == row["count"]
        for gauge in (
            "files_waiting",
            "file_lines_waiting",
            "file_lines_under_way",
            "queue_empty_seconds",
            "forms_waiting",
            "form_bytes",
            "form_bytes_of_one_sender",
            "oldest_waiting_seconds",
            "uploads",
        ):
            assert figures[PREFIX + gauge, ()] == 0
        assert figures["crescendo_cut_off_seconds", ()] < 0
        assert 0 < figures["crescendo_disk_free_bytes", ()] < figures["crescendo_disk_size_bytes", ()]
        assert figures["crescendo_kernel_busy_seconds_total", ()] > 0
        steps = {labels[0] for name, labels in figures if name == "crescendo_database_seconds_total"}
        assert steps == {"connection", "copy", "turn", "close"}
        spent = sum(figures["crescendo_database_seconds_total", (step,)] for step in STEPS)
        assert spent == pytest.approx(figures["crescendo_commit_seconds_sum", ()])
        assert {"prove", "resolve", "decide"} <= {
            labels[0] for name, labels in figures if name == "crescendo_stage_seconds_total"
        }


async def test_work_blocked_by_a_lock_is_counted_as_waiting(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client(MINISTRY) as client,
    ):
        await submit_credits(client)
        async with lock_table(dsn) as lock:
            form = asyncio.create_task(client.post("/v1/acts", json=build_commitment("F", "0.01")))
            await wait_until_blocked(lock)
            figures = await _read_figures(client)
            assert figures["crescendo_oldest_waiting_seconds", ()] > 0, "a form waits until it is answered"
            size = len(json.dumps(build_commitment("F", "0.01"), separators=(",", ":")))
            assert (
                figures["crescendo_form_bytes", ()]
                == figures["crescendo_form_bytes_of_one_sender", ()]
                == size
            )
            assert figures["crescendo_received_lines_total", ("MIN-09", "form")] == 1
            assert figures["crescendo_lines_total", ("accepted", "MIN-09")] == len(ALLOTMENTS)
        assert (await form).json()["outcome"] == "accepted"
        assert (await _read_figures(client))["crescendo_oldest_waiting_seconds", ()] == 0


@pytest.mark.parametrize("method", ["BREW", "GET"])
async def test_arbitrary_requests_add_few_label_values(
    method: str, database: Database, tmp_path: Path
) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client() as client,
    ):
        for n in range(30):
            await client.request(f"{method}{n}" if method == "BREW" else method, f"/nowhere/{n}")
        figures = await _read_figures(client)
        routes = {
            labels
            for (name, labels), value in figures.items()
            if name == "crescendo_requests_total" and value
        }
        assert all(labels[1] in {"other", "/metrics"} for labels in routes)
        assert len(routes) <= 3
