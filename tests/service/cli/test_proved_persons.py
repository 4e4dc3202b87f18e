"""Who calls a command proves to be the person whom it names: by the user of the operating system, a key or a token."""

import os
import pwd
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest_asyncio

from core.directory_entries import LoginEnd, LoginEntry, RoleEnd
from core.person_decisions import StatedPerson
from service.auth.api_keys import format_token, hash_secret
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.proved_persons import FIRST_DAY, LOGINS, PERSONS, change_directory, find_yesterday
from tests.service.auth.token_issuer import AUDIENCE, URL, format_key_set, sign
from tests.service.command_line import CommandResult, run_crescendo
from tests.settlement.runs.small_state import SmallState, iban

USER = pwd.getpwuid(os.getuid()).pw_name
"""The user who runs the tests: Alice's login."""
SECRET, WRONG = "s" * 43, "w" * 43
BRUNO = format_token("bruna2222222", SECRET)
AT = ("--at", "2018-06-14T10:00")
RELEASE = ("pay", "release", "1", "--as", "Bruno")
_KEYS: Mapping[str, str] = {
    "bruna2222222": "infinity",
    "dead22222222": "infinity",
    "expired22222": "2018-01-01",
    "tied22222222": "infinity",
    "free22222222": "infinity",
}


@pytest_asyncio.fixture
async def state(dsn: str, tmp_path: Path) -> SmallState:
    """A run to release that Alice, who runs the tests, has proposed; Bruno has keys, and is a system with tokens."""
    state = await SmallState(dsn, tmp_path).open()
    await state.register_payees({"payee": "P1", "iban": iban(1)})
    await state.post_requests({"reference": "DP-1", "payee": "P1", "amount": "1.00"})
    await _insert_keys(dsn)
    issuer = tmp_path / "keys.json"
    issuer.write_bytes(format_key_set())
    names = ("--issuer", URL, "--audience", AUDIENCE, "--jwks", str(issuer))
    assert (await run(state, "access", "issuer", "add", "state", *names)).code == 0
    system = ("--issuer", "state", "--subject", "bruno", "--role", "assigned_accountant")
    assert (await run(state, "access", "grant", "DRFIP-75", *system)).code == 0
    bruno = [
        LoginEntry("Bruno", "key", key, FIRST_DAY) for key in (*_KEYS, "state/bruno") if key != "free22222222"
    ]
    alice = LoginEntry("Alice", "user", USER, FIRST_DAY)
    await change_directory(dsn, *PERSONS, LOGINS[0], alice, *bruno, by=StatedPerson("Claire"))
    proposed = await run(state, "pay", "propose", "--as", "Alice", "--until", "2018-06-30", *AT)
    assert (proposed.code, f"proposed by Alice (proved by user {USER})" in proposed.out) == (0, True), (
        proposed
    )
    return state


async def _insert_keys(dsn: str) -> None:
    async with open_connection(dsn) as connection:
        for key, expires in _KEYS.items():
            await connection.execute(
                "insert into access_key (key, sender, digest, roles, programmes, label, expires_at)"
                f" values ($1, 'DRFIP-75', $2, '{{assigned_accountant}}', '{{}}', '', '{expires}')",
                *(key, hash_secret(SECRET)),
            )
        await connection.execute("insert into access_key_end (key, reason) values ('dead22222222', 'lost')")
        await connection.execute(
            "insert into access_binding (holder, fingerprint) values ('tied22222222', sha256('1'))"
        )


async def run(state: SmallState, *words: str | Path, token: str = "") -> CommandResult:
    environment = {
        "CRESCENDO_DATABASE": state.dsn,
        "CRESCENDO_DATA": str(state.folder),
        "CRESCENDO_REFERENCE": str(REFERENCE),
        "CRESCENDO_TOKEN": token,
        "USER": "Bruno",
        "LOGNAME": "Bruno",
    }
    return await run_crescendo(*words, environment=environment)


async def assert_refused(state: SmallState, message: str, *words: str, token: str = "") -> None:
    refused = await run(state, *words, token=token)
    assert (refused.code, message in refused.err) == (2, True), refused
    assert "sssssss" not in refused.err


def _forge(**claims: Any) -> str:
    """Return a token of Bruno's system with the signature of another token."""
    head, _, signature = sign("ed").split(".")
    body = sign("ed", sub="bruno", **claims).split(".")[1]
    return f"{head}.{body}.{signature}"


async def test_a_user_a_key_and_a_token_prove_persons(state: SmallState, tmp_path: Path) -> None:
    own = await run(state, "pay", "release", "1", "--as", "Alice")
    assert (own.code, "another person must" in own.err) == (3, True), own
    file = tmp_path / "token"
    file.write_text(f"{sign(sub='bruno')}\n")
    released = await run(state, *RELEASE, "--token-file", file)
    assert released.code == 0, released
    issued = await run(state, "pay", "issue", "1", "--as", "Bruno", *AT, token=BRUNO)
    assert issued.code == 0, issued
    output = (await run(state, "pay", "show", "1")).out
    assert "Released by Bruno (proved by key state/bruno)" in output
    assert "Issued by Bruno (proved by key bruna2222222)" in output


async def test_who_does_not_prove_a_name_is_refused(state: SmallState) -> None:
    now = int(time.time())
    for token, message in (
        ("", f"Bruno is named, and the user {USER} proves Alice: name Alice, or use a credential of Bruno"),
        (format_token("bruna2222222", WRONG), "not accepted (key-wrong)"),
        (format_token("strange22222", SECRET), "not accepted (key-unknown)"),
        (format_token("dead22222222", SECRET), "not accepted (key-unknown)"),
        (format_token("expired22222", SECRET), "not accepted (key-expired)"),
        (format_token("tied22222222", SECRET), "not accepted (certificate-differs)"),
        (format_token("free22222222", SECRET), "the directory has no login by it"),
        ("anything", "not accepted (key-unreadable)"),
        (_forge(), "not accepted (token-signature)"),
        (sign(sub="bruno", iat=now - 7200, nbf=now - 7200, exp=now - 3600), "not accepted (token-expired)"),
        (sign(sub="bruno", iss="https://other.example"), "not accepted (token-issuer-unknown)"),
        (sign(sub="bruno", aud="another"), "not accepted (token-audience)"),
        (sign(sub="stranger"), "not accepted (grant-missing)"),
    ):
        await assert_refused(state, message, *RELEASE, token=token)
    (row,) = await state.fetch_rows("select state from payment_state")
    assert row["state"] == "proposed"
    attempts = await state.fetch_rows("select key, address, code, detail from audit order by audit")
    assert len(attempts) == 13
    assert {attempt["address"] for attempt in attempts} == {"command line"}
    assert (attempts[0]["key"], attempts[0]["code"]) == ("", "person-not-proved")
    named = f"user {USER} names Bruno"
    assert attempts[0]["detail"].startswith(f"{named}: Bruno is named, and the user {USER} proves Alice")
    assert attempts[1] == {
        "key": "bruna2222222",
        "address": "command line",
        "code": "key-wrong",
        "detail": named,
    }
    assert (attempts[6]["key"], attempts[6]["code"]) == ("free22222222", "person-not-proved")


async def test_a_key_without_the_side_or_with_a_perimeter_decides_nothing(state: SmallState) -> None:
    async with open_connection(state.dsn) as connection:
        for key, roles, programmes in (
            ("audit2222222", "{auditor}", "{}"),
            ("part22222222", "{assigned_accountant}", "{0177}"),
        ):
            await connection.execute(
                "insert into access_key (key, sender, digest, roles, programmes, label)"
                f" values ($1, 'DRFIP-13', $2, '{roles}', '{programmes}', '')",
                *(key, hash_secret(SECRET)),
            )
    logins = [LoginEntry("Bruno", "key", key, FIRST_DAY) for key in ("audit2222222", "part22222222")]
    await change_directory(state.dsn, *logins)
    token = format_token("audit2222222", SECRET)
    await assert_refused(
        state, "the key audit2222222 has no role assigned_accountant or central", *RELEASE, token=token
    )
    token = format_token("part22222222", SECRET)
    await assert_refused(state, "the key part22222222 is limited to 0177", *RELEASE, token=token)
    attempts = await state.fetch_rows("select key, code from audit order by audit")
    assert [tuple(attempt.values()) for attempt in attempts] == [
        ("audit2222222", "person-not-proved"),
        ("part22222222", "perimeter-not-held"),
    ]


async def test_a_role_or_a_login_that_ended_yesterday(state: SmallState) -> None:
    assert (await run(state, "pay", "hold", "1", "1", "--as", "Bruno", token=BRUNO)).code == 0
    assert (await run(state, "pay", "unhold", "1", "1", "--as", "Alice")).code == 0
    await change_directory(state.dsn, LoginEnd(3, find_yesterday()))
    await assert_refused(state, "its last login, 3, does not hold on", *RELEASE, token=BRUNO)
    await change_directory(state.dsn, RoleEnd(3, find_yesterday()))
    await assert_refused(
        state, "Bruno is proved by the key state/bruno, and has no role", *RELEASE, token=sign(sub="bruno")
    )


async def test_a_user_who_is_nobody(state: SmallState, tmp_path: Path) -> None:
    await change_directory(state.dsn, LoginEnd(2, find_yesterday()))
    month = ("--year", "2018", "--month", "5", "--reason", "Clôture")
    statement = tmp_path / "statement.xml"
    statement.write_text("<Document/>")
    for words in (
        ("pay", "hold", "1", "1", "--as", "Alice"),
        ("pay", "propose", "--as", "Alice", *AT),
        ("pay", "abandon", "1", "--as", "Alice"),
        ("pay", "interest"),
        ("pay", "interest", "--as", "Alice"),
        ("bank", "import", str(statement)),
        ("period", "close", *month, "--as", "Alice"),
    ):
        await assert_refused(state, f"is not proved by the user {USER}", *words)
    await assert_refused(
        state,
        f"is not proved by the user {USER}",
        "person",
        "add",
        "eve",
        "--name",
        "Eve",
        "--as",
        "zoe",
        "--reason",
        "r",
    )
    attempts = await state.fetch_rows("select code, detail from audit order by audit")
    assert {attempt["code"] for attempt in attempts} == {"person-not-proved"}
    names = [attempt["detail"].partition(":")[0].rpartition(" ")[2] for attempt in attempts]
    assert names == ["Alice", "Alice", "Alice", "nobody", "Alice", "nobody", "Alice", "zoe"]


async def test_months_statements_and_interest_of_a_proved_person(state: SmallState) -> None:
    month = ("--year", "2018", "--month", "5", "--reason", "Clôture")
    closed = await run(state, "period", "close", *month, "--as", "Alice")
    assert closed.code == 0, closed
    assert f"user {USER}" in (await run(state, "period", "list")).out
    assert (await run(state, "pay", "interest", *AT)).code == 0
    listed = await run(state, "person", "list")
    assert (listed.code, USER in listed.out, "not proved" in listed.out) == (0, True, True)
    await assert_refused(
        state,
        "has no role operator",
        "person",
        "add",
        "eve",
        "--name",
        "Eve",
        "--as",
        "Alice",
        "--reason",
        "r",
    )
    refused = await run(
        state, "pay", "release", "1", "--as", "Bruno", "--token-file", str(REFERENCE / "calendar.toml")
    )
    assert (
        refused.code,
        "not accepted (key-unreadable)" in refused.err or "contains no key" in refused.err,
    ) == (2, True)


async def test_logins_are_given_and_ended_by_commands(dsn: str, tmp_path: Path) -> None:
    state = await SmallState(dsn, tmp_path).open()
    because = ("--as", "Anybody", "--reason", "Prise de fonctions")
    for words in (
        ("add", "zoe", "--name", "Zoé"),
        ("grant", "zoe", "operator", "--hand", "both", "--from", "2018-01-01"),
        ("login", "zoe", "--user", USER, "--from", "2018-01-01"),
    ):
        assert (await run(state, "person", *words, *because)).code == 0
    because = ("--as", "zoe", "--reason", "Prise de fonctions")
    lines = ["type,person,means,name,first_day,last_day", "login,zoe,user,other,2018-01-01,2018-12-31"]
    path = tmp_path / "logins.csv"
    path.write_text("\n".join(lines) + "\n")
    assert (await run(state, "person", "load", path, *because)).code == 0
    ended = await run(state, "person", "end", "login", "2", "--on", "2018-06-30", *because)
    assert ended.code == 0, ended
    last = await run(state, "person", "end", "login", "1", "--on", "2018-06-30", *because)
    assert (last.code, "nobody could change the directory any more" in last.out) == (1, True), last
    neither = await run(state, "person", "login", "zoe", "--from", "2018-01-01", *because)
    assert (neither.code, "by --user or by --key" in neither.err) == (2, True), neither
    repeated = await run(state, "person", "login", "zoe", "--user", USER, "--from", "2019-01-01", *because)
    assert (repeated.code, "belongs to a person by login 1" in repeated.out) == (1, True), repeated
    logins = (await run(state, "person", "list", "--json")).json()["logins"]
    assert [(row["name"], row["last_day"]) for row in logins] == [(USER, None), ("other", "2018-06-30")]
