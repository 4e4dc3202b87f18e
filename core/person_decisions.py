"""Decisions that persons take in their own name: who may take which, and how they prove who they are."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from core.directory import Hand, RoleGrant
from core.money import format_euros
from core.roles import PAYING_ROLES, Role, find_exclusion


class DecisionKind(StrEnum):
    """What is decided."""

    PROPOSAL = "proposal"
    """A payment run is proposed."""
    EDIT = "edit"
    """Lines or payees of a proposed run are changed."""
    RELEASE = "release"
    ABANDONMENT = "abandonment"
    ISSUE = "issue"
    PERIOD = "period"
    """A month is closed, reopened or locked."""
    DIRECTORY = "directory"
    """The directory of persons is changed."""
    STATEMENT = "statement"
    """A file of the bank is imported, or matched again."""
    INTEREST = "interest"
    """Late interest is proposed."""
    CLOCK = "clock"
    """A stored time is found wrong."""
    REFERENCE = "reference"
    """Changed reference files are accepted."""
    CLOSING = "closing"
    """What is open of a year is carried into the next."""
    PREPARATION = "preparation"
    """A step of the closing is prepared, which another person confirms."""


class Login(NamedTuple):
    """A means by which persons prove who they are."""

    means: str
    """``user`` of the operating system, or ``key``: an API key, or a system with tokens as ISSUER/SUBJECT."""
    name: str

    def __str__(self) -> str:
        return f"{self.means} {self.name}"


class StatedPerson(NamedTuple):
    """The person whom a command or a request names, and the credential that it comes with."""

    name: str
    """Empty where the credential alone says who it is."""
    key: str = ""
    """The API key that was authenticated, or ISSUER/SUBJECT of an authenticated token; empty for none."""
    user: str = ""
    """The user of the operating system who runs the command; empty over HTTP."""
    key_roles: frozenset[Role] | None = None
    """The roles of the key or token of a command; None over HTTP, which has checked them, and without a key."""

    @property
    def login(self) -> Login:
        """The means by which the person is proved: a key or token counts more than the user of the operating system."""
        return Login("key", self.key) if self.key else Login("user", self.user)

    @property
    def recorded_name(self) -> str:
        """The name that is recorded where the directory knows nobody."""
        return self.name or self.key or self.user


NOBODY = StatedPerson("")
"""Names nobody and proves nobody: refused where the directory knows a person."""


class Decision(NamedTuple):
    """A decision that is about to be stored."""

    kind: DecisionKind
    accountant: str = ""
    """The accountant whom it concerns; empty for all."""
    cents: int = 0
    """What is paid by it."""


class DecisionRight(NamedTuple):
    """The roles of which a decision needs one, and what the role must be for."""

    roles: frozenset[Role]
    hand: Hand
    """``BOTH`` where either is enough."""


OPERATORS_DECISIONS = frozenset({DecisionKind.DIRECTORY, DecisionKind.CLOCK, DecisionKind.REFERENCE})
"""They need a proof once an operator has a login, the others once the directory knows a person."""
_EITHER = DecisionRight(PAYING_ROLES, Hand.BOTH)
RIGHTS: Mapping[DecisionKind, DecisionRight] = {
    **dict.fromkeys(DecisionKind, _EITHER),
    DecisionKind.PROPOSAL: DecisionRight(PAYING_ROLES, Hand.ENTRY),
    DecisionKind.RELEASE: DecisionRight(PAYING_ROLES, Hand.VALIDATION),
    **dict.fromkeys(OPERATORS_DECISIONS, DecisionRight(frozenset({Role.OPERATOR}), Hand.BOTH)),
}
"""What each decision needs: the side of the ledger that its keys need too."""


def find_missing_right(grants: Iterable[RoleGrant], decision: Decision, day: date) -> str:
    """Return what a person lacks for a decision on a day, as the end of a sentence about them; empty if they may take it."""
    right = RIGHTS[decision.kind]
    roles = " or ".join(role for role in Role if role in right.roles)
    remaining = list(grants)
    for lack, is_fulfilled in _list_conditions(decision, right, day):
        remaining = [grant for grant in remaining if is_fulfilled(grant)]
        if not remaining:
            return f"has no role {roles}{lack}"
    exclusion = find_exclusion(grant.role for grant in grants if _holds_on(grant, day))
    return (
        f"has the roles {exclusion[0]} and {exclusion[1]} on {day}, which exclude each other"
        if exclusion
        else ""
    )


def _list_conditions(
    decision: Decision, right: DecisionRight, day: date
) -> tuple[tuple[str, Callable[[RoleGrant], bool]], ...]:
    """List the conditions that one role must fulfil, each with what the person has no role for."""
    hand = "entry or validation" if right.hand is Hand.BOTH else right.hand.name.lower()
    place = decision.accountant or "every accountant"
    return (
        ("", lambda grant: grant.role in right.roles),
        (f" on {day}", lambda grant: _holds_on(grant, day)),
        (f" for {hand}", lambda grant: bool(grant.hand & right.hand)),
        (
            f" at every fund centre and at {place}",
            lambda grant: not grant.centre and grant.accountant in ("", decision.accountant),
        ),
        (
            f" up to {format_euros(decision.cents)} euros",
            lambda grant: grant.ceiling is None or decision.cents <= grant.ceiling,
        ),
    )


def _holds_on(grant: RoleGrant, day: date) -> bool:
    return grant.first_day <= day and (grant.last_day is None or day <= grant.last_day)
