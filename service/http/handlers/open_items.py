"""How commitments and payment requests stand, as far as the caller sees them."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple

import msgspec

from reporting.act_history import FROM_THE_START, accepted_lines, refused_lines
from reporting.code_names import Names
from reporting.open_items import COMMITMENTS, REQUESTS, CommitmentLine, PaymentLine, commitments, payments
from reporting.refusals import RefusedLine, refused_line
from reporting.report_queries import Connection, Row
from reporting.visibility import Asked
from service.http import query_scope
from service.http.http_messages import Answer, Request, answer
from service.http.problems import unknown
from service.http.query_scope import Eyes, Page
from service.http.service_context import Desk

REFUSED_MAX = 100
_PARAMETERS = ("reference", "sender", "exercise", "limit", "after")
Made = tuple[list[Any], bool]
Make = Callable[[Connection, Names, Sequence[Row], int], Coroutine[Any, Any, Made]]


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


class Sort(NamedTuple):
    """What is asked for."""

    name: str
    kinds: Sequence[int]
    make: Make
    page: Callable[..., msgspec.Struct]


COMMITMENT = Sort("commitments", COMMITMENTS, commitments, CommitmentPage)
PAYMENT = Sort("payments", REQUESTS, payments, PaymentPage)


class Standing:
    """Handlers of ``/v1/commitments`` or of ``/v1/payments``."""

    def __init__(self, desk: Desk, eyes: Eyes, sort: Sort) -> None:
        self._desk, self._eyes, self._sort = desk, eyes, sort

    async def by_reference(self, request: Request) -> Answer:
        """Every line of a reference that the caller sees."""
        request.knows_only(*_PARAMETERS)
        asked, names = await self._eyes.asked(request, self._sort.kinds), await self._desk.names()
        page = Page.of(request, 50, 100)

        async def found(connection: Connection) -> tuple[Made, list[Row]]:
            rows = await accepted_lines(connection, asked, page.after, page.limit)
            refused = [] if page.after else await _refused(connection, asked)
            if not (rows or refused or page.after):
                raise await query_scope.nothing(connection, asked)
            return await self._sort.make(connection, names, rows, query_scope.FOLLOWERS_MAX), refused

        made, refused = await self._desk.journal.look_up(found, request.who.sender)
        is_full = len(made[0]) == page.limit
        more = query_scope.next_page(request, _PARAMETERS, made[0][-1].entry) if is_full else None
        told = [refused_line(names, row, request.language) for row in refused]
        return answer(self._page(request, made, told, more))

    async def by_entry(self, request: Request) -> Answer:
        """The line of a document number."""
        request.knows_only()
        sight, names = await self._eyes.of(request), await self._desk.names()

        async def found(connection: Connection) -> Made:
            row = await query_scope.seen(connection, sight, entry := int(request.path["entry"]))
            if row["kind"] not in self._sort.kinds:
                raise unknown(f"Entry {entry} is none of the {self._sort.name}")
            return await self._sort.make(connection, names, [row], query_scope.FOLLOWERS_MAX)

        made = await self._desk.journal.look_up(found, request.who.sender)
        return answer(self._page(request, made, [], None))

    def _page(
        self, request: Request, made: Made, refused: list[RefusedLine], more: str | None
    ) -> msgspec.Struct:
        lines, is_whole = made
        if not query_scope.sees_bank_details(request.who):
            lines = list(map(_veiled, lines))
        said = {self._sort.name: lines, "refused": refused, "is_whole": is_whole, "next": more}
        return self._sort.page(**said)


async def _refused(connection: Connection, asked: Asked) -> list[Row]:
    return await refused_lines(connection, asked, FROM_THE_START, REFUSED_MAX)


def _veiled(line: CommitmentLine | PaymentLine) -> CommitmentLine | PaymentLine:
    if isinstance(line, CommitmentLine):
        return line
    return msgspec.structs.replace(line, payee=query_scope.veiled(line.payee))
