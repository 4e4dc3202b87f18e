"""How commitments and payment requests stand, as far as the caller sees them."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple

import msgspec

from reporting.act_history import FROM_START, fetch_accepted_lines, fetch_refused_lines
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
from reporting.visibility import ReferenceQuery
from service.http import query_scope
from service.http.http_messages import Request, Response, respond
from service.http.problems import not_found
from service.http.query_scope import Page, QueryScope
from service.http.service_context import ServiceContext

REFUSED_MAX = 100
_PARAMETERS = ("reference", "sender", "exercise", "limit", "after")
LoadedLines = tuple[list[Any], bool]
LoadLines = Callable[[Connection, CodeNames, Sequence[Row], int], Coroutine[Any, Any, LoadedLines]]


class CommitmentPage(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of commitments, in order of their document numbers."""

    commitments: list[CommitmentLine]
    refused: list[RefusedLine]
    """Commitments of that reference that were refused, on the first page: at most 100 lines, in order of decision."""
    is_whole: bool
    """False where changes, services or requests are left off the lists, never from the sums."""
    next: str | None


class PaymentPage(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of payment requests, in order of their document numbers."""

    payments: list[PaymentLine]
    refused: list[RefusedLine]
    """Requests of that reference that were refused, on the first page: at most 100 lines, in order of decision."""
    is_whole: bool
    """False where rejections are left off the lists, never from the sums."""
    next: str | None


class ItemType(NamedTuple):
    """What is asked for."""

    name: str
    kinds: Sequence[int]
    load: LoadLines
    page_type: Callable[..., msgspec.Struct]


COMMITMENT = ItemType("commitments", COMMITMENTS, load_commitments, CommitmentPage)
PAYMENT = ItemType("payments", REQUESTS, load_payments, PaymentPage)


class OpenItemsHandler:
    """Handlers of ``/v1/commitments`` or of ``/v1/payments``."""

    def __init__(self, desk: ServiceContext, eyes: QueryScope, item_type: ItemType) -> None:
        self._desk, self._eyes, self._item_type = desk, eyes, item_type

    async def get_by_reference(self, request: Request) -> Response:
        """Every line of a reference that the caller sees."""
        request.allow_only(*_PARAMETERS)
        asked, names = (
            await self._eyes.read_reference_query(request, self._item_type.kinds),
            await self._desk.load_names(),
        )
        page = Page.read(request, 50, 100)

        async def found(connection: Connection) -> tuple[LoadedLines, list[Row]]:
            rows = await fetch_accepted_lines(connection, asked, page.after, page.limit)
            refused = [] if page.after else await _read_refused(connection, asked)
            if not (rows or refused or page.after):
                raise await query_scope.act_not_found(connection, asked)
            return await self._item_type.load(connection, names, rows, query_scope.FOLLOWERS_MAX), refused

        made, refused = await self._desk.journal.run_lookup(found, request.caller.sender)
        is_full = len(made[0]) == page.limit
        more = query_scope.build_next_link(request, _PARAMETERS, made[0][-1].entry) if is_full else None
        told = [describe_refused_line(names, row, request.language) for row in refused]
        return respond(self._build_page(request, made, told, more))

    async def get_by_entry(self, request: Request) -> Response:
        """The line of a document number."""
        request.allow_only()
        sight, names = await self._eyes.read_visibility(request), await self._desk.load_names()

        async def found(connection: Connection) -> LoadedLines:
            row = await query_scope.read_visible_entry(
                connection, sight, entry := int(request.path_values["entry"])
            )
            if row["kind"] not in self._item_type.kinds:
                raise not_found(f"Entry {entry} is none of the {self._item_type.name}")
            return await self._item_type.load(connection, names, [row], query_scope.FOLLOWERS_MAX)

        made = await self._desk.journal.run_lookup(found, request.caller.sender)
        return respond(self._build_page(request, made, [], None))

    def _build_page(
        self, request: Request, made: LoadedLines, refused: list[RefusedLine], more: str | None
    ) -> msgspec.Struct:
        lines, is_whole = made
        if not query_scope.can_see_bank_details(request.caller):
            lines = list(map(_mask_line, lines))
        said = {self._item_type.name: lines, "refused": refused, "is_whole": is_whole, "next": more}
        return self._item_type.page_type(**said)


async def _read_refused(connection: Connection, asked: ReferenceQuery) -> list[Row]:
    return await fetch_refused_lines(connection, asked, FROM_START, REFUSED_MAX)


def _mask_line(line: CommitmentLine | PaymentLine) -> CommitmentLine | PaymentLine:
    if isinstance(line, CommitmentLine):
        return line
    return msgspec.structs.replace(line, payee=query_scope.mask_payee(line.payee))
