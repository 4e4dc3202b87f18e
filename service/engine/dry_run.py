"""``crescendo run --dry-run``: what would become of files, were they run now.  Nothing is stored."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from core.errors import InputError
from core.stage_timing import Stages
from ingest.queue.dry_run_feed import Trial, Tried
from ingest.queue.file_feed import Order
from ingest.spool.spool import Spool, Spooled
from ingest.validation.decoded_cache import Allowance
from ingest.validation.file_totals import Inspection
from ingest.validation.file_validation import prove
from posting import pipeline
from posting.pipeline import Pipeline
from posting.store.journal_store import PostgresStore
from reporting import code_labels as codes_of
from reporting.code_names import read_names
from service.database import command_queries
from service.engine.file_processing import Rejection, Where, held
from service.results.dry_run_result import After, DryRun, told
from service.settings import Misuse
from service.terminal.processing_progress import Narrator

LINES_MAX = 1_000_000
"""Lines of all files together: what became of each is held in memory until it is taken back."""


class Repeated(msgspec.Struct, frozen=True):
    """A file that a run would take for one it has processed already."""

    file: str
    submission: int


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of the files of a run."""

    files: list[DryRun]
    known: list[Repeated]
    rejected: list[Rejection]
    """Files that would be refused whole."""
    twice: list[str]
    """Paths with the same bytes as another one, which would be taken once."""
    batch: int
    """The batch they were decided after."""
    dry_run: bool = True


@dataclass(slots=True)
class _Gathered:
    """Files to be tried, and those that would not be decided."""

    files: list[Tried] = field(default_factory=list)
    totals: list[tuple[str, Inspection]] = field(default_factory=list)
    known: list[Repeated] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)


async def try_out(where: Where, order: Order, teller: Narrator) -> Outlook:
    """Decide the files of ``order`` together, in order and as of now, and take all of it back.

    Raises
    ------
    Misuse
        An earlier run left work, which would come first; or there are too many lines.
    EngineError
        The engine cannot go on.
    """
    async with held(where.database, PostgresStore, where.settings.command_seconds) as store:
        if left := await command_queries.due(store.keeper):
            raise Misuse(
                f"{left[0].file} is unfinished and would come first: run without --dry-run to finish it"
            )
        with _passing(where.settings.data) as spool:
            teller.doing("proving")
            gathered = await _gathered(spool, store, order)
            trial = Trial(gathered.files, Stages())
            if trial.rows > LINES_MAX:
                raise Misuse(f"{trial.rows:,} lines: a dry run takes {LINES_MAX:,}, name fewer files")
            teller.doing("trying")
            await Pipeline(store, where.reference, pipeline.Settings(stores=False)).run(trial)
        return await _outlook(where, store, gathered, trial)


@contextmanager
def _passing(data: Path) -> Iterator[Spool]:
    """A spool of which nothing stays."""
    with Spool(data / "spool").passing(2**40) as spool:
        yield spool


async def _gathered(spool: Spool, store: PostgresStore, order: Order) -> _Gathered:
    found, met = _Gathered(), set[tuple[str, bytes]]()
    for path in order.paths:
        try:
            spooled = await asyncio.to_thread(spool.receive, path, path.name, order.declared)
            before = await store.find_submission(*spooled.identity)
            if spooled.identity in met:
                found.twice.append(str(path))
            elif before and before.stands_for(again=order.again):
                found.known.append(Repeated(str(path), before.number))
            else:
                met.add(spooled.identity)
                await asyncio.to_thread(_prove, spooled, found)
        except InputError as error:
            name = type(error).__name__
            found.rejected.append(Rejection(str(path), name, error.place, error.found, error.remedy))
    return found


def _prove(spooled: Spooled, found: _Gathered) -> None:
    proved = prove(spooled, Allowance())
    found.files.append(Tried(spooled, proved.source))
    found.totals.append((spooled.name, proved.total))


async def _outlook(where: Where, store: PostgresStore, gathered: _Gathered, trial: Trial) -> Outlook:
    folder = where.settings.reference
    names = await read_names(store.keeper, codes_of.load(folder) if folder else codes_of.load())
    batch, _ = await command_queries.chain_head(store.keeper)
    after, passes = After(batch, trial.first_node), trial.found.passes if trial.found else []
    files = [
        told(file, [one for one in passes if one[0].submission is submission], after, (names, "en"))
        for file, submission in zip(gathered.totals, trial.submissions, strict=True)
    ]
    return Outlook(
        files=files, known=gathered.known, rejected=gathered.rejected, twice=gathered.twice, batch=batch
    )
