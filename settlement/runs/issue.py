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
from settlement.orders.outbox import Outbox, WrittenFile
from settlement.orders.pain001_writer import Pain001Version, sum_exactly
from settlement.runs import debit_accounts, payment_files, run_queries
from settlement.runs.payee_accounts import PayeeAccounts
from settlement.runs.payment_acts import SENDER, PaidLines, build_acts_table, select_paid, write_acts
from settlement.runs.payment_files import IssueTerms, PaymentFile
from settlement.runs.payment_reference import PaymentReference
from settlement.runs.proposals import StepCallback, get_run

ACTS_FILE = "acts.arrow"
_PARALLEL_FILES = 4
"""Files written at once: while one is flushed to disk, others are made."""


class IssueRequest(NamedTuple):
    """How a run is issued: by whom, when, and in which version of the messages."""

    by: str
    at: datetime
    version: Pain001Version = Pain001Version.V09


class RunContent(NamedTuple):
    """What a run pays, and to whom; all its files are made of it."""

    paid: PaidLines
    payees: PayeeAccounts
    terms: IssueTerms
    accountants: list[str]


class PreparedActs(NamedTuple):
    """The acts of a run, to be handed to the engine."""

    path: Path | None
    """Their file; None where the engine has it already."""
    content: RunContent | None
    """What they were made of; None where nobody needed to look."""


async def prepare_acts(
    connection: run_queries.Connection,
    run: int,
    outbox: Outbox,
    how: tuple[PaymentReference, IssueRequest, StepCallback],
) -> PreparedActs:
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
    row = await get_run(connection, run, "released", "issuing", "issued")
    if row["file_hash"] and await run_queries.fetch(
        connection, "submission", SENDER, bytes.fromhex(row["file_hash"])
    ):
        return PreparedActs(None, None)
    tell("making the acts")
    told = row["terms"] or _encode_terms(
        payment_files.build_terms(books.rules, books.build_debtors(), issue.at, issue.version)
    )
    content = await _load_content(connection, row, told)
    _check_released(row, content)
    if row["terms"] is None:
        debit_accounts.check_accounts(run, content.paid.lines, content.accountants, books)
        content = _add_stretches(content)
    debit_accounts.check_stored_accounts(content.paid.lines, content.accountants, content.terms)
    kept = await asyncio.to_thread(_write_acts, outbox, run, content)
    if row["file_hash"] is None:
        tell("noting the issue")
        cents = sum_exactly(content.paid.lines.amount)
        noted = (
            _encode_terms(content.terms),
            kept.sha256,
            len(content.paid.act_start),
            cents,
            issue.by,
            issue.at,
        )
        await run_queries.execute(connection, "insert_issue", run, *noted)
    elif kept.sha256.hex() != row["file_hash"]:
        raise EngineError(
            f"the acts of run {run} now hash to {kept.sha256.hex()}, and to {row['file_hash']} when its issue began; "
            "finish it with the version of Crescendo that began it"
        )
    tell("issue noted")
    return PreparedActs(outbox.locate(run, ACTS_FILE), content)


def _add_stretches(content: RunContent) -> RunContent:
    """With what tells of each of its entries the account that it leaves from."""
    told = payment_files.build_stretches(content.paid, content.accountants)
    return content._replace(terms=msgspec.structs.replace(content.terms, stretches=told))


def _check_released(row: dict[str, Any], content: RunContent) -> None:
    """Released is what the lines say: nothing more is paid, and nothing less."""
    found = len(content.paid.act_start), sum_exactly(content.paid.lines.amount)
    if found != (row["released_lines"], row["released_cents"]):
        raise EngineError(
            f"run {row['run']} pays {found[0]:,} lines, {row['released_lines']:,} were released"
        )


def _write_acts(outbox: Outbox, run: int, content: RunContent) -> WrittenFile:
    return outbox.write(
        run, ACTS_FILE, write_acts(build_acts_table(run, content.paid, content.payees, content.terms.day))
    )


async def finish_issue(
    connection: run_queries.Connection,
    run: int,
    outbox: Outbox,
    known: tuple[RunContent | None, StepCallback],
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
    row = await get_run(connection, run, "issuing", "issued")
    if row["state"] == "issued":
        return
    submission = await _find_decided_submission(connection, row)
    content = content or await _load_content(connection, row, row["terms"])
    accepted = await run_queries.load_accepted(connection, submission)
    tell("writing the files")
    made = await asyncio.to_thread(_build_files, run, content, accepted)
    await _write_files(connection, (run, made), outbox, tell)
    cents = sum_exactly(content.paid.lines.amount[accepted.row])
    (refused,) = await run_queries.fetch(connection, "refused_sum", submission)
    figures = (len(accepted.row), cents, refused["lines"], refused["cents"], len(made))
    await run_queries.execute(connection, "insert_end", run, submission, *figures)
    outbox.delete(run, ACTS_FILE)
    tell("issued")


async def _write_files(
    connection: run_queries.Connection,
    files: tuple[int, list[PaymentFile]],
    outbox: Outbox,
    tell: StepCallback,
) -> None:
    """Write the files, some at a time, and note each once it and all before it are written."""
    run, made = files
    noted = {each["file"] for each in await run_queries.fetch(connection, "files", run)}
    waiting = [(number, file) for number, file in enumerate(made, 1) if number not in noted]
    for first in range(0, len(waiting), _PARALLEL_FILES):
        some = waiting[first : first + _PARALLEL_FILES]
        writing = [asyncio.to_thread(_write_file, outbox, run, file) for _, file in some]
        for (number, file), kept in zip(some, await asyncio.gather(*writing), strict=True):
            tell(f"file {number} written")
            await _store_file(connection, (run, number), file, kept)
            tell(f"file {number} noted")


async def rebuild_files(
    connection: run_queries.Connection, run: int, outbox: Outbox, on_step: StepCallback
) -> list[dict[str, Any]]:
    """The files of an issued run, each with its path: those that are gone from the outbox are made again.

    Raises
    ------
    NoSuchRun
        It is not issued.
    EngineError
        A file made again is not the one that was written.
    """
    row = await get_run(connection, run, "issued")
    noted = await run_queries.fetch(connection, "files", run)
    for each in noted:
        each["path"] = str(outbox.locate(run, each["name"]))
    missing = [each for each in noted if not outbox.contains(run, each["name"], _to_written_file(each))]
    if not missing:
        return noted
    on_step("making files again")
    content = await _load_content(connection, row, row["terms"])
    accepted = await run_queries.load_accepted(connection, row["submission"])
    made = dict(enumerate(await asyncio.to_thread(_build_files, run, content, accepted), 1))
    for each in missing:
        kept = await asyncio.to_thread(_write_file, outbox, run, made[each["file"]])
        if kept != _to_written_file(each):
            raise EngineError(
                f"file {each['name']} made again hashes to {kept.sha256.hex()}, and was written as {each['sha256']}; "
                "make it again with the version of Crescendo that wrote it"
            )
    return noted


def _to_written_file(row: dict[str, Any]) -> WrittenFile:
    return WrittenFile(row["size_bytes"], bytes.fromhex(row["sha256"]))


async def _find_decided_submission(connection: run_queries.Connection, row: dict[str, Any]) -> int:
    found = await run_queries.fetch(connection, "submission", SENDER, bytes.fromhex(row["file_hash"]))
    if not found or not found[0]["done"]:
        raise EngineError(f"the acts of run {row['run']} are not all decided; the same command goes on")
    return found[0]["submission"]


async def _load_content(connection: run_queries.Connection, row: dict[str, Any], told: str) -> RunContent:
    lines, remittance = await run_queries.load_lines(connection, row["run"], row["digest"])
    edits = await run_queries.load_edits(connection, row["run"])
    payees = await run_queries.load_payee_accounts(connection)
    said = msgspec.json.decode(told, type=IssueTerms)
    return RunContent(
        await asyncio.to_thread(select_paid, lines, remittance, edits), payees, said, row["accountants"]
    )


def _build_files(run: int, content: RunContent, accepted: payment_files.AcceptedActs) -> list[PaymentFile]:
    if not len(accepted.row):
        return []
    made = payment_files.build_orders(content.paid, accepted, content.payees)
    return list(payment_files.build_files(run, content.paid, made, (content.terms, content.accountants)))


def _write_file(outbox: Outbox, run: int, file: PaymentFile) -> WrittenFile:
    return outbox.write(run, file.name, file.write_parts())


async def _store_file(
    connection: run_queries.Connection, at: tuple[int, int], file: PaymentFile, kept: WrittenFile
) -> None:
    heading = file.header
    said = (file.name, heading.message_id, file.accountant, int(file.way), heading.execution_day)
    figures = (len(file.orders.entry), file.cents, kept.size_bytes, kept.sha256)
    await run_queries.execute(connection, "insert_file", *at, *said, *figures)


def _encode_terms(terms: IssueTerms) -> str:
    return msgspec.json.encode(terms).decode()
