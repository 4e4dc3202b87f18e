"""The two persons of a step of the closing that cannot be undone: who prepared it, and who confirmed it (rule A61).

As long as the directory knows nobody, nothing proves that two names are two persons, and a step needs one.
"""

from typing import Any, NamedTuple

from core.errors import CrescendoError
from core.person_decisions import Decision, DecisionKind, StatedPerson
from core.sql_files import read_queries
from posting.store import person_proof
from posting.store.person_proof import Decider

SQL = read_queries("posting.store", "step_persons.sql")
Connection = Any


class StepContent(NamedTuple):
    """What a step would give to the engine."""

    year: int
    step: str
    last_entry: int
    """The last entry that was read."""
    lines: int
    cents: int
    digest: bytes
    """SHA-256 of the acts, without the references that name the last entry."""


class StepPreparation(NamedTuple):
    """The last preparation of a step."""

    number: int
    by: str
    at: str
    lines: int
    cents: int
    confirmed_by: str
    """Empty as long as nobody confirmed it."""
    is_used: bool
    """Whether it was confirmed, and the engine accepted something of it."""


class RefusedStep(CrescendoError):
    """A step that a person may not prepare or confirm; the message says why."""


async def load_preparation(connection: Connection, year: int, step: str) -> StepPreparation | None:
    """Return the last preparation of a step; None if nobody prepared it."""
    row = await connection.fetchrow(SQL["find_preparation"], str(year), step)
    return _build_preparation(row) if row else None


def _build_preparation(row: Any) -> StepPreparation:
    at = f"{row['at']:%Y-%m-%d %H:%M}"
    figures = row["lines"], row["cents"], row["confirmed_by"], row["is_used"]
    return StepPreparation(row["step_preparation"], row["by"], at, *figures)


async def store_preparation(connection: Connection, content: StepContent, by: StatedPerson) -> int:
    """Store what a person prepares, and return its number.

    Raises
    ------
    PersonNotProved
        The person is not proved, or may not prepare it.
    RefusedStep
        The directory knows nobody yet.
    """
    async with connection.transaction():
        decision = Decision(DecisionKind.PREPARATION, cents=content.cents)
        decider = await person_proof.prove_under_lock(connection, by, decision)
        proof = await person_proof.store_decision(
            connection, decider, decision.kind, number=content.last_entry
        )
        if proof is None:
            raise RefusedStep("the directory knows nobody, so one person executes the step: execute it")
        return await connection.fetchval(SQL["insert_preparation"], *content, decider.name, proof)


async def confirm_step(connection: Connection, content: StepContent, by: StatedPerson) -> int | None:
    """Store that a person confirms what another one prepared; return the number of the proof.

    Where names are not proved yet, nothing is stored, and None is returned.

    Raises
    ------
    PersonNotProved
        The person is not proved, or may not confirm it.
    RefusedStep
        Nobody else prepared this; the message says what to do.
    """
    async with connection.transaction():
        decision = Decision(DecisionKind.CLOSING, cents=content.cents)
        decider = await person_proof.prove_under_lock(connection, by, decision)
        if not decider.person:
            return None
        row = await connection.fetchrow(SQL["find_preparation"], str(content.year), content.step)
        if obstacle := await _find_obstacle(connection, row, content, decider=decider):
            raise RefusedStep(obstacle)
        proof = await person_proof.store_decision(
            connection, decider, decision.kind, number=content.last_entry
        )
        await connection.execute(SQL["insert_confirmation"], proof, row["step_preparation"], decider.name)
        return proof


async def _find_obstacle(connection: Connection, row: Any, content: StepContent, *, decider: Decider) -> str:
    """Return why a person may not confirm the last preparation, or its preparer not prepare it any more; empty if they may."""
    prepare = f"crescendo close prepare {content.step} --year {content.year}"
    if row is None or row["is_used"]:
        return f"nobody has prepared it: another person runs {prepare} first"
    if row["digest"] != content.digest:
        return f"what {row['by']} prepared has changed since: another person runs {prepare} again"
    if row["person"] == decider.person:
        return f"{row['by']} prepared it: another person executes it"
    preparing = Decision(DecisionKind.PREPARATION, cents=content.cents)
    if lack := await person_proof.describe_missing_right(
        connection, row["person"], preparing, day=decider.day
    ):
        return f"{row['by']} prepared it, and {lack}: another person runs {prepare} again"
    if await connection.fetchval(SQL["is_couple"], row["person"], decider.person, decider.day):
        return f"{row['by']}, who prepared it, is spouse or partner of {decider.name}: another person executes it"
    return ""
