"""``crescendo generate``: files to try things on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from service import console, progress
from service.commands.options import HERE, Json, Place
from service.settings import Misuse

app = App(name="generate", help="Make files of acts to try things on.")


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Extent:
    """Which year."""

    seed: Annotated[int, Parameter(help="The same seed gives the same files, byte for byte.")] = 1
    acts: Annotated[
        int,
        Parameter(help="Payment request lines; third parties, budgets and commitments follow in proportion."),
    ] = 10_100_000
    senders: Annotated[int, Parameter(help="Ministry systems that send the files, 1 to 15.")] = 5
    format: Annotated[
        tuple[Literal["parquet", "arrow", "csv", "jsonl"], ...],
        Parameter(help="One or several, taken in turn, file by file.", negative_iterable=""),
    ] = ("parquet",)


STATE = Extent()


@app.command
def year(
    *,
    out: Annotated[Path, Parameter(help="Folder for the files; made if need be.")],
    extent: Extent = STATE,
    json: Json = False,
) -> None:
    """The State's year: budget, commitments, services and payment requests, by month and sender.

    Programmes run out of credits, acts come twice or before those they follow, and some must be refused, at
    the rates that ministries see. The names of the files sort in the order of submission; summary.json says
    what is in them.
    """
    from bench.year import Year, generate

    try:
        wanted = Year(extent.seed, extent.acts, extent.senders, extent.format)
    except ValueError as error:
        raise Misuse(str(error)) from error
    teller = progress.narrator()
    try:
        summary = generate(
            out, wanted, lambda done, total, label: teller.stepping(done, total, f"writing {label}")
        )
    finally:
        teller.close()
    if json:
        console.as_json(summary)
        return
    console.say(f"{summary['rows']:,} lines in {console.count(len(summary['files']), 'file')}, in {out}")
    console.say(f"Process them: crescendo run {out}/*-*")


@dataclass(frozen=True, slots=True)
class Luck:
    """How the bank fares with what it is asked."""

    seed: Annotated[int, Parameter(help="The same files and seed give the same answers, byte for byte.")] = 1
    back: Annotated[
        int,
        Parameter(
            help="Transfers, of a hundred thousand, that the bank refuses or sends back; 250 as is usual."
        ),
    ] = 250
    format: Annotated[Literal["camt.053", "cfonb.120"], Parameter(help="How its statements are written.")] = (
        "camt.053"
    )


USUAL = Luck()


@app.command
def answers(
    *files: Annotated[Path, Parameter(help="Payment files (pain.001), as issued.")],
    out: Annotated[Path, Parameter(help="Folder for the answers; made if need be.")],
    luck: Annotated[Luck, Parameter(name="*")] = USUAL,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """What a bank answers to payment files: pain.002, camt.054 of what comes back, a statement a day and account.

    Transfers come back for the reasons and at the rates that banks see, within three TARGET days. Later calls with the
    same folder go on from the balances that earlier ones left.
    """
    from core import bank_reasons
    from core.reference.files import SHIPPED
    from settlement.simulated.answering import Manner, Style, answer
    from settlement.simulated.fates import Chances

    reasons = bank_reasons.load(place.settings().reference or SHIPPED)
    teller = progress.narrator()
    try:
        manner = Manner(reasons, Chances(luck.seed, luck.back), Style(luck.format))
        found = answer(files, out, manner, teller.doing)
    finally:
        teller.close()
    if json:
        console.as_json(found)
        return
    written = console.count(len(found.files), "file")
    console.say(
        f"{found.transfers:,} transfers: {found.rejected:,} refused, {found.returned:,} sent back; {written}, in {out}"
    )
    console.say(f"Take them in: crescendo bank import {out}/*.xml")
