"""The history of acts: the outcome of their lines, the reasons, the effects, what followed, and the proof."""

import re
from pathlib import Path
from typing import NamedTuple

import msgspec

from core.catalog import CATALOG, KIND_NUMBERS
from reporting.act_history import (
    FROM_START,
    ActHistories,
    HistoryOptions,
    RefusalCursor,
    build_histories,
    fetch_accepted_lines,
    fetch_refused_lines,
)
from reporting.act_rows import ActLines, fetch_followers, find_hidden_entries, summarize_entry
from reporting.act_views import AcceptedLine, EntrySummary, RefusedHistory
from reporting.proofs import prove_link
from reporting.report_queries import Connection, Row
from reporting.visibility import ReferenceQuery
from service.http import query_scope
from service.http.act_pages import ActPage, FollowerPage, SealedBatch
from service.http.http_messages import Request, Response, respond
from service.http.journal_queries import JournalQuery, JournalReader
from service.http.name_cache import NameCache
from service.http.openapi.operation import Operation, Parameter
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
from service.http.problems import bad_request
from service.http.query_scope import Page, QueryScope
from service.http.route import Route
from service.results.line_documents import read_line_documents

PAGE_LINES_MAX = 100
_CURSOR_PATTERN = re.compile(r"entry-([0-9]{1,18})|refusal-([0-9]{1,18})-([0-9]{1,9})")
_CURSOR_LENGTH_MAX = 50
_ACT_PARAMETERS = ("reference", "sender", "exercise", "kind", "proof", "documents", "limit", "after")
DOCUMENT_BYTES_MAX = 64 * 2**20
"""Bytes of the files that one request reads for the documents of its lines."""
KIND_NAMES = tuple(kind.name for kind in CATALOG[1:])


class PageStart(NamedTuple):
    """Where a page of lines begins."""

    entry: int | None
    """Accepted lines after this entry; None where the page has refused lines only."""
    refusal: RefusalCursor
    """Refused lines after this batch and position."""


class ActHistoryHandler:
    """Handles the queries below ``/v1/acts``."""

    def __init__(self, scope: QueryScope, names: NameCache, journal: JournalReader, *, spool: Path) -> None:
        self._scope, self._names, self._journal, self._spool = scope, names, journal, spool

    async def get_by_reference(self, request: Request) -> Response:
        """Respond with every line of a reference that the caller may see, accepted or refused."""
        request.allow_only(*_ACT_PARAMETERS)
        kind = request.get_choice("kind", KIND_NAMES)
        query = await self._scope.read_reference_query(request, [KIND_NUMBERS[kind]] if kind else None)
        names = await self._names.load()
        limit = request.get_number("limit", 20, minimum=1, maximum=PAGE_LINES_MAX)
        cursor = request.get_text("after", _CURSOR_LENGTH_MAX)
        start = _parse_cursor(cursor)
        options = HistoryOptions(request.language, query_scope.FOLLOWERS_MAX, query.visibility)

        async def load_page(connection: Connection) -> ActPage:
            lines = await _read_lines(connection, query, start, limit=limit)
            if not (any(lines) or cursor):
                raise await query_scope.act_not_found(connection, query)
            histories = await build_histories(connection, names, lines, options=options)
            is_full = sum(map(len, lines)) == limit
            next_link = (
                query_scope.build_next_link(request, _ACT_PARAMETERS, _format_cursor(lines))
                if is_full
                else None
            )
            page = await build_act_page(connection, request, histories, next_link=next_link)
            return self._add_documents(request, page)

        return respond(await self._run_query(request, load_page))

    async def get_by_entry(self, request: Request) -> Response:
        """Respond with the line of an entry."""
        request.allow_only("proof", "documents")
        visibility, names = await self._scope.read_visibility(request), await self._names.load()
        options = HistoryOptions(request.language, query_scope.FOLLOWERS_MAX, visibility)

        async def load_page(connection: Connection) -> ActPage:
            entry = int(request.path_values["entry"])
            row = await query_scope.read_visible_entry(connection, visibility, entry)
            histories = await build_histories(connection, names, ActLines([row], []), options=options)
            return self._add_documents(
                request, await build_act_page(connection, request, histories, next_link=None)
            )

        return respond(await self._run_query(request, load_page))

    async def list_followers(self, request: Request) -> Response:
        """Respond with the entries that follow an entry, one page at a time."""
        request.allow_only("limit", "after")
        visibility, page = await self._scope.read_visibility(request), Page.read(request, 100, 1000)

        async def load_followers(connection: Connection) -> list[EntrySummary]:
            entry = int(request.path_values["entry"])
            row = await query_scope.read_visible_entry(connection, visibility, entry)
            rows = await fetch_followers(connection, [row["entry_id"]], limit=page.limit, after=page.after)
            hidden = await find_hidden_entries(connection, rows, visibility, lines=[row])
            return [summarize_entry(row, hidden) for row in rows]

        followers = await self._journal.run_lookup(load_followers, request.caller.sender)
        is_full = len(followers) == page.limit
        next_link = query_scope.build_next_link(request, ("limit",), followers[-1].entry) if is_full else None
        return respond(FollowerPage(followers, next_link))

    def _add_documents(self, request: Request, page: ActPage) -> ActPage:
        """Add what the lines state of their documents, if the request asks for it; the query runs in a thread of its own."""
        if not request.get_flag("documents"):
            return page
        documents = read_line_documents(self._spool, page.accepted, DOCUMENT_BYTES_MAX)
        return msgspec.structs.replace(page, documents=documents)

    async def _run_query(self, request: Request, query: JournalQuery[ActPage]) -> ActPage:
        """Run a query; with ``proof`` or ``documents`` it runs as a report does, because batches and files may be large."""
        is_long = request.get_flag("proof") or request.get_flag("documents")
        run = self._journal.run_report if is_long else self._journal.run_lookup
        return await run(query, request.caller.sender)


async def _read_lines(
    connection: Connection, query: ReferenceQuery, start: PageStart, *, limit: int
) -> ActLines:
    """Read up to ``limit`` lines: first accepted ones, then refused ones."""
    accepted = (
        []
        if start.entry is None
        else await fetch_accepted_lines(connection, query, after=start.entry, limit=limit)
    )
    remaining = limit - len(accepted)
    refused = (
        await fetch_refused_lines(connection, query, after=start.refusal, limit=remaining)
        if remaining
        else []
    )
    return ActLines(accepted, refused)


async def build_act_page(
    connection: Connection, request: Request, histories: ActHistories, *, next_link: str | None
) -> ActPage:
    """Build the page of some histories, with the bank details that the caller may see."""
    with_proof = request.get_flag("proof")
    accepted, refused = histories.accepted, histories.refused
    if not query_scope.can_see_bank_details(request.caller):
        accepted, refused = list(map(_mask_line, accepted)), list(map(_mask_history, refused))
    return ActPage(
        accepted=accepted,
        refused=refused,
        batches=[await _build_sealed_batch(connection, batch, with_proof) for batch in histories.batches],
        is_whole=histories.is_complete,
        next=next_link,
        documents=None,
    )


async def _build_sealed_batch(connection: Connection, batch: Row, with_proof: bool) -> SealedBatch:
    link = await prove_link(connection, batch) if with_proof else None
    return SealedBatch(
        batch=batch["batch"],
        committed_at=batch["committed_at"].isoformat(),
        chain=batch["chain"].hex(),
        computed=link.computed if link else None,
        holds=link.holds if link else None,
    )


def _mask_line(line: AcceptedLine) -> AcceptedLine:
    transfers = [
        msgspec.structs.replace(transfer, payee=query_scope.mask_payee(transfer.payee))
        for transfer in line.transfers
    ]
    return msgspec.structs.replace(line, payee=query_scope.mask_payee(line.payee), transfers=transfers)


def _mask_history(history: RefusedHistory) -> RefusedHistory:
    return msgspec.structs.replace(history, refusal=query_scope.mask_refused_line(history.refusal))


def _parse_cursor(text: str) -> PageStart:
    """Return where a page begins; an empty cursor is the start."""
    if not text:
        return PageStart(0, FROM_START)
    if not (match := _CURSOR_PATTERN.fullmatch(text)):
        raise bad_request("after must be the value that next of the previous page gives")
    entry, batch, position = match.groups()
    return (
        PageStart(int(entry), FROM_START)
        if entry
        else PageStart(None, RefusalCursor(int(batch), int(position)))
    )


def _format_cursor(lines: ActLines) -> str:
    """Return the cursor after the last of these lines."""
    if lines.refused:
        last = lines.refused[-1]
        return f"refusal-{last['batch']}-{last['position']}"
    return f"entry-{lines.accepted[-1]['entry_id']}"


_KIND = Parameter("kind", "Only acts of this kind", {"type": "string", "enum": list(KIND_NAMES)})
_PROOF = Parameter(
    "proof",
    "Hash the rows of the batches again; the limits on reports apply: two at a time, one per sender",
    {"type": "boolean"},
)
_DOCUMENTS = Parameter(
    "documents",
    f"Read the hashes of documents that the lines state from their files, up to {DOCUMENT_BYTES_MAX // 2**20} MiB; the"
    " limits on reports apply",
    {"type": "boolean"},
)
_AFTER_CURSOR = AFTER._replace(
    schema={"type": "string", "pattern": "^(entry-[0-9]{1,18}|refusal-[0-9]{1,18}-[0-9]{1,9})$"}
)

ROUTES = (
    Route(
        "GET",
        "/v1/acts",
        ActHistoryHandler.get_by_reference,
        Operation(
            "The history of an act: its lines, the budget before and after, what followed, and its batch; or why it was"
            " refused",
            {"200": ActPage, **list_problems("malformed-request", "not-found")},
            (
                REFERENCE,
                EXERCISE_OF_ACCEPTED,
                _KIND,
                SENDER,
                _PROOF,
                _DOCUMENTS,
                build_limit(PAGE_LINES_MAX),
                _AFTER_CURSOR,
            ),
            description=f"{VISIBILITY} {IBAN_MASKING}",
        ),
    ),
    Route(
        "GET",
        "/v1/acts/{entry}",
        ActHistoryHandler.get_by_entry,
        Operation(
            "The line that has the given entry number",
            {"200": ActPage, **list_problems("malformed-request", "not-found")},
            (_PROOF, _DOCUMENTS),
            description=IBAN_MASKING,
        ),
    ),
    Route(
        "GET",
        "/v1/acts/{entry}/followers",
        ActHistoryHandler.list_followers,
        Operation(
            "All entries that follow an entry directly, one page at a time",
            {"200": FollowerPage, **list_problems("malformed-request", "not-found")},
            (build_limit(1000), AFTER),
        ),
    ),
)
