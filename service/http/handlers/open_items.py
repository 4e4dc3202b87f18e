"""The status of commitments and payment requests, as far as the caller may see them."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from reporting.act_history import fetch_accepted_lines, fetch_refused_lines
from reporting.code_names import CodeNames
from reporting.open_items import (
    COMMITMENTS,
    REQUESTS,
    CommitmentLine,
    PaymentLine,
    load_commitments,
    load_payments,
)
from reporting.refusals import RefusedLine, describe_refused_line
from reporting.report_queries import Connection, Row
from reporting.visibility import Visibility
from service.http import query_scope
from service.http.http_messages import Request, Response, respond
from service.http.journal_queries import JournalReader
from service.http.name_cache import NameCache
from service.http.openapi.operation import Operation
from service.http.openapi.parameters import (
    AFTER,
    EXERCISE_OF_ACCEPTED,
    IBAN_MASKING,
    REFERENCE,
    SENDER,
    VISIBILITY,
    build_limit,
)
from service.http.openapi.problem_types import list_problems
from service.http.problems import not_found
from service.http.query_scope import Page, QueryScope
from service.http.route import Route

REFUSED_MAX = 100
PAGE_MAX = 100
_PARAMETERS = ("reference", "sender", "exercise", "limit", "after")


class LoadLines(Protocol):
    """Load the state of lines, and whether all that hangs on them is included."""

    def __call__(
        self,
        connection: Connection,
        names: CodeNames,
        rows: Sequence[Row],
        *,
        limit: int,
        visibility: Visibility,
    ) -> Coroutine[Any, Any, tuple[list[Any], bool]]:
        """Load up to ``limit`` followers of each line."""
        ...


class CommitmentPage(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of commitments, in order of their entries."""

    commitments: list[CommitmentLine]
    refused: list[RefusedLine]
    """Refused commitments of that reference, on the first page only: at most 100 lines, in order of decision."""
    is_whole: bool
    """False where the lists leave out changes, services or requests; the sums always include them."""
    next: str | None


class PaymentPage(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of payment requests, in order of their entries."""

    payments: list[PaymentLine]
    refused: list[RefusedLine]
    """Refused requests of that reference, on the first page only: at most 100 lines, in order of decision."""
    is_whole: bool
    """False where the lists leave out rejections; the sums always include them."""
    next: str | None


class ItemType(NamedTuple):
    """Commitments or payment requests, and how to load them."""

    name: str
    kinds: Sequence[int]
    load: LoadLines
    page_type: Callable[..., msgspec.Struct]


class OpenItems(NamedTuple):
    """Open items for one page."""

    lines: list[Any]
    is_whole: bool
    refused: Sequence[Row] = ()


COMMITMENT = ItemType("commitments", COMMITMENTS, load_commitments, CommitmentPage)
PAYMENT = ItemType("payments", REQUESTS, load_payments, PaymentPage)


class OpenItemsHandler:
    """Handles the queries below ``/v1/commitments`` or ``/v1/payments``."""

    def __init__(
        self, scope: QueryScope, names: NameCache, journal: JournalReader, *, item_type: ItemType
    ) -> None:
        self._scope, self._names, self._journal = scope, names, journal
        self._item_type = item_type

    async def get_by_reference(self, request: Request) -> Response:
        """Respond with every line of a reference that the caller may see."""
        request.allow_only(*_PARAMETERS)
        query = await self._scope.read_reference_query(request, self._item_type.kinds)
        names, page = await self._names.load(), Page.read(request, 50, PAGE_MAX)

        async def load(connection: Connection) -> OpenItems:
            rows = await fetch_accepted_lines(connection, query, after=page.after, limit=page.limit)
            refused: list[Row] = []
            if not page.after:
                refused = await fetch_refused_lines(connection, query, limit=REFUSED_MAX)
            if not (rows or refused or page.after):
                raise await query_scope.act_not_found(connection, query)
            loaded = await self._load(connection, names, rows, visibility=query.visibility)
            return OpenItems(*loaded, refused)

        items = await self._journal.run_lookup(load, request.caller.sender)
        is_full = len(items.lines) == page.limit
        next_link = (
            query_scope.build_next_link(request, _PARAMETERS, items.lines[-1].entry) if is_full else None
        )
        refused = [describe_refused_line(names, row, request.language) for row in items.refused]
        return respond(self._build_page(request, items, refused, next_link=next_link))

    async def get_by_entry(self, request: Request) -> Response:
        """Respond with the line of an entry."""
        request.allow_only()
        visibility, names = await self._scope.read_visibility(request), await self._names.load()
        entry = int(request.path_values["entry"])

        async def load(connection: Connection) -> OpenItems:
            row = await query_scope.read_visible_entry(connection, visibility, entry)
            if row["kind"] not in self._item_type.kinds:
                raise not_found(f"Entry {entry} is not one of the {self._item_type.name}")
            return OpenItems(*await self._load(connection, names, [row], visibility=visibility))

        items = await self._journal.run_lookup(load, request.caller.sender)
        return respond(self._build_page(request, items, [], next_link=None))

    def _load(
        self, connection: Connection, names: CodeNames, rows: Sequence[Row], *, visibility: Visibility
    ) -> Coroutine[Any, Any, tuple[list[Any], bool]]:
        limit = query_scope.FOLLOWERS_MAX
        return self._item_type.load(connection, names, rows, limit=limit, visibility=visibility)

    def _build_page(
        self, request: Request, items: OpenItems, refused: list[RefusedLine], *, next_link: str | None
    ) -> msgspec.Struct:
        lines = items.lines
        if not query_scope.can_see_bank_details(request.caller):
            lines, refused = list(map(_mask_line, lines)), list(map(query_scope.mask_refused_line, refused))
        fields = {
            self._item_type.name: lines,
            "refused": refused,
            "is_whole": items.is_whole,
            "next": next_link,
        }
        return self._item_type.page_type(**fields)


def _mask_line(line: CommitmentLine | PaymentLine) -> CommitmentLine | PaymentLine:
    if isinstance(line, CommitmentLine):
        return line
    return msgspec.structs.replace(line, payee=query_scope.mask_payee(line.payee))


_PAYMENT_STATES = (
    "`partly_rejected` and `rejected`: the accountant refused a part of the request, or all of it. `partly_paid` and"
    " `paid`: acts of payment followed the request (issued transfers, set-offs, attachments and assignments); they are"
    " listed under `settlements`. The bank's answer to a transfer is listed among the followers of that transfer."
)
_QUERY = (REFERENCE, EXERCISE_OF_ACCEPTED, SENDER, build_limit(PAGE_MAX), AFTER)

COMMITMENT_ROUTES = (
    Route(
        "GET",
        "/v1/commitments",
        OpenItemsHandler.get_by_reference,
        Operation(
            "The status of a commitment, line by line: AE committed, certified, requested and remaining, and"
            " the acts that changed them",
            {"200": CommitmentPage, **list_problems("malformed-request", "not-found")},
            _QUERY,
            description=VISIBILITY,
        ),
    ),
    Route(
        "GET",
        "/v1/commitments/{entry}",
        OpenItemsHandler.get_by_entry,
        Operation(
            "The status of the commitment line that has the given entry number",
            {"200": CommitmentPage, **list_problems("malformed-request", "not-found")},
        ),
    ),
)
PAYMENT_ROUTES = (
    Route(
        "GET",
        "/v1/payments",
        OpenItemsHandler.get_by_reference,
        Operation(
            "The status of a payment request, line by line: requested, rejected in part or whole, or paid; or why it was"
            " refused",
            {"200": PaymentPage, **list_problems("malformed-request", "not-found")},
            _QUERY,
            description=f"{_PAYMENT_STATES} {VISIBILITY} {IBAN_MASKING}",
        ),
    ),
    Route(
        "GET",
        "/v1/payments/{entry}",
        OpenItemsHandler.get_by_entry,
        Operation(
            "The status of the payment request line that has the given entry number",
            {"200": PaymentPage, **list_problems("malformed-request", "not-found")},
            description=f"{_PAYMENT_STATES} {IBAN_MASKING}",
        ),
    ),
)
