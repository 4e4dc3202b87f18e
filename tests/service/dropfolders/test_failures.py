"""Files cancelled, replaced while they are taken, or failing for technical reasons: none is lost, none delays the others."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from posting.store.ledger_clock import LedgerClock
from service.database.embedded_server import Database
from service.dropfolders import dropfolder_queries
from service.dropfolders.backoff import RETRY_SECONDS, RETRY_SECONDS_MAX, RetryTimes
from service.dropfolders.folder import SenderFolder
from service.dropfolders.intake import AdmittedFile, FileIntake
from service.dropfolders.signatures import Signer
from service.dropfolders.stable_files import StableFile
from service.dropfolders.watcher import DropFolderRules, DropFolderWatcher
from service.http.service_state import ServiceState
from tests.databases import lock_table, wait_until_blocked
from tests.service.dropfolders.drop_senders import (
    MINE,
    SenderFolders,
    create_folders,
    prepare_service,
    run_watching_service,
    wait_for_log,
)
from tests.service.http.access_keys import MINISTRY, OPERATOR
from tests.service.http.act_files import build_commitment, build_debt_charges
from tests.service.http.running_service import RunningService, fetch, to_jsonl
from tests.settlement.test_pain002_writer import find_texts as found_in
from tests.settlement.test_pain002_writer import read_report

NOW = ("--drop-settle", "0")


async def _leave_waiting_file(served: RunningService, folders: SenderFolders, name: str) -> int:
    """Store a file whose sender is paused; return its submission number."""
    folders.leave_file(name, [build_commitment("BACK")])
    log_line = await wait_for_log(served, "taken", name)
    return int(log_line.partition('"submission":')[2].partition(",")[0].rstrip("}\n"))


async def test_a_file_that_is_cancelled_is_answered(database: Database, tmp_path: Path) -> None:
    async with (
        prepare_service(database, tmp_path) as (dsn, folders),
        run_watching_service(dsn, tmp_path, *NOW) as served,
    ):
        await wait_for_log(served, "answered", "credits.jsonl")
        async with served.client() as client:
            await client.post("/v1/senders/MIN-09/pause", json={"reason": "doubt"}, headers=OPERATOR)
            number = await _leave_waiting_file(served, folders, "back.jsonl")
            response = await client.delete(f"/v1/submissions/{number}", headers=MINISTRY)
            assert response.json()["state"] == "cancelled"
            await wait_for_log(served, "answered", "back.jsonl")
            assert folders.read_result("back.jsonl.receipt.json") == response.json()
            path = f"/v1/submissions/{number}/pain002"
            report = read_report((await client.get(f"{path}?version=12", headers=MINISTRY)).content)
            report_bytes = (folders.base / "out" / "back.jsonl.pain002.xml").read_bytes()
            assert (await client.get(path, headers=MINISTRY)).content == report_bytes
        assert "back.jsonl.refusals.csv" in folders.list_names("out")
        assert found_in(report, "GrpSts") == found_in(report, "DtldSts") == ["RJCT"]
        assert found_in(report, "OrgnlNbOfTxs") == found_in(report, "DtldNbOfTxs") == ["1"]
        assert found_in(report, "AddtlInf")[0].startswith("Cancelled")


@pytest.mark.parametrize("how", ["another file", "the same file, written on"])
async def test_a_file_replaced_while_it_is_taken_is_left_and_taken_as_new(
    how: str, database: Database, tmp_path: Path
) -> None:
    async with (
        prepare_service(database, tmp_path) as (dsn, folders),
        run_watching_service(dsn, tmp_path, *NOW) as served,
    ):
        await wait_for_log(served, "answered", "credits.jsonl")
        first, second = (
            to_jsonl(build_debt_charges(1, "FIRST-")),
            to_jsonl(build_debt_charges(2, "SECOND-")),
        )
        async with lock_table(dsn, "submission") as blocking:
            folders.leave_file("lot.jsonl", first)
            await wait_until_blocked(blocking)  # it is in the spool, and has no number yet
            if how == "another file":
                folders.leave_file("lot.jsonl", second)
            else:
                (folders.incoming / "lot.jsonl").write_bytes(second)
                (folders.incoming / "lot.jsonl.sig").write_bytes(MINE.sign(second))
        await wait_for_log(served, "answered", "lot.jsonl", times=2)
        assert folders.list_names("in") == set()
        rows = await fetch(dsn, "select reference from entry where submission > 1 order by entry_id")
        assert [row["reference"] for row in rows] == ["FIRST-0", "SECOND-0", "SECOND-1"]
        assert (folders.base / "done" / "000000003-lot.jsonl").read_bytes() == second
        assert folders.read_result("lot.jsonl.receipt.json")["receipt"]["lines"] == 2


async def test_a_file_that_cannot_be_answered_delays_no_other(database: Database, tmp_path: Path) -> None:
    async with prepare_service(database, tmp_path) as (dsn, folders):
        blocked = folders.base / "out" / ".bad.jsonl.refusals.csv.part"
        async with run_watching_service(dsn, tmp_path, *NOW) as served:
            await wait_for_log(served, "answered", "credits.jsonl")
            blocked.mkdir()
            folders.leave_file("bad.jsonl", [build_commitment("BAD")])
            await wait_for_log(served, "failed", "bad.jsonl")
            folders.leave_file("good.jsonl", [build_commitment("GOOD")])
            await wait_for_log(served, "answered", "good.jsonl")
            async with served.client() as client:
                metrics = (await client.get("/metrics")).text
            assert 'crescendo_drop_files_total{outcome="failed"} 0.0' not in metrics
            blocked.rmdir()
            await wait_for_log(served, "answered", "bad.jsonl")
        assert folders.read_result("bad.jsonl.receipt.json")["state"] == "decided"


class _FailingIntake(FileIntake):
    """An intake that fails in an unexpected way."""

    tried: int = 0

    async def admit(
        self,
        folder: SenderFolder,  # noqa: ARG002
        file: StableFile,  # noqa: ARG002
        signers: Sequence[Signer],  # noqa: ARG002
    ) -> AdmittedFile:
        self.tried += 1
        raise KeyError("a fault of ours")


async def test_an_unexpected_error_does_not_stop_the_watcher(database: Database, tmp_path: Path) -> None:
    async with (
        prepare_service(database, tmp_path) as (dsn, folders),
        dropfolder_queries.open_pool(dsn) as pool,
    ):
        counted: list[tuple[str, ...]] = []
        board = SimpleNamespace(increment=lambda *labels: counted.append(labels))
        state = ServiceState(LedgerClock())
        state.is_ready = True
        stub_service = cast(Any, SimpleNamespace(state=state, metrics=board))
        taking = _FailingIntake(stub_service, cast(Any, None), frozenset())
        watch = DropFolderWatcher(
            DropFolderRules(tmp_path / "drop", 0, frozenset()), stub_service, cast(Any, None), pool, taking
        )
        running = asyncio.create_task(watch.run())
        while not taking.tried:  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # it looks by itself: nobody tells
        state.start_draining()
        await running
        assert counted == [("drop_files_total", "failed")]
        assert folders.list_names("in") == {"credits.jsonl", "credits.jsonl.sig"}
        assert create_folders(tmp_path / "drop").list_names("in") == folders.list_names("in")


def test_retry_times_grow_and_missing_files_are_forgotten() -> None:
    now = 0.0
    later = RetryTimes(lambda: now)
    seconds = []
    for _ in range(9):
        seconds.append(later.postpone("MIN-09", "a"))
        assert not later.is_due("MIN-09", "a")
        assert later.is_due("MIN-09", "b")
        assert later.is_due("MIN-12", "a")
        now += seconds[-1]
        assert later.is_due("MIN-09", "a")
    assert seconds[:3] == [RETRY_SECONDS, 2 * RETRY_SECONDS, 4 * RETRY_SECONDS]
    assert seconds[-1] == RETRY_SECONDS_MAX
    later.forget_others("MIN-09", {"a"})
    assert later.postpone("MIN-09", "a") == RETRY_SECONDS_MAX
    later.forget_others("MIN-09", set())
    assert later.postpone("MIN-09", "a") == RETRY_SECONDS
    later.forget("MIN-09", "a")
    assert later.is_due("MIN-09", "a")
