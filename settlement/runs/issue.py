"""Issuing a run: its acts to a file for the journal, and what was accepted there to the files for the bank.

``prepare`` notes once how the run is issued, and whoever comes after a crash goes on with that; ``finish`` makes the files
from the journal alone, so that they are the same bytes however often it is begun.  Between the two the file of acts goes
the way of every file of acts.
"""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from core.errors import EngineError
from settlement.orders.outbox import Kept, Outbox
from settlement.orders.pain001_writer import Version, exact_sum
from settlement.runs import debit_accounts, payment_files, run_queries
from settlement.runs.payee_accounts import Payees
from settlement.runs.payment_acts import SENDER, Paid, acts, paid, written
from settlement.runs.payment_files import File, Terms
from settlement.runs.payment_reference import Books
from settlement.runs.proposals import Tell, one

ACTS = "acts.arrow"
_AT_ONCE = 4
"""Files written at once: while one is flushed to disk, others are made."""


class Issue(NamedTuple):
    """How a run is issued: by whom, when, and in which version of the messages."""

    by: str
    at: datetime
    version: Version = Version.V09


class Content(NamedTuple):
    """What a run pays, and to whom; all its files are made of it."""

    paid: Paid
    payees: Payees
    terms: Terms
    accountants: list[str]


class Prepared(NamedTuple):
    """The acts of a run, to be handed to the engine."""

    path: Path | None
    """Their file; None where the engine has it already."""
    content: Content | None
    """What they were made of; None where nobody needed to look."""


async def prepare(
    connection: run_queries.Connection, run: int, outbox: Outbox, how: tuple[Books, Issue, Tell]
) -> Prepared:
    """Note how a released run is issued, if nobody did before, and make the file of its acts.

    Raises
    ------
    NoSuchRun
        It is not there, or not released.
    EngineError
        It was begun, and its file cannot be made again as it was.
    ReferenceDataError
        They know no account any more for something that it pays; nothing was noted.
    """
    books, issue, tell = how
    row = await one(connection, run, "released", "issuing", "issued")
    if row["file_hash"] and await run_queries.fetch(
        connection, "submission", SENDER, bytes.fromhex(row["file_hash"])
    ):
        return Prepared(None, None)
    tell("making the acts")
    told = row["terms"] or _encoded(
        payment_files.terms(books.rules, books.debtors(), issue.at, issue.version)
    )
    content = await _content(connection, row, told)
    _check(row, content)
    if row["terms"] is None:
        debit_accounts.check(run, content.paid.lines, content.accountants, books)
        content = _stretched(content)
    debit_accounts.check_kept(content.paid.lines, content.accountants, content.terms)
    kept = await asyncio.to_thread(_keep_acts, outbox, run, content)
    if row["file_hash"] is None:
        tell("noting the issue")
        cents = exact_sum(content.paid.lines.amount)
        noted = (_encoded(content.terms), kept.sha256, len(content.paid.act), cents, issue.by, issue.at)
        await run_queries.execute(connection, "insert_issue", run, *noted)
    elif kept.sha256.hex() != row["file_hash"]:
        raise EngineError(
            f"the acts of run {run} now hash to {kept.sha256.hex()}, and to {row['file_hash']} when its issue began; "
            "finish it with the version of Crescendo that began it"
        )
    tell("issue noted")
    return Prepared(outbox.path(run, ACTS), content)


def _stretched(content: Content) -> Content:
    """With what tells of each of its entries the account that it leaves from."""
    told = payment_files.stretches(content.paid, content.accountants)
    return content._replace(terms=msgspec.structs.replace(content.terms, stretches=told))


def _check(row: dict[str, Any], content: Content) -> None:
    """Released is what the lines say: nothing more is paid, and nothing less."""
    found = len(content.paid.act), exact_sum(content.paid.lines.amount)
    if found != (row["released_lines"], row["released_cents"]):
        raise EngineError(
            f"run {row['run']} pays {found[0]:,} lines, {row['released_lines']:,} were released"
        )


def _keep_acts(outbox: Outbox, run: int, content: Content) -> Kept:
    return outbox.keep(run, ACTS, written(acts(run, content.paid, content.payees, content.terms.day)))


async def finish(
    connection: run_queries.Connection, run: int, outbox: Outbox, known: tuple[Content | None, Tell]
) -> None:
    """Write the files of a run whose acts are decided, and note them; whatever of it is done already stays.

    Raises
    ------
    NoSuchRun
        It is not being issued.
    EngineError
        Its acts are not decided yet.
    """
    content, tell = known
    row = await one(connection, run, "issuing", "issued")
    if row["state"] == "issued":
        return
    submission = await _decided(connection, row)
    content = content or await _content(connection, row, row["terms"])
    accepted = await run_queries.accepted(connection, submission)
    tell("writing the files")
    made = await asyncio.to_thread(_files, run, content, accepted)
    await _write_all(connection, (run, made), outbox, tell)
    cents = exact_sum(content.paid.lines.amount[accepted.row])
    (refused,) = await run_queries.fetch(connection, "refused_sum", submission)
    figures = (len(accepted.row), cents, refused["lines"], refused["cents"], len(made))
    await run_queries.execute(connection, "insert_end", run, submission, *figures)
    outbox.drop(run, ACTS)
    tell("issued")


async def _write_all(
    connection: run_queries.Connection, files: tuple[int, list[File]], outbox: Outbox, tell: Tell
) -> None:
    """Write the files, some at a time, and note each once it and all before it are written."""
    run, made = files
    noted = {each["file"] for each in await run_queries.fetch(connection, "files", run)}
    waiting = [(number, file) for number, file in enumerate(made, 1) if number not in noted]
    for first in range(0, len(waiting), _AT_ONCE):
        some = waiting[first : first + _AT_ONCE]
        writing = [asyncio.to_thread(_write, outbox, run, file) for _, file in some]
        for (number, file), kept in zip(some, await asyncio.gather(*writing), strict=True):
            tell(f"file {number} written")
            await _note(connection, (run, number), file, kept)
            tell(f"file {number} noted")


async def again(
    connection: run_queries.Connection, run: int, outbox: Outbox, tell: Tell
) -> list[dict[str, Any]]:
    """The files of an issued run, each with its path: those that are gone from the outbox are made again.

    Raises
    ------
    NoSuchRun
        It is not issued.
    EngineError
        A file made again is not the one that was written.
    """
    row = await one(connection, run, "issued")
    noted = await run_queries.fetch(connection, "files", run)
    for each in noted:
        each["path"] = str(outbox.path(run, each["name"]))
    missing = [each for each in noted if not outbox.holds(run, each["name"], _kept(each))]
    if not missing:
        return noted
    tell("making files again")
    content = await _content(connection, row, row["terms"])
    accepted = await run_queries.accepted(connection, row["submission"])
    made = dict(enumerate(await asyncio.to_thread(_files, run, content, accepted), 1))
    for each in missing:
        kept = await asyncio.to_thread(_write, outbox, run, made[each["file"]])
        if kept != _kept(each):
            raise EngineError(
                f"file {each['name']} made again hashes to {kept.sha256.hex()}, and was written as {each['sha256']}; "
                "make it again with the version of Crescendo that wrote it"
            )
    return noted


def _kept(row: dict[str, Any]) -> Kept:
    return Kept(row["size_bytes"], bytes.fromhex(row["sha256"]))


async def _decided(connection: run_queries.Connection, row: dict[str, Any]) -> int:
    found = await run_queries.fetch(connection, "submission", SENDER, bytes.fromhex(row["file_hash"]))
    if not found or not found[0]["done"]:
        raise EngineError(f"the acts of run {row['run']} are not all decided; the same command goes on")
    return found[0]["submission"]


async def _content(connection: run_queries.Connection, row: dict[str, Any], told: str) -> Content:
    lines, remittance = await run_queries.lines(connection, row["run"], row["digest"])
    edits = await run_queries.edits(connection, row["run"])
    payees = await run_queries.all_payees(connection)
    said = msgspec.json.decode(told, type=Terms)
    return Content(await asyncio.to_thread(paid, lines, remittance, edits), payees, said, row["accountants"])


def _files(run: int, content: Content, accepted: payment_files.Accepted) -> list[File]:
    if not len(accepted.row):
        return []
    made = payment_files.orders(content.paid, accepted, content.payees)
    return list(payment_files.files(run, content.paid, made, (content.terms, content.accountants)))


def _write(outbox: Outbox, run: int, file: File) -> Kept:
    return outbox.keep(run, file.name, file.parts())


async def _note(connection: run_queries.Connection, at: tuple[int, int], file: File, kept: Kept) -> None:
    heading = file.heading
    said = (file.name, heading.message, file.accountant, int(file.way), heading.executed)
    figures = (len(file.orders.entry), file.cents, kept.size_bytes, kept.sha256)
    await run_queries.execute(connection, "insert_file", *at, *said, *figures)


def _encoded(terms: Terms) -> str:
    return msgspec.json.encode(terms).decode()
