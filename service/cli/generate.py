"""``crescendo generate``: files to try things on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from service.cli.options import HERE, Json, Place
from service.settings import Misuse
from service.terminal import console, processing_progress

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
    from bench.year.year_generator import Year, generate

    try:
        wanted = Year(extent.seed, extent.acts, extent.senders, extent.format)
    except ValueError as error:
        raise Misuse(str(error)) from error
    teller = processing_progress.narrator()
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
class Orders:
    """Which payment files."""

    seed: Annotated[int, Parameter(help="The same seed gives the same files, byte for byte.")] = 1
    transfers: Annotated[int, Parameter(help="Transfers in all files.")] = 10_000
    per_file: Annotated[int, Parameter(help="Transfers of one file.")] = 1_000_000
    version: Annotated[Literal["03", "09"], Parameter(help="Of pain.001.001.")] = "09"
    imputation: Annotated[
        Literal["csv", "parquet", "arrow", "jsonl", "structured"],
        Parameter(help="Format of the file beside; structured: in the remittance of each transfer."),
    ] = "csv"
    wrong_every: Annotated[int, Parameter(help="One transfer in so many that must be refused; 0: none.")] = (
        500
    )


MINISTRY = Orders()


@app.command
def payments(
    *,
    out: Annotated[Path, Parameter(help="Folder for the files; made if need be.")],
    orders: Annotated[Orders, Parameter(name="*")] = MINISTRY,
    json: Json = False,
) -> None:
    """Payment files of a ministry, pain.001, with their imputations; and the credits and third parties they need.

    summary.json says what must come of them.
    """
    from bench.payments.payable_requests import Size
    from bench.payments.payment_files import Style, write
    from posting.book.registry import Reference

    if orders.transfers < 1 or orders.per_file < 1 or orders.wrong_every < 0:
        raise Misuse("--transfers and --per-file count from 1, --wrong-every from 0")
    style = Style(orders.version, orders.imputation, orders.per_file, wrong_every=orders.wrong_every)
    summary = write(out, Size(orders.transfers, orders.seed), style, Reference.load())
    if json:
        console.as_json(summary)
        return
    console.say(
        f"{summary['transfers']:,} transfers in {console.count(len(summary['files']) - 2, 'file')}, in {out}"
    )
    named = " ".join(str(out / name) for name in ("credits.arrow", "payees.arrow", "payments-*.xml"))
    console.say(f"Process them: crescendo run {named} --sender {summary['sender']}")


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
    from settlement.simulated_bank.responses import Manner, Style, answer
    from settlement.simulated_bank.transfer_outcomes import Chances

    reasons = bank_reasons.load(place.settings().reference or SHIPPED)
    teller = processing_progress.narrator()
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
