"""The stored directory of persons: who has which role where, who acts for whom, which senders separate their hands."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from core.directory import Agreement, Delegation, Directory, Hand, RoleGrant
from core.directory_entries import (
    EVERYWHERE,
    AgreementEnd,
    AgreementEntry,
    CoupleEnd,
    CoupleEntry,
    DelegationEnd,
    DelegationEntry,
    DirectoryEnd,
    DirectoryEntry,
    LoginEnd,
    LoginEntry,
    PersonEntry,
    RoleEnd,
    RoleEntry,
    find_fault,
    parse_ceiling,
)
from core.errors import NoSuchRecord
from core.person_decisions import Decision, DecisionKind, Login, StatedPerson
from core.roles import Role
from core.sql_files import read_queries
from posting.store import person_proof
from posting.store.directory_draft import DirectoryDraft, RefusedChange, Subject, Term

SQL = read_queries("posting.store", "directory.sql")
Connection = Any
ENTRIES_MAX = 10_000
"""Entries of one change."""
_CENTRE, _ACCOUNTANT = 1, 8
"""Kinds of ``reference_text``."""
_NO_OPERATOR = (
    "nobody could change the directory any more: it keeps one person with the role operator everywhere and a login, both"
    " without a last day; add another one first"
)


class NewChange(NamedTuple):
    """A change to be stored: all its entries, or none."""

    entries: Sequence[DirectoryEntry]
    reason: str
    by: StatedPerson
    """The person who decides."""
    places: Sequence[str] = ()
    """Where each entry stands, for messages; none for a single one."""


async def find_last_change(connection: Connection) -> int:
    """Return the number of the last change; 0 before the first."""
    return await connection.fetchval(SQL["last_change"])


async def load_effective_directory(connection: Connection) -> Directory:
    """Return the directory after the last batch."""
    return await load_directory(connection, await connection.fetchval(SQL["last_effective_change"]))


async def load_directory(connection: Connection, up_to: int | None) -> Directory:
    """Return the directory after a change; None for the last one."""
    last = await find_last_change(connection) if up_to is None else up_to
    persons = {row["code"]: row["person"] for row in await connection.fetch(SQL["persons"], last)}
    grants = tuple(_to_grant(row) for row in await connection.fetch(SQL["roles"], last))
    delegations = tuple(_to_delegation(row) for row in await connection.fetch(SQL["delegations"], last))
    agreements = tuple(_to_agreement(row) for row in await connection.fetch(SQL["agreements"], last))
    return Directory(persons, grants, delegations, agreements, last)


async def load_newer_directory(connection: Connection, change: int) -> Directory | None:
    """Return the directory after the last change; None if that is ``change``."""
    last = await find_last_change(connection)
    return await load_directory(connection, last) if last > change else None


def _to_grant(row: Any) -> RoleGrant:
    return RoleGrant(
        *(row["person"], Role(row["role"]), Hand[row["hand"].upper()], row["centre"], row["accountant"]),
        *(row["first_day"], row["last_day"], row["ceiling"]),
    )


def _to_delegation(row: Any) -> Delegation:
    centres = () if row["centres"] == [EVERYWHERE] else tuple(row["centres"])
    return Delegation(
        *(row["delegation"], row["number"], row["owner"], row["delegate"], Role(row["role"]), centres),
        *(row["first_day"], row["last_day"], row["ceiling"]),
    )


def _to_agreement(row: Any) -> Agreement:
    return Agreement(
        *(row["agreement"], row["number"], row["sender"], frozenset(row["kinds"])),
        *(row["first_day"], row["last_day"], row["ceiling"]),
    )


async def store_change(connection: Connection, new: NewChange) -> int:
    """Store a change, and return its number; it holds from the next batch on.

    Raises
    ------
    NoSuchRecord
        The ledger or the directory does not have what an entry names.
    PersonNotProved
        Who decides did not prove to be that person, or is no operator.
    RefusedChange
        An entry is not valid, or the directory does not allow it.
    """
    if not 0 < len(new.entries) <= ENTRIES_MAX:
        raise RefusedChange(f"a change has {len(new.entries):,} entries: state 1 to {ENTRIES_MAX:,}")
    async with connection.transaction():
        await connection.execute(SQL["lock_directory"])
        decider = await person_proof.prove_person(connection, new.by, Decision(DecisionKind.DIRECTORY))
        operators = await connection.fetchval(SQL["lasting_operators"])
        writer = _Writer(connection, await _load_draft(connection))
        change = await connection.fetchval(SQL["insert_change"], new.reason, decider.name, new.by.key)
        for position, entry in enumerate(new.entries):
            try:
                await writer.store_entry(entry, change)
            except (NoSuchRecord, RefusedChange) as error:
                place = f"{new.places[position]}: " if new.places else ""
                raise type(error)(f"{place}{error}") from error
        if operators and not await connection.fetchval(SQL["lasting_operators"]):
            raise RefusedChange(_NO_OPERATOR)
        await person_proof.store_decision(connection, decider, DecisionKind.DIRECTORY, number=change)
    return change


async def _load_draft(connection: Connection) -> DirectoryDraft:
    last = await find_last_change(connection)
    draft = DirectoryDraft(
        {row["code"]: row["person"] for row in await connection.fetch(SQL["persons"], last)}
    )
    for row in await connection.fetch(SQL["roles"], last):
        draft.set_term("role", f"{row['number']}", _to_term(row, row["number"], row["person"]))
    for row in await connection.fetch(SQL["delegations"], last):
        draft.set_term("delegation", row["number"], _to_term(row, row["delegation"], row["delegate"]))
    for row in await connection.fetch(SQL["agreements"], last):
        draft.set_term("agreement", row["number"], Term(row["agreement"], row["first_day"], row["last_day"]))
    for row in await connection.fetch(SQL["logins"], last):
        login = Login(row["means"], row["name"])
        term = Term(row["number"], row["first_day"], row["last_day"], row["person"], login=login)
        draft.set_term("login", f"{row['number']}", term)
    for row in await connection.fetch(SQL["couples"], last):
        days = (row["first_day"], row["last_day"])
        draft.set_term(
            "couple", f"{row['number']}", Term(row["number"], *days, row["person"], partner=row["partner"])
        )
    return draft


def _to_term(row: Any, number: int, person: int) -> Term:
    return Term(number, row["first_day"], row["last_day"], person, Role(row["role"]))


class _Writer:
    """Checks entries and inserts their rows, one after the other."""

    def __init__(self, connection: Connection, draft: DirectoryDraft) -> None:
        self._connection, self._draft = connection, draft
        self._ends: set[tuple[Subject, int]] = set()

    async def store_entry(self, entry: DirectoryEntry, change: int) -> None:
        """Check an entry, and insert its row."""
        if fault := find_fault(entry):
            raise RefusedChange(fault)
        match entry:
            case PersonEntry():
                await self._store_person(entry, change)
            case RoleEntry():
                await self._store_role(entry, change)
            case DelegationEntry():
                await self._store_delegation(entry, change)
            case AgreementEntry():
                await self._store_agreement(entry, change)
            case LoginEntry():
                await self._store_login(entry, change)
            case CoupleEntry():
                await self._store_couple(entry, change)
            case RoleEnd():
                await self._store_end("role", f"{entry.number}", entry, change=change)
            case LoginEnd():
                await self._store_end("login", f"{entry.number}", entry, change=change)
            case CoupleEnd():
                await self._store_end("couple", f"{entry.number}", entry, change=change)
            case DelegationEnd():
                await self._store_end("delegation", entry.number, entry, change=change)
            case AgreementEnd():
                await self._store_end("agreement", entry.number, entry, change=change)

    async def _insert(self, query: str, *values: Any) -> int:
        return await self._connection.fetchval(SQL[query], *values)

    async def _store_person(self, entry: PersonEntry, change: int) -> None:
        self._draft.check_person(entry.code)
        self._draft.persons[entry.code] = await self._insert("insert_person", entry.code, entry.name, change)

    async def _store_role(self, entry: RoleEntry, change: int) -> None:
        person = self._draft.find_person(entry.person)
        await self._check_places([entry.centre], [entry.accountant])
        term = Term(0, entry.first_day, entry.last_day, person, entry.role)
        self._draft.check_term("role", "", term)
        number = await self._insert(
            "insert_role",
            *(
                person,
                entry.role,
                entry.hand,
                entry.centre,
                entry.accountant,
                entry.first_day,
                entry.last_day,
            ),
            *(parse_ceiling(entry.ceiling), change),
        )
        self._draft.set_term("role", f"{number}", term._replace(number=number))

    async def _store_delegation(self, entry: DelegationEntry, change: int) -> None:
        owner, delegate = self._draft.find_person(entry.owner), self._draft.find_person(entry.delegate)
        if owner == delegate:
            raise RefusedChange(
                f"{entry.owner} would be owner and delegate: state another person as the delegate"
            )
        await self._check_places([] if entry.centres == [EVERYWHERE] else entry.centres, [])
        term = Term(0, entry.first_day, entry.last_day, delegate, entry.role)
        self._draft.check_term("delegation", entry.number, term)
        number = await self._insert(
            "insert_delegation",
            *(entry.number, owner, delegate, entry.role, entry.centres, entry.first_day, entry.last_day),
            *(parse_ceiling(entry.ceiling), change),
        )
        self._draft.set_term("delegation", entry.number, term._replace(number=number))

    async def _store_agreement(self, entry: AgreementEntry, change: int) -> None:
        term = Term(0, entry.first_day, entry.last_day)
        self._draft.check_term("agreement", entry.number, term)
        number = await self._insert(
            "insert_agreement",
            *(entry.number, entry.sender, entry.kinds, entry.first_day, entry.last_day),
            *(parse_ceiling(entry.ceiling), entry.separation, change),
        )
        self._draft.set_term("agreement", entry.number, term._replace(number=number))

    async def _store_login(self, entry: LoginEntry, change: int) -> None:
        person, login = self._draft.find_person(entry.person), Login(entry.means, entry.name)
        if entry.means == "key" and not await self._connection.fetchval(SQL["has_key"], entry.name):
            raise NoSuchRecord(f"the ledger has no key {entry.name}: state one that crescendo access lists")
        term = Term(0, entry.first_day, entry.last_day, person, login=login)
        self._draft.check_term("login", "", term)
        days = (entry.first_day, entry.last_day)
        number = await self._insert("insert_login", person, *login, *days, change)
        self._draft.set_term("login", f"{number}", term._replace(number=number))

    async def _store_couple(self, entry: CoupleEntry, change: int) -> None:
        person, partner = self._draft.find_person(entry.person), self._draft.find_person(entry.partner)
        if person == partner:
            raise RefusedChange(
                f"{entry.person} would be a couple alone: state another person as the partner"
            )
        days = (entry.first_day, entry.last_day)
        term = Term(0, *days, person, partner=partner)
        self._draft.check_term("couple", "", term)
        number = await self._insert("insert_couple", person, partner, *days, change)
        self._draft.set_term("couple", f"{number}", term._replace(number=number))

    async def _store_end(self, subject: Subject, name: str, entry: DirectoryEnd, *, change: int) -> None:
        term = self._draft.check_end(subject, name, entry.last_day)
        if (subject, term.number) in self._ends:
            raise RefusedChange(f"{subject} {name} ends twice in one change: state the earlier day alone")
        self._ends.add((subject, term.number))
        await self._connection.execute(SQL["insert_end"], subject, term.number, entry.last_day, change)
        self._draft.set_term(subject, name, term._replace(last_day=entry.last_day))

    async def _check_places(self, centres: Iterable[str], accountants: Iterable[str]) -> None:
        for kind, title, codes in (
            (_CENTRE, "fund centre", centres),
            (_ACCOUNTANT, "accountant", accountants),
        ):
            unknown = await self._connection.fetch(SQL["unknown_places"], kind, list(filter(None, codes)))
            if unknown:
                raise NoSuchRecord(
                    f"the ledger has no {title} {unknown[0]['code']}: state one of its reference data"
                )
