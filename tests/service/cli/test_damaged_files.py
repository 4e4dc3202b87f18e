"""A damaged file is refused by its name; the files beside it are processed."""

from pathlib import Path

import pytest

from tests.ingest.odd_buffers import ODD_TYPES, build_odd_file
from tests.service.command_line import run_crescendo
from tests.service.http.act_files import CREDITS
from tests.service.http.running_service import to_jsonl


@pytest.mark.parametrize("dry_run", [(), ("--dry-run",)], ids=["run", "dry run"])
async def test_damaged_files_are_refused_and_the_others_go_on(
    dry_run: tuple[str, ...], dsn: str, tmp_path: Path
) -> None:
    damaged = [tmp_path / name for name in ("a.arrow", "b.arrows", "c.arrow", "d.arrows")]
    for path, texts in zip(damaged, ODD_TYPES, strict=True):
        path.write_bytes(build_odd_file(texts, path.suffix))
    sound = [tmp_path / "aa.jsonl", tmp_path / "z.jsonl"]
    for path, rows in zip(sound, (CREDITS[:1], CREDITS[1:]), strict=True):
        path.write_bytes(to_jsonl(rows))
    ledger = ("--database", dsn, "--data", tmp_path / "data")
    assert (await run_crescendo("db", "create", "--name", "damage", "--number", "01", *ledger)).code == 0
    place = (*ledger, "--sender", "MIN-09", "--json")
    result = await run_crescendo("run", *sorted([*damaged, *sound]), *place, *dry_run)
    assert result.code == 1
    document = result.json()
    assert [Path(rejection["file"]).name for rejection in document["rejected"]] == [
        path.name for path in damaged
    ]
    for rejection in document["rejected"]:
        assert "ends inside a number" in rejection["found"]
    files = document["files"] if dry_run else document["receipts"]
    assert [file["file"] for file in files] == ["aa.jsonl", "z.jsonl"]
