"""Payment runs, bank files and late interest over HTTP: tasks that the engine does beside senders."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import httpx
import pytest
import pytest_asyncio

from service.auth.api_keys import format_token, hash_secret
from service.database.embedded_server import Database
from tests.service.http.access_keys import SECRET
from tests.service.http.running_service import RunningService, run_service
from tests.service.small_state import NEVER, State, open_state

pytestmark = pytest.mark.asyncio(loop_scope="module")
PAYEES = 40
AT = "2018-11-20T10:00:00+01:00"
_KEYS = {
    "payer2222222": ("DRFIP-75", ["assigned_accountant"], []),
    "checker22222": ("DRFIP-75", ["assigned_accountant"], []),
    "distant22222": ("DRFIP-69", ["assigned_accountant"], []),
    "thin22222222": ("DRFIP-75", ["assigned_accountant"], ["0177"]),
    "buyer2222222": ("MIN-09", ["authorising_officer"], []),
    "reader222222": ("COURT", ["auditor"], []),
    "keeper222222": ("OPS", ["operator"], []),
}


class Paying(NamedTuple):
    """A State with a running service."""

    state: State
    service: RunningService

    def client(self, key: str) -> httpx.AsyncClient:
        return self.service.client({"authorization": f"Bearer {format_token(key, SECRET)}"})

    async def post(self, key: str, path: str, **options: Any) -> httpx.Response:
        async with self.client(key) as client:
            return await client.post(path, **options)

    async def do(self, key: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Have a task done; return its result."""
        response = await self.post(key, f"{path}?wait=60", json=body or {})
        assert response.status_code == 200, response.text
        task = response.json()
        assert task["state"] == "done", task
        assert response.headers["location"] == f"/v1/tasks/{task['task']}"
        return task["result"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def paying(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Paying]:
    async with open_state(database, tmp_path_factory.mktemp("paying") / "state", PAYEES) as state:
        await _insert_keys(state.dsn)
        async with run_service(state.dsn, state.settings.data, reference=state.reference) as service:
            yield Paying(state, service)


async def _insert_keys(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for name, (sender, roles, programmes) in _KEYS.items():
            await connection.execute(
                "insert into access_key (key, sender, digest, roles, programmes, label) values ($1, $2, $3, $4, $5, '')",
                *(name, sender, hash_secret(SECRET), roles, programmes),
            )
    finally:
        await connection.close()


async def test_run_is_proposed_released_and_issued_by_whom_the_keys_say(paying: Paying) -> None:
    run = await paying.do("payer2222222", "/v1/payment-runs", {"until": "2018-11-30", "at": AT})
    number = run["run"]
    assert (run["state"], run["lines"], run["proposed_by"]) == ("proposed", PAYEES, "payer2222222")

    held = {"edit": "hold", "lines": [1], "reason": "inquiry"}
    await paying.do("payer2222222", f"/v1/payment-runs/{number}/lines", held)

    own = await paying.post("payer2222222", f"/v1/payment-runs/{number}/release?wait=60", json={})
    assert own.json()["state"] == "failed"
    assert own.json()["failure"]["code"] == "run-state"
    assert "another person must" in own.json()["failure"]["detail"]

    released = await paying.do("checker22222", f"/v1/payment-runs/{number}/release")
    assert (released["released_by"], released["released_lines"]) == ("checker22222", PAYEES - 1)
    issued = await paying.do("payer2222222", f"/v1/payment-runs/{number}/issue", {"at": AT})
    assert (issued["state"], issued["paid"], issued["refused"], issued["issued_by"]) == (
        *("issued", PAYEES - 1, 0),
        "payer2222222",
    )
    async with paying.client("reader222222") as client:
        assert (await client.get(f"/v1/payment-runs/{number}")).json()["paid"] == PAYEES - 1
        assert [row["run"] for row in (await client.get("/v1/payment-runs")).json()["runs"]] == [number]
    again = await paying.do("checker22222", f"/v1/payment-runs/{number}/issue", {"at": AT})
    assert again == issued, "an issued run is not issued again"

    files = sorted((paying.state.settings.data / "outbox" / f"{number:08}").glob("*.xml"))
    answers = paying.state.list_files(paying.state.simulate_bank(files, NEVER))
    for is_repeated in (False, True):
        for path in answers:
            response = await paying.post(
                "payer2222222",
                "/v1/bank/messages?wait=60",
                content=path.read_bytes(),
                headers={"content-type": "application/xml", "content-disposition": f'filename="{path.name}"'},
            )
            assert response.json()["state"] == "done", response.text
            (message,) = response.json()["result"]["messages"]
            assert (message["known"], message["unmatched"], message["refused"]) == (is_repeated, 0, {})
    assert (await paying.state.count_kinds())["bank_debit"] == PAYEES - 1
    assert (await paying.state.read_status()).agrees
    interest = await paying.do("payer2222222", "/v1/late-interest", {"at": AT, "dry_run": True})
    assert interest["waits"] == ""
    verification = await paying.state.verify()
    assert verification.is_proven, verification


@pytest.mark.parametrize(
    ("key", "path"),
    [
        (key, path)
        for key in ("buyer2222222", "reader222222", "keeper222222", "thin22222222")
        for path in ("/v1/payment-runs", "/v1/payment-runs/1/issue", "/v1/bank/messages", "/v1/late-interest")
    ],
)
async def test_only_accountants_pay(paying: Paying, key: str, path: str) -> None:
    before = await paying.state.fetch("select count(*) from task")
    response = await paying.post(key, path, json={})
    assert response.status_code == 403
    assert await paying.state.fetch("select count(*) from task") == before


async def test_tasks_are_seen_by_the_accountants_of_their_sender_auditors_and_operators(
    paying: Paying,
) -> None:
    response = await paying.post(
        "payer2222222", "/v1/late-interest?wait=60", json={"dry_run": True, "at": AT}
    )
    number = response.json()["task"]
    statuses = {}
    for key in _KEYS:
        async with paying.client(key) as client:
            statuses[key] = (await client.get(f"/v1/tasks/{number}")).status_code
            listed = [task["task"] for task in (await client.get("/v1/tasks")).json()["tasks"]]
            assert (number in listed) == (statuses[key] == 200)
    assert statuses == {
        key: 404 if key in ("distant22222", "buyer2222222", "thin22222222") else 200 for key in _KEYS
    }


async def test_waiting_task_is_cancelled_and_a_begun_one_is_not(paying: Paying) -> None:
    """A lock of settlement work that the test owns keeps the first task running, so that the second one waits."""
    connection = await asyncpg.connect(paying.state.dsn)
    try:
        assert await connection.fetchval("select pg_try_advisory_lock(7317, 4)")
        first, second = [
            (await paying.post("payer2222222", "/v1/late-interest", json={"at": AT})).json()["task"]
            for _ in range(2)
        ]
        async with paying.client("checker22222") as client:
            await paying.service.wait_for_log('"event":"task started"', f'"task":{first},')
            async with asyncio.timeout(60):
                while True:
                    task = (await client.get(f"/v1/tasks/{first}")).json()
                    assert task["state"] == "running"
                    if task["progress"]["activity"] == "waiting for other work on payments to end":
                        break
            cancelled = await client.delete(f"/v1/tasks/{second}")
            assert cancelled.json()["state"] == "cancelled"
            assert (await client.delete(f"/v1/tasks/{second}")).json() == cancelled.json()
            late = await client.delete(f"/v1/tasks/{first}")
            assert (late.status_code, late.json()["code"]) == (409, "not-waiting")
    finally:
        await connection.close()
    async with paying.client("payer2222222") as client:
        assert (await client.get(f"/v1/tasks/{first}?wait=60")).json()["state"] == "done"
        assert (await client.get(f"/v1/tasks/{second}")).json()["state"] == "cancelled"


async def test_damaged_bank_file_is_refused_with_its_reason(paying: Paying) -> None:
    response = await paying.post(
        "payer2222222",
        "/v1/bank/messages?wait=60",
        content=b"<Document",
        headers={"content-type": "application/xml"},
    )
    (rejection,) = response.json()["result"]["rejected"]
    assert rejection["remedy"]
    empty = await paying.post("payer2222222", "/v1/bank/messages", content=b"")
    assert empty.status_code == 400
    bad = await paying.post("payer2222222", "/v1/payment-runs", json={"until": "soon"})
    assert bad.status_code == 400
    missing = await paying.post("payer2222222", "/v1/payment-runs/999/issue", json={})
    assert missing.status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("abandon", {"reason": "a\0b"}),
        ("lines", {"edit": "hold", "lines": [1], "reason": "\0"}),
        ("payees", {"edit": "regroup", "payees": ["1\0"], "reason": "inquiry"}),
    ],
)
async def test_text_with_nul_is_refused(paying: Paying, path: str, body: dict[str, Any]) -> None:
    before = await paying.state.fetch("select count(*) from task")
    response = await paying.post("payer2222222", f"/v1/payment-runs/1/{path}", json=body)
    assert (response.status_code, response.json()["code"]) == (400, "malformed-request"), response.text
    assert await paying.state.fetch("select count(*) from task") == before


async def test_same_bank_file_is_stored_once(paying: Paying) -> None:
    folder = paying.state.settings.data / "bank" / "received"
    for _ in range(2):
        response = await paying.post("payer2222222", "/v1/bank/messages?wait=60", content=b"<Repeated")
        assert response.json()["state"] == "done"
    (path,) = folder.glob(f"{hashlib.sha256(b'<Repeated').hexdigest()}/*")
    assert path.read_bytes() == b"<Repeated"


async def test_task_continues_after_a_kill_of_the_service(
    database: Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with open_state(database, tmp_path_factory.mktemp("killed") / "state", PAYEES) as state:
        await _insert_keys(state.dsn)
        connection = await asyncpg.connect(state.dsn)
        async with run_service(state.dsn, state.settings.data, reference=state.reference) as service:
            paying = Paying(state, service)
            run = (await paying.do("payer2222222", "/v1/payment-runs", {"until": "2018-11-30", "at": AT}))[
                "run"
            ]
            await paying.do("checker22222", f"/v1/payment-runs/{run}/release")
            assert await connection.fetchval("select pg_try_advisory_lock(7317, 4)")
            task = (
                await paying.post("payer2222222", f"/v1/payment-runs/{run}/issue", json={"at": AT})
            ).json()
            await service.wait_for_log('"event":"task started"', '"kind":"issue"')
            service.process.kill()
            await service.process.wait()
        await connection.close()
        async with run_service(state.dsn, state.settings.data, reference=state.reference) as service:
            async with Paying(state, service).client("payer2222222") as client:
                ended = (await client.get(f"/v1/tasks/{task['task']}?wait=60")).json()
            assert ended["state"] == "done", ended
            assert ended["result"]["paid"] == PAYEES
        assert (await state.count_kinds())["payment"] == PAYEES
        assert (await state.verify()).is_proven
        assert await state.pay_due(date(2018, 11, 30), state_time()) == []


def state_time() -> Any:
    from tests.service.small_state import paris_time

    return paris_time("2018-11-20")


async def test_stored_file_stays_where_the_task_finds_it(paying: Paying) -> None:
    folder: Path = paying.state.settings.data / "bank" / "received"
    assert all(len(list(entry.iterdir())) == 1 for entry in folder.iterdir())
