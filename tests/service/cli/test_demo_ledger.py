"""A new demonstration deletes no ledger in which somebody else has sent files."""

import asyncio
from pathlib import Path

import pytest

from core.errors import DatabaseUnfit
from service.cli.demo_ledger import replace_data_folder, write_mark
from service.database.embedded_server import run_embedded_server
from tests.service.command_line import run_crescendo
from tests.service.database_servers import SMALL_SETTINGS

ACTS = "1000"
FILE = """reference;kind;exercise;date;fund_centre;functional_area;commitment_item;amount
EJ-2018-000017;commitment;2018;2018-05-02;0177-D013-DD13;0177-12;31;10.00
"""


async def test_a_demonstration_stops_before_it_deletes_what_others_sent(tmp_path: Path) -> None:
    folder, mine = tmp_path / "year", tmp_path / "2018-05-MINE.csv"
    mine.write_text(FILE)
    arguments = ("demo", "--acts", ACTS, "--folder", folder)
    data = ("--data", folder / "data")
    first = await run_crescendo(*arguments)
    assert first.code == 0, first.err
    assert "begins anew" not in first.err
    sent = await run_crescendo("run", mine, "--sender", "NEWCOMER", *data)
    assert sent.code == 0, sent.err
    files = {path for path in folder.rglob("*") if "postgres" not in path.parts}
    stopped = await run_crescendo(*arguments, "--full")
    assert stopped.code == 2
    assert "1 submission that the demonstration did not send" in stopped.err
    assert "of NEWCOMER (2018-05-MINE.csv)" in stopped.err
    assert "--folder DIR" in stopped.err
    assert "--anew" in stopped.err
    assert files <= set(folder.rglob("*"))
    again = await run_crescendo("run", mine, "--sender", "NEWCOMER", *data, "--existing")
    assert "processed before" in again.out
    (folder / "data" / "demonstration.json").write_text("{")
    unmarked = await run_crescendo(*arguments)
    assert unmarked.code == 2
    assert "1 submission that the demonstration did not send" in unmarked.err
    anew = await run_crescendo(*arguments, "--anew")
    assert anew.code == 0, anew.err
    assert anew.err.startswith("The demonstration begins anew:")


def test_a_folder_without_a_complete_database_is_used_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "postgres.owner").touch()
    with replace_data_folder(data, is_anew=False) as empty:
        assert empty == data
        assert not data.exists()
    assert list(tmp_path.iterdir()) == []


def test_what_an_interrupted_demonstration_left_is_deleted(tmp_path: Path) -> None:
    data, earlier = tmp_path / "data", tmp_path / ".earlier-demonstration"
    earlier.mkdir()
    (earlier / "postgres.owner").touch()
    with replace_data_folder(data, is_anew=False):
        assert not earlier.exists()


def test_an_unchanged_control_file_proves_that_nothing_was_sent(data: Path) -> None:
    """The ledger is deleted although its server cannot start, so no server was started to read the submissions."""
    _start_and_stop(data)
    write_mark(data, 0)
    _prevent_start(data)
    with replace_data_folder(data, is_anew=False):
        assert not data.exists()


@pytest.mark.parametrize("change", ["server started", "file lost", "mark without it"])
def test_without_this_proof_the_submissions_are_read(data: Path, change: str) -> None:
    """The server of the ledger is started, which fails here, and the ledger stays."""
    _start_and_stop(data)
    write_mark(data, 0)
    if change == "server started":
        _start_and_stop(data)
    elif change == "file lost":
        (data / "postgres/cluster/global/pg_control").unlink()
    else:
        (data / "demonstration.json").write_text('{"last_submission": 0}')
    _prevent_start(data)
    with pytest.raises(DatabaseUnfit), replace_data_folder(data, is_anew=False):
        pass
    assert (data / "postgres/cluster/PG_VERSION").exists()


def _start_and_stop(data: Path) -> None:
    """Start the server of a ledger, which creates its cluster the first time, and stop it."""

    async def run() -> None:
        async with run_embedded_server(data, SMALL_SETTINGS):
            pass

    asyncio.run(run())


def _prevent_start(data: Path) -> None:
    """Write a setting with which PostgreSQL does not start."""
    (data / "postgres/cluster/postgresql.auto.conf").write_text("no_such_setting = 1\n")
