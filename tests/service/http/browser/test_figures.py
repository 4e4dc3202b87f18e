"""Every figure on the page, held against ``/metrics`` and SQL: while a load runs, while it stands still, and after."""

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

from service.database.embedded import Database
from tests.databases import lock_table, open_connection
from tests.service.http.access_keys import AUDITOR, FOREIGN, MINISTRY
from tests.service.http.act_files import CREDITS, build_commitment, build_unknown_centres
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
UNFINISHED_UPLOADS = 2
"""Files whose senders have stopped in the middle."""
SLOW_COMMITS = """
    create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.2); return new; end $$;
    create trigger slow before insert on batch for each row execute function slow()"""
"""A database whose commits take their time, so that a load of a few thousand lines lasts."""


class WatchedService(NamedTuple):
    """A service that a page looks on from its start."""

    service: RunningService
    dsn: str
    live_page: LivePage
    client: httpx.AsyncClient

    async def take_moment(self, load: WorkStart) -> Moment:
        """The page, once it has drawn figures and a list that were asked for after a reading of the truth."""
        before, handed_in = await read_metrics(self.client), await read_tickets(self.dsn)
        async with self.live_page.page.expect_request("**/v1/submissions?*") as asked:
            listed = await asked.value
        await (await listed.response()).finished()  # type: ignore[union-attr]
        drawn = await wait_for_events(self.live_page.page, since=datetime.now(UTC))
        after = await read_metrics(self.client)
        known = await read_database(self.dsn, drawn[-1].read_count("figure commits.last_batch"))
        return Moment(before, after, drawn, known, load, (handed_in, await read_tickets(self.dsn)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(
    database: Database, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[WatchedService]:
    data: Path = tmp_path_factory.mktemp("seen")
    async with (
        create_database(database) as dsn,
        run_service(dsn, data, "--cut-off", "2099-12-31T18:00") as service,
        service.client() as client,
        open_page(browser, service, AUDITOR, timezone_id="UTC", script=RECORD_EVENTS) as seen,
    ):
        await seen.wait_until_live()
        yield WatchedService(service, dsn, seen, client)
        assert seen.console_errors == []


async def submit(
    client: httpx.AsyncClient, key: Mapping[str, str], rows: list[dict[str, str]], wait: int = 0
) -> None:
    found = await client.post(
        f"/v1/submissions?wait={wait}", content=to_jsonl(rows), headers={**JSONL, **key}
    )
    assert found.status_code in {200, 202}, found.text


async def submit_files(client: httpx.AsyncClient) -> None:
    """A large file, and behind it small ones of two senders: refused in part and whole, and what was sent before."""
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
    """Forms, one after the other from each of a few hands, for as long as this lasts; then the last are answered."""
    is_over = asyncio.Event()

    async def hand(name: int) -> None:
        count = 0
        while not is_over.is_set():
            found = await client.post(
                "/v1/acts", json=build_commitment(f"F{name}-{count}", "0.02"), headers=MINISTRY
            )
            assert found.status_code == 200, found.text
            count += 1

    hands = [asyncio.create_task(hand(name)) for name in range(FORMS_AT_ONCE)]
    try:
        yield
    finally:
        is_over.set()
        await asyncio.gather(*hands)


@asynccontextmanager
async def keep_uploads_unfinished(client: httpx.AsyncClient) -> AsyncIterator[None]:
    """Files whose bodies stop before their last line, and are never whole."""
    begun = [asyncio.Event() for _ in range(UNFINISHED_UPLOADS)]

    async def body(at: asyncio.Event) -> AsyncIterator[bytes]:
        yield to_jsonl(build_unknown_centres(2, "W"))
        at.set()
        await asyncio.Event().wait()

    sending = [
        asyncio.create_task(client.post("/v1/submissions", content=body(each), headers={**JSONL, **FOREIGN}))
        for each in begun
    ]
    try:
        await asyncio.gather(*(each.wait() for each in begun))
        yield
    finally:
        for each in sending:
            each.cancel()
        await asyncio.gather(*sending, return_exceptions=True)


async def wait_for_rest(scene: WatchedService) -> WorkStart:
    """Credits are opened and have been at rest, long enough for a pace to begin anew and for rates to be of events alone."""
    await submit(scene.client, MINISTRY, CREDITS, wait=60)
    async with open_connection(scene.dsn) as connection:
        await connection.execute(SLOW_COMMITS)
    seen = await wait_for_events(scene.live_page.page, since=datetime.now(UTC))
    await wait_for_events(scene.live_page.page, count=len(seen) + 12)
    found = await read_metrics(scene.client)
    return WorkStart(found.count("last_batch") + 1, found.count("lines_total"))


def compare(moment: Moment) -> None:
    """Hold every figure of the page against the truth; a figure that nothing is said of here is a failure."""
    assert moment.shown.texts.keys() == COMPARISONS.keys()
    for check in COMPARISONS.values():
        check(moment)


async def test_every_figure_is_true_at_every_moment(scene: WatchedService) -> None:
    load = await wait_for_rest(scene)
    async with keep_uploads_unfinished(scene.client), send_forms(scene.client):
        await submit_files(scene.client)
        await compare_while_running(scene, load)
        await compare_while_blocked(scene, load)
    await wait_until_decided(scene)
    rest = await scene.take_moment(load)
    assert rest.is_unchanged
    compare(rest)


async def compare_while_running(scene: WatchedService, load: WorkStart) -> None:
    """Three looks while lines are committed."""
    batches = set[int]()
    while len(batches) < 3:
        moment = await scene.take_moment(load)
        compare(moment)
        assert moment.shown.read_count("figure queue.under_way") > 0
        batches.add(moment.shown.read_count("figure commits.last_batch"))


async def compare_while_blocked(scene: WatchedService, load: WorkStart) -> None:
    """In the midst of it nothing is committed any more: a last look once nothing moves and something of all sorts waits."""
    async with asyncio.TaskGroup() as more, lock_table(scene.dsn):
        moment = await scene.take_moment(load)
        while not (moment.is_unchanged and moment.shown.read_count("figure queue.forms")):
            compare(moment)
            if moment.is_unchanged:
                one = build_commitment(f"S{len(moment.events)}", "0.02")
                more.create_task(scene.client.post("/v1/acts", json=one, headers=MINISTRY))
            moment = await scene.take_moment(load)
        compare(moment)
        for each in ("uploads", "files", "lines", "under_way"):
            assert moment.shown.read_count(f"figure queue.{each}") > 0, each


async def wait_until_decided(scene: WatchedService) -> None:
    """Wait for the end of all files."""
    for number, ticket in (await read_tickets(scene.dsn)).items():
        if not ticket["done"]:
            found = await scene.client.get(f"/v1/submissions/{number}?wait=300", headers=AUDITOR)
            assert found.json()["state"] == "decided"
