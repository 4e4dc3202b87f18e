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
from tests.databases import connected, held_up
from tests.service.http.access_keys import AUDITOR, FOREIGN, MINISTRY
from tests.service.http.act_files import CREDITS, commitment, unknown_centres
from tests.service.http.browser.expected_figures import metrics, stored, tickets
from tests.service.http.browser.figure_checks import CHECKS, Load, Moment
from tests.service.http.browser.page_texts import WATCH, events
from tests.service.http.browser.pages import Watched, watched
from tests.service.http.browser.table_checks import TABLES
from tests.service.http.running_service import JSONL, Running, as_jsonl, fresh, running

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.outside("chromium")]

COMPARISONS = {**CHECKS, **TABLES}
LINES = 60_000
FORMS_AT_ONCE = 6
ON_THEIR_WAY = 2
"""Files whose senders have stopped in the middle."""
SLOW = """
    create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.2); return new; end $$;
    create trigger slow before insert on batch for each row execute function slow()"""
"""A database whose commits take their time, so that a load of a few thousand lines lasts."""


class Scene(NamedTuple):
    """A service that a page looks on from its start."""

    service: Running
    dsn: str
    seen: Watched
    client: httpx.AsyncClient

    async def moment(self, load: Load) -> Moment:
        """The page, once it has drawn figures and a list that were asked for after a reading of the truth."""
        before, handed_in = await metrics(self.client), await tickets(self.dsn)
        async with self.seen.page.expect_request("**/v1/submissions?*") as asked:
            listed = await asked.value
        await (await listed.response()).finished()  # type: ignore[union-attr]
        drawn = await events(self.seen.page, since=datetime.now(UTC))
        after = await metrics(self.client)
        known = await stored(self.dsn, drawn[-1].count("figure commits.last_batch"))
        return Moment(before, after, drawn, known, load, (handed_in, await tickets(self.dsn)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(
    database: Database, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Scene]:
    data: Path = tmp_path_factory.mktemp("seen")
    async with (
        fresh(database) as dsn,
        running(dsn, data, "--cut-off", "2099-12-31T18:00") as service,
        service.client() as client,
        watched(browser, service, AUDITOR, timezone_id="UTC", script=WATCH) as seen,
    ):
        await seen.is_live()
        yield Scene(service, dsn, seen, client)
        assert seen.complaints == []


async def hand_in(
    client: httpx.AsyncClient, key: Mapping[str, str], rows: list[dict[str, str]], wait: int = 0
) -> None:
    found = await client.post(
        f"/v1/submissions?wait={wait}", content=as_jsonl(rows), headers={**JSONL, **key}
    )
    assert found.status_code in {200, 202}, found.text


async def files(client: httpx.AsyncClient) -> None:
    """A large file, and behind it small ones of two senders: refused in part and whole, and what was sent before."""
    rows = [commitment(f"L{n}", "0.01") for n in range(LINES)]
    await hand_in(client, MINISTRY, [*unknown_centres(500, "M"), *rows])
    for n in range(3):
        await hand_in(client, MINISTRY, [commitment(f"P{n}", "9999.00"), commitment(f"Q{n}", "0.01")])
        await hand_in(client, FOREIGN, unknown_centres(20, f"X{n}-"))
    await hand_in(client, MINISTRY, rows[:100])


@asynccontextmanager
async def forms(client: httpx.AsyncClient) -> AsyncIterator[None]:
    """Forms, one after the other from each of a few hands, for as long as this lasts; then the last are answered."""
    is_over = asyncio.Event()

    async def hand(name: int) -> None:
        count = 0
        while not is_over.is_set():
            found = await client.post(
                "/v1/acts", json=commitment(f"F{name}-{count}", "0.02"), headers=MINISTRY
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
async def on_their_way(client: httpx.AsyncClient) -> AsyncIterator[None]:
    """Files whose bodies stop before their last line, and are never whole."""
    begun = [asyncio.Event() for _ in range(ON_THEIR_WAY)]

    async def body(at: asyncio.Event) -> AsyncIterator[bytes]:
        yield as_jsonl(unknown_centres(2, "W"))
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


async def rested(scene: Scene) -> Load:
    """Credits are opened and have been at rest, long enough for a pace to begin anew and for rates to be of events alone."""
    await hand_in(scene.client, MINISTRY, CREDITS, wait=60)
    async with connected(scene.dsn) as connection:
        await connection.execute(SLOW)
    seen = await events(scene.seen.page, since=datetime.now(UTC))
    await events(scene.seen.page, count=len(seen) + 12)
    found = await metrics(scene.client)
    return Load(found.count("last_batch") + 1, found.count("lines_total"))


def compare(moment: Moment) -> None:
    """Hold every figure of the page against the truth; a figure that nothing is said of here is a failure."""
    assert moment.shown.texts.keys() == COMPARISONS.keys()
    for check in COMPARISONS.values():
        check(moment)


async def test_every_figure_is_true_at_every_moment(scene: Scene) -> None:
    load = await rested(scene)
    async with on_their_way(scene.client), forms(scene.client):
        await files(scene.client)
        await running_load(scene, load)
        await standing_load(scene, load)
    await decided(scene)
    rest = await scene.moment(load)
    assert rest.is_still
    compare(rest)


async def running_load(scene: Scene, load: Load) -> None:
    """Three looks while lines are committed."""
    batches = set[int]()
    while len(batches) < 3:
        moment = await scene.moment(load)
        compare(moment)
        assert moment.shown.count("figure queue.under_way") > 0
        batches.add(moment.shown.count("figure commits.last_batch"))


async def standing_load(scene: Scene, load: Load) -> None:
    """In the midst of it nothing is committed any more: a last look once nothing moves and something of all sorts waits."""
    async with asyncio.TaskGroup() as more, held_up(scene.dsn):
        moment = await scene.moment(load)
        while not (moment.is_still and moment.shown.count("figure queue.forms")):
            compare(moment)
            if moment.is_still:
                one = commitment(f"S{len(moment.events)}", "0.02")
                more.create_task(scene.client.post("/v1/acts", json=one, headers=MINISTRY))
            moment = await scene.moment(load)
        compare(moment)
        for each in ("uploads", "files", "lines", "under_way"):
            assert moment.shown.count(f"figure queue.{each}") > 0, each


async def decided(scene: Scene) -> None:
    """Wait for the end of all files."""
    for number, ticket in (await tickets(scene.dsn)).items():
        if not ticket["done"]:
            found = await scene.client.get(f"/v1/submissions/{number}?wait=300", headers=AUDITOR)
            assert found.json()["state"] == "decided"
