"""The demonstration's payments: a run from proposal to files, the bank's answers, and what came back paid again.

Two runs, as two hands make them.  Between them the payees whose account was wrong tell another one.  Behind each what is due
for paying late is claimed, which the second run pays as far as there are credits.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from core.answers import Format
from core.bank_reasons import Reissue
from core.iban import with_check_digits
from core.payments import ZONE
from reporting.grids import Column, Grid, Kind
from service import app, banking, console, interruption, late, paying, postgres, progress
from service.banking import Taken, Telling
from service.commands import bank as telling
from service.commands import interest
from service.interruption import Interruption
from service.late import Claimed, How
from service.opening import opened
from service.progress import Narrator
from service.settings import Settings
from settlement.bank.postgres import payees_back
from settlement.bank.standing import Standing, standing
from settlement.runs import changing, desk
from settlement.runs.books import Books
from settlement.runs.desk import Proposed
from settlement.runs.issuing import Issue
from settlement.simulated.answering import Manner, answer

FIRST, SECOND, LAST = (datetime(2018, 12, day, 10, tzinfo=ZoneInfo(ZONE)) for day in (19, 27, 31))
_PROPOSES, _RELEASES = "anne", "benoit"


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


class _Desk(NamedTuple):
    """Whoever works here."""

    where: app.Where
    books: Books
    folder: Path
    told: tuple[Interruption, Narrator]


def settle(settings: Settings, folder: Path) -> Settled:
    """Pay what is due, twice, and take in what the bank answers, in ``folder``."""
    teller = progress.narrator()

    async def work(heard: Interruption) -> Settled:
        reference = await asyncio.to_thread(app.reference_of, settings)
        async with opened(settings, teller.doing) as database:
            where = app.Where(settings, database, reference)
            desk_ = _Desk(where, await asyncio.to_thread(Books.load), folder, (heard, teller))
            first = await _round(desk_, FIRST, SECOND)
            await _new_details(desk_)
            second = await _round(desk_, SECOND, LAST)
            async with postgres.connected(database.dsn) as connection:
                return Settled([first, second], await standing(connection, desk_.books.accountants))

    try:
        return interruption.run(work)
    finally:
        teller.close()


async def _round(desk_: _Desk, at: datetime, claims: datetime) -> Round:
    """A run, and the bank's answers to it; what they tell to be late is claimed as of ``claims``."""
    where, (_, teller) = desk_.where, desk_.told
    began = time.monotonic()
    async with postgres.connected(where.database.dsn) as connection:
        await postgres.bring_up_to_date(connection)
        wanted = Proposed(_PROPOSES, date(2018, 12, 31), at.date())
        run = await desk.propose(connection, desk_.books, wanted, teller.doing)
        await changing.release(connection, run, _RELEASES)
    await paying.issued(where, run, Issue(_RELEASES, at), desk_.told)
    paid = time.monotonic() - began
    files = sorted((where.settings.data / paying.OUTBOX / f"{run:08}").glob("*.xml"))
    teller.doing("the bank answers")
    found = await asyncio.to_thread(answer, files, desk_.folder, Manner(desk_.books.reasons), teller.doing)
    paths = [desk_.folder / name for name in found.files]
    began = time.monotonic()
    taken = await banking.take(where, paths, desk_.told[0], Telling(teller))
    answered = time.monotonic() - began
    claimed = await late.claim_behind(where, How(claims), *desk_.told)
    size = sum(path.stat().st_size for path in paths)
    return Round(run, len(files), found.transfers, taken, paid, size, answered, claimed)


async def _new_details(desk_: _Desk) -> None:
    """Whoever was paid on a wrong or closed account tells another one, to the accountant."""
    from ingest.envelope import Envelope
    from ingest.intake import Order

    reasons = desk_.books.reasons
    asked = [code for code in reasons.codes if reasons.of(code).reissue is Reissue.WITH_NEW_DETAILS]
    async with postgres.connected(desk_.where.database.dsn) as connection:
        rows = await payees_back(connection, asked)
    acts = [
        {
            "reference": f"RIB-{row['payee']}", "kind": "bank_details", "exercise": 2018, "date": SECOND.date().isoformat(),
            "payee": row["code"], "payee_name": row["name"], "iban": with_check_digits("FR", f"{row['payee']:023}"),
        }
        for row in rows
    ]  # fmt: skip
    path = desk_.folder / "bank-details.jsonl"
    path.write_text("".join(f"{json.dumps(act)}\n" for act in acts))
    await app.process(desk_.where, Order([path], Envelope(sender="treasury")), *desk_.told)


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
        interest.tell(each.claimed)
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
