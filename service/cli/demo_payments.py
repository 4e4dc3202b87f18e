"""The demonstration's payments: a run from proposal to files, the bank's answers, and what came back paid again.

Two runs of December, or one a month and two in December, as two hands make them.  Between them the payees whose account
was wrong tell another one.  Behind each what is due for paying late is claimed, which the next run pays as far as there
are credits.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from core.bank_reasons import Reissue
from core.iban import with_check_digits
from core.payment_rules import ZONE
from core.tables.bank_messages import Format
from ingest.queue.file_feed import Order
from ingest.spool.envelope import Envelope
from reporting.report_tables import Column, Grid, Kind
from service.cli import bank as telling
from service.cli import pay_interest
from service.database import command_queries
from service.database.connect import opened
from service.engine import bank_import, file_processing, late_interest, payment_runs
from service.engine.bank_import import Taken, Telling
from service.engine.late_interest import Claimed, How
from service.settings import Settings
from service.terminal import console, processing_progress, signals
from service.terminal.processing_progress import Narrator
from service.terminal.signals import Interruption
from settlement.reconciliation.account_status import Standing, standing
from settlement.reconciliation.bank_queries import payees_back
from settlement.runs import proposals, run_edits
from settlement.runs.issue import Issue
from settlement.runs.payment_reference import Books
from settlement.runs.proposals import Proposed
from settlement.simulated_bank.responses import Manner, answer

_LAST = datetime(2018, 12, 31, 10, tzinfo=ZoneInfo(ZONE))
_AHEAD = timedelta(days=30)
"""How far ahead a run looks: what is due before the next one is paid in this."""
_PROPOSES, _RELEASES = "anne", "benoit"


class Turn(NamedTuple):
    """Files that are taken in; the moment of the run behind them, and the day up to which it pays what is due."""

    files: Sequence[Path]
    at: datetime
    until: date


def twice() -> list[Turn]:
    """December, when all files are in already: once, and again for what came back."""
    return [Turn((), _moment(12, day), _LAST.date()) for day in (19, 27)]


def monthly(files: Sequence[Path]) -> list[Turn]:
    """The files of each month, paid on the second of the next; December's as ``twice`` does.

    The names of the files begin with their months.
    """
    first, last = twice()
    of_month = {month: [path for path in files if path.name[5:7] == f"{month:02}"] for month in range(1, 13)}
    days = [(month, _moment(month + 1, 2)) for month in range(1, 12)]
    paid = [Turn(of_month[month], at, (at + _AHEAD).date()) for month, at in days]
    return [*paid, first._replace(files=of_month[12]), last]


def _moment(month: int, day: int) -> datetime:
    return datetime(2018, month, day, 10, tzinfo=ZoneInfo(ZONE))


class Round(NamedTuple):
    """One run, and what the bank answered to it."""

    run: int
    files: int
    transfers: int
    taken: Taken
    paid_seconds: float
    """From what is due to files for the bank."""
    answers_bytes: int
    answered_seconds: float
    """From the bank's files to entries."""
    claimed: Claimed
    """Of late interest, behind it."""


class Settled(NamedTuple):
    """What came of it all."""

    rounds: Sequence[Round]
    standing: Standing
    results: Sequence[file_processing.Result]
    """Of the files that were taken in between."""


class _Desk(NamedTuple):
    """Whoever works here."""

    where: file_processing.Where
    books: Books
    folder: Path
    told: tuple[Interruption, Narrator]


def settle(settings: Settings, folder: Path, turns: Sequence[Turn]) -> Settled:
    """Take in files, pay what is due, and take in what the bank answers, turn by turn, in ``folder``."""
    teller = processing_progress.narrator()

    async def work(heard: Interruption) -> Settled:
        reference = await asyncio.to_thread(file_processing.reference_of, settings)
        async with opened(settings, teller.doing) as database:
            where = file_processing.Where(settings, database, reference)
            desk_ = _Desk(where, await asyncio.to_thread(Books.load), folder, (heard, teller))
            return await _settled(desk_, turns)

    try:
        return signals.run(work)
    finally:
        teller.close()


async def _settled(desk_: _Desk, turns: Sequence[Turn]) -> Settled:
    rounds: list[Round] = []
    results: list[file_processing.Result] = []
    for turn, then in zip(turns, [*(each.at for each in turns[1:]), _LAST], strict=True):
        if rounds:
            await _new_details(desk_, turn.at)
        if turn.files:
            results.append(await _taken_in(desk_, Order(list(turn.files))))
        if found := await _round(desk_, turn, then):
            rounds.append(found)
    async with command_queries.connected(desk_.where.database.dsn) as connection:
        return Settled(rounds, await standing(connection, desk_.books.accountants), results)


async def _taken_in(desk_: _Desk, order: Order) -> file_processing.Result:
    """Files to their end.

    Raises
    ------
    asyncio.CancelledError
        A signal stopped them: a demonstration begins anew.
    """
    result = await file_processing.process(desk_.where, order, *desk_.told)
    if result.is_interrupted:
        raise asyncio.CancelledError
    return result


async def _round(desk_: _Desk, turn: Turn, claims: datetime) -> Round | None:
    """A run, and the bank's answers to it; what they tell to be late is claimed as of ``claims``.  None: nothing was due."""
    where, (heard, teller) = desk_.where, desk_.told
    began = time.monotonic()
    run = await _issued(desk_, turn)
    if run is None:
        return None
    paid = time.monotonic() - began
    files = sorted((where.settings.data / payment_runs.OUTBOX / f"{run:08}").glob("*.xml"))
    teller.doing("the bank answers")
    found = await asyncio.to_thread(answer, files, desk_.folder, Manner(desk_.books.reasons), teller.doing)
    paths = [desk_.folder / name for name in found.files]
    began = time.monotonic()
    taken = await bank_import.take(where, paths, heard, Telling(teller))
    answered = time.monotonic() - began
    claimed = await late_interest.claim_behind(where, How(claims), heard, teller)
    size = sum(path.stat().st_size for path in paths)
    return Round(run, len(files), found.transfers, taken, paid, size, answered, claimed)


async def _issued(desk_: _Desk, turn: Turn) -> int | None:
    """The number of a run that one hand proposed and another released; given up where nothing is due."""
    where, teller = desk_.where, desk_.told[1]
    async with command_queries.connected(where.database.dsn) as connection:
        await command_queries.bring_up_to_date(connection)
        wanted = Proposed(_PROPOSES, turn.until, turn.at.date())
        run = await proposals.propose(connection, desk_.books, wanted, teller.doing)
        if not (await proposals.one(connection, run))["lines"]:
            await run_edits.abandon(connection, run, "nothing is due", _RELEASES)
            return None
        await run_edits.release(connection, run, _RELEASES)
    await payment_runs.issued(where, run, Issue(_RELEASES, turn.at), desk_.told)
    return run


async def _new_details(desk_: _Desk, at: datetime) -> None:
    """Whoever was paid on a wrong or closed account tells another one, to the accountant."""
    reasons = desk_.books.reasons
    asked = [code for code in reasons.codes if reasons.of(code).reissue is Reissue.WITH_NEW_DETAILS]
    async with command_queries.connected(desk_.where.database.dsn) as connection:
        rows = await payees_back(connection, asked)
    acts = [
        {
            "reference": f"RIB-{row['payee']}-{at:%m%d}", "kind": "bank_details", "exercise": 2018,
            "date": at.date().isoformat(),
            "payee": row["code"], "payee_name": row["name"],
            "iban": with_check_digits("FR", f"{row['payee']:023}"),
        }
        for row in rows
    ]  # fmt: skip
    path = desk_.folder / "bank-details.jsonl"
    path.write_text("".join(f"{json.dumps(act)}\n" for act in acts))
    if acts:
        await _taken_in(desk_, Order([path], Envelope(sender="treasury")))


def agrees(settled: Settled) -> bool:
    """Whether every answer was taken in, and books and bank agree."""
    return settled.standing.agrees and not any(each.taken.rejected for each in settled.rounds)


def tell(settled: Settled) -> None:
    """Show the rounds, and how books and bank stand."""
    figures = ("debits", "returns", "rejects", "unmatched")
    heads = (
        Column("run"),
        *(Column(name, Kind.COUNT) for name in ("payment files", "transfers", "bank files", *figures)),
    )
    rows = [
        [
            str(each.run),
            each.files,
            each.transfers,
            len(each.taken.messages),
            *(_sum(each.taken, name) for name in figures),
        ]
        for each in settled.rounds
    ]
    console.show(Grid("Payments, and what the bank answered", heads, rows))
    for each in settled.rounds:
        console.say(_pace(each))
        telling.tell_rejected(each.taken)
        pay_interest.tell(each.claimed)
    telling.show(settled.standing)


def _pace(each: Round) -> str:
    answers = f"{each.answers_bytes / 1e6:,.1f} MB of answers read, matched and posted"
    return (
        f"Run {each.run}: {each.transfers:,} transfers from what is due to files for the bank in {each.paid_seconds:,.1f} s; "
        f"{answers} in {each.answered_seconds:,.1f} s."
    )


def _sum(taken: Taken, name: str) -> int:
    """Over statements and reports: what notices say, statements say again."""
    return sum(getattr(each, name) for each in taken.messages if each.format != Format.CAMT054)
