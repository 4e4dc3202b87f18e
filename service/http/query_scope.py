"""What every question about the journal has in common: how far its caller sees, pages, and what is not there."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar
from urllib.parse import urlencode

import msgspec

from core.calendar import YEAR_FIRST, YEAR_LAST
from reporting.act_history import accepted_lines, refused_lines
from reporting.act_views import Payee
from reporting.code_names import Names
from reporting.report_queries import Connection, Row, batch_or_last, fetch
from reporting.visibility import Asked, Sight, within
from service.auth.api_keys import Caller
from service.auth.roles import Role
from service.http.http_messages import Request
from service.http.problems import Problem, malformed, unknown
from service.http.service_context import Desk

REFERENCE_MAX = 35
SENDER_MAX = 100
BATCH_MAX = 10**18 - 1
Item = TypeVar("Item")
YEARS = (YEAR_FIRST, YEAR_LAST)
FOLLOWERS_MAX = 500
"""So many entries that follow those of one page are told with it."""


class Eyes:
    """How far callers see."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._of: Names | None = None
        self._within: dict[frozenset[str], list[int] | None] = {}
        """As many as there are perimeters among the keys."""

    async def of(self, request: Request) -> Sight:
        """What the caller sees: its sender's acts, an auditor everybody's, within its programmes.

        Raises
        ------
        Problem
            The caller names another sender, and is no auditor.
        """
        who, named = request.who, request.text("sender", SENDER_MAX)
        if named and named != who.sender and not who.reads_all:
            raise hidden("Nothing of that sender is yours to see")
        sender = named or (None if who.reads_all else who.sender)
        return Sight(sender, await self.centres(who), sorted(who.programmes) or None)

    async def asked(self, request: Request, kinds: Sequence[int] | None) -> Asked:
        """Which lines a reference, and an exercise where one is named, ask for."""
        reference = needed(request.text("reference", REFERENCE_MAX), "reference")
        return Asked(reference, await self.of(request), kinds, year(request, "exercise"))

    async def centres(self, who: Caller) -> list[int] | None:
        """Numbers of the fund centres in the caller's programmes; None for all."""
        names = await self._desk.names()
        if names is not self._of:
            self._of, self._within = names, {}
        if who.programmes not in self._within:
            self._within[who.programmes] = within(names, who.programmes)
        return self._within[who.programmes]


class Page(NamedTuple):
    """Which part of a list is asked for."""

    after: int
    limit: int

    @classmethod
    def of(cls, request: Request, default: int, most: int) -> "Page":
        """Read from ``after`` and ``limit``."""
        return cls(request.number("after", 0, (0, BATCH_MAX)), request.number("limit", default, (1, most)))


async def seen(connection: Connection, sight: Sight, entry: int) -> Row:
    """An entry that is the caller's to see.

    Raises
    ------
    Problem
        There is none, or it is another sender's or programme's: nobody learns which.
    """
    rows = await fetch(connection, "entry_seen", entry, sight.sender, sight.centres)
    if rows and rows[0]["is_seen"]:
        return rows[0]
    problem = hidden if rows else unknown
    raise problem(f"You have no entry {entry}")


async def nothing(connection: Connection, asked: Asked) -> Problem:
    """No such line is the caller's to see; whether that reference is another's alone is for the trail to know."""
    any_sort = asked._replace(kinds=None, exercise=None)
    own = await accepted_lines(connection, any_sort, most=1) or await refused_lines(
        connection, any_sort, most=1
    )
    (row,) = await fetch(connection, "is_known", asked.reference)
    problem = hidden if row["is_known"] and not own else unknown
    return problem(f"You have no act {asked.reference} of that description")


def hidden(detail: str) -> Problem:
    """There, but not the caller's to see: the answer is that of nothing, and it is put on the trail."""
    problem = unknown(detail)
    problem.is_audited = True
    return problem


def sees_programme(names: Names, who: Caller, centre: str) -> bool:
    """Whether a fund centre lies in the caller's perimeter."""
    return not who.programmes or names.codes.programme_of(centre).code in who.programmes


def sees_bank_details(who: Caller) -> bool:
    """Whether the caller sees whole IBANs: who answers for the right creditor, and who audits."""
    return bool(who.roles & {Role.ASSIGNED_ACCOUNTANT, Role.AUDITOR})


def veiled(payee: Payee | None) -> Payee | None:
    """A payee whose IBAN can be recognised and not be used."""
    if payee is None:
        return None
    first, last = payee.iban[:4], payee.iban[-4:]
    return msgspec.structs.replace(payee, iban=f"{first}{'.' * max(len(payee.iban) - 8, 0)}{last}")


def year(request: Request, name: str) -> int | None:
    """A year behind the question mark, if one is there."""
    return request.number(name, 0, YEARS) or None


def batch(request: Request) -> int | None:
    """The batch after which the answer is to stand, if one is named."""
    return request.number("batch", 0, (0, BATCH_MAX)) if request.query("batch") else None


async def settled(connection: Connection, number: int | None) -> int:
    """The batch named, or the last one.

    Raises
    ------
    Problem
        It is not committed yet.
    """
    last = await batch_or_last(connection, None)
    if number is not None and number > last:
        raise unknown(f"There is no batch {number} yet: the last one is {last}")
    return last if number is None else number


def next_page(request: Request, names: Sequence[str], after: object, **fixed: object) -> str:
    """The address of the next page: the same question, behind ``after``, with what was open ``fixed``."""
    said = {name: text for name in names if (text := request.query(name))}
    return f"{request.scope['path']}?{urlencode({**said, **fixed, 'after': after})}"


def part(
    request: Request, names: Sequence[str], found: Sequence[Item], page: Page, **fixed: object
) -> tuple[list[Item], str | None]:
    """A page of a list that is made whole, and the address of the next."""
    end = page.after + page.limit
    more = next_page(request, names, end, **fixed) if end < len(found) else None
    return list(found[page.after : end]), more


def needed(text: str, name: str) -> str:
    """A text that must be there."""
    if not text:
        raise malformed(f"{name} must be named")
    return text
