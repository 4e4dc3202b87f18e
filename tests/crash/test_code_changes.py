"""The engine stops while acts are held, and continues with reference data that have one more code.

A held line with that code had no account assignment when it was first read, and has one when it is retried.
"""

import json
import shutil
from pathlib import Path

import pytest

from core.outcome_codes import Outcome
from ingest.queue import batch_cuts, held_lines
from ingest.queue.batch_cuts import BatchLimits
from ingest.queue.file_feed import FileFeed, ProcessingRequest
from ingest.spool.spool import Spool
from posting.batch import FINAL_PASS, BatchResult
from posting.book.registry import ReferenceData
from posting.pipeline import Pipeline
from posting.pipeline_settings import PipelineSettings
from posting.store.journal_store import PostgresStore
from reporting.verification import verify
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, BUDGET, Row, act, grant

CENTRE = "0217-SGAC-LATE"
LATE = ASPR | {"fund_centre": CENTRE}
SEGMENT_LINES, CACHED_LINES = 4_096, 1_500
"""The lines between two marks of a file, and those cached in memory: a thirty-second of the usual ones, alike in all else."""
HELD_LINES = SEGMENT_LINES + 4
"""Lines whose predecessor never comes: more than a batch, and more than are cached in memory."""

PROGRESS = {1: (1, True), 2: (2, False), 3: (2, True), 4: (FINAL_PASS, False)}
"""By number of commits: the current pass, and whether part of it is done."""
_PROGRESS = "select pass, next_line > 0 from progress where submission = 2 order by batch desc limit 1"
_OUTCOMES = """select line, 0 as code from entry where reference = 'I1'
            union all select line, code from refusal where reference = 'I1' order by line"""
_LATER_ENTRIES = "select count(*) from entry where reference like 'C3%'"


@pytest.fixture(autouse=True)
def _cut_small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (batch_cuts, held_lines):
        monkeypatch.setattr(module, "BATCH_LINES", SEGMENT_LINES)
    monkeypatch.setattr(held_lines, "CACHED_LINES_MAX", CACHED_LINES)


class EngineStopped(Exception):
    """Ends the engine."""


def _build_rows() -> list[Row]:
    """Build an act of two lines that is held for its commitment, many lines held in vain, and the commitment."""
    first = act("commitment_increase", "I1", "1.00", line="1", predecessor="C2")
    second = act("commitment_increase", "I1", "1.00", LATE, line="2", predecessor="C2")
    held_in_vain = [act("service", f"S{number}", "1.00", predecessor="NEVER") for number in range(HELD_LINES)]
    return [
        first,
        second,
        *held_in_vain,
        *_commit_on_late_centre("C2"),
    ]


def _commit_on_late_centre(reference: str) -> list[Row]:
    """Build an allotment to the added fund centre, and a commitment on it."""
    allotment = grant("allotment_ae", f"{reference}-ae", "10.00", CENTRE)
    return [allotment, act("commitment", reference, "2.00", LATE)]


def _write_file(path: Path, rows: list[Row]) -> Path:
    envelope = {"envelope": {"sender": "ministry", "batch_id": path.stem, "version": "1", "count": len(rows)}}
    path.write_text("".join(json.dumps(line) + "\n" for line in [envelope, *rows]))
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("files")
    return [
        _write_file(folder / "1-budget.jsonl", BUDGET),
        _write_file(folder / "2-spending.jsonl", _build_rows()),
    ]


@pytest.fixture(scope="module")
def added_centre(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Reference data with one more fund centre, and a file that uses it: both come in when processing continues."""
    folder = tmp_path_factory.mktemp("reference")
    shutil.copytree(REFERENCE, folder, dirs_exist_ok=True)
    with folder.joinpath("2018", "centres.csv").open("a") as file:
        file.write(f"{CENTRE},0217-SGAC,uo,Came added_centre\n")
    return folder, _write_file(folder / "3-behind.jsonl", _commit_on_late_centre("C3"))


async def _run(dsn: str, files: list[Path], data: Path, *, reference: Path, stop_after: int = 0) -> None:
    """Process the files; stop the engine after ``stop_after`` committed batches."""

    def stop(result: BatchResult) -> None:
        if result.number == stop_after:
            raise EngineStopped

    limits = BatchLimits(lines=SEGMENT_LINES * 3 // 4, lines_retried=SEGMENT_LINES)
    async with PostgresStore(dsn).own_lease("test") as store:
        feed = FileFeed(ProcessingRequest(files), Spool(data), store, limits=limits)
        await Pipeline(store, ReferenceData.load(reference), PipelineSettings(on_committed=stop)).run(feed)


@pytest.mark.parametrize("commits", PROGRESS)
async def test_a_code_added_while_acts_are_held(
    dsn: str, tmp_path: Path, files: list[Path], added_centre: tuple[Path, Path], commits: int
) -> None:
    """The held line is decided with the new code; if its commitment was refused before, it is refused, too."""
    with pytest.raises(EngineStopped):
        await _run(dsn, files, tmp_path, reference=REFERENCE, stop_after=commits)
    async with open_connection(dsn) as connection:
        assert [tuple(row) for row in await connection.fetch(_PROGRESS)] == [PROGRESS[commits]]
    extended, later_file = added_centre
    await _run(dsn, [*files, later_file], tmp_path, reference=extended)
    async with open_connection(dsn) as connection:
        assert await connection.fetchval(_LATER_ENTRIES) == 2
        outcomes = [tuple(row) for row in await connection.fetch(_OUTCOMES)]
    is_commitment_accepted = commits == 1
    assert outcomes == [
        (0, Outcome.ACCEPTED if is_commitment_accepted else Outcome.PREDECESSOR_MISSING),
        (1, Outcome.ACCEPTED if is_commitment_accepted else Outcome.ACT_REFUSED),
    ]
    assert (await verify(dsn, folder=extended)).findings == []
