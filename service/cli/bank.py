"""``crescendo bank``: what the bank answers, and how its accounts stand."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

from cyclopts import App, Parameter

from reporting.report_tables import Column, Grid, Kind
from service.cli import pay_interest as late
from service.cli.options import HERE, Json, Place
from service.cli.time_options import Moment, moment
from service.database import session
from service.database.connect import opened
from service.engine import kernel_warmup, process_tuning
from service.settings import Settings
from service.terminal import console, processing_progress, signals
from service.terminal.processing_progress import Narrator

if TYPE_CHECKING:
    from posting.book.registry import Reference
    from service.engine.bank_import import Message, Taken
    from settlement.reconciliation.account_status import InTransit, Standing, Unmatched

EXIT_REFUSED = 1
EXIT_FINDINGS = 1
ITEMS_SHOWN = 1000
_REFUSED = "Mend the cause, as by opening the period, then: crescendo bank import --again FILE"

app = App(name="bank", help="The bank's answers: taken in, matched, posted; and how its accounts stand.")


@dataclass(frozen=True, slots=True)
class Claims:
    """Whether late interest is proposed behind debits, and as of when."""

    no_interest: Annotated[
        bool,
        Parameter(
            name="--no-interest",
            negative="",
            show_default=False,
            help='Leave late interest: "crescendo pay interest", or the next import, proposes it.',
        ),
    ] = False
    at: Moment = ""

    def wanted(self) -> datetime | None:
        """The moment as of which it is proposed; none where it is not."""
        at = moment(self.at)
        return None if self.no_interest else at


CLAIMS = Claims()


class Wanted(NamedTuple):
    """What is done beside taking files in."""

    again: bool = False
    claims: datetime | None = None


Items = Annotated[int, Parameter(help="How many are shown, at most.")]


@app.command(name="import")
def import_(
    *files: Annotated[
        Path, Parameter(help="pain.002, camt.053, camt.054 or CFONB 120, in the order of the bank.")
    ],
    again: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Match files anew that were taken in before, and post what was refused: either may pass now.",
        ),
    ] = False,
    claims: Annotated[Claims, Parameter(name="*")] = CLAIMS,
    place: Place = HERE,
    json: Json = False,
) -> int:
    """Take in files of the bank: read, match with what was sent, post debits, returns and rejects.

    A statement that does not add up, or does not follow the last one of its account, is refused whole. What does not
    match is kept and listed by "crescendo bank unmatched". The same file twice changes nothing. Behind debits, late
    interest is proposed as "crescendo pay interest" does. Whenever it is stopped or killed, the same command goes on
    from there.

    Exit codes: 0 taken in, whatever did not match, and whether or not late interest could be proposed; 1 at least one
    file refused whole; 2 wrong usage; 3 the engine cannot go on; 130 interrupted.
    """
    found = take(place.settings(), files, Wanted(again, claims.wanted()))
    if json:
        console.as_json(found)
    else:
        tell(found)
    if found.is_interrupted:
        console.note("Stopped in good order, nothing is lost: the same command goes on from here.")
        return signals.EXIT_INTERRUPTED
    return EXIT_REFUSED if found.rejected else 0


def take(settings: Settings, files: Sequence[Path], wanted: Wanted) -> "Taken":
    """Take in files with progress on standard error."""
    process_tuning.tune()
    teller = processing_progress.narrator()
    try:
        teller.doing("starting")

        async def work(heard: signals.Interruption) -> "Taken":
            # code and reference data are loaded while the database starts: neither needs the other
            loading = asyncio.create_task(asyncio.to_thread(_loaded, settings, teller))
            async with opened(settings, teller.doing) as database:
                from service.engine import bank_import, file_processing
                from service.engine.late_interest import How

                where = file_processing.Where(settings, database, await loading)
                how = How(wanted.claims) if wanted.claims else None
                return await bank_import.take(
                    where, files, heard, bank_import.Telling(teller, wanted.again, how)
                )

        return signals.run(work)
    finally:
        teller.close()


def _loaded(settings: Settings, teller: Narrator) -> "Reference":
    from service.engine.file_processing import reference_of

    kernel_warmup.load(teller)
    return reference_of(settings)


@app.command
def status(*, items: Items = 0, place: Place = HERE, json: Json = False) -> int:
    """How each operations account stands: with the bank, in the books, in transit; and what came back, by reason.

    With --items, what is in transit one by one. Exit codes: 0 books and bank agree to the cent; 1 they do not.
    """
    settings = place.settings()

    async def question(dsn: str, teller: Narrator) -> "tuple[Standing, list[InTransit]]":
        from service.database import command_queries
        from service.engine import bank_import
        from settlement.reconciliation import account_status

        teller.doing("reading")
        years = bank_import.years(settings)
        async with command_queries.connected(dsn) as connection:
            return await account_status.standing(connection, years), await account_status.in_transit(
                connection, years, items
            )

    found, open_items = session.ask(settings, question)
    if json:
        console.as_json(
            {"agrees": found.agrees, "accounts": found.accounts, "back": found.back, "in_transit": open_items}
        )
    else:
        show(found, open_items)
    return 0 if found.agrees else EXIT_FINDINGS


@app.command
def unmatched(*, items: Items = ITEMS_SHOWN, place: Place = HERE, json: Json = False) -> None:
    """What the bank told and nothing was posted for, each with its reason."""

    async def question(dsn: str, teller: Narrator) -> "list[Unmatched]":
        from service.database import command_queries
        from settlement.reconciliation import account_status

        teller.doing("reading")
        async with command_queries.connected(dsn) as connection:
            return await account_status.unmatched(connection, items)

    found = session.ask(place.settings(), question)
    if json:
        console.as_json(found)
        return
    console.show(_unmatched_grid(found))
    console.say(f"{console.count(len(found), 'movement')} not posted.")


def show(found: "Standing", open_items: "Sequence[InTransit]" = ()) -> None:
    """Write how the accounts stand."""
    console.tell([*_grids(found, open_items), _verdict(found)])


def tell(found: "Taken") -> None:
    """Write what became of each file."""
    if found.messages:
        console.show(_messages_grid(found.messages))
    tell_rejected(found)
    if found.posted:
        lines = sum(each.accepted.lines for each in [*found.posted.receipts, *found.posted.known])
        console.say(f"{lines:,} lines of acts accepted in all.")
    tell_refused(found)
    if found.interest:
        late.tell(found.interest)


def tell_rejected(found: "Taken") -> None:
    """Write which files were refused whole, and what to do."""
    for each in found.rejected:
        console.say(f"  refused whole: {each.where}: {each.found}. {each.remedy}")


def tell_refused(found: "Taken") -> None:
    """Write of which files the journal does not have all acts, and what to do."""
    for each in found.messages:
        if each.refused:
            codes = ", ".join(f"{code} {lines:,}" for code, lines in sorted(each.refused.items()))
            console.say(
                f"  refused by the journal, of {each.file}: {codes} (crescendo bank unmatched). {_REFUSED}"
            )


def _messages_grid(messages: "Sequence[Message]") -> Grid:
    figures = ("movements", "debits", "returns", "rejects", "unmatched")
    texts = (Column("file"), Column("format"), Column("statement"))
    rows = [
        [each.file, each.format, ", ".join(each.statements)[:60], *(getattr(each, name) for name in figures)]
        for each in messages
    ]
    return Grid("Taken in from the bank", (*texts, *(Column(name, Kind.COUNT) for name in figures)), rows)


def _grids(found: "Standing", open_items: "Sequence[InTransit]") -> list[Grid]:
    grids = [_accounts_grid(found)]
    if found.back:
        heads = (
            Column("reason"),
            Column("phase"),
            Column("transfers", Kind.COUNT),
            Column("euros", Kind.MONEY),
        )
        back = [[each.reason, each.sort, each.items, each.cents] for each in found.back]
        grids.append(Grid("What came back, or was refused by the bank", heads, back))
    if open_items:
        heads = (*map(Column, ("transfer", "sent", "act", "account")), Column("euros", Kind.MONEY))
        rows = [
            [f"@{each.transfer}", str(each.day), each.reference, each.account, each.amount]
            for each in open_items
        ]
        grids.append(Grid("In transit", heads, rows))
    return grids


def _accounts_grid(found: "Standing") -> Grid:
    figures = ("bank", "books", "unmatched", "refused", "difference", "transit")
    columns = (Column("account"), Column("day"), *(Column(name, Kind.MONEY) for name in figures))
    rows = [
        [each.account, str(each.day or "-"), *(getattr(each, name) for name in figures)]
        for each in found.accounts
    ]
    return Grid("Operations accounts: the bank, and the books at its day", columns, rows)


def _verdict(found: "Standing") -> str:
    waits = sum(each.transit_items for each in found.accounts)
    agreed = "Books and bank agree to the cent" if found.agrees else "Books and bank DO NOT agree"
    return f"{agreed}; {console.count(waits, 'transfer')} in transit."


def _unmatched_grid(found: "list[Unmatched]") -> Grid:
    columns = (Column("statement"), Column("item", Kind.COUNT), Column("what"), Column("euros", Kind.MONEY),
               *map(Column, ("end-to-end id", "why", "what to do")))  # fmt: skip
    rows = [
        [each.statement, each.item, each.sort, each.amount, each.end_to_end, each.why, each.finding]
        for each in found
    ]
    return Grid("Not posted", columns, rows)
