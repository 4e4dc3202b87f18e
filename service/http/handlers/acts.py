"""The life of an act: what became of its lines, why, what they changed, what followed, and what proves it."""

import re
from collections.abc import Sequence

import msgspec

from core.catalog import CATALOG, KIND_NUMBERS
from reporting.act_history import (
    FROM_START,
    ActHistories,
    HistoryOptions,
    build_histories,
    fetch_accepted_lines,
    fetch_refused_lines,
)
from reporting.act_rows import fetch_followers, summarize_entry
from reporting.act_views import AcceptedLine, EntrySummary, RefusedHistory
from reporting.proofs import prove_link
from reporting.report_queries import Connection, Row
from reporting.visibility import ReferenceQuery
from service.http import query_scope
from service.http.http_messages import Request, Response, respond
from service.http.journal_queries import JournalQuery
from service.http.problems import malformed_request
from service.http.query_scope import Page, QueryScope
from service.http.service_context import ServiceContext

PAGE_LINES_MAX = 100
_CURSOR_PATTERN = re.compile(r"entry-([0-9]{1,18})|refusal-([0-9]{1,18})-([0-9]{1,9})")
_ACT_PARAMETERS = ("reference", "sender", "exercise", "kind", "proof", "limit", "after")
KIND_NAMES = tuple(kind.name for kind in CATALOG[1:])


class SealedBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that holds some of these lines: the head of the chain behind it."""

    batch: int
    committed_at: str
    chain: str
    computed: str | None
    """What its rows hash to, with the chain before it; null unless ``proof=true``."""
    holds: bool | None
    """Whether that is the same."""


class ActPage(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of acts: the accepted ones in order of their document numbers, then the refused ones."""

    accepted: list[AcceptedLine]
    refused: list[RefusedHistory]
    batches: list[SealedBatch]
    is_whole: bool
    """False where followers or duplicates are left off: ``/v1/acts/{entry}/followers`` has them all."""
    next: str | None


class FollowerPage(msgspec.Struct, frozen=True):
    """What follows an entry directly, in order."""

    followers: list[EntrySummary]
    next: str | None


class ActHistoryHandler:
    """Handlers of the questions below ``/v1/acts``."""

    def __init__(self, desk: ServiceContext, eyes: QueryScope) -> None:
        self._desk, self._eyes = desk, eyes

    async def get_by_reference(self, request: Request) -> Response:
        """Every line of a reference that the caller sees, accepted or refused."""
        request.allow_only(*_ACT_PARAMETERS)
        kind = request.get_choice("kind", KIND_NAMES)
        asked = await self._eyes.read_reference_query(request, [KIND_NUMBERS[kind]] if kind else None)
        names = await self._desk.load_names()
        limit, start = request.get_number("limit", 20, (1, PAGE_LINES_MAX)), request.get_text("after", 50)
        after = _parse_cursor(start)

        async def page(connection: Connection) -> ActPage:
            lines = await _read_lines(connection, asked, after, limit)
            if not (any(lines) or start):
                raise await query_scope.act_not_found(connection, asked)
            told = await build_histories(
                connection, names, lines, HistoryOptions(request.language, query_scope.FOLLOWERS_MAX)
            )
            more = (
                query_scope.build_next_link(request, _ACT_PARAMETERS, _format_cursor(lines))
                if sum(map(len, lines)) == limit
                else None
            )
            return await _build_page(connection, told, more, request)

        return respond(await self._run_query(request, page))

    async def get_by_entry(self, request: Request) -> Response:
        """The line of a document number."""
        request.allow_only("proof")
        sight, names = await self._eyes.read_visibility(request), await self._desk.load_names()

        async def page(connection: Connection) -> ActPage:
            row = await query_scope.read_visible_entry(connection, sight, int(request.path_values["entry"]))
            told = await build_histories(
                connection, names, ([row], []), HistoryOptions(request.language, query_scope.FOLLOWERS_MAX)
            )
            return await _build_page(connection, told, None, request)

        return respond(await self._run_query(request, page))

    async def list_followers(self, request: Request) -> Response:
        """What follows an entry, a page at a time."""
        request.allow_only("limit", "after")
        sight, (after, limit) = await self._eyes.read_visibility(request), Page.read(request, 100, 1000)

        async def page(connection: Connection) -> list[Row]:
            row = await query_scope.read_visible_entry(connection, sight, int(request.path_values["entry"]))
            return await fetch_followers(connection, [row["entry_id"]], limit, after)

        rows = await self._desk.journal.run_lookup(page, request.caller.sender)
        found = [summarize_entry(each) for each in rows]
        more = (
            query_scope.build_next_link(request, ("limit",), found[-1].entry) if len(found) == limit else None
        )
        return respond(FollowerPage(found, more))

    async def _run_query(self, request: Request, page: JournalQuery[ActPage]) -> ActPage:
        """A page; one whose batches are hashed again is made as a report is: they may be large."""
        journal = self._desk.journal
        asked = journal.run_report if request.get_flag("proof") else journal.run_lookup
        return await asked(page, request.caller.sender)


async def _read_lines(
    connection: Connection, asked: ReferenceQuery, after: tuple[int | None, tuple[int, int]], limit: int
) -> tuple[list[Row], list[Row]]:
    """Up to ``limit`` lines: accepted ones behind an entry, then refused ones behind a place."""
    entry, place = after
    accepted = [] if entry is None else await fetch_accepted_lines(connection, asked, entry, limit)
    left = limit - len(accepted)
    return accepted, await fetch_refused_lines(connection, asked, place, left) if left else []


async def _build_page(
    connection: Connection, told: ActHistories, more: str | None, request: Request
) -> ActPage:
    proved = request.get_flag("proof")
    return ActPage(
        accepted=told.accepted
        if query_scope.can_see_bank_details(request.caller)
        else list(map(_mask_line, told.accepted)),
        refused=told.refused,
        batches=[await _build_sealed_batch(connection, batch, proved) for batch in told.batches],
        is_whole=told.is_complete,
        next=more,
    )


async def _build_sealed_batch(connection: Connection, batch: Row, proved: bool) -> SealedBatch:
    link = await prove_link(connection, batch) if proved else None
    return SealedBatch(
        batch=batch["batch"],
        committed_at=batch["committed_at"].isoformat(),
        chain=batch["chain"].hex(),
        computed=link.computed if link else None,
        holds=link.holds if link else None,
    )


def _mask_line(line: AcceptedLine) -> AcceptedLine:
    return msgspec.structs.replace(line, payee=query_scope.mask_payee(line.payee))


def _parse_cursor(text: str) -> tuple[int | None, tuple[int, int]]:
    """Where a page begins: behind an entry, or, no entries any more, behind a refusal; the start when empty."""
    if not text:
        return 0, FROM_START
    if not (found := _CURSOR_PATTERN.fullmatch(text)):
        raise malformed_request("after must be what the page before calls next")
    entry, batch, position = found.groups()
    return (int(entry), FROM_START) if entry else (None, (int(batch), int(position)))


def _format_cursor(lines: tuple[Sequence[Row], Sequence[Row]]) -> str:
    accepted, refused = lines
    if refused:
        return f"refusal-{refused[-1]['batch']}-{refused[-1]['position']}"
    return f"entry-{accepted[-1]['entry_id']}"
