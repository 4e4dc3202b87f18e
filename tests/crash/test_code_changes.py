"""Stopped with acts that wait, and gone on with reference data that know one code more: a line of theirs that named it had
no account assignment when it was read first, and has one when it is presented again.
"""

import json
import shutil
from pathlib import Path

import pytest

from core.outcome_codes import Outcome as Code
from ingest.queue.batch_cuts import BATCH_LINES
from ingest.queue.file_feed import FileFeed, ProcessingRequest
from ingest.queue.held_lines import CACHED_LINES_MAX
from ingest.spool.spool import Spool
from posting.batch import FINAL_PASS, BatchResult
from posting.book.registry import ReferenceData
from posting.pipeline import Pipeline, PipelineSettings
from posting.store.journal_store import PostgresStore
from reporting.verification import verify
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, BUDGET, Row, act, grant

CENTRE = "0217-SGAC-LATE"
LATE = ASPR | {"fund_centre": CENTRE}
WAITING = BATCH_LINES + 4
"""Lines whose predecessor never comes: more than a batch, and than are kept in memory."""

STAGES = {1: (1, True), 2: (2, False), 3: (2, True), 4: (FINAL_PASS, False)}
"""Which pass is under way after so many commits, and whether some of it is done."""
_STAGE = "select pass, next_line > 0 from progress where submission = 2 order by batch desc limit 1"
_ENDED = """select line, 0 as code from entry where reference = 'I1'
            union all select line, code from refusal where reference = 'I1' order by line"""
_BEHIND = "select count(*) from entry where reference like 'C3%'"


class EngineStopped(Exception):
    """The engine ends here."""


def _build_rows() -> list[Row]:
    """An act of two lines that waits for its commitment, many that wait in vain, the commitment."""
    assert WAITING > CACHED_LINES_MAX
    first = act("commitment_increase", "I1", "1.00", line="1", predecessor="C2")
    second = act("commitment_increase", "I1", "1.00", LATE, line="2", predecessor="C2")
    vain = [act("service", f"S{number}", "1.00", predecessor="NEVER") for number in range(WAITING)]
    return [
        first,
        second,
        *vain,
        *_commit_on_late_centre("C2"),
    ]


def _commit_on_late_centre(reference: str) -> list[Row]:
    """An allotment to the fund centre that came late, and a commitment on it."""
    opened = grant("allotment_ae", f"{reference}-ae", "10.00", CENTRE)
    return [opened, act("commitment", reference, "2.00", LATE)]


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
def late(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The reference data and one fund centre more, and a file that stands on it: given when the others are taken up again."""
    folder = tmp_path_factory.mktemp("reference")
    shutil.copytree(REFERENCE, folder, dirs_exist_ok=True)
    with folder.joinpath("2018", "centres.csv").open("a") as file:
        file.write(f"{CENTRE},0217-SGAC,uo,Came late\n")
    return folder, _write_file(folder / "3-behind.jsonl", _commit_on_late_centre("C3"))


async def _run(dsn: str, orders: tuple[list[Path], Path], reference: Path, stop_after: int = 0) -> None:
    """The same command again; ended once so many batches are committed."""
    files, data = orders

    def committed(outcome: BatchResult) -> None:
        if outcome.number == stop_after:
            raise EngineStopped

    async with PostgresStore(dsn).own_lease("test") as store:
        feed = FileFeed(ProcessingRequest(files), Spool(data), store)
        await Pipeline(store, ReferenceData.load(reference), PipelineSettings(on_committed=committed)).run(
            feed
        )


@pytest.mark.parametrize("commits", STAGES)
async def test_a_code_that_came_while_acts_waited(
    dsn: str, tmp_path: Path, files: list[Path], late: tuple[Path, Path], commits: int
) -> None:
    """What the waiting line came to is what it comes to now; where its commitment was refused before, so is it."""
    with pytest.raises(EngineStopped):
        await _run(dsn, (files, tmp_path), REFERENCE, commits)
    async with open_connection(dsn) as connection:
        assert [tuple(row) for row in await connection.fetch(_STAGE)] == [STAGES[commits]]
    grown, behind = late
    await _run(dsn, ([*files, behind], tmp_path), grown)
    async with open_connection(dsn) as connection:
        assert await connection.fetchval(_BEHIND) == 2
        ended = [tuple(row) for row in await connection.fetch(_ENDED)]
    commitment_came = commits == 1
    assert ended == [
        (0, Code.ACCEPTED if commitment_came else Code.PREDECESSOR_MISSING),
        (1, Code.ACCEPTED if commitment_came else Code.ACT_REFUSED),
    ]
    found = await verify(dsn, folder=grown)
    assert found.findings == []
