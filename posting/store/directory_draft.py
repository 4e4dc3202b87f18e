"""The directory of persons while it is changed: each entry is checked against what was before it, also in its own change."""

from collections.abc import Mapping
from datetime import date
from typing import Literal, NamedTuple

from core.errors import CrescendoError, NoSuchRecord
from core.person_decisions import Login
from core.roles import Role, excludes_partner, find_exclusion

PERSONS_MAX = 100_000
TERMS_MAX = 200_000
"""Roles, delegations, agreements, logins and couples, each."""

Subject = Literal["role", "delegation", "agreement", "login", "couple"]


class RefusedChange(CrescendoError):
    """A change that the directory does not allow; the message says why, and what to do."""


class Term(NamedTuple):
    """The days of a role, a delegation, an agreement, a login or a couple."""

    number: int
    """Its number in its table."""
    first_day: date
    last_day: date | None
    person: int = 0
    """Who has the role or the login, and the first of a couple; 0 for an agreement."""
    role: Role | None = None
    login: Login | None = None
    partner: int = 0
    """The other person of a couple."""

    def find_partner(self, person: int) -> int:
        """Return the other person of a couple."""
        return self.partner if self.person == person else self.person

    def overlaps(self, *others: "Term") -> bool:
        """Return whether a day is in all."""
        terms = (self, *others)
        first = max(term.first_day for term in terms)
        return all(term.last_day is None or first <= term.last_day for term in terms)


class NamedTerm(NamedTuple):
    """A term with its name in messages."""

    name: str
    term: Term


class DirectoryDraft:
    """Persons, and the days of roles, delegations, agreements, logins and couples by their names."""

    def __init__(self, persons: Mapping[str, int]) -> None:
        self.persons = dict(persons)
        self._terms: dict[Subject, dict[str, Term]] = {
            "role": {},
            "delegation": {},
            "agreement": {},
            "login": {},
            "couple": {},
        }
        self._of_person: dict[int, dict[str, Term]] = {}
        self._of_login: dict[Login, dict[str, Term]] = {}
        self._couples: dict[int, dict[str, Term]] = {}
        """By each of the two persons."""

    def find_person(self, code: str) -> int:
        """Return the number of a person.

        Raises
        ------
        NoSuchRecord
            The directory does not have the code.
        """
        if code not in self.persons:
            raise NoSuchRecord(f"the directory has no person {code}: add the person first")
        return self.persons[code]

    def find_term(self, subject: Subject, name: str) -> Term:
        """Return a role, a delegation, an agreement, a login or a couple.

        Raises
        ------
        NoSuchRecord
            The directory does not have it.
        """
        term = self._terms[subject].get(name)
        if term is None:
            raise NoSuchRecord(f"the directory has no {subject} {name}: state a number that it lists")
        return term

    def check_person(self, code: str) -> None:
        """Check that a code is not taken yet, and that there is room."""
        if code in self.persons:
            raise RefusedChange(f"the directory has a person {code} already: state another code")
        if len(self.persons) >= PERSONS_MAX:
            raise RefusedChange(f"the directory has {PERSONS_MAX:,} persons, and no room for more: add none")

    def check_term(self, subject: Subject, name: str, term: Term) -> None:
        """Check that a number is not taken, that there is room, and that nothing excludes the term on the same days."""
        terms = self._terms[subject]
        if name in terms:
            raise RefusedChange(f"{subject} {name} is in the directory already: state another number")
        if len(terms) >= TERMS_MAX:
            raise RefusedChange(
                f"the directory has {TERMS_MAX:,} of these, and no room for another {subject}: add none"
            )
        self._check_exclusion(term)
        self._check_login(term)
        self._check_couples(term)

    def _check_exclusion(self, term: Term) -> None:
        for name, other in self._of_person.get(term.person, {}).items():
            if term.role and other.role and term.overlaps(other) and find_exclusion((term.role, other.role)):
                raise RefusedChange(
                    f"the person has the role {other.role} by {name}, {describe_days(other)}, and nobody is {other.role} and "
                    f"{term.role} on the same days: end that first, or state other days"
                )

    def _check_login(self, term: Term) -> None:
        for name, other in self._of_login.get(term.login, {}).items() if term.login else ():
            if term.overlaps(other):
                raise RefusedChange(
                    f"the {term.login} belongs to a person by login {name}, {describe_days(other)}, and proves nobody else on "
                    "the same days: end that first, or state other days"
                )

    def _check_couples(self, term: Term) -> None:
        """Check that no couple has a role that orders and one that accounts on one day (GBCP art. 9)."""
        for couple, role, other in self._list_couple_roles(term):
            if _is_of_two_sides(couple.term, role, other.term):
                raise RefusedChange(
                    f"by {couple.name}, {describe_days(couple.term)}, the person is spouse or partner of who has the role"
                    f" {other.term.role} by {other.name}, {describe_days(other.term)}, and nobody is {role.role} on the same"
                    " days: end one of these first, or state other days"
                )

    def _list_couple_roles(self, term: Term) -> list[tuple[NamedTerm, Term, NamedTerm]]:
        """List each couple that a new role or couple concerns, with a role of the person and one of the partner."""
        if term.partner:
            couples, roles = {"the new couple": term}, list(self._of_person.get(term.person, {}).values())
        else:
            couples, roles = self._couples.get(term.person, {}) if term.role else {}, [term]
        return [
            (NamedTerm(name, couple), role, NamedTerm(other_name, other))
            for name, couple in couples.items()
            for other_name, other in self._of_person.get(couple.find_partner(term.person), {}).items()
            for role in roles
        ]

    def check_end(self, subject: Subject, name: str, last_day: date) -> Term:
        """Return what an end is about.

        Raises
        ------
        NoSuchRecord
            The directory does not have it.
        RefusedChange
            Its last day is not later.
        """
        term = self.find_term(subject, name)
        if term.last_day and term.last_day <= last_day:
            raise RefusedChange(
                f"{subject} {name} has {term.last_day} as its last day, and an end makes that earlier alone: "
                "state an earlier day, or add another one"
            )
        return term

    def set_term(self, subject: Subject, name: str, term: Term) -> None:
        """Add or replace a role, a delegation, an agreement, a login or a couple."""
        self._terms[subject][name] = term
        if term.role:
            self._of_person.setdefault(term.person, {})[f"{subject} {name}"] = term
        if term.login:
            self._of_login.setdefault(term.login, {})[name] = term
        for person in (term.person, term.partner) if term.partner else ():
            self._couples.setdefault(person, {})[f"couple {name}"] = term


def _is_of_two_sides(couple: Term, first: Term, second: Term) -> bool:
    """Return whether the roles of two persons who are a couple exclude each other on one day."""
    if not (first.role and second.role and excludes_partner(first.role, second.role)):
        return False
    return couple.overlaps(first, second)


def describe_days(term: Term) -> str:
    """Say on which days a role, a login or a couple holds."""
    return f"from {term.first_day} to {term.last_day}" if term.last_day else f"from {term.first_day} on"
