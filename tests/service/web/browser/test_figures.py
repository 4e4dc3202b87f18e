"""What stands on the page during a load, held against ``/metrics`` and against SQL, figure by figure."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser
from prometheus_client.parser import text_string_to_metric_families

from core.codes import Outcome
from core.money import euros
from tests.service.web.acts import commitment, unknown_centres
from tests.service.web.browser.pages import Watched, expect, watched
from tests.service.web.conftest import Place
from tests.service.web.keys import AUDITOR, FOREIGN, MINISTRY
from tests.service.web.running import JSONL, as_jsonl, fetch

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.outside("chromium")]

Metrics = Mapping[tuple[str, frozenset[tuple[str, str]]], float]
MOVING = {"at", "started_at", "cut_off_seconds", "throughput.lines_a_second", "throughput.forms_a_second"}
"""Clocks, and rates that fall while they are read."""
PLAIN = {
    "queue.uploads": "uploads",
    "queue.files": "files_waiting",
    "queue.lines": "file_lines_waiting",
    "queue.forms": "forms_waiting",
    "queue.under_way": "file_lines_under_way",
    "forms.answered": "form_seconds_count",
    "commits.last_batch": "last_batch",
    "commits.failed": "batches_failed_total",
}
SPANS = {"queue.oldest_seconds": "oldest_waiting_seconds", "queue.empty_seconds": "queue_empty_seconds"}
OUTCOMES = {"accepted": "entry", "duplicate": "duplicate", "refused": "refusal"}


async def metrics(client: httpx.AsyncClient) -> Metrics:
    families = text_string_to_metric_families((await client.get("/metrics")).text)
    return {
        (one.name.removeprefix("crescendo_"), frozenset(one.labels.items())): one.value
        for family in families
        for one in family.samples
    }


def total(found: Metrics, name: str, **labels: str) -> int:
    """The sum of a metric over all labels that are not named."""
    wanted = set(labels.items())
    return round(sum(value for (each, at), value in found.items() if each == name and wanted <= at))


def span(seconds: float) -> str:
    """A short stretch of time as the page writes it in English."""
    return f"{round(seconds * 1000)} ms" if seconds < 1 else f"{seconds:.1f}".removesuffix(".0") + " sec"


async def load(client: httpx.AsyncClient) -> None:
    """Files and forms of two senders at once: accepted, refused for two reasons, sent twice."""

    async def file(key: Mapping[str, str], *rows: dict[str, str]) -> None:
        await client.post("/v1/submissions?wait=60", content=as_jsonl([*rows]), headers={**JSONL, **key})

    await asyncio.gather(
        *(file(MINISTRY, *(commitment(f"L{n}-{m}", "0.05") for m in range(60))) for n in range(4)),
        *(file(MINISTRY, commitment(f"P{n}", "9999.00"), commitment(f"Q{n}", "0.01")) for n in range(3)),
        *(file(FOREIGN, *unknown_centres(20, f"X{n}-")) for n in range(3)),
        *(client.post("/v1/acts", json=commitment(f"F{n}", "0.02"), headers=MINISTRY) for n in range(40)),
    )
    await asyncio.gather(
        *(client.post("/v1/acts", json=commitment(f"F{n}", "0.02"), headers=MINISTRY) for n in range(5)),
        file(MINISTRY, commitment("L0-1", "0.05"), commitment("L0-2", "0.05")),
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at_rest(place: Place, browser: Browser) -> Metrics:
    """The metrics once a load that a page looked on is over, and the page has shown all of it."""
    async with place.service.client() as client, watched(browser, place.service, AUDITOR) as seen:
        await seen.is_live()
        await load(client)
        found = await metrics(client)
        await expect(seen.figure("commits.last_batch")).to_have_text(f"{total(found, 'last_batch'):,}")
        assert seen.complaints == []
        return found


@pytest_asyncio.fixture(loop_scope="module")
async def seen(place: Place, browser: Browser, at_rest: Metrics) -> AsyncIterator[Watched]:
    async with watched(browser, place.service, AUDITOR) as found:
        await found.is_live()
        yield found
        assert found.complaints == []


async def test_no_figure_of_the_page_is_left_out_here(seen: Watched) -> None:
    everywhere = seen.page.locator("[data-figure]")
    shown = {await each.get_attribute("data-figure") for each in await everywhere.all()}
    outcomes = {f"throughput.outcomes.{name}.{part}" for name in OUTCOMES for part in ("lines", "cents")}
    buckets = {"forms.within_bar", "commits.most_within_seconds"}
    assert shown == MOVING | PLAIN.keys() | SPANS.keys() | outcomes | buckets


async def test_single_figures_are_those_of_the_metrics(seen: Watched, at_rest: Metrics) -> None:
    for path, name in PLAIN.items():
        assert await seen.text(path) == f"{total(at_rest, name):,}", path
    for path, name in SPANS.items():
        assert await seen.text(path) == span(total(at_rest, name)), path
    within = total(at_rest, "form_seconds_bucket", le="0.25")
    assert await seen.text("forms.within_bar") == f"{within:,}"
    commits = total(at_rest, "commit_seconds_count")
    bounds = sorted(
        float(dict(labels)["le"])
        for (name, labels), value in at_rest.items()
        if name == "commit_seconds_bucket" and value >= 0.99 * commits
    )
    assert await seen.text("commits.most_within_seconds") == span(bounds[0])


async def test_what_became_of_lines_is_what_stands_in_the_database(
    seen: Watched, at_rest: Metrics, place: Place
) -> None:
    for name, table in OUTCOMES.items():
        lines, cents = (f"throughput.outcomes.{name}.{part}" for part in ("lines", "cents"))
        (row,) = await fetch(place.dsn, f"select count(*) from {table}")
        assert row["count"] > 0
        assert (
            await seen.text(lines)
            == f"{row['count']:,}"
            == f"{total(at_rest, 'lines_total', outcome=name):,}"
        )
        assert await seen.text(cents) == f"€{euros(total(at_rest, 'cents_total', outcome=name))}"
    for name, statement in (
        ("accepted", "select sum(amount)::bigint as cents from entry"),
        ("refused", "select sum(amount)::bigint as cents from refusal"),
    ):
        (row,) = await fetch(place.dsn, statement)
        assert await seen.text(f"throughput.outcomes.{name}.cents") == f"€{euros(row['cents'])}"


async def test_files_by_ministry(seen: Watched, at_rest: Metrics, place: Place) -> None:
    rows = {row[0]: row[1:] for row in await seen.cells("flows")}
    for sender in ("MIN-09", "MIN-12"):
        (count,) = await fetch(
            place.dsn, "select count(*) from submission where format <> 'form' and sender = $1", sender
        )
        states = ("in_treatment", "integrated", "partly_integrated", "refused")
        files = [total(at_rest, "submissions", sender=sender, state=state) for state in states]
        lines = [
            total(at_rest, "lines_total", sender=sender, outcome=each) for each in ("accepted", "refused")
        ]
        assert sum(files) == count["count"]
        assert rows[sender] == [f"{each:,}" for each in (sum(files), *files, *lines)]
    assert rows["MIN-09"][1:5] == ["0", "6", "3", "0"]
    assert rows["MIN-12"][1:5] == ["0", "0", "0", "3"]


async def test_refusals_by_reason(seen: Watched, at_rest: Metrics, place: Place) -> None:
    stored = await fetch(place.dsn, "select code, count(*) from refusal group by code order by 2 desc")
    rows = await seen.cells("refusals")
    assert [(row[0].splitlines()[0], row[1]) for row in rows] == [
        (Outcome(each["code"]).name, f"{each['count']:,}") for each in stored
    ]
    for reason, lines in ((row[0].splitlines()[0], row[1]) for row in rows):
        assert lines == f"{total(at_rest, 'refusals_total', reason=reason):,}"


async def test_programmes_by_what_is_left(seen: Watched, at_rest: Metrics) -> None:
    rows = {row[0].splitlines()[0]: row for row in await seen.cells("programmes")}
    assert rows.keys() == {"0117", "0177", "0217"}
    for programme, row in rows.items():
        for measure, (opened, left) in (("ae", row[2:4]), ("cp", row[5:7])):
            named = {"programme": programme, "year": "2018", "measure": measure}
            assert opened == f"€{euros(total(at_rest, 'budget_opened_cents', **named))}"
            assert left == f"€{euros(total(at_rest, 'budget_available_cents', **named))}"


async def test_batches_are_those_of_the_database(seen: Watched, place: Place) -> None:
    stored = await fetch(place.dsn, "select * from batch order by batch desc limit 12")
    shown = [(*row[:1], *row[2:7]) for row in await seen.cells("batches")]
    assert shown == [
        (
            f"{each['batch']:,}",
            f"{each['entries']:,}",
            f"{each['duplicates']:,}",
            f"{each['refusals']:,}",
            f"€{euros(each['amount'])}",
            each["chain"].hex()[:12],
        )
        for each in stored
    ]


async def test_processor_time_of_each_stage(seen: Watched, at_rest: Metrics) -> None:
    for each in await seen.page.locator("[data-stage]").all():
        name = await each.get_attribute("data-stage")
        seconds = sum(
            value
            for (metric, labels), value in at_rest.items()
            if metric == "stage_seconds_total" and dict(labels)["stage"] == name
        )
        assert await each.inner_text() == span(seconds), name
