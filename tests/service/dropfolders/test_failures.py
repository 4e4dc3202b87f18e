"""Files cancelled, replaced while they are taken, or failing for no fault of theirs: none is lost, none stops the others."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from service.database.embedded import Database
from service.dropfolders import dropfolder_queries
from service.dropfolders.backoff import RETRY_SECONDS, RETRY_SECONDS_MAX, Later
from service.dropfolders.folder import Folder
from service.dropfolders.intake import Accepted, Taking
from service.dropfolders.signatures import Signer
from service.dropfolders.stable_files import Arrived
from service.dropfolders.watcher import Rules, Watch
from tests.databases import held_up, until_one_waits
from tests.service.dropfolders.drop_senders import MINE, Dropped, folders, heard, prepared, watched
from tests.service.http.access_keys import KEEPER, MINISTRY
from tests.service.http.act_files import commitment
from tests.service.http.running_service import Running, as_jsonl, fetch
from tests.settlement.test_pain002_writer import found as found_in
from tests.settlement.test_pain002_writer import read

NOW = ("--drop-settle", "0")


async def _waits(served: Running, mine: Dropped, name: str) -> int:
    """Leave a file whose sender is paused; its number."""
    mine.leave(name, [commitment("BACK")])
    taken = await heard(served, "taken", name)
    return int(taken.partition('"submission":')[2].partition(",")[0].rstrip("}\n"))


async def test_a_file_that_is_cancelled_is_answered(database: Database, tmp_path: Path) -> None:
    async with prepared(database, tmp_path) as (dsn, mine), watched(dsn, tmp_path, *NOW) as served:
        await heard(served, "answered", "credits.jsonl")
        async with served.client() as client:
            await client.post("/v1/senders/MIN-09/pause", json={"reason": "doubt"}, headers=KEEPER)
            number = await _waits(served, mine, "back.jsonl")
            found = await client.delete(f"/v1/submissions/{number}", headers=MINISTRY)
            assert found.json()["state"] == "cancelled"
            await heard(served, "answered", "back.jsonl")
            assert mine.result("back.jsonl.receipt.json") == found.json()
            report = f"/v1/submissions/{number}/pain002"
            told = read((await client.get(f"{report}?version=12", headers=MINISTRY)).content)
            written = (mine.base / "out" / "back.jsonl.pain002.xml").read_bytes()
            assert (await client.get(report, headers=MINISTRY)).content == written
        assert "back.jsonl.refusals.csv" in mine.names("out")
        assert found_in(told, "GrpSts") == found_in(told, "DtldSts") == ["RJCT"]
        assert found_in(told, "OrgnlNbOfTxs") == found_in(told, "DtldNbOfTxs") == ["1"]
        assert found_in(told, "AddtlInf")[0].startswith("Cancelled")


@pytest.mark.parametrize("how", ["another file", "the same file, written on"])
async def test_a_file_replaced_while_it_is_taken_is_left_and_taken_as_new(
    how: str, database: Database, tmp_path: Path
) -> None:
    async with prepared(database, tmp_path) as (dsn, mine), watched(dsn, tmp_path, *NOW) as served:
        await heard(served, "answered", "credits.jsonl")
        first, second = as_jsonl([commitment("FIRST")]), as_jsonl([commitment("SECOND"), commitment("MORE")])
        async with held_up(dsn, "submission") as blocking:
            mine.leave("lot.jsonl", first)
            await until_one_waits(blocking)  # it is in the spool, and has no number yet
            if how == "another file":
                mine.leave("lot.jsonl", second)
            else:
                (mine.inside / "lot.jsonl").write_bytes(second)
                (mine.inside / "lot.jsonl.sig").write_bytes(MINE.sign(second))
        await heard(served, "answered", "lot.jsonl", times=2)
        assert mine.names("in") == set()
        rows = await fetch(dsn, "select reference from entry where submission > 1 order by entry_id")
        assert [row["reference"] for row in rows] == ["FIRST", "SECOND", "MORE"]
        assert (mine.base / "done" / "000000003-lot.jsonl").read_bytes() == second
        assert mine.result("lot.jsonl.receipt.json")["receipt"]["lines"] == 2


async def test_a_file_that_cannot_be_answered_keeps_nobody_waiting(
    database: Database, tmp_path: Path
) -> None:
    async with prepared(database, tmp_path) as (dsn, mine):
        blocked = mine.base / "out" / ".bad.jsonl.refusals.csv.part"
        async with watched(dsn, tmp_path, *NOW) as served:
            await heard(served, "answered", "credits.jsonl")
            blocked.mkdir()
            mine.leave("bad.jsonl", [commitment("BAD")])
            await heard(served, "failed", "bad.jsonl")
            mine.leave("good.jsonl", [commitment("GOOD")])
            await heard(served, "answered", "good.jsonl")
            async with served.client() as client:
                shown = (await client.get("/metrics")).text
            assert 'crescendo_drop_files_total{outcome="failed"} 0.0' not in shown
            blocked.rmdir()
            await heard(served, "answered", "bad.jsonl")
        assert mine.result("bad.jsonl.receipt.json")["state"] == "decided"


class _Broken(Taking):
    """Fails at one file in a way that nobody thought of."""

    tried: int = 0

    async def take(self, folder: Folder, arrived: Arrived, signers: Sequence[Signer]) -> Accepted:  # noqa: ARG002
        self.tried += 1
        raise KeyError("a fault of ours")


async def test_an_error_nobody_thought_of_ends_nothing(database: Database, tmp_path: Path) -> None:
    async with prepared(database, tmp_path) as (dsn, mine), dropfolder_queries.writing(dsn) as pool:
        counted: list[tuple[str, ...]] = []
        board = SimpleNamespace(count=lambda *said: counted.append(said))
        desk = cast(Any, SimpleNamespace(drained=[], is_ready=True, is_draining=False, board=board))
        taking = _Broken(desk, cast(Any, None), frozenset())
        watch = Watch(Rules(tmp_path / "drop", 0, frozenset()), desk, cast(Any, None), pool, taking)
        running = asyncio.create_task(watch.run())
        while not taking.tried:  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # it looks by itself: nobody tells
        desk.drained[0]()
        await running
        assert counted == [("drop_files_total", "failed")]
        assert mine.names("in") == {"credits.jsonl", "credits.jsonl.sig"}
        assert folders(tmp_path / "drop").names("in") == mine.names("in")


def test_who_fails_waits_longer_each_time_and_is_forgotten_when_it_is_gone() -> None:
    now = 0.0
    later = Later(lambda: now)
    waits = []
    for _ in range(9):
        waits.append(later.fail("MIN-09", "a"))
        assert not later.is_due("MIN-09", "a")
        assert later.is_due("MIN-09", "b")
        assert later.is_due("MIN-12", "a")
        now += waits[-1]
        assert later.is_due("MIN-09", "a")
    assert waits[:3] == [RETRY_SECONDS, 2 * RETRY_SECONDS, 4 * RETRY_SECONDS]
    assert waits[-1] == RETRY_SECONDS_MAX
    later.keep("MIN-09", {"a"})
    assert later.fail("MIN-09", "a") == RETRY_SECONDS_MAX
    later.keep("MIN-09", set())
    assert later.fail("MIN-09", "a") == RETRY_SECONDS
    later.settle("MIN-09", "a")
    assert later.is_due("MIN-09", "a")
