"""``crescendo run`` with several files decides what it decides when it is called once for each file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from service.database.embedded_server import Database
from tests.databases import create_database
from tests.file_strategies import REFERENCE, File
from tests.service.command_line import run_crescendo
from tests.service.http.act_files import CREDITS, build_commitment, build_service
from tests.service.http.running_service import to_jsonl

ENVIRONMENT = {"CRESCENDO_REFERENCE": str(REFERENCE)}

LATE: Sequence[File] = ([build_service("S1", "C1")], [build_commitment("C1")])
"""The predecessor of the held act is in the next file: too late."""

SCARCE: Sequence[File] = (
    [
        build_service("I1", "C1", "500.00") | {"kind": "commitment_increase"},
        build_commitment("C1", "50.00"),
    ],
    [build_commitment("C2", "500.00")],
)
"""The held act and an act of the next file draw the same credits, 500 of 600 euros each."""


@pytest.mark.parametrize(
    ("files", "refused"), [(LATE, [1, 0]), (SCARCE, [0, 1])], ids=["late predecessor", "scarce credits"]
)
async def test_files_of_one_call_end_as_those_of_several(
    files: Sequence[File], refused: list[int], database: Database, tmp_path: Path
) -> None:
    openings, *paths = _write_files(tmp_path, [CREDITS, *files])
    async with create_database(database) as together, create_database(database) as apart:
        for dsn in (together, apart):
            await _run(dsn, tmp_path, openings)
        results = [await _run(apart, tmp_path, path) for path in paths]
        dry = await _run(together, tmp_path, *paths, "--dry-run")
        result = await _run(together, tmp_path, *paths)
        proof = await run_crescendo("verify", "--database", together, environment=ENVIRONMENT)
    assert proof.code == 0, proof.out
    assert _list_totals(result["receipts"]) == _list_totals(dry["files"])
    assert _list_totals(result["receipts"]) == _list_totals(
        [receipt for result in results for receipt in result["receipts"]]
    )
    assert [receipt["refused"]["lines"] for receipt in result["receipts"]] == refused


def _write_files(folder: Path, files: Sequence[File]) -> list[Path]:
    paths = [folder / f"{number}.jsonl" for number in range(len(files))]
    for path, rows in zip(paths, files, strict=True):
        path.write_bytes(to_jsonl(rows))
    return paths


def _list_totals(files: list[Any]) -> list[Any]:
    """Return lines and cents of every file by outcome."""
    return [[file[name] for name in ("file", "accepted", "duplicate", "refused")] for file in files]


async def _run(dsn: str, folder: Path, *words: str | Path) -> Any:
    place = ("--database", dsn, "--data", folder / dsn.rpartition("/")[2], "--sender", "MIN-09", "--json")
    return (await run_crescendo("run", *words, *place, environment=ENVIRONMENT)).json()
