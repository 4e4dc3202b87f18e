"""The directory of persons: their roles and delegations, the agreements of senders, and the changes of all of these."""

from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any

import msgspec

from core.directory_entries import DirectoryEntry, find_fault
from core.errors import NoSuchRecord
from core.person_decisions import StatedPerson
from posting.store import directory_rows, directory_store
from posting.store.directory_draft import RefusedChange
from posting.store.directory_store import NewChange
from service.auth.credentials import Caller
from service.auth.perimeter import require_all_programmes
from service.auth.roles import Role
from service.database.read_pool import BORROW_SECONDS, Pool, borrow_connection
from service.http.http_messages import JSON, Request, Response, respond
from service.http.openapi.operation import Operation
from service.http.openapi.parameters import AFTER, build_limit
from service.http.openapi.problem_types import DECIDING, FORBIDDEN, list_problems
from service.http.problems import Problem, bad_request, not_found
from service.http.query_scope import Page, build_next_link
from service.http.request_body import check_decision_texts, read_small_body
from service.http.route import Route
from service.tasks.task_queries import Pool as TaskPool

BODY_BYTES_MAX = 16_384
_TEXT = msgspec.Meta(min_length=1, max_length=300)
PAGE_MAX = 1000
_PAGE_PARAMETERS = ("limit", "after")
_READERS = frozenset({Role.AUDITOR, Role.OPERATOR})


class DirectoryPerson(msgspec.Struct, frozen=True):
    """A person, and the change that added the row."""

    code: str
    name: str
    change: int


class PersonRole(msgspec.Struct, frozen=True):
    """A role of a person; ``centre`` and ``accountant`` are empty for all, ``ceiling_cents`` is null without a limit."""

    number: int
    person: str
    role: str
    hand: str
    centre: str
    accountant: str
    first_day: date
    last_day: date | None
    ceiling_cents: int | None
    change: int


class PersonDelegation(msgspec.Struct, frozen=True):
    """What one person lets another validate; ``centres`` is ``*`` alone for all."""

    number: str
    owner: str
    delegate: str
    role: str
    centres: list[str]
    first_day: date
    last_day: date | None
    ceiling_cents: int | None
    change: int


class SenderAgreement(msgspec.Struct, frozen=True):
    """The kinds of act of a sender whose own system separates entry from validation."""

    number: str
    sender: str
    kinds: list[str]
    first_day: date
    last_day: date | None
    ceiling_cents: int | None
    separation: str
    change: int


class PersonLogin(msgspec.Struct, frozen=True):
    """A means by which a person is proved: ``means`` is ``user`` or ``key``, ``name`` that of the user or key."""

    number: int
    person: str
    means: str
    name: str
    first_day: date
    last_day: date | None
    change: int


class PersonCouple(msgspec.Struct, frozen=True):
    """Spouses or partners, from the first to the last day."""

    number: int
    person: str
    partner: str
    first_day: date
    last_day: date | None
    change: int


class DirectoryChange(msgspec.Struct, frozen=True):
    """Who changed what and why, with which key, and the last batch that was decided without it."""

    change: int
    what: list[str]
    reason: str
    by: str
    proof: str
    """How who decided it was proved: ``user`` or ``key`` with its name; empty for not."""
    key: str
    at: str
    after_batch: int | None


class Persons(msgspec.Struct, frozen=True):
    """A part of the directory, and of its changes, the last one first."""

    persons: list[DirectoryPerson]
    roles: list[PersonRole]
    delegations: list[PersonDelegation]
    agreements: list[SenderAgreement]
    logins: list[PersonLogin]
    couples: list[PersonCouple]
    changes: list[DirectoryChange]
    next: str | None
    """The address of the rows that follow, of the same parts and of those behind them; null after the last one."""


class PersonRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change of one entry."""

    entry: DirectoryEntry
    reason: Annotated[str, _TEXT]
    by: Annotated[str, _TEXT] | None = None
    """The person who decides: the one whom the key proves. Left out, the key says who it is."""


class StoredPersonChange(msgspec.Struct, frozen=True):
    """The number of a stored change, which holds from the next batch on."""

    change: int


class PersonsHandler:
    """Handles ``/v1/persons``."""

    def __init__(self, pool: Pool, writing_pool: TaskPool) -> None:
        self._pool, self._writing_pool = pool, writing_pool

    async def list_persons(self, request: Request) -> Response:
        """Respond with a page of the directory and its changes."""
        request.allow_only(*_PAGE_PARAMETERS)
        caller = request.caller
        _require_role(caller, _READERS, "Only auditors and operators read the directory of persons")
        page = Page.read(request, PAGE_MAX, PAGE_MAX)
        async with borrow_connection(self._pool) as connection:
            parts, rows_after = await directory_rows.load_page(connection, page.after, page.limit)
        for row in parts["changes"]:
            row["at"] = row["at"].isoformat()
        end = page.after + page.limit
        next_link = build_next_link(request, _PAGE_PARAMETERS, end) if rows_after else None
        return respond(msgspec.convert({**parts, "next": next_link}, Persons))

    async def change(self, request: Request) -> Response:
        """Store a change of one entry: who decides it, and why."""
        request.allow_only()
        caller = request.caller
        _require_role(caller, frozenset({Role.OPERATOR}), "Only operators change the directory of persons")
        body = await _read_change(request)
        new = NewChange([body.entry], body.reason.strip(), StatedPerson((body.by or "").strip(), caller.key))
        try:
            async with self._writing_pool.acquire(timeout=BORROW_SECONDS) as connection:
                number = await directory_store.store_change(connection, new)
        except RefusedChange as refused:
            raise Problem(HTTPStatus.CONFLICT, "directory-state", str(refused)) from refused
        except NoSuchRecord as missing:
            raise not_found(str(missing)) from missing
        return respond(StoredPersonChange(number))


def _require_role(caller: Caller, roles: frozenset[Role], detail: str) -> None:
    if not roles & caller.roles:
        raise Problem(HTTPStatus.FORBIDDEN, "role-not-held", detail)
    require_all_programmes(caller, "the directory of persons is of all programmes")


async def _read_change(request: Request) -> PersonRequest:
    body = await read_small_body(request.receive, BODY_BYTES_MAX)
    try:
        change_body = msgspec.json.decode(body, type=PersonRequest)
    except msgspec.DecodeError as error:
        raise bad_request(f"The body is not a change of the directory: {error}") from error
    if fault := find_fault(change_body.entry):
        raise bad_request(fault)
    check_decision_texts(change_body.reason, change_body.by)
    return change_body


_EXAMPLE: Mapping[str, Any] = {
    "entry": {
        "type": "grant",
        "person": "amartin",
        "role": "authorising_officer",
        "hand": "validation",
        "centre": "0217-SGAC",
        "first_day": "2018-01-01",
        "last_day": "2018-12-31",
        "ceiling": "50000.00",
    },
    "reason": "Prise de fonctions",
    "by": "Claire Durand",
}

ROUTES = (
    Route(
        "GET",
        "/v1/persons",
        PersonsHandler.list_persons,
        Operation(
            "Persons, their roles, delegations and logins, the agreements of senders, and all changes (auditors, operators)",
            {"200": Persons, **list_problems(*FORBIDDEN, "malformed-request")},
            (build_limit(PAGE_MAX), AFTER),
        ),
    ),
    Route(
        "POST",
        "/v1/persons",
        PersonsHandler.change,
        Operation(
            "Change the directory of persons (operators only): it holds from the next batch on",
            {"200": StoredPersonChange, **list_problems(*DECIDING, "not-found", "directory-state")},
            body={JSON: {"schema": {"$ref": "#/components/schemas/PersonRequest"}, "example": _EXAMPLE}},
            body_types=(PersonRequest,),
        ),
    ),
)
