"""The acts of a document of an accountant, by its number (rule A06)."""

from core.journals import JOURNALS, DocumentName, parse_name
from reporting.act_history import HistoryOptions, build_histories
from reporting.act_rows import ActLines
from reporting.code_names import CodeNames
from reporting.document_numbers import fetch_lines_of_document
from reporting.report_definition import PageRange
from reporting.report_queries import Connection
from reporting.visibility import WHOLE_JOURNAL, Visibility
from service.http import query_scope
from service.http.act_pages import ActPage
from service.http.handlers.acts import PAGE_LINES_MAX, build_act_page
from service.http.http_messages import Request, Response, respond
from service.http.journal_queries import JournalReader
from service.http.name_cache import NameCache
from service.http.openapi.operation import Operation, Parameter
from service.http.openapi.parameters import AFTER, IBAN_MASKING, VISIBILITY, build_limit
from service.http.openapi.problem_types import list_problems
from service.http.problems import bad_request
from service.http.query_scope import Page, QueryScope
from service.http.route import Route

_NAME_LENGTH_MAX = 100
_PARAMETERS = ("document", "limit", "after")
_PAGE_LINES = 20


class DocumentHandler:
    """Handles the query ``/v1/documents``."""

    def __init__(self, scope: QueryScope, names: NameCache, journal: JournalReader) -> None:
        self._scope, self._names, self._journal = scope, names, journal

    async def get_by_number(self, request: Request) -> Response:
        """Respond with the lines of a document that the caller may see, one page at a time."""
        request.allow_only(*_PARAMETERS)
        name = _parse_document(request.get_text("document", _NAME_LENGTH_MAX))
        page = Page.read(request, _PAGE_LINES, PAGE_LINES_MAX)
        visibility, names = await self._scope.read_visibility(request), await self._names.load()
        options = HistoryOptions(request.language, query_scope.FOLLOWERS_MAX, visibility)

        async def load_page(connection: Connection) -> ActPage:
            rows = await fetch_lines_of_document(connection, names, name, visibility=visibility, page=page)
            if not rows:
                await _check_document(connection, names, name, visibility=visibility)
            histories = await build_histories(connection, names, ActLines(rows), options=options)
            is_full, last = len(rows) == page.limit, rows[-1]["entry_id"] if rows else 0
            next_link = query_scope.build_next_link(request, _PARAMETERS, last) if is_full else None
            return await build_act_page(connection, request, histories, next_link=next_link)

        return respond(await self._journal.run_lookup(load_page, request.caller.sender))


async def _check_document(
    connection: Connection, names: CodeNames, name: DocumentName, *, visibility: Visibility
) -> None:
    """Raise the problem of a document of which the caller may see no line at all."""
    page = PageRange(0, 1)
    if not await fetch_lines_of_document(connection, names, name, visibility=visibility, page=page):
        hidden = await fetch_lines_of_document(connection, names, name, visibility=WHOLE_JOURNAL, page=page)
        raise query_scope.build_not_found(f"You have no document {name}", is_present=bool(hidden))


def _parse_document(text: str) -> DocumentName:
    if name := parse_name(text):
        return name
    journals = ", ".join(journal.code for journal in JOURNALS)
    raise bad_request(f"document must be ACCOUNTANT/YEAR/JOURNAL/NUMBER, with one of the journals {journals}")


_CODES = "|".join(text for journal in JOURNALS for text in (journal.code, journal.code.lower()))
_DOCUMENT = Parameter(
    "document",
    "The number of the document, as ACCOUNTANT/YEAR/JOURNAL/NUMBER",
    {
        "type": "string",
        "maxLength": _NAME_LENGTH_MAX,
        "pattern": rf"^[^\u0000]+/[0-9]{{1,4}}/({_CODES})/[0-9]{{1,18}}$",
    },
    is_required=True,
)

ROUTES = (
    Route(
        "GET",
        "/v1/documents",
        DocumentHandler.get_by_number,
        Operation(
            "The lines of the document that an accountant numbered, as the history of an act shows them",
            {"200": ActPage, **list_problems("malformed-request", "not-found")},
            (_DOCUMENT, build_limit(PAGE_LINES_MAX), AFTER),
            description=f"{VISIBILITY} {IBAN_MASKING}",
        ),
    ),
)
