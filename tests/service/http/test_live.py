"""The figures of the live page, as JSON and as a stream: true, shared, bounded, and for those who may see them."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, ExitStack, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import httpx
import msgspec
import pytest

from core.stage_timing import StageTimes
from monitoring.live_figures import LiveFigures
from monitoring.service_metrics import ServiceMetrics
from reporting.proofs_fr import FRENCH
from service.auth.credentials import Caller, build_caller
from service.auth.roles import Role
from service.database.embedded import Database
from service.http.handlers.metrics import STREAM_EVENTS_MAX, BatchProofResult, LiveHandler
from service.http.http_messages import Request, Response
from service.http.live.broadcaster import VIEWERS_MAX, FiguresBroadcaster
from service.http.live.metrics_access import MetricsAccess
from service.http.openapi.document import build_document
from service.http.problems import Problem
from service.http.routes import ROUTES
from service.http.service_state import ServiceState
from tests.service.http.access_keys import AUDITOR, FOREIGN, MINISTRY, OPERATOR
from tests.service.http.act_files import CREDITS, build_commitment, build_unknown_centres
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl


async def _read_events(client: httpx.AsyncClient) -> AsyncIterator[LiveFigures]:
    async with client.stream("GET", "/v1/live") as found:
        assert found.status_code == 200
        assert found.headers["content-type"] == "text/event-stream"
        async for line in found.aiter_lines():
            if line.startswith("data: "):
                yield msgspec.json.decode(line[6:], type=LiveFigures)


# --------------------------------------------------------------------------------------------- true


async def test_figures_are_looked_at_after_they_are_asked_for(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client(MINISTRY) as client,
    ):
        await client.post("/v1/submissions?wait=60", content=to_jsonl(CREDITS), headers=JSONL)
        for count in range(1, 4):
            rows = [*build_unknown_centres(count, f"U{count}-"), build_commitment(f"C{count}", "0.01")]
            await client.post("/v1/submissions?wait=60", content=to_jsonl(rows), headers=JSONL)
            found = msgspec.json.decode((await client.get("/v1/figures")).content, type=LiveFigures)
            sums = "select count(*) as lines, sum(amount)::bigint as cents from"
            for name, table in (("accepted", "entry"), ("refused", "refusal")):
                (row,) = await fetch(dsn, f"{sums} {table}")
                part = getattr(found.throughput.outcomes, name)
                assert (part.lines, part.cents) == (row["lines"], row["cents"])
            (last,) = await fetch(dsn, "select * from batch order by batch desc limit 1")
            assert found.batches[0].chain == last["chain"].hex()
            assert found.batches[0].committed_at == last["committed_at"]
            assert found.commits.last_batch == found.batches[0].batch == last["batch"]
            (flow,) = [each for each in found.flows if each.sender == "MIN-09"]
            assert (flow.received, flow.in_treatment) == (count + 1, 0)
            assert (flow.integrated, flow.partly_integrated) == (1, count)


async def test_files_are_counted_from_the_first_of_the_database(database: Database, tmp_path: Path) -> None:
    files = (
        CREDITS,
        build_unknown_centres(2),
        [*build_unknown_centres(1, "V"), build_commitment("C", "0.01")],
    )
    async with create_database(database) as dsn:
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            for rows in files:
                await client.post("/v1/submissions?wait=60", content=to_jsonl(rows), headers=JSONL)
            await client.post("/v1/acts", json=build_commitment("F", "0.01"))
            before = (await client.get("/v1/figures")).json()
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            after = (await client.get("/v1/figures")).json()
            states = ("received", "in_treatment", "integrated", "partly_integrated", "refused")
            for found in (before, after):
                (flow,) = [each for each in found["flows"] if each["sender"] == "MIN-09"]
                assert [flow[name] for name in states] == [3, 0, 1, 1, 1]
            assert before["throughput"]["outcomes"]["refused"]["lines"] == 3
            assert after["throughput"]["outcomes"]["refused"]["lines"] == 0, (
                "lines are counted from the start"
            )
            assert after["batches"] == before["batches"]


# --------------------------------------------------------------------------------------------- the stream


@pytest.mark.asyncio(loop_scope="module")
async def test_a_stream_tells_what_happens(place: ServicePlace, client: httpx.AsyncClient) -> None:
    events = _read_events(client)
    before = await anext(events)
    await client.post("/v1/acts", json=build_commitment("LIVE-1", "0.01"))
    accepted = before.throughput.outcomes.accepted.lines + 1
    async for each in events:
        assert each.at > before.at
        if each.throughput.outcomes.accepted.lines == accepted:
            break
    await events.aclose()  # type: ignore[attr-defined]


async def test_a_stream_ends_when_the_service_drains(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client() as client,
    ):
        seen = 0
        async for _ in _read_events(client):
            seen += 1
            if seen == 1:
                served.process.send_signal(signal.SIGTERM)
        assert seen <= 2
        assert await served.process.wait() == 0


# --------------------------------------------------------------------------------------------- the lookout alone


class _Parts(NamedTuple):
    """What a broadcaster reads."""

    metrics: ServiceMetrics
    pool: Any
    state: ServiceState


def _build_parts() -> _Parts:
    async def fetch(*_: Any) -> list[Any]:
        return []

    pool = SimpleNamespace(fetch=fetch)
    pool.acquire = lambda **_: nullcontext(pool)
    state = ServiceState()
    state.is_ready = True
    return _Parts(ServiceMetrics({}), pool, state)


def _create_broadcaster(parts: _Parts | None = None) -> FiguresBroadcaster:
    metrics, pool, state = parts or _build_parts()
    return FiguresBroadcaster(metrics, StageTimes(), pool, state=state)


def _create_handler(
    broadcaster: FiguresBroadcaster, role: Role = Role.OPERATOR, *, is_public: bool = True
) -> LiveHandler:
    caller = build_caller("k", "OPS", frozenset({role}), frozenset())

    async def authenticate(_: Request) -> Caller:
        return caller

    authenticator = cast(Any, SimpleNamespace(authenticate=authenticate))
    access = MetricsAccess(authenticator, is_public=is_public)
    return LiveHandler(access, broadcaster, cast(Any, None), journal=cast(Any, None))


def _build_request(method: str = "GET", address: str = "127.0.0.1") -> tuple[Request, asyncio.Event]:
    """A request, and the event that its caller went away."""
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    scope = {"client": (address, 1), "headers": [], "method": method, "path": "/v1/live", "query_string": b""}
    return Request(scope, receive), gone


async def _run_loop() -> None:
    """Let everybody else go as far as they can."""
    for _ in range(20):
        await asyncio.sleep(0)


def _read_pieces(found: Response) -> AsyncIterator[bytes]:
    assert not isinstance(found.body, bytes)
    return found.body


async def test_nothing_is_put_together_while_nobody_looks() -> None:
    lookout = _create_broadcaster()
    await lookout._refresh()
    assert lookout._payload == b""
    with lookout.open_viewer_slot("COURT"):
        await lookout._refresh()
    assert json.loads(lookout._payload)["state"] == "ready"


async def test_all_watchers_share_one_look() -> None:
    lookout = _create_broadcaster()
    streams = [
        _read_pieces(await _create_handler(lookout).stream_figures(_build_request()[0])) for _ in range(5)
    ]
    waiting = [asyncio.ensure_future(anext(each)) for each in streams]
    await _run_loop()
    assert lookout._viewer_quota.used == len(streams)
    await lookout._refresh()
    assert len({await each for each in waiting}) == 1
    assert lookout._last_started == 1


async def test_who_goes_away_makes_room() -> None:
    lookout = _create_broadcaster()
    request, gone = _build_request()
    stream = _read_pieces(await _create_handler(lookout).stream_figures(request))
    waiting = asyncio.ensure_future(anext(stream, None))
    await _run_loop()
    assert lookout._viewer_quota.used == 1
    gone.set()
    await lookout._refresh()
    assert await waiting is None
    assert lookout._viewer_quota.used == 0


async def test_only_so_many_may_look() -> None:
    lookout = _create_broadcaster()
    with ExitStack() as others:
        for taken, words in (
            (VIEWERS_MAX // 2, "of this sender or address"),
            (VIEWERS_MAX, "Too many live viewers"),
        ):
            while lookout._viewer_quota.used < taken:
                others.enter_context(
                    lookout.open_viewer_slot("127.0.0.1" if taken < VIEWERS_MAX else "COURT")
                )
            for handler in (
                _create_handler(lookout).stream_figures,
                _create_handler(lookout).get_figures,
            ):
                with pytest.raises(Problem, match=words) as found:
                    await handler(_build_request()[0])
                assert found.value.status == 503
                assert found.value.headers["retry-after"] == "5"
            assert lookout._viewer_quota.used == taken
    assert lookout._viewer_quota.used == 0


async def test_a_stream_is_no_longer_than_a_key_may_be_trusted() -> None:
    lookout = _create_broadcaster()
    stream = _read_pieces(await _create_handler(lookout).stream_figures(_build_request()[0]))

    async def look() -> None:
        while True:
            await lookout._refresh()
            await asyncio.sleep(0)

    looking = asyncio.ensure_future(look())
    assert len([each async for each in stream]) == STREAM_EVENTS_MAX
    looking.cancel()


async def test_a_question_of_the_head_alone_is_not_a_watcher() -> None:
    lookout = _create_broadcaster()
    found = await _create_handler(lookout).stream_figures(_build_request("HEAD")[0])
    assert found.body == b""
    assert lookout._viewer_quota.used == 0


async def test_a_stop_answers_who_waits() -> None:
    parts = _build_parts()
    lookout = _create_broadcaster(parts)
    asked = asyncio.ensure_future(_create_handler(lookout).get_figures(_build_request()[0]))
    await _run_loop()
    assert lookout._viewer_quota.used == 1
    parts.state.start_draining()
    with pytest.raises(Problem) as found:
        await asked
    assert found.value.status == 503


async def test_a_database_that_is_gone_is_told_and_waited_for() -> None:
    parts = _build_parts()
    lookout, looks = _create_broadcaster(parts), 0

    async def fetch(*_: Any) -> list[Any]:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise ConnectionError("gone")
        return []

    parts.pool.fetch = fetch
    keeping = asyncio.ensure_future(lookout.run())
    found = await _create_handler(lookout).get_figures(_build_request()[0])
    assert json.loads(cast(bytes, found.body))["batches"] == []
    assert looks == 2
    keeping.cancel()


# --------------------------------------------------------------------------------------------- who may see them


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", ["get_figures", "stream_figures", "get_proof"])
async def test_from_elsewhere_figures_are_for_operators_and_auditors(name: str, role: Role) -> None:
    lookout = _create_broadcaster()
    request, _ = _build_request(address="192.0.2.7")
    if role in {Role.OPERATOR, Role.AUDITOR}:
        await _create_handler(lookout, role, is_public=False)._access.check(request)
        return
    with pytest.raises(Problem) as found:
        await getattr(_create_handler(lookout, role, is_public=False), name)(request)
    assert (found.value.status, found.value.code) == (403, "role-not-held")
    assert found.value.is_audited


@pytest.mark.asyncio(loop_scope="module")
async def test_one_sender_leaves_half_of_the_seats_to_the_others(place: ServicePlace) -> None:
    """By the name of another host, so that this machine is asked for a key like any other."""
    elsewhere = {"host": "crescendo.example"}
    limits = httpx.Limits(max_connections=None)
    async with (
        httpx.AsyncClient(base_url=place.service.url, timeout=60, limits=limits) as client,
        AsyncExitStack() as open_streams,
    ):
        read = []  # what nobody holds ends its stream

        async def asks(key: Mapping[str, str]) -> httpx.Response:
            stream = client.stream("GET", "/v1/live", headers={**elsewhere, **key})
            found = await open_streams.enter_async_context(stream)
            if found.status_code == 200:
                read.append(found.aiter_lines())
                await anext(read[-1])
            return found

        found = await asyncio.gather(*(asks(AUDITOR) for _ in range(VIEWERS_MAX // 2)))
        assert {each.status_code for each in found} == {200}
        refused = await asks(AUDITOR)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert "of this sender or address" in json.loads(await refused.aread())["detail"]
        assert (await client.get("/v1/figures", headers={**elsewhere, **AUDITOR})).status_code == 503
        assert (await asks(OPERATOR)).status_code == 200
        assert (await client.get("/v1/figures", headers={**elsewhere, **OPERATOR})).status_code == 200


# --------------------------------------------------------------------------------------------- proof


@pytest.mark.asyncio(loop_scope="module")
async def test_a_batch_is_proved_from_its_rows(place: ServicePlace, client: httpx.AsyncClient) -> None:
    (row,) = await fetch(place.dsn, "select * from batch order by batch limit 1")
    found = await client.get(f"/v1/batches/{row['batch']}/proof", headers=AUDITOR)
    proved = msgspec.json.decode(found.content, type=BatchProofResult)
    assert proved.holds
    assert proved.proof.link.computed == row["chain"].hex()
    assert {each.what for each in proved.proof.agreements} >= {"entries", "refusals", "accepted", "debits"}


@pytest.mark.asyncio(loop_scope="module")
async def test_a_proof_is_told_in_french_to_who_reads_french(
    place: ServicePlace, client: httpx.AsyncClient
) -> None:
    (row,) = await fetch(place.dsn, "select batch from batch order by batch limit 1")
    path, told = f"/v1/batches/{row['batch']}/proof", {}
    for language in ("en", "fr"):
        found = await client.get(path, headers={**AUDITOR, "accept-language": language})
        told[language] = msgspec.json.decode(found.content, type=BatchProofResult)
    english, french = (told[language].proof.agreements for language in ("en", "fr"))
    assert [FRENCH[each.what] for each in english] == [each.what for each in french]
    assert [each[1:] for each in map(msgspec.structs.astuple, english)] == [
        each[1:] for each in map(msgspec.structs.astuple, french)
    ]
    assert len({each.what for each in english}) == len(FRENCH)
    assert told["fr"].holds


@pytest.mark.asyncio(loop_scope="module")
async def test_a_batch_that_is_not_there(client: httpx.AsyncClient) -> None:
    for number in (0, 999999):
        found = await client.get(f"/v1/batches/{number}/proof", headers=FOREIGN)
        assert (found.status_code, found.json()["code"]) == (404, "not-found")


def test_the_examples_in_the_description_are_answers() -> None:
    answered = {
        path: operation["get"]["responses"]["200"]["content"]["application/json"]
        for path, operation in build_document(ROUTES)["paths"].items()
        if path in {"/v1/figures", "/v1/batches/{batch}/proof"}
    }
    assert msgspec.convert(answered["/v1/figures"]["example"], LiveFigures).batches
    assert msgspec.convert(answered["/v1/batches/{batch}/proof"]["example"], BatchProofResult).holds
