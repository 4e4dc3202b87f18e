"""``crescendo explain`` says who entered and validated an act, and which document it states (rule A45)."""

import json
from pathlib import Path

from tests.file_strategies import REFERENCE
from tests.service.command_line import CommandResult, run_crescendo
from tests.service.http.act_files import build_debt_charges
from tests.service.http.running_service import to_jsonl

ENVIRONMENT = {"CRESCENDO_REFERENCE": str(REFERENCE)}
DOCUMENT = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


async def explain(reference: str, dsn: str, data: Path, *options: str) -> CommandResult:
    place = ("--database", dsn, "--data", data)
    result = await run_crescendo("explain", reference, *place, *options, environment=ENVIRONMENT)
    assert result.code == 0, result.err
    return result


async def test_the_document_of_a_line_is_read_from_the_spool(dsn: str, tmp_path: Path) -> None:
    first, second = build_debt_charges(2)
    path, data = tmp_path / "acts.jsonl", tmp_path / "data"
    path.write_bytes(to_jsonl([first | {"document_hash": DOCUMENT}, second]))
    run = await run_crescendo(
        *("run", path, "--database", dsn, "--data", data, "--sender", "MIN-09"), environment=ENVIRONMENT
    )
    assert run.code == 0, run.err
    text = (await explain("D0", dsn, data)).out
    assert f"  document   {DOCUMENT}, the hash that the line states\n" in text
    assert "  document " not in (await explain("D1", dsn, data)).out
    report = json.loads((await explain("D0", dsn, data, "--json")).out)
    entry = report["accepted"][0]["entry"]
    assert report["documents"] == [{"entry": entry, "document_hash": DOCUMENT, "finding": "stated"}]
    elsewhere = (await explain("D0", dsn, tmp_path / "elsewhere")).out
    assert "  document   unknown: its file is not in the spool of this data folder; ask where" in elsewhere
    (original,) = data.glob("spool/*/*/original")
    original.write_bytes(original.read_bytes().replace(DOCUMENT.encode(), DOCUMENT[::-1].encode()))
    changed = (await explain("D0", dsn, data)).out
    assert "  document   unknown: the bytes in the spool are not those that were received\n" in changed
