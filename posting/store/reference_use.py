"""The reference files in use at each load of the book: a row for each state of them, covered by the next evidence.

Once an operator has a login for good, files that differ from those of the last use are used only after an operator has
accepted them.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from core.errors import CrescendoError, ReferenceDataError
from core.person_decisions import Decision, DecisionKind, StatedPerson
from core.reference.files import digest_hashes
from posting.book.code_numbers import NumbersByCode
from posting.book.registry import ReferenceData
from posting.store import merge_store, nature_use, person_proof
from posting.store.connections import SQL
from posting.store.limited_connections import BULK_SECONDS

Connection = Any
_PATHS_SHOWN = 3


class RefusedAcceptance(CrescendoError):
    """Nothing is to be accepted."""


class Acceptance(NamedTuple):
    """Changed reference files that a person accepted."""

    number: int
    paths: list[str]
    """The files that are new, changed or missing, by their path in the folder."""


async def note_use(connection: Connection, reference: ReferenceData, numbers: NumbersByCode) -> None:
    """Note which files are in use today, by the SHA-256 of each, unless that is noted already; store new merges.

    After a new merge no checkpoint holds: invoices of the merged code count for the one that stays in use.

    The row also states what verification judges later by what held now, and the last batch that was decided without it.

    Raises
    ------
    ReferenceDataError
        A nature or a merge in use is missing, a new merge contradicts the journal, or nobody has accepted the files; nothing
        is noted.
    """
    await nature_use.check_natures(connection, reference, numbers)
    await nature_use.check_recycling_cases(connection, reference)
    new_merges = await merge_store.find_new_merges(connection, reference.merges)
    await person_proof.lock_directory(
        connection
    )  # after what may read the whole journal: changes of it wait for this
    text, digest = _describe(reference.files)
    await _check_acceptance(connection, reference, digest)
    if new_merges:
        await merge_store.store_merges(connection, new_merges)
        await connection.execute(SQL["delete_checkpoints"], timeout=BULK_SECONDS)
    days = json.dumps(_list_agreement_days(reference), sort_keys=True)
    await connection.execute(SQL["note_reference_use"], text, digest, days)


def _list_agreement_days(reference: ReferenceData) -> dict[str, str]:
    """Return the day from which on lines need persons or an agreement, by exercise that sets one."""
    days = {year: exercise.agreement_required_from for year, exercise in reference.calendar.exercises.items()}
    return {str(year): str(day) for year, day in days.items() if day}


async def accept_files(
    connection: Connection, reference: ReferenceData, *, reason: str, by: StatedPerson
) -> Acceptance:
    """Accept reference files that differ from those of the last use.

    Raises
    ------
    PersonNotProved
        Who accepts them did not prove to be that person, or is no operator.
    RefusedAcceptance
        The ledger has used none yet, or the same ones last.
    """
    text, digest = _describe(reference.files)
    async with connection.transaction():
        decider = await person_proof.prove_under_lock(connection, by, Decision(DecisionKind.REFERENCE))
        last = await connection.fetchrow(SQL["last_reference_use"])
        if last is None:
            raise RefusedAcceptance(
                "the ledger has used no reference files yet: the first ones need no acceptance"
            )
        paths = _list_changes(json.loads(last["files"]), reference.files)
        if not paths:
            raise RefusedAcceptance(
                f"{reference.folder} has the files that the ledger used last: nothing is to be accepted"
            )
        arguments = (text, digest, last["reference_use"], reason, decider.name)
        number = await connection.fetchval(SQL["insert_reference_acceptance"], *arguments)
        await person_proof.store_decision(connection, decider, DecisionKind.REFERENCE, number=number)
    return Acceptance(number, paths)


async def needs_record(connection: Connection, files: Mapping[str, str]) -> bool:
    """Return whether the ledger used other files last, and no acceptance of these is valid."""
    _, digest = _describe(files)
    last = await connection.fetchrow(SQL["last_reference_use"])
    if last is None or last["digest"] == digest:
        return False
    return not await connection.fetchval(SQL["is_reference_accepted"], digest)


async def list_changes_since_use(connection: Connection, files: Mapping[str, str]) -> list[str] | None:
    """List the files that differ from those that the ledger used last; None if it has used none."""
    last = await connection.fetchrow(SQL["last_reference_use"])
    return None if last is None else _list_changes(json.loads(last["files"]), files)


async def _check_acceptance(connection: Connection, reference: ReferenceData, digest: bytes) -> None:
    """Check that an operator has accepted files that differ from those of the last use, once an operator can."""
    last = await connection.fetchrow(SQL["last_reference_use"])
    if last is None or last["digest"] == digest:
        return
    if not await person_proof.needs_proof(connection, DecisionKind.REFERENCE):
        return
    if await connection.fetchval(SQL["is_reference_accepted"], digest):
        return
    paths = _list_changes(json.loads(last["files"]), reference.files)
    more = f" and {len(paths) - _PATHS_SHOWN} more" if len(paths) > _PATHS_SHOWN else ""
    raise ReferenceDataError(
        str(reference.folder),
        f"{', '.join(paths[:_PATHS_SHOWN])}{more} changed since the ledger's last use, and no person has accepted them",
        "Let an operator accept them: crescendo reference accept --as CODE --reason WHY. Or put the files of before back.",
    )


def _describe(files: Mapping[str, str]) -> tuple[str, bytes]:
    """Return the files as text, and the digest over it."""
    return json.dumps(files, sort_keys=True), digest_hashes(files)


def _list_changes(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return sorted(path for path in before.keys() | now.keys() if before.get(path) != now.get(path))
