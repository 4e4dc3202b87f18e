"""A watcher killed between any two steps, stopped, or run without signatures: nothing is lost, nothing is taken twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from service.database.embedded_server import Database
from tests.databases import lock_table, wait_until_blocked
from tests.service.command_line import create_ledger, run_crescendo
from tests.service.dropfolders.drop_senders import (
    MINE,
    SenderFolders,
    create_folders,
    prepare_service,
    register_signers,
    run_watching_service,
    wait_for_log,
)
from tests.service.http.act_files import ALLOTMENTS, OPENINGS, build_commitment
from tests.service.http.running_service import RunningService, create_database, fetch

NOW = ("--drop-settle", "0")


async def _kill_service(served: RunningService, blocking: asyncpg.Connection) -> None:
    """Kill the service once it waits for a lock."""
    await wait_until_blocked(blocking)
    served.process.kill()
    await served.process.wait()


async def _check_recovery(dsn: str, folders: SenderFolders, place: Path) -> None:
    """Check that the next start processes the file to the end, once."""
    async with run_watching_service(dsn, place, *NOW) as served:
        await wait_for_log(served, "answered", "credits.jsonl")
    assert folders.list_names("in") == set()
    assert folders.list_names("done") == {"000000001-credits.jsonl", "000000001-credits.jsonl.sig"}
    assert folders.read_result("credits.jsonl.receipt.json")["receipt"]["accepted"]["lines"] == len(OPENINGS)
    assert [row["count"] for row in await fetch(dsn, "select count(*) from entry")] == [len(OPENINGS)]
    assert len(await fetch(dsn, "select from submission")) == 1
    unanswered = "select from drop_taken where taken not in (select taken from drop_answered)"
    assert await fetch(dsn, unanswered) == []


@pytest.mark.parametrize("table", ["submission", "drop_taken", "progress", "drop_answered"])
async def test_a_kill_between_two_steps_neither_loses_nor_repeats_a_file(
    table: str, database: Database, tmp_path: Path
) -> None:
    async with prepare_service(database, tmp_path) as (dsn, folders):
        for _ in range(2):
            async with (
                lock_table(dsn, table) as blocking,
                run_watching_service(dsn, tmp_path, *NOW) as served,
            ):
                await _kill_service(served, blocking)
        await _check_recovery(dsn, folders, tmp_path)


async def test_a_kill_before_the_move_is_recovered(database: Database, tmp_path: Path) -> None:
    """The file is recorded as taken and still in the folder, as after a kill between the two steps."""
    async with prepare_service(database, tmp_path) as (dsn, folders):
        async with run_watching_service(dsn, tmp_path, *NOW) as served:
            await wait_for_log(served, "answered", "credits.jsonl")
        for path in list((folders.base / "done").iterdir()):
            path.rename(folders.incoming / path.name.partition("-")[2])
        for path in (folders.base / "out").iterdir():
            path.unlink()
        await _check_recovery(dsn, folders, tmp_path)


async def test_a_kill_while_results_are_written_is_recovered(database: Database, tmp_path: Path) -> None:
    async with prepare_service(database, tmp_path) as (dsn, folders):
        async with lock_table(dsn) as blocking, run_watching_service(dsn, tmp_path, *NOW) as served:
            await _kill_service(served, blocking)
        (folders.base / "out" / ".credits.jsonl.receipt.json.part").write_bytes(b"{half")
        await _check_recovery(dsn, folders, tmp_path)
        assert not [name for name in folders.list_names("out") if name.startswith(".")]


async def test_results_always_have_the_same_bytes(database: Database, tmp_path: Path) -> None:
    async with prepare_service(database, tmp_path) as (dsn, folders):
        result_files = []
        for _ in range(2):
            async with (
                lock_table(dsn, "drop_answered") as blocking,
                run_watching_service(dsn, tmp_path, *NOW) as served,
            ):
                await _kill_service(served, blocking)
            out = folders.base / "out"
            result_files.append({name: (out / name).read_bytes() for name in folders.list_names("out")})
        assert result_files[0] == result_files[1]
        assert len(result_files[0]) == 3


async def test_a_stop_leaves_files_that_are_not_taken(database: Database, tmp_path: Path) -> None:
    async with prepare_service(database, tmp_path) as (dsn, folders):
        async with run_watching_service(dsn, tmp_path, *NOW) as served:
            await wait_for_log(served, "answered", "credits.jsonl")
            served.process.terminate()
            assert await served.process.wait() == 0
            folders.leave_file("later.jsonl", [build_commitment("LATER")])
        assert folders.list_names("in") == {"later.jsonl", "later.jsonl.sig"}
        async with run_watching_service(dsn, tmp_path, *NOW) as served:
            await wait_for_log(served, "answered", "later.jsonl")


async def test_a_file_over_the_limit_is_refused(database: Database, tmp_path: Path) -> None:
    async with prepare_service(database, tmp_path) as (dsn, folders):
        async with run_watching_service(dsn, tmp_path, *NOW, "--file-bytes-max", "1000") as served:
            await wait_for_log(served, "refused", "credits.jsonl")
        problem = folders.read_result("credits.jsonl.problem.json")
        assert problem["code"] == "limit-exceeded"
        assert problem["found"] == "The file has more than 1,000 bytes"


# --------------------------------------------------------------------------------------------- unsigned


@asynccontextmanager
async def _run_unsigned_service(
    database: Database, place: Path, *roles: str
) -> AsyncIterator[tuple[RunningService, SenderFolders, str]]:
    """Run a service that accepts unsigned files with these roles, with the folder of a sender without a signer."""
    arguments = [word for role in roles for word in ("--drop-unsigned", role)]
    async with create_database(database) as dsn:
        await register_signers(dsn)
        async with run_watching_service(dsn, place, *NOW, *arguments) as served:
            yield served, create_folders(place / "drop", "MIN-55"), dsn


async def test_unsigned_files_are_taken_if_the_operator_allows_it(database: Database, tmp_path: Path) -> None:
    async with _run_unsigned_service(database, tmp_path, "programme_manager") as (served, theirs, dsn):
        theirs.leave_file("credits.jsonl", ALLOTMENTS, by=None)
        await wait_for_log(served, "answered", "credits.jsonl")
        assert theirs.read_result("credits.jsonl.receipt.json")["receipt"]["sender"] == "MIN-55"
        assert theirs.list_names("out") == {"credits.jsonl.receipt.json", "credits.jsonl.refusals.csv"}
        # only with those roles
        theirs.leave_file("commitments.jsonl", [build_commitment("C")], by=None)
        await wait_for_log(served, "refused", "commitments.jsonl")
        assert theirs.read_result("commitments.jsonl.problem.json")["code"] == "role-not-held"
        # a reserved name is no sender
        bank = create_folders(tmp_path / "drop", "bank")
        bank.leave_file("debits.jsonl", ALLOTMENTS, by=None)
        await wait_for_log(served, "refused", "debits.jsonl")
        assert bank.read_result("debits.jsonl.problem.json")["code"] == "wrong-sender"
        # a sender with a signer must sign, even if all its signers have ended
        folders = create_folders(tmp_path / "drop")
        for row in await fetch(dsn, "select signer from signer where sender = 'MIN-09'"):
            await fetch(dsn, "insert into signer_end values ($1, '') on conflict do nothing", row["signer"])
        folders.leave_file("mine.jsonl", ALLOTMENTS)
        await wait_for_log(served, "refused", "mine.jsonl")
        assert folders.read_result("mine.jsonl.problem.json")["code"] == "signature-wrong"


async def test_unsigned_files_in_a_role_that_sends_nothing_are_not_stored(
    database: Database, tmp_path: Path
) -> None:
    async with _run_unsigned_service(database, tmp_path, "auditor") as (served, theirs, dsn):
        theirs.leave_file("nothing.csv", b"reference;kind\n", by=None)
        await wait_for_log(served, "refused", "nothing.csv")
        assert theirs.read_result("nothing.csv.problem.json")["code"] == "role-not-held"
        assert await fetch(dsn, "select from submission union all select from batch") == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("--drop-unsigned", "authorising_officer", "--drop-unsigned", "assigned_accountant"),
        ("--drop-unsigned", "king"),
        ("--drop-settle", "-1"),
    ],
)
async def test_wrong_usage_is_refused(arguments: tuple[str, ...], tmp_path: Path) -> None:
    place = ("--data", tmp_path / "data", "--port", "0", "--drop", tmp_path)
    result = await run_crescendo("serve", *place, *arguments)
    assert result.code == 2
    assert not (tmp_path / "data").exists()


# --------------------------------------------------------------------------------------------- signers


async def test_signers_are_registered_shown_and_ended(empty_dsn: str, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(MINE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    place = ("--database", empty_dsn)
    await create_ledger(*place)
    options = (
        "--key",
        key,
        "--role",
        "authorising_officer",
        "--programme",
        "0177",
        "--days",
        "30",
        "--pain002",
    )
    added = await run_crescendo("access", "signer", "add", "MIN-09", *options, "--language", "fr", *place)
    assert added.code == 0, added.err
    name = added.out.strip()
    (row,) = (await run_crescendo("access", "signer", "list", "--json", *place)).json()
    assert (row["signer"], row["sender"], row["programmes"]) == (name, "MIN-09", ["0177"])
    assert row["public_key"] == MINE.public_key().public_bytes_raw().hex()
    assert (row["language"], row["pain002"], row["ended_at"]) == ("fr", True, None)
    again = await run_crescendo(
        "access", "signer", "add", "MIN-12", "--key", key, "--role", "assigned_accountant", *place
    )
    assert again.code == 2
    assert "cannot be registered again" in again.err
    assert name in (await run_crescendo("access", "signer", "list", "--sender", "MIN-09", *place)).out
    for code, word in ((0, "has ended"), (0, "had already ended")):
        ended = await run_crescendo("access", "signer", "revoke", name, "--reason", "lost", *place)
        assert (ended.code, word in ended.out) == (code, True)
    assert (await run_crescendo("access", "signer", "revoke", "nobody", *place)).code == 1


@pytest.mark.parametrize("roles", [["auditor"], ["authorising_officer", "assigned_accountant"], ["king"]])
async def test_a_signer_needs_compatible_roles_that_may_send(
    roles: list[str], dsn: str, tmp_path: Path
) -> None:
    arguments = [word for role in roles for word in ("--role", role)]
    result = await run_crescendo(
        "access", "signer", "add", "MIN-09", "--key", tmp_path / "x", *arguments, "--database", dsn
    )
    assert result.code == 2


async def test_the_database_enforces_what_intake_relies_on(database: Database) -> None:
    async with create_database(database) as dsn:
        await register_signers(dsn)
        for statement in ("delete from signer", "update signer set sender = ''", "truncate signer_end"):
            with pytest.raises(asyncpg.PostgresError, match="append-only"):
                await fetch(dsn, statement)
        columns = "signer, sender, public_key, roles, programmes, language, pain002, valid_from, expires_at"
        values = "'x', 'y', decode(repeat('00', 32), 'hex'), $1, '{}', 'en', false, now(), 'infinity'"
        both = ["authorising_officer", "assigned_accountant"]
        with pytest.raises(asyncpg.CheckViolationError, match="two_hands"):
            await fetch(dsn, f"insert into signer ({columns}) values ({values})", both)
