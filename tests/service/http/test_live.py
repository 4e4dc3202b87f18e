"""The figures of the live page, as JSON and as a stream: correct, shared, limited, and with access control."""

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

from core.roles import Role
from core.stage_timing import StageTimes
from monitoring.live_figures import LiveFigures
from monitoring.service_metrics import ServiceMetrics
from posting.store.ledger_clock import LedgerClock
from reporting.proofs_fr import FRENCH
from service.auth.credentials import Caller, build_caller
from service.database.embedded_server import Database
from service.http.handlers.metrics import STREAM_EVENTS_MAX, BatchProofResult, LiveHandler
from service.http.http_messages import Request, Response
from service.http.live.broadcaster import VIEWERS_MAX, FiguresBroadcaster
from service.http.live.metrics_access import MetricsAccess
from service.http.openapi.document import build_document
from service.http.problems import Problem
from service.http.routes import ROUTES
from service.http.service_state import ServiceState
from tests.service.http.access_keys import AUDITOR, FOREIGN, MINISTRY, OPERATOR
from tests.service.http.act_files import (
    build_commitment,
    build_debt_charges,
    build_unknown_centres,
    submit_credits,
)
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl


async def _read_events(client: httpx.AsyncClient) -> AsyncIterator[LiveFigures]:
    async with client.stream("GET", "/v1/live") as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                yield msgspec.json.decode(line[6:], type=LiveFigures)


# --------------------------------------------------------------------------------------------- correct figures


async def test_figures_are_computed_after_the_request(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client(MINISTRY) as client,
    ):
        await submit_credits(client)
        for count in range(1, 4):
            rows = [*build_unknown_centres(count, f"U{count}-"), build_commitment(f"C{count}", "0.01")]
            await client.post("/v1/submissions?wait=60", content=to_jsonl(rows), headers=JSONL)
            figures = msgspec.json.decode((await client.get("/v1/figures")).content, type=LiveFigures)
            sums = "select count(*) as lines, sum(amount)::bigint as cents from"
            for name, table in (("accepted", "entry"), ("refused", "refusal")):
                (row,) = await fetch(dsn, f"{sums} {table}")
                part = getattr(figures.throughput.outcomes, name)
                assert (part.lines, part.cents) == (row["lines"], row["cents"])
            (last,) = await fetch(dsn, "select * from batch order by batch desc limit 1")
            assert figures.batches[0].chain == last["chain"].hex()
            assert figures.batches[0].committed_at == last["committed_at"]
            assert figures.commits.last_batch == figures.batches[0].batch == last["batch"]
            (flow,) = [sender_flow for sender_flow in figures.flows if sender_flow.sender == "MIN-09"]
            assert (flow.received, flow.in_treatment) == (count + 1, 0)
            assert (flow.integrated, flow.partly_integrated) == (1, count)


async def test_files_are_counted_since_the_creation_of_the_database(
    database: Database, tmp_path: Path
) -> None:
    files = (
        build_debt_charges(2),
        build_unknown_centres(2),
        [*build_unknown_centres(1, "V"), *build_debt_charges(1, "C")],
    )
    async with create_database(database) as dsn:
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            for rows in files:
                await client.post("/v1/submissions?wait=60", content=to_jsonl(rows), headers=JSONL)
            await client.post("/v1/acts", json=build_debt_charges(1, "F")[0])
            before = (await client.get("/v1/figures")).json()
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            after = (await client.get("/v1/figures")).json()
            states = ("received", "in_treatment", "integrated", "partly_integrated", "refused")
            for figures in (before, after):
                (flow,) = [
                    sender_flow for sender_flow in figures["flows"] if sender_flow["sender"] == "MIN-09"
                ]
                assert [flow[name] for name in states] == [3, 0, 1, 1, 1]
            assert before["throughput"]["outcomes"]["refused"]["lines"] == 3
            assert after["throughput"]["outcomes"]["refused"]["lines"] == 0, (
                "lines are counted from the start"
            )
            assert after["batches"] == before["batches"]


# --------------------------------------------------------------------------------------------- the stream


@pytest.mark.asyncio(loop_scope="module")
async def test_a_stream_reports_changes(place: ServicePlace, client: httpx.AsyncClient) -> None:
    events = _read_events(client)
    before = await anext(events)
    await client.post("/v1/acts", json=build_commitment("LIVE-1", "0.01"))
    accepted = before.throughput.outcomes.accepted.lines + 1
    async for event in events:
        assert event.at > before.at
        if event.throughput.outcomes.accepted.lines == accepted:
            break
    await events.aclose()  # type: ignore[attr-defined]


async def test_a_stream_ends_when_the_service_drains(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client() as client,
    ):
        event_count = 0
        async for _ in _read_events(client):
            event_count += 1
            if event_count == 1:
                served.process.send_signal(signal.SIGTERM)
        assert event_count <= 2
        assert await served.process.wait() == 0


# --------------------------------------------------------------------------------------------- the broadcaster


class _Parts(NamedTuple):
    """The parts that a broadcaster reads."""

    metrics: ServiceMetrics
    pool: Any
    state: ServiceState


def _build_parts() -> _Parts:
    async def fetch(*_: Any) -> list[Any]:
        return []

    pool = SimpleNamespace(fetch=fetch)
    pool.acquire = lambda **_: nullcontext(pool)
    state = ServiceState(LedgerClock())
    state.is_ready = True
    return _Parts(ServiceMetrics({}), pool, state)


def _create_broadcaster(parts: _Parts | None = None) -> FiguresBroadcaster:
    metrics, pool, state = parts or _build_parts()
    return FiguresBroadcaster(metrics, StageTimes(), pool, state=state)


def _create_handler(
    broadcaster: FiguresBroadcaster, role: Role = Role.OPERATOR, *, is_public: bool = True
) -> LiveHandler:
    caller = build_caller("k", "OPS", frozenset({role}), programmes=frozenset())

    async def authenticate(_: Request) -> Caller:
        return caller

    authenticator = cast(Any, SimpleNamespace(authenticate=authenticate))
    access = MetricsAccess(authenticator, is_public=is_public)
    return LiveHandler(access, broadcaster, cast(Any, None), journal=cast(Any, None))


def _build_request(method: str = "GET", address: str = "127.0.0.1") -> tuple[Request, asyncio.Event]:
    """Return a request, and the event that its client disconnected."""
    disconnected = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await disconnected.wait()
        return {"type": "http.disconnect"}

    scope = {"client": (address, 1), "headers": [], "method": method, "path": "/v1/live", "query_string": b""}
    return Request(scope, receive), disconnected


async def _run_loop() -> None:
    """Let all other tasks run as far as they can."""
    for _ in range(20):
        await asyncio.sleep(0)


def _read_pieces(response: Response) -> AsyncIterator[bytes]:
    assert not isinstance(response.body, bytes)
    return response.body


async def test_figures_are_not_computed_without_viewers() -> None:
    broadcaster = _create_broadcaster()
    await broadcaster._refresh()
    assert broadcaster._payload == b""
    with broadcaster.open_viewer_slot("COURT"):
        await broadcaster._refresh()
    assert json.loads(broadcaster._payload)["state"] == "ready"


async def test_viewers_share_one_computation() -> None:
    broadcaster = _create_broadcaster()
    streams = [
        _read_pieces(await _create_handler(broadcaster).stream_figures(_build_request()[0])) for _ in range(5)
    ]
    waiting = [asyncio.ensure_future(anext(stream)) for stream in streams]
    await _run_loop()
    assert broadcaster._viewer_quota.used == len(streams)
    await broadcaster._refresh()
    assert len({await stream for stream in waiting}) == 1
    assert broadcaster._last_started == 1


async def test_a_viewer_that_disconnects_frees_its_slot() -> None:
    broadcaster = _create_broadcaster()
    request, disconnected = _build_request()
    stream = _read_pieces(await _create_handler(broadcaster).stream_figures(request))
    waiting = asyncio.ensure_future(anext(stream, None))
    await _run_loop()
    assert broadcaster._viewer_quota.used == 1
    disconnected.set()
    await broadcaster._refresh()
    assert await waiting is None
    assert broadcaster._viewer_quota.used == 0


async def test_viewers_are_limited() -> None:
    broadcaster = _create_broadcaster()
    with ExitStack() as others:
        for used, words in (
            (VIEWERS_MAX // 2, "of this sender or address"),
            (VIEWERS_MAX, "Too many live viewers"),
        ):
            while broadcaster._viewer_quota.used < used:
                others.enter_context(
                    broadcaster.open_viewer_slot("127.0.0.1" if used < VIEWERS_MAX else "COURT")
                )
            for handler in (
                _create_handler(broadcaster).stream_figures,
                _create_handler(broadcaster).get_figures,
            ):
                with pytest.raises(Problem, match=words) as raised:
                    await handler(_build_request()[0])
                assert raised.value.status == 503
                assert raised.value.headers["retry-after"] == "5"
            assert broadcaster._viewer_quota.used == used
    assert broadcaster._viewer_quota.used == 0


async def test_a_stream_ends_after_its_last_event() -> None:
    broadcaster = _create_broadcaster()
    stream = _read_pieces(await _create_handler(broadcaster).stream_figures(_build_request()[0]))

    async def look() -> None:
        while True:
            await broadcaster._refresh()
            await asyncio.sleep(0)

    looking = asyncio.ensure_future(look())
    assert len([event async for event in stream]) == STREAM_EVENTS_MAX
    looking.cancel()


async def test_a_head_request_is_not_a_viewer() -> None:
    broadcaster = _create_broadcaster()
    response = await _create_handler(broadcaster).stream_figures(_build_request("HEAD")[0])
    assert response.body == b""
    assert broadcaster._viewer_quota.used == 0


async def test_a_stop_answers_waiting_viewers() -> None:
    parts = _build_parts()
    broadcaster = _create_broadcaster(parts)
    waiting = asyncio.ensure_future(_create_handler(broadcaster).get_figures(_build_request()[0]))
    await _run_loop()
    assert broadcaster._viewer_quota.used == 1
    parts.state.start_draining()
    with pytest.raises(Problem) as raised:
        await waiting
    assert raised.value.status == 503


async def test_a_lost_database_is_logged_and_retried() -> None:
    parts = _build_parts()
    broadcaster, looks = _create_broadcaster(parts), 0

    async def fetch(*_: Any) -> list[Any]:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise ConnectionError("gone")
        return []

    parts.pool.fetch = fetch
    keeping = asyncio.ensure_future(broadcaster.run())
    response = await _create_handler(broadcaster).get_figures(_build_request()[0])
    assert json.loads(cast(bytes, response.body))["batches"] == []
    assert looks == 2
    keeping.cancel()


# --------------------------------------------------------------------------------------------- access


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", ["get_figures", "stream_figures", "get_proof"])
async def test_figures_on_other_machines_are_for_operators_and_auditors(name: str, role: Role) -> None:
    broadcaster = _create_broadcaster()
    request, _ = _build_request(address="192.0.2.7")
    if role in {Role.OPERATOR, Role.AUDITOR}:
        await _create_handler(broadcaster, role, is_public=False)._access.check(request)
        return
    with pytest.raises(Problem) as raised:
        await getattr(_create_handler(broadcaster, role, is_public=False), name)(request)
    assert (raised.value.status, raised.value.code) == (403, "role-not-held")
    assert raised.value.is_audited


@pytest.mark.asyncio(loop_scope="module")
async def test_one_sender_may_use_half_of_the_viewer_slots(place: ServicePlace) -> None:
    """Addressed by another host name, so that the service asks this machine for a key."""
    elsewhere = {"host": "crescendo.example"}
    limits = httpx.Limits(max_connections=None)
    async with (
        httpx.AsyncClient(base_url=place.service.url, timeout=60, limits=limits) as client,
        AsyncExitStack() as open_streams,
    ):
        read = []  # without a reference, the stream is closed

        async def asks(key: Mapping[str, str]) -> httpx.Response:
            stream = client.stream("GET", "/v1/live", headers={**elsewhere, **key})
            response = await open_streams.enter_async_context(stream)
            if response.status_code == 200:
                read.append(response.aiter_lines())
                await anext(read[-1])
            return response

        responses = await asyncio.gather(*(asks(AUDITOR) for _ in range(VIEWERS_MAX // 2)))
        assert {response.status_code for response in responses} == {200}
        refused = await asks(AUDITOR)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert "of this sender or address" in json.loads(await refused.aread())["detail"]
        assert (await client.get("/v1/figures", headers={**elsewhere, **AUDITOR})).status_code == 503
        assert (await asks(OPERATOR)).status_code == 200
        assert (await client.get("/v1/figures", headers={**elsewhere, **OPERATOR})).status_code == 200


# --------------------------------------------------------------------------------------------- proof


@pytest.mark.asyncio(loop_scope="module")
async def test_a_batch_is_verified_from_its_rows(place: ServicePlace, client: httpx.AsyncClient) -> None:
    (row,) = await fetch(place.dsn, "select * from batch order by batch limit 1")
    response = await client.get(f"/v1/batches/{row['batch']}/proof", headers=AUDITOR)
    proved = msgspec.json.decode(response.content, type=BatchProofResult)
    assert proved.holds
    assert proved.proof.link.computed == row["chain"].hex()
    assert {agreement.what for agreement in proved.proof.agreements} >= {
        "entries",
        "refusals",
        "accepted",
        "debits",
    }


@pytest.mark.asyncio(loop_scope="module")
async def test_a_proof_is_translated_to_french(place: ServicePlace, client: httpx.AsyncClient) -> None:
    (row,) = await fetch(place.dsn, "select batch from batch order by batch limit 1")
    path, fields = f"/v1/batches/{row['batch']}/proof", {}
    for language in ("en", "fr"):
        response = await client.get(path, headers={**AUDITOR, "accept-language": language})
        fields[language] = msgspec.json.decode(response.content, type=BatchProofResult)
    english, french = (fields[language].proof.agreements for language in ("en", "fr"))
    assert [FRENCH[agreement.what] for agreement in english] == [agreement.what for agreement in french]
    assert [agreement[1:] for agreement in map(msgspec.structs.astuple, english)] == [
        agreement[1:] for agreement in map(msgspec.structs.astuple, french)
    ]
    assert len({agreement.what for agreement in english}) == len(FRENCH)
    assert fields["fr"].holds


@pytest.mark.asyncio(loop_scope="module")
async def test_an_unknown_batch_is_not_found(client: httpx.AsyncClient) -> None:
    for number in (0, 999999):
        response = await client.get(f"/v1/batches/{number}/proof", headers=FOREIGN)
        assert (response.status_code, response.json()["code"]) == (404, "not-found")


def test_the_examples_have_the_described_types() -> None:
    examples = {
        path: operation["get"]["responses"]["200"]["content"]["application/json"]
        for path, operation in build_document(ROUTES)["paths"].items()
        if path in {"/v1/figures", "/v1/batches/{batch}/proof"}
    }
    assert msgspec.convert(examples["/v1/figures"]["example"], LiveFigures).batches
    assert msgspec.convert(examples["/v1/batches/{batch}/proof"]["example"], BatchProofResult).holds
