"""The proof that a decision is taken by the person whom it names: by a login of the directory, on the day of the decision.

A ledger whose directory knows nobody records names as they are stated.  Once it knows a person, every decision needs a person
who is proved; what operators decide needs one only once an operator has a login, because somebody must enter the first one.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, NamedTuple

from core.directory import Hand, RoleGrant
from core.errors import PersonNotProved
from core.person_decisions import (
    OPERATORS_DECISIONS,
    RIGHTS,
    Decision,
    DecisionKind,
    StatedPerson,
    find_missing_right,
)
from core.roles import Role
from core.sql_files import read_queries

SQL = read_queries("posting.store", "person_proof.sql")
Connection = Any


class Decider(NamedTuple):
    """The person who decides, as the record names them."""

    name: str
    person: int
    """0 where names are not proved yet."""
    login: int
    change: int
    """The last change of the directory."""
    day: date
    proof: int | None = None
    """The number of the stored proof; None before it is stored, and where names are not proved yet."""


@asynccontextmanager
async def record_decision(
    connection: Connection, person: StatedPerson, decision: Decision, *, number: int
) -> AsyncIterator[Decider]:
    """Open a transaction for a decision, and store the proof of who takes it.

    Raises
    ------
    PersonNotProved
        The person is not proved, or may not take it.
    """
    async with connection.transaction():
        decider = await prove_under_lock(connection, person, decision)
        proof = await store_decision(connection, decider, decision.kind, number=number)
        yield decider._replace(proof=proof)


async def prove_under_lock(connection: Connection, person: StatedPerson, decision: Decision) -> Decider:
    """Return the person who takes a decision; the directory stays as it is until the transaction ends.

    Raises
    ------
    PersonNotProved
        The person is not proved, or may not take it.
    """
    await lock_directory(connection)
    return await prove_person(connection, person, decision)


async def lock_directory(connection: Connection) -> None:
    """Keep the directory as it is until the transaction ends; decisions do not wait for each other."""
    await connection.execute(SQL["lock_directory"])


async def prove_person(connection: Connection, person: StatedPerson, decision: Decision) -> Decider:
    """Return the person who takes a decision.

    Raises
    ------
    PersonNotProved
        The person is not proved, or may not take it; the message says why, and what to do.
    """
    decider = await find_person(connection, person, decision.kind)
    if person.key_roles is not None and not person.key_roles & (roles := RIGHTS[decision.kind].roles):
        raise PersonNotProved(
            f"the {person.login} has no role {' or '.join(sorted(roles))}: use a key of that side, as over HTTP"
        )
    if decider.person and (
        lack := await describe_missing_right(connection, decider.person, decision, day=decider.day)
    ):
        raise PersonNotProved(
            f"{decider.name} is proved by the {person.login}, and {lack}: let a person with that role decide, or let an "
            "operator give it with crescendo person grant"
        )
    return decider


async def describe_missing_right(
    connection: Connection, person: int, decision: Decision, *, day: date
) -> str:
    """Return what a person lacks for a decision on a day, as the end of a sentence about them; empty if they may take it."""
    rows = await connection.fetch(SQL["roles"], person)
    return find_missing_right([_to_grant(row) for row in rows], decision, day)


async def find_person(connection: Connection, person: StatedPerson, kind: DecisionKind) -> Decider:
    """Return the person whom a credential proves, whatever they may do; the name as stated where names are not proved yet.

    Raises
    ------
    PersonNotProved
        It proves nobody, or somebody else.
    """
    state = await connection.fetchrow(SQL["directory_state"])
    if not _needs_proof(state, kind):
        return Decider(person.recorded_name, 0, 0, state["change"], state["day"])
    rows = await connection.fetch(SQL["logins"], *person.login)
    valid = [row for row in rows if _holds_on(row, state["day"])]
    if not valid:
        raise PersonNotProved(_describe_missing_login(person, rows, state["day"]))
    login = valid[0]
    if person.name not in ("", login["code"]):
        raise PersonNotProved(
            f"{person.name} is named, and the {person.login} proves {login['code']}: name {login['code']}, or use a "
            f"credential of {person.name}"
        )
    numbers = (login["person"], login["person_login"], state["change"])
    return Decider(login["code"], *numbers, state["day"])


async def needs_proof(connection: Connection, kind: DecisionKind) -> bool:
    """Return whether a decision needs a person who is proved, or a name is enough yet."""
    return _needs_proof(await connection.fetchrow(SQL["directory_state"]), kind)


def _needs_proof(directory_state: Any, kind: DecisionKind) -> bool:
    return directory_state["has_operator"] if kind in OPERATORS_DECISIONS else directory_state["has_persons"]


async def store_decision(
    connection: Connection, decider: Decider, kind: DecisionKind, *, number: int
) -> int | None:
    """Store the proof of who takes a decision, in its transaction; return its number, None where names are not proved yet."""
    if not decider.person:
        return None
    values = (kind.value, number, decider.person, decider.login, decider.change, decider.day)
    return await connection.fetchval(SQL["insert_decision"], *values)


def _describe_missing_login(person: StatedPerson, rows: list[Any], day: date) -> str:
    last = (
        f"its last login, {rows[-1]['person_login']}, does not hold"
        if rows
        else "the directory has no login by it"
    )
    options = f"crescendo person login CODE --{person.login.means} {person.login.name}"
    return (
        f"{person.recorded_name} is not proved by the {person.login}: {last} on {day}. Use another credential, or let an "
        f"operator add a login: {options}"
    )


def _holds_on(row: Any, day: date) -> bool:
    return row["first_day"] <= day and (row["last_day"] is None or day <= row["last_day"])


def _to_grant(row: Any) -> RoleGrant:
    return RoleGrant(
        *(row["person"], Role(row["role"]), Hand[row["hand"].upper()], row["centre"], row["accountant"]),
        *(row["first_day"], row["last_day"], row["ceiling"]),
    )
