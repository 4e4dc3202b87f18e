"""Every figure of the page, compared with ``/metrics`` and SQL: under load, while commits are blocked, and after."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser

from service.database.embedded_server import Database
from tests.databases import lock_table, open_connection
from tests.service.http.access_keys import AUDITOR, FOREIGN, MINISTRY
from tests.service.http.act_files import build_commitment, build_unknown_centres, submit_credits
from tests.service.http.browser.expected_figures import read_database, read_metrics, read_tickets
from tests.service.http.browser.figure_checks import CHECKS, Moment, WorkStart
from tests.service.http.browser.page_texts import RECORD_EVENTS, wait_for_events
from tests.service.http.browser.pages import LivePage, open_page
from tests.service.http.browser.table_checks import TABLES
from tests.service.http.running_service import JSONL, RunningService, create_database, run_service, to_jsonl

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.outside("chromium")]

COMPARISONS = {**CHECKS, **TABLES}
LINES = 60_000
FORMS_AT_ONCE = 6
MOMENTS_WHILE_BLOCKED = 60
UNFINISHED_UPLOADS = 2
"""Uploads that stop before their last line."""
SLOW_COMMITS = """
    create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.2); return new; end $$;
    create trigger slow before insert on batch for each row execute function slow()"""
"""Slows down commits, so that a load of a few thousand lines lasts long enough."""


class WatchedService(NamedTuple):
    """A service with a live page that has been open since its start."""

    service: RunningService
    dsn: str
    live_page: LivePage
    client: httpx.AsyncClient

    async def take_moment(self, work_start: WorkStart) -> Moment:
        """Read the metrics, then the page once it shows newer figures and submissions, then the metrics again."""
        before, tickets_before = await read_metrics(self.client), await read_tickets(self.dsn)
        async with self.live_page.page.expect_request("**/v1/submissions?*") as request:
            list_request = await request.value
        await (await list_request.response()).finished()  # type: ignore[union-attr]
        events = await wait_for_events(self.live_page.page, since=datetime.now(UTC))
        after = await read_metrics(self.client)
        database = await read_database(self.dsn, events[-1].read_count("figure commits.last_batch"))
        return Moment(
            before, after, events, database, work_start, (tickets_before, await read_tickets(self.dsn))
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watched(
    database: Database, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[WatchedService]:
    data: Path = tmp_path_factory.mktemp("watched")
    async with (
        create_database(database) as dsn,
        run_service(dsn, data, "--cut-off", "2099-12-31T18:00") as service,
        service.client() as client,
        open_page(browser, service, AUDITOR, timezone_id="UTC", script=RECORD_EVENTS) as live_page,
    ):
        await live_page.wait_until_live()
        yield WatchedService(service, dsn, live_page, client)
        assert live_page.console_errors == []


async def submit(
    client: httpx.AsyncClient, key: Mapping[str, str], rows: list[dict[str, str]], wait: int = 0
) -> None:
    response = await client.post(
        f"/v1/submissions?wait={wait}", content=to_jsonl(rows), headers={**JSONL, **key}
    )
    assert response.status_code in {200, 202}, response.text


async def submit_files(client: httpx.AsyncClient) -> None:
    """Submit a large file and then small files of two senders: partly refused, wholly refused, and duplicates."""
    rows = [build_commitment(f"L{n}", "0.01") for n in range(LINES)]
    await submit(client, MINISTRY, [*build_unknown_centres(500, "M"), *rows])
    for n in range(3):
        await submit(
            client, MINISTRY, [build_commitment(f"P{n}", "9999.00"), build_commitment(f"Q{n}", "0.01")]
        )
        await submit(client, FOREIGN, build_unknown_centres(20, f"X{n}-"))
    await submit(client, MINISTRY, rows[:100])


@asynccontextmanager
async def send_forms(client: httpx.AsyncClient) -> AsyncIterator[None]:
    """Send forms from a few users at once, each one after the other, until the block ends and the last are answered."""
    is_over = asyncio.Event()

    async def send_one_by_one(name: int) -> None:
        count = 0
        while not is_over.is_set():
            response = await client.post(
                "/v1/acts", json=build_commitment(f"F{name}-{count}", "0.02"), headers=MINISTRY
            )
            assert response.status_code == 200, response.text
            count += 1

    users = [asyncio.create_task(send_one_by_one(name)) for name in range(FORMS_AT_ONCE)]
    try:
        yield
    finally:
        is_over.set()
        await asyncio.gather(*users)


@asynccontextmanager
async def keep_uploads_unfinished(client: httpx.AsyncClient) -> AsyncIterator[None]:
    """Keep uploads open whose bodies stop before their last line."""
    started = [asyncio.Event() for _ in range(UNFINISHED_UPLOADS)]

    async def body(is_started: asyncio.Event) -> AsyncIterator[bytes]:
        yield to_jsonl(build_unknown_centres(2, "W"))
        is_started.set()
        await asyncio.Event().wait()

    uploads = [
        asyncio.create_task(client.post("/v1/submissions", content=body(event), headers={**JSONL, **FOREIGN}))
        for event in started
    ]
    try:
        await asyncio.gather(*(event.wait() for event in started))
        yield
    finally:
        for upload in uploads:
            upload.cancel()
        await asyncio.gather(*uploads, return_exceptions=True)


async def wait_for_rest(watched: WatchedService) -> WorkStart:
    """Open credits and wait until the drain rate starts again and all rates are computed over the page's own events."""
    await submit_credits(watched.client)
    async with open_connection(watched.dsn) as connection:
        await connection.execute(SLOW_COMMITS)
    events = await wait_for_events(watched.live_page.page, since=datetime.now(UTC))
    await wait_for_events(watched.live_page.page, count=len(events) + 12)
    metrics = await read_metrics(watched.client)
    return WorkStart(metrics.count("last_batch") + 1, metrics.count("lines_total"))


def compare(moment: Moment) -> None:
    """Check every figure of the page; a figure without a check fails."""
    assert moment.last_event.texts.keys() == COMPARISONS.keys()
    for check in COMPARISONS.values():
        check(moment)


async def test_every_figure_is_true_at_every_moment(watched: WatchedService) -> None:
    work_start = await wait_for_rest(watched)
    async with keep_uploads_unfinished(watched.client), send_forms(watched.client):
        await submit_files(watched.client)
        await compare_while_running(watched, work_start)
        await compare_while_blocked(watched, work_start)
    await wait_until_decided(watched)
    rest = await watched.take_moment(work_start)
    assert rest.is_unchanged
    compare(rest)


async def compare_while_running(watched: WatchedService, work_start: WorkStart) -> None:
    """Compare three times while lines are committed."""
    batches = set[int]()
    while len(batches) < 3:
        moment = await watched.take_moment(work_start)
        compare(moment)
        assert moment.last_event.read_count("figure queue.under_way") > 0
        batches.add(moment.last_event.read_count("figure commits.last_batch"))


async def compare_while_blocked(watched: WatchedService, work_start: WorkStart) -> None:
    """Compare while commits are blocked, for the last time once nothing changes and work of every kind waits."""
    async with asyncio.TaskGroup() as forms, lock_table(watched.dsn):
        moment = await watched.take_moment(work_start)
        for number in range(MOMENTS_WHILE_BLOCKED):
            compare(moment)
            if moment.is_unchanged and not list_idle_figures(moment):
                break
            # unchanged: the engine has taken all that it takes while it cannot commit, so the next work waits
            if moment.is_unchanged:
                form = build_commitment(f"S{number}", "0.02")
                forms.create_task(watched.client.post("/v1/acts", json=form, headers=MINISTRY))
                file = [build_commitment(f"V{number}-{n}", "0.01") for n in range(LINES)]
                await submit(watched.client, MINISTRY, file)
            moment = await watched.take_moment(work_start)
        assert list_idle_figures(moment) == []


def list_idle_figures(moment: Moment) -> list[str]:
    """List the figures of the queue that are zero."""
    names = ("uploads", "files", "lines", "forms", "under_way")
    return [name for name in names if not moment.last_event.read_count(f"figure queue.{name}")]


async def wait_until_decided(watched: WatchedService) -> None:
    """Wait until all files are decided."""
    for number, ticket in (await read_tickets(watched.dsn)).items():
        if not ticket["done"]:
            response = await watched.client.get(f"/v1/submissions/{number}?wait=300", headers=AUDITOR)
            assert response.json()["state"] == "decided"
