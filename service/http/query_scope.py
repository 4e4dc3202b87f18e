"""What every question about the journal has in common: how far its caller sees, pages, and what is not there."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar
from urllib.parse import urlencode

import msgspec

from core.calendar import YEAR_FIRST, YEAR_LAST
from reporting.act_history import fetch_accepted_lines, fetch_refused_lines
from reporting.act_views import Payee
from reporting.code_names import CodeNames
from reporting.report_queries import Connection, Row, fetch, find_batch_or_last
from reporting.visibility import ReferenceQuery, Visibility, list_centres_within
from service.auth.api_keys import Caller
from service.auth.roles import Role
from service.http.http_messages import Request
from service.http.problems import Problem, malformed_request, not_found
from service.http.service_context import ServiceContext

REFERENCE_LENGTH_MAX = 35
SENDER_LENGTH_MAX = 100
BATCH_NUMBER_MAX = 10**18 - 1
Item = TypeVar("Item")
YEAR_RANGE = (YEAR_FIRST, YEAR_LAST)
FOLLOWERS_MAX = 500
"""So many entries that follow those of one page are told with it."""


class QueryScope:
    """How far callers see."""

    def __init__(self, desk: ServiceContext) -> None:
        self._desk = desk
        self._cached_names: CodeNames | None = None
        self._centres_by_perimeter: dict[frozenset[str], list[int] | None] = {}
        """As many as there are perimeters among the keys."""

    async def read_visibility(self, request: Request) -> Visibility:
        """What the caller sees: its sender's acts, an auditor everybody's, within its programmes.

        Raises
        ------
        Problem
            The caller names another sender, and is no auditor.
        """
        who, named = request.caller, request.get_text("sender", SENDER_LENGTH_MAX)
        if named and named != who.sender and not who.can_read_all_senders:
            raise not_found_audited("Nothing of that sender is yours to see")
        sender = named or (None if who.can_read_all_senders else who.sender)
        return Visibility(sender, await self.find_centres(who), sorted(who.programmes) or None)

    async def read_reference_query(self, request: Request, kinds: Sequence[int] | None) -> ReferenceQuery:
        """Which lines a reference, and an exercise where one is named, ask for."""
        reference = require_text(request.get_text("reference", REFERENCE_LENGTH_MAX), "reference")
        return ReferenceQuery(
            reference, await self.read_visibility(request), kinds, read_year(request, "exercise")
        )

    async def find_centres(self, who: Caller) -> list[int] | None:
        """Numbers of the fund centres in the caller's programmes; None for all."""
        names = await self._desk.load_names()
        if names is not self._cached_names:
            self._cached_names, self._centres_by_perimeter = names, {}
        if who.programmes not in self._centres_by_perimeter:
            self._centres_by_perimeter[who.programmes] = list_centres_within(names, who.programmes)
        return self._centres_by_perimeter[who.programmes]


class Page(NamedTuple):
    """Which part of a list is asked for."""

    after: int
    limit: int

    @classmethod
    def read(cls, request: Request, default: int, limit_max: int) -> "Page":
        """Read from ``after`` and ``limit``."""
        return cls(
            request.get_number("after", 0, (0, BATCH_NUMBER_MAX)),
            request.get_number("limit", default, (1, limit_max)),
        )


async def read_visible_entry(connection: Connection, sight: Visibility, entry: int) -> Row:
    """An entry that is the caller's to see.

    Raises
    ------
    Problem
        There is none, or it is another sender's or programme's: nobody learns which.
    """
    rows = await fetch(connection, "entry_seen", entry, sight.sender, sight.centres)
    if rows and rows[0]["is_seen"]:
        return rows[0]
    problem = not_found_audited if rows else not_found
    raise problem(f"You have no entry {entry}")


async def act_not_found(connection: Connection, asked: ReferenceQuery) -> Problem:
    """No such line is the caller's to see; whether that reference is another's alone is for the trail to know."""
    any_sort = asked._replace(kinds=None, exercise=None)
    own = await fetch_accepted_lines(connection, any_sort, limit=1) or await fetch_refused_lines(
        connection, any_sort, limit=1
    )
    (row,) = await fetch(connection, "is_known", asked.reference)
    problem = not_found_audited if row["is_known"] and not own else not_found
    return problem(f"You have no act {asked.reference} of that description")


def not_found_audited(detail: str) -> Problem:
    """There, but not the caller's to see: the answer is that of nothing, and it is put on the trail."""
    problem = not_found(detail)
    problem.is_audited = True
    return problem


def can_see_programme(names: CodeNames, who: Caller, centre: str) -> bool:
    """Whether a fund centre lies in the caller's perimeter."""
    return not who.programmes or names.codes.find_programme(centre).code in who.programmes


def can_see_bank_details(who: Caller) -> bool:
    """Whether the caller sees whole IBANs: who answers for the right creditor, and who audits."""
    return bool(who.roles & {Role.ASSIGNED_ACCOUNTANT, Role.AUDITOR})


def mask_payee(payee: Payee | None) -> Payee | None:
    """A payee whose IBAN can be recognised and not be used."""
    if payee is None:
        return None
    first, last = payee.iban[:4], payee.iban[-4:]
    return msgspec.structs.replace(payee, iban=f"{first}{'.' * max(len(payee.iban) - 8, 0)}{last}")


def read_year(request: Request, name: str) -> int | None:
    """A year behind the question mark, if one is there."""
    return request.get_number(name, 0, YEAR_RANGE) or None


def read_batch(request: Request) -> int | None:
    """The batch after which the answer is to stand, if one is named."""
    return request.get_number("batch", 0, (0, BATCH_NUMBER_MAX)) if request.get_query("batch") else None


async def check_batch(connection: Connection, number: int | None) -> int:
    """The batch named, or the last one.

    Raises
    ------
    Problem
        It is not committed yet.
    """
    last = await find_batch_or_last(connection, None)
    if number is not None and number > last:
        raise not_found(f"There is no batch {number} yet: the last one is {last}")
    return last if number is None else number


def build_next_link(request: Request, names: Sequence[str], after: object, **fixed: object) -> str:
    """The address of the next page: the same question, behind ``after``, with what was open ``fixed``."""
    said = {name: text for name in names if (text := request.get_query(name))}
    return f"{request.scope['path']}?{urlencode({**said, **fixed, 'after': after})}"


def slice_page(
    request: Request, names: Sequence[str], found: Sequence[Item], page: Page, **fixed: object
) -> tuple[list[Item], str | None]:
    """A page of a list that is made whole, and the address of the next."""
    end = page.after + page.limit
    more = build_next_link(request, names, end, **fixed) if end < len(found) else None
    return list(found[page.after : end]), more


def require_text(text: str, name: str) -> str:
    """A text that must be there."""
    if not text:
        raise malformed_request(f"{name} must be named")
    return text
