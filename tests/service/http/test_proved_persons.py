"""Decisions over HTTP are those of the person whom the key proves: nobody decides in the name of another."""

import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

import httpx
import pytest
import pytest_asyncio

from core.directory_entries import LoginEntry, PersonEntry, RoleEntry
from core.person_decisions import StatedPerson
from core.roles import Role
from service.auth.api_keys import format_token, hash_secret
from service.database.embedded_server import Database
from tests.databases import open_connection
from tests.proved_persons import FIRST_DAY, LOGINS, PERSONS, change_directory, find_yesterday
from tests.service.auth.token_issuer import AUDIENCE, URL, format_key_set, format_unsigned, sign
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import SECRET
from tests.service.http.running_service import RunningService, fetch, run_service
from tests.service.small_state import State, open_state

pytestmark = pytest.mark.asyncio(loop_scope="module")
PAYEES = 3
AT = "2018-11-20T10:00:00+01:00"
_KEYS: Mapping[str, tuple[str, str, str]] = {
    "maker2222222": ("DRFIP-75", "assigned_accountant", "Alice"),
    "checker22222": ("DRFIP-75", "assigned_accountant", "Bruno"),
    "system222222": ("DRFIP-75", "assigned_accountant", ""),
    "past22222222": ("DRFIP-75", "assigned_accountant", "former"),
    "ended2222222": ("DRFIP-75", "assigned_accountant", "Claire"),
    "buyer2222222": ("DRFIP-75", "assigned_accountant", "david"),
    "dead22222222": ("DRFIP-75", "assigned_accountant", "Bruno"),
    "keeper222222": ("OPS", "operator", "zoe"),
    "keeper333333": ("OPS", "operator", ""),
}
"""Sender and role of each key, and the person whom it proves."""


class Deciding(NamedTuple):
    """A State with a running service, and persons who have keys."""

    state: State
    service: RunningService

    async def post(self, key: str, path: str, body: Any = None) -> httpx.Response:
        token = format_token(key, SECRET) if "." not in key else key
        async with self.service.client({"authorization": f"Bearer {token}"}) as client:
            return await client.post(path, json=body or {})

    async def do(self, key: str, path: str, body: Any = None) -> Any:
        """Have a task done; return its result."""
        response = await self.post(key, f"{path}?wait=60", body)
        assert (response.status_code, response.json()["state"]) == (200, "done"), response.text
        return response.json()["result"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deciding(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deciding]:
    folder = tmp_path_factory.mktemp("deciding")
    async with open_state(database, folder / "state", PAYEES) as state:
        await _insert_keys(state.dsn)
        issuer = folder / "keys.json"
        issuer.write_bytes(format_key_set())
        place = ("--database", state.dsn, "--data", folder / "commands")
        names = ("--issuer", URL, "--audience", AUDIENCE, "--jwks", issuer)
        system = ("--issuer", "state", "--subject", "bruno", "--role", "assigned_accountant")
        for words in (("issuer", "add", "state", *names), ("grant", "DRFIP-75", *system)):
            command = await run_crescendo("access", *words, *place)
            assert command.code == 0, command.err
        await _enter_persons(state.dsn)
        async with run_service(state.dsn, state.settings.data, reference=state.reference) as service:
            yield Deciding(state, service)


async def _insert_keys(dsn: str) -> None:
    async with open_connection(dsn) as connection:
        for key, (sender, role, _) in _KEYS.items():
            await connection.execute(
                "insert into access_key (key, sender, digest, roles, programmes, label) values ($1, $2, $3, $4, '{}', '')",
                *(key, sender, hash_secret(SECRET), [role]),
            )
        await connection.execute("insert into access_key_end (key, reason) values ('dead22222222', 'lost')")


async def _enter_persons(dsn: str) -> None:
    yesterday = find_yesterday()
    former = RoleEntry("former", Role.ASSIGNED_ACCOUNTANT, "both", FIRST_DAY, yesterday)
    logins = [
        LoginEntry(person, "key", key, FIRST_DAY, yesterday if person == "Claire" else None)
        for key, (_, _, person) in _KEYS.items()
        if person
    ]
    system = LoginEntry("Bruno", "key", "state/bruno", FIRST_DAY)
    entries = (*PERSONS, PersonEntry("former", "Madame Ancienne"), former, *logins, system)
    await change_directory(dsn, *entries, LOGINS[0], by=StatedPerson("Claire"))


async def test_two_persons_for_one_payment(deciding: Deciding) -> None:
    run = await deciding.do("maker2222222", "/v1/payment-runs", {"until": "2018-11-30", "at": AT})
    assert (run["proposed_by"], run["proposed_proof"]) == ("Alice", "key maker2222222")
    path = f"/v1/payment-runs/{run['run']}"
    own = await deciding.post("maker2222222", f"{path}/release?wait=60")
    assert own.json()["failure"]["code"] == "run-state"
    assert "another person must" in own.json()["failure"]["detail"]
    released = await deciding.do(sign(sub="bruno"), f"{path}/release")
    assert (released["released_by"], released["released_proof"]) == ("Bruno", "key state/bruno")
    issued = await deciding.do("maker2222222", f"{path}/issue", {"at": AT})
    assert (issued["issued_by"], issued["issued_proof"]) == ("Alice", "key maker2222222")
    (row,) = await fetch(
        deciding.state.dsn, "select key from task where kind = 'release' order by task desc limit 1"
    )
    assert row["key"] == "state/bruno"


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("system222222", "the directory has no login by it"),
        ("past22222222", "has no role assigned_accountant or central_accountant on"),
        ("ended2222222", "does not hold on"),
        ("buyer2222222", "david is proved by the key buyer2222222, and has no role"),
    ],
)
async def test_a_key_that_proves_nobody_for_it_decides_nothing(
    key: str, message: str, deciding: Deciding
) -> None:
    dsn = deciding.state.dsn
    counts = (
        "select (select count(*) from task) as tasks, (select coalesce(sum(times), 0) from audit) as attempts"
    )
    (before,) = await fetch(dsn, counts)
    month = {"exercise": 2018, "month": 2, "action": "close", "reason": "Clôture"}
    requests = (
        ("/v1/payment-runs", {}),
        ("/v1/late-interest", {}),
        ("/v1/bank/messages", {}),
        ("/v1/periods", month),
    )
    for path, body in requests:
        refused = await deciding.post(key, path, body)
        assert (refused.status_code, refused.json()["code"]) == (403, "person-not-proved"), refused.text
        assert message in refused.json()["detail"]
    (after,) = await fetch(dsn, counts)
    assert (after["tasks"], after["attempts"]) == (before["tasks"], before["attempts"] + len(requests))


async def test_a_dry_run_of_interest_decides_nothing(deciding: Deciding) -> None:
    result = await deciding.do("system222222", "/v1/late-interest", {"at": AT, "dry_run": True})
    assert result["waits"] == ""


@pytest.mark.parametrize(
    "token",
    [
        format_token("checker22222", "w" * 43),
        format_token("dead22222222", SECRET),
        sign(sub="bruno", iat=int(time.time()) - 7200, nbf=None, exp=int(time.time()) - 3600),
        sign(sub="bruno", iss="https://other.example"),
        format_unsigned({"alg": "EdDSA", "kid": "ed"}, "c2lnbmF0dXJl", sub="bruno"),
    ],
    ids=["wrong secret", "revoked key", "expired token", "other issuer", "forged token"],
)
async def test_a_credential_that_is_not_accepted_proves_nobody(token: str, deciding: Deciding) -> None:
    async with deciding.service.client({"authorization": f"Bearer {token}"}) as client:
        refused = await client.post("/v1/payment-runs", json={})
    assert (refused.status_code, refused.json()["code"]) == (401, "key-unknown")


async def test_nobody_decides_about_a_month_in_the_name_of_another(deciding: Deciding) -> None:
    month = {"exercise": 2018, "month": 3, "reason": "Clôture"}
    refused = await deciding.post("maker2222222", "/v1/periods", {**month, "action": "close", "by": "Bruno"})
    assert (refused.status_code, refused.json()["code"]) == (403, "person-not-proved")
    assert "Bruno is named, and the key maker2222222 proves Alice" in refused.json()["detail"]
    for action, by in (("close", {"by": "Alice"}), ("reopen", {})):
        stored = await deciding.post("maker2222222", "/v1/periods", {**month, "action": action, **by})
        assert stored.status_code == 200, stored.text
    async with deciding.service.client(
        {"authorization": f"Bearer {format_token('maker2222222', SECRET)}"}
    ) as client:
        decisions = (await client.get("/v1/periods")).json()["decisions"]
    assert [(row["by"], row["proof"]) for row in decisions[:2]] == [("Alice", "key maker2222222")] * 2


async def test_nobody_changes_the_directory_in_the_name_of_another(deciding: Deciding) -> None:
    change = {"entry": {"type": "add", "code": "eve", "name": "Ève"}, "reason": "Arrivée"}
    for key, by in (("keeper222222", "Alice"), ("keeper333333", "zoe"), ("keeper333333", None)):
        refused = await deciding.post(key, "/v1/persons", {**change, "by": by})
        assert (refused.status_code, refused.json()["code"]) == (403, "person-not-proved"), refused.text
    assert (await deciding.post("keeper222222", "/v1/persons", change)).status_code == 200
    login = {"type": "login", "person": "eve", "means": "user", "name": "eve", "first_day": "2018-01-01"}
    assert (await deciding.post("keeper222222", "/v1/persons", {**change, "entry": login})).status_code == 200
    async with deciding.service.client(
        {"authorization": f"Bearer {format_token('keeper222222', SECRET)}"}
    ) as client:
        listing = (await client.get("/v1/persons")).json()
    assert (listing["logins"][-1]["person"], listing["logins"][-1]["last_day"]) == ("eve", None)
    assert (listing["changes"][0]["by"], listing["changes"][0]["proof"]) == ("zoe", "key keeper222222")
