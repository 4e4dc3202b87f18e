"""Issue runs: write the acts of a run for the engine, and the accepted ones to payment files for the bank.

``prepare_acts`` stores once how the run is issued; after a crash, the issue continues with the same terms.  ``finish_issue``
builds the payment files from the journal alone, so they always have the same bytes.  In between, the engine decides the acts.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from core.errors import EngineError
from core.money import format_euros, sum_exactly
from core.person_decisions import Decision, DecisionKind, StatedPerson
from posting.store import person_proof
from posting.store.ledger_identity import read_number
from settlement.orders.outbox import Outbox, WrittenFile
from settlement.orders.pain001_writer import Pain001Version
from settlement.runs import debit_accounts, payment_files, run_queries
from settlement.runs.payee_accounts import PayeeAccounts
from settlement.runs.payment_acts import SENDER, PaidLines, build_acts_table, select_paid, write_acts
from settlement.runs.payment_files import IssueTerms, PaymentFile
from settlement.runs.payment_reference import PaymentReference
from settlement.runs.proposals import StepCallback, get_run

ACTS_FILE = "acts.arrow"
_PARALLEL_FILES = 4
"""Files written at a time: while one is flushed to disk, others are built."""
_ISSUE = Decision(DecisionKind.ISSUE)


class IssueRequest(NamedTuple):
    """How to issue a run."""

    by: StatedPerson
    at: datetime
    version: Pain001Version = Pain001Version.V09
    has_file: Callable[[str, bytes], bool] = lambda _sender, _sha256: True
    """Whether the spool has the file with that sender and hash, unchanged; called in a thread."""


class RunContent(NamedTuple):
    """What a run pays, and to whom: the source of all its files."""

    paid: PaidLines
    payees: PayeeAccounts
    terms: IssueTerms
    accountants: list[str]


class PreparedActs(NamedTuple):
    """The acts of a run, ready for the engine."""

    path: Path | None
    """Their file; None if the engine has it already."""
    content: RunContent | None
    """What they were built from; None if it was not loaded."""
    submission: int | None = None
    """Their submission, if the engine has them already."""


async def prepare_acts(
    connection: run_queries.Connection,
    run: int,
    outbox: Outbox,
    *,
    reference: PaymentReference,
    request: IssueRequest,
    on_step: StepCallback,
) -> PreparedActs:
    """Store how a released run is issued, unless its issue has begun, and write the file of its acts.

    Raises
    ------
    PersonNotProved
        Who issues it did not prove to be that person, or has no role for it.
    NoSuchRun
        The run does not exist, or is not released.
    EngineError
        Its issue has begun, and the file cannot be made again with the same bytes.
    ReferenceDataError
        The account of an accountant is missing now; nothing was stored.
    """
    await person_proof.prove_person(connection, request.by, _ISSUE)
    row = await get_run(connection, run, "released", "issuing", "issued")
    if (submission := await _find_submission(connection, row)) and await _has_sound_file(
        submission, row, request
    ):
        return PreparedActs(None, None, submission["submission"])
    on_step("building the acts")
    ledger = await read_number(connection)
    terms = row["terms"] or _encode_terms(
        payment_files.build_terms(
            reference.rules, reference.build_debtors(), request.at, version=request.version, ledger=ledger
        )
    )
    content = await _load_content(connection, row, terms)
    _check_released_run(row, content)
    if row["terms"] is None:
        debit_accounts.check_accounts(run, content.paid.lines, content.accountants, reference=reference)
        content = _add_stretches(content)
    debit_accounts.check_stored_accounts(content.paid.lines, content.accountants, content.terms)
    acts_file = await asyncio.to_thread(_write_acts, outbox, run, content)
    if row["file_hash"] is None:
        on_step("recording the issue")
        await _store_issue(connection, run, content, acts=acts_file, request=request)
    elif acts_file.sha256.hex() != row["file_hash"]:
        raise EngineError(
            f"the acts of run {run} have the SHA-256 {acts_file.sha256.hex()}, and had {row['file_hash']} when the issue "
            "began; finish the issue with the version of Crescendo that began it"
        )
    on_step("issue recorded")
    return PreparedActs(outbox.locate(run, ACTS_FILE), content)


async def _find_submission(connection: run_queries.Connection, row: dict[str, Any]) -> dict[str, Any] | None:
    """Return the submission of the acts of a run, if the engine has them."""
    if not row["file_hash"]:
        return None
    file_hash = bytes.fromhex(row["file_hash"])
    submissions = await run_queries.fetch(connection, "submission", SENDER, file_hash)
    return submissions[0] if submissions else None


async def _has_sound_file(submission: dict[str, Any], row: dict[str, Any], request: IssueRequest) -> bool:
    """Return whether the engine needs no file of the acts any more, or has it: otherwise the file is written again."""
    if submission["done"]:
        return True
    return await asyncio.to_thread(request.has_file, SENDER, bytes.fromhex(row["file_hash"]))


async def _load_content(connection: run_queries.Connection, row: dict[str, Any], terms: str) -> RunContent:
    table = await run_queries.load_lines(connection, row["run"], row["digest"])
    edits = await run_queries.load_edits(connection, row["run"])
    payees = await run_queries.load_payee_accounts(connection)
    decoded = msgspec.json.decode(terms, type=IssueTerms)
    paid = await asyncio.to_thread(select_paid, table, edits)
    return RunContent(paid, payees, decoded, row["accountants"])


def _check_released_run(row: dict[str, Any], content: RunContent) -> None:
    """Check that the run pays exactly what was released."""
    lines, cents = len(content.paid.act_start), sum_exactly(content.paid.lines.amount)
    if (lines, cents) != (row["released_lines"], row["released_cents"]):
        raise EngineError(
            f"run {row['run']} would pay {lines:,} lines of {format_euros(cents)} euros, but "
            f"{row['released_lines']:,} lines of {format_euros(row['released_cents'])} euros were released"
        )


def _add_stretches(content: RunContent) -> RunContent:
    """Add the accountants in the order of the acts: they tell from which account each entry is paid."""
    stretches = payment_files.build_stretches(content.paid, content.accountants)
    return content._replace(terms=msgspec.structs.replace(content.terms, stretches=stretches))


def _write_acts(outbox: Outbox, run: int, content: RunContent) -> WrittenFile:
    acts = build_acts_table(run, content.paid, content.payees, day=content.terms.day)
    return outbox.write(run, ACTS_FILE, write_acts(acts))


async def _store_issue(
    connection: run_queries.Connection,
    run: int,
    content: RunContent,
    *,
    acts: WrittenFile,
    request: IssueRequest,
) -> None:
    lines, cents = len(content.paid.act_start), sum_exactly(content.paid.lines.amount)
    values = (_encode_terms(content.terms), acts.sha256, lines, cents)
    async with person_proof.record_decision(connection, request.by, _ISSUE, number=run) as person:
        await run_queries.execute(connection, "insert_issue", run, *values, person.name, request.at)


async def finish_issue(
    connection: run_queries.Connection,
    run: int,
    outbox: Outbox,
    *,
    content: RunContent | None,
    on_step: StepCallback,
) -> None:
    """Write and store the payment files of a run whose acts are decided; files that are stored already stay.

    Raises
    ------
    NoSuchRun, EngineError
        The run is not being issued, or its acts are not decided yet.
    """
    row = await get_run(connection, run, "issuing", "issued")
    if row["state"] == "issued":
        return
    submission = await _find_decided_submission(connection, row)
    content = content or await _load_content(connection, row, row["terms"])
    accepted = await run_queries.load_accepted_acts(connection, submission)
    on_step("writing the files")
    files = await asyncio.to_thread(_build_files, run, content, accepted)
    await _write_files(connection, run, outbox, files=files, on_step=on_step)
    cents = sum_exactly(content.paid.lines.amount[accepted.row])
    (refused,) = await run_queries.fetch(connection, "refused_sum", submission)
    figures = (len(accepted.row), cents, refused["lines"], refused["cents"], len(files))
    await run_queries.execute(connection, "insert_end", run, submission, *figures)
    outbox.delete(run, ACTS_FILE)
    on_step("issued")


async def _find_decided_submission(connection: run_queries.Connection, row: dict[str, Any]) -> int:
    submission = await _find_submission(connection, row)
    if not submission or not submission["done"]:
        raise EngineError(f"the acts of run {row['run']} are not all decided; run the same command again")
    return submission["submission"]


def _build_files(run: int, content: RunContent, accepted: payment_files.AcceptedActs) -> list[PaymentFile]:
    if not len(accepted.row):
        return []
    transfers = payment_files.build_transfers(content.paid, accepted, content.payees)
    files = payment_files.build_files(
        run, content.paid, transfers, terms=content.terms, accountants=content.accountants
    )
    return list(files)


async def _write_files(
    connection: run_queries.Connection,
    run: int,
    outbox: Outbox,
    *,
    files: list[PaymentFile],
    on_step: StepCallback,
) -> None:
    """Write the files, some at a time; store each once it and all before it are written."""
    stored = {row["file"] for row in await run_queries.fetch(connection, "files", run)}
    remaining = [(number, file) for number, file in enumerate(files, 1) if number not in stored]
    for first in range(0, len(remaining), _PARALLEL_FILES):
        batch = remaining[first : first + _PARALLEL_FILES]
        writing = [asyncio.to_thread(_write_file, outbox, run, file) for _, file in batch]
        for (number, file), written_file in zip(batch, await asyncio.gather(*writing), strict=True):
            on_step(f"file {number} written")
            await _store_file(connection, run, number, file=file, written_file=written_file)
            on_step(f"file {number} recorded")


async def rebuild_files(
    connection: run_queries.Connection, run: int, outbox: Outbox, *, on_step: StepCallback
) -> list[dict[str, Any]]:
    """Return the files of an issued run with their paths; rebuild those that are missing in the outbox.

    Raises
    ------
    NoSuchRun
        The run is not issued.
    EngineError
        A rebuilt file differs from the one that was written.
    """
    row = await get_run(connection, run, "issued")
    stored = await run_queries.fetch(connection, "files", run)
    for file in stored:
        file["path"] = str(outbox.locate(run, file["name"]))
    missing = [file for file in stored if not outbox.contains(run, file["name"], _to_written_file(file))]
    if not missing:
        return stored
    on_step("rebuilding files")
    content = await _load_content(connection, row, row["terms"])
    accepted = await run_queries.load_accepted_acts(connection, row["submission"])
    rebuilt = dict(enumerate(await asyncio.to_thread(_build_files, run, content, accepted), 1))
    for file in missing:
        written_file = await asyncio.to_thread(_write_file, outbox, run, rebuilt[file["file"]])
        if written_file != _to_written_file(file):
            raise EngineError(
                f"file {file['name']} has the SHA-256 {written_file.sha256.hex()}, and had {file['sha256']} when it was "
                "written; rebuild the file with the version of Crescendo that wrote it"
            )
    return stored


def _to_written_file(row: dict[str, Any]) -> WrittenFile:
    return WrittenFile(row["size_bytes"], bytes.fromhex(row["sha256"]))


def _write_file(outbox: Outbox, run: int, file: PaymentFile) -> WrittenFile:
    return outbox.write(run, file.name, file.write_parts())


async def _store_file(
    connection: run_queries.Connection, run: int, number: int, *, file: PaymentFile, written_file: WrittenFile
) -> None:
    header = file.header
    names = (file.name, header.message_id, file.accountant, int(file.method), header.execution_day)
    figures = (len(file.orders.entry), file.cents, written_file.size_bytes, written_file.sha256)
    await run_queries.execute(connection, "insert_file", run, number, *names, *figures)


def _encode_terms(terms: IssueTerms) -> str:
    return msgspec.json.encode(terms).decode()
