"""What all journal queries share: what the caller may see, pages, and responses for acts that do not exist."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import urlencode

import msgspec

from core.act_fields import Field
from core.periods import YEAR_FIRST, YEAR_LAST
from core.roles import Role
from reporting.act_history import fetch_accepted_lines, fetch_refused_lines
from reporting.act_views import Payee
from reporting.code_names import CodeNames
from reporting.refusals import RefusedLine
from reporting.report_definition import PageRange
from reporting.report_queries import Connection, Row, fetch, find_batch_or_last
from reporting.visibility import ReferenceQuery, Visibility, list_centres_within
from service.auth.credentials import Caller
from service.http.http_messages import Request
from service.http.name_cache import NameCache
from service.http.problems import Problem, bad_request, not_found

REFERENCE_LENGTH_MAX = 35
SENDER_LENGTH_MAX = 100
BATCH_NUMBER_MAX = 10**18 - 1
Item = TypeVar("Item")
_IBAN_COLUMN = Field.IBAN.column
YEAR_RANGE = (YEAR_FIRST, YEAR_LAST)
FOLLOWERS_MAX = 500
"""How many followers of the entries on one page are listed with them."""


class QueryScope:
    """What callers may see of the journal."""

    def __init__(self, names: NameCache) -> None:
        self._names = names
        self._cached_names: CodeNames | None = None
        self._centres_by_perimeter: dict[frozenset[str], list[int] | None] = {}
        """At most as many as the keys have different perimeters."""

    async def read_visibility(self, request: Request) -> Visibility:
        """Return what the caller may see: its sender's acts, or all if it is an accountant or auditor, within its programmes.

        Raises
        ------
        Problem
            The caller names another sender and is neither accountant nor auditor.
        """
        caller, named_sender = request.caller, request.get_text("sender", SENDER_LENGTH_MAX)
        if named_sender and named_sender != caller.sender and not caller.can_read_all_acts:
            raise not_found_audited("You may not see the acts of that sender")
        return await self._limit_to_programmes(caller, named_sender or caller.only_sender_of_acts)

    async def find_report_visibility(self, caller: Caller, *, lists_acts: bool = False) -> Visibility:
        """Return what a report shows the caller: the same, and that of all senders if it is an operator and lists no acts."""
        is_whole = Role.OPERATOR in caller.roles and not lists_acts
        return await self._limit_to_programmes(caller, None if is_whole else caller.only_sender_of_acts)

    async def _limit_to_programmes(self, caller: Caller, sender: str | None) -> Visibility:
        return Visibility(sender, await self.find_centres(caller), sorted(caller.programmes) or None)

    async def read_reference_query(self, request: Request, kinds: Sequence[int] | None) -> ReferenceQuery:
        """Return the query for the lines of a reference, in one exercise if the request names one."""
        reference = require_text(request.get_text("reference", REFERENCE_LENGTH_MAX), "reference")
        return ReferenceQuery(
            reference, await self.read_visibility(request), kinds, read_year(request, "exercise")
        )

    async def find_centres(self, caller: Caller) -> list[int] | None:
        """Return the numbers of the fund centres in the caller's programmes; None for all."""
        names = await self._names.load()
        if names is not self._cached_names:
            self._cached_names, self._centres_by_perimeter = names, {}
        if caller.programmes not in self._centres_by_perimeter:
            self._centres_by_perimeter[caller.programmes] = list_centres_within(names, caller.programmes)
        return self._centres_by_perimeter[caller.programmes]


class Page(PageRange):
    """The part of a list that the request asks for."""

    @classmethod
    def read(cls, request: Request, default: int, limit_max: int) -> "Page":
        """Read the page from the parameters ``after`` and ``limit``."""
        return cls(
            request.get_number("after", 0, minimum=0, maximum=BATCH_NUMBER_MAX),
            request.get_number("limit", default, minimum=1, maximum=limit_max),
        )


async def read_visible_entry(connection: Connection, visibility: Visibility, entry: int) -> Row:
    """Read an entry that the caller may see.

    Raises
    ------
    Problem
        The entry does not exist, or belongs to another sender or programme: the response is the same.
    """
    rows = await fetch(connection, "entry_seen", entry, visibility.sender, visibility.centres)
    if rows and rows[0]["is_seen"]:
        return rows[0]
    raise build_not_found(f"You have no entry {entry}", is_present=bool(rows))


async def act_not_found(connection: Connection, query: ReferenceQuery) -> Problem:
    """Return the problem for a query without result; it is audited if the reference is another sender's only."""
    any_kind = query._replace(kinds=None, exercise=None)
    has_own_lines = await fetch_accepted_lines(connection, any_kind, limit=1) or await fetch_refused_lines(
        connection, any_kind, limit=1
    )
    (row,) = await fetch(connection, "is_known", query.reference)
    is_hidden = row["is_known"] and not has_own_lines
    return build_not_found(f"You have no act {query.reference} that matches", is_present=is_hidden)


def build_not_found(detail: str, *, is_present: bool) -> Problem:
    """Return ``not_found``, which is audited if the object is present and the caller may not see it."""
    return not_found_audited(detail) if is_present else not_found(detail)


def not_found_audited(detail: str) -> Problem:
    """Return ``not_found`` for an object that exists and that the caller may not see; the audit trail records it."""
    problem = not_found(detail)
    problem.is_audited = True
    return problem


def can_see_programme(names: CodeNames, caller: Caller, centre: str) -> bool:
    """Return whether a fund centre lies in the caller's perimeter."""
    return not caller.programmes or names.codes.find_programme(centre).code in caller.programmes


def can_see_bank_details(caller: Caller) -> bool:
    """Return whether the caller sees whole IBANs: accountants, who are liable for the right creditor, and auditors."""
    return caller.is_accountant or Role.AUDITOR in caller.roles


def mask_payee(payee: Payee | None) -> Payee | None:
    """Return a payee whose IBAN can be recognised but not used: only the first and last four characters remain."""
    if payee is None:
        return None
    return msgspec.structs.replace(payee, iban=_mask_iban(payee.iban))


def mask_refused_line(line: RefusedLine) -> RefusedLine:
    """Return a refused line whose IBAN, if it is at fault, can be recognised but not used."""
    return msgspec.structs.replace(line, found=_mask_iban(line.found)) if line.field == _IBAN_COLUMN else line


def _mask_iban(iban: str) -> str:
    return iban[:4] + "." * (len(iban) - 8) + iban[max(len(iban) - 4, 4) :]


def read_year(request: Request, name: str) -> int | None:
    """Return a year from the query; None without one."""
    return request.get_number(name, 0, minimum=YEAR_FIRST, maximum=YEAR_LAST) or None


def read_day(request: Request, name: str) -> date | None:
    """Return a day from the query, written YYYY-MM-DD; None without one."""
    text = request.get_text(name, len("YYYY-MM-DD"))
    with suppress(ValueError):
        day = date.fromisoformat(text) if text else None
        if day is None or day.isoformat() == text:
            return day
    raise bad_request(f"The parameter {name} must be a day, as YYYY-MM-DD")


def read_batch(request: Request) -> int | None:
    """Return the batch after which the caller wants the state; None without one."""
    return (
        request.get_number("batch", 0, minimum=0, maximum=BATCH_NUMBER_MAX)
        if request.get_query("batch")
        else None
    )


async def check_batch(connection: Connection, number: int | None) -> int:
    """Return the given batch number, or the last one.

    Raises
    ------
    Problem
        The batch is not committed yet.
    """
    last = await find_batch_or_last(connection, None)
    if number is not None and number > last:
        raise not_found(f"There is no batch {number} yet: the last one is {last}")
    return last if number is None else number


def build_next_link(request: Request, names: Sequence[str], after: object, **fixed: object) -> str:
    """Return the address of the next page: the same query from ``after``, with defaults made explicit by ``fixed``."""
    parameters = {name: text for name in names if (text := request.get_query(name))}
    return f"{request.scope['path']}?{urlencode({**parameters, **fixed, 'after': after})}"


class ListPage(NamedTuple, Generic[Item]):
    """The items of one page, and the address of the next page."""

    items: list[Item]
    next: str | None


def slice_page(
    request: Request, names: Sequence[str], items: Sequence[Item], *, page: Page, **fixed: object
) -> ListPage[Item]:
    """Return one page of a complete list."""
    end = page.after + page.limit
    next_link = build_next_link(request, names, end, **fixed) if end < len(items) else None
    return ListPage(list(items[page.after : end]), next_link)


def require_text(text: str, name: str) -> str:
    """Return a text that must not be empty."""
    if not text:
        raise bad_request(f"The parameter {name} is required")
    return text
