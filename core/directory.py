"""The directory of persons: their roles at places, their delegations, and the agreements of senders that name no person.

Every day is inclusive.  An end lowers the last day of a grant, a delegation or an agreement; it never moves it later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

from core.roles import Role

PERSON_BYTES_MAX = 64
"""Bytes of the code of a person, and of the number of a delegation or an agreement."""


class Hand(IntEnum):
    """What a person does with an act, as bits: the one who enters it and the one who validates it are two persons."""

    ENTRY = 1
    VALIDATION = 2
    BOTH = 3
    """The role may be used for either, but not for both of one act."""


class RoleGrant(NamedTuple):
    """A role that a person has, at a place, on some days."""

    person: int
    role: Role
    hand: Hand
    centre: str
    """Code of a fund centre, which covers those below it; empty for every fund centre."""
    accountant: str
    """Code of an accountant; empty for every accountant."""
    first_day: date
    last_day: date | None
    ceiling: int | None
    """The greatest act that may be validated, in cents."""


class Delegation(NamedTuple):
    """What its owner lets another person validate, as far as the owner may do so."""

    delegation: int
    number: str
    owner: int
    delegate: int
    role: Role
    centres: tuple[str, ...]
    """Codes of fund centres, each of which covers those below it; none for every fund centre."""
    first_day: date
    last_day: date | None
    ceiling: int | None


class Agreement(NamedTuple):
    """The agreement that a sender's own system separates entry from validation, so that its lines need to name no person."""

    agreement: int
    number: str
    sender: str
    kinds: frozenset[str]
    first_day: date
    last_day: date | None
    ceiling: int | None


@dataclass(frozen=True)
class Directory:
    """Persons by code, and what each may do, as of one change."""

    persons: Mapping[str, int]
    grants: tuple[RoleGrant, ...]
    delegations: tuple[Delegation, ...]
    agreements: tuple[Agreement, ...]
    last_change: int
    """The number of the last change that it contains."""

    @cached_property
    def delegation_numbers(self) -> Mapping[str, int]:
        """The delegations by the number that files state: built once, as every form with persons asks for it."""
        return {item.number: item.delegation for item in self.delegations}

    @cached_property
    def agreements_by_sender(self) -> Mapping[str, Sequence[Agreement]]:
        """The agreements of each sender: built once, as every piece of a batch asks for it."""
        by_sender: dict[str, list[Agreement]] = {}
        for agreement in self.agreements:
            by_sender.setdefault(agreement.sender, []).append(agreement)
        return by_sender


EMPTY_DIRECTORY = Directory({}, (), (), (), 0)
