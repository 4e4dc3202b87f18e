"""The refused lines of a submission: one page as JSON, or all of them as CSV or Arrow."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
import pyarrow as pa

from core.amount_fields import list_new_names
from core.money import format_plain_euros
from reporting.code_names import CodeNames
from reporting.refusals import Language, RefusedLine, describe_refused_line
from service.database.read_pool import Pool
from service.http import query_scope
from service.http.http_messages import JSON, Request, Response, respond
from service.http.name_cache import NameCache
from service.http.openapi.operation import Operation, Parameter
from service.http.openapi.parameters import IBAN_MASKING, NUMBER_MAX, build_limit, build_number_schema
from service.http.openapi.problem_types import list_problems
from service.http.route import Route
from service.http.tickets import SubmissionTickets
from service.results import refused_line_queries

PAGE_MAX = 1000
CHUNK_LINES = 5000
CSV, ARROW = "text/csv", "application/vnd.apache.arrow.stream"
_COLUMNS = RefusedLine.__struct_fields__
_NEW_NAMES = list_new_names(RefusedLine)
_CSV_COLUMNS = tuple(name for name in _COLUMNS if name not in _NEW_NAMES)
_IN_EUROS = frozenset(name.removesuffix("_cents") for name in _NEW_NAMES)
"""Columns that people read, in CSV: euros with two decimals."""
SCHEMA = pa.schema(
    [(name, pa.string() if RefusedLine.__annotations__[name] is str else pa.int64()) for name in _COLUMNS]
)


class RefusalPage(msgspec.Struct, frozen=True):
    """Refused lines in the order of the file, and the address of the next page."""

    refusals: list[RefusedLine]
    next: str | None


class RefusedLinesHandler:
    """Handles ``/v1/submissions/{submission}/refusals``."""

    def __init__(self, names: NameCache, pool: Pool, tickets: SubmissionTickets) -> None:
        self._names, self._pool, self._tickets = names, pool, tickets

    async def list_refused_lines(self, request: Request) -> Response:
        """Respond with refused lines, in the media type that the ``Accept`` header asks for."""
        request.allow_only("after", "limit")
        submission = await self._tickets.require_visible(request)
        media_type = request.negotiate_media_type((JSON, *_ENCODERS))
        if media_type == JSON:
            return respond(await self._read_page(request, submission, await self._names.load()))
        chunks = read_refused_lines(self._names, self._pool, submission, language=request.language)
        if not query_scope.can_see_bank_details(request.caller):
            chunks = _mask_chunks(chunks)
        suffix = "csv" if media_type == CSV else "arrows"
        headers = {"content-disposition": f'attachment; filename="refusals-{submission}.{suffix}"'}
        return Response(HTTPStatus.OK, _ENCODERS[media_type](chunks), media_type, headers)

    async def _read_page(self, request: Request, submission: int, names: CodeNames) -> RefusalPage:
        after = request.get_number("after", 0, minimum=0, maximum=NUMBER_MAX)
        limit = request.get_number("limit", 100, minimum=1, maximum=PAGE_MAX)
        rows = await refused_line_queries.read_refused_page(self._pool, submission, after=after, limit=limit)
        lines = [describe_refused_line(names, row, request.language) for row in rows]
        if not query_scope.can_see_bank_details(request.caller):
            lines = list(map(query_scope.mask_refused_line, lines))
        address = f"/v1/submissions/{submission}/refusals?limit={limit}&after="
        return RefusalPage(lines, f"{address}{lines[-1].last_line}" if len(lines) == limit else None)


async def read_refused_lines(
    names: NameCache, pool: Pool, submission: int, *, language: Language
) -> AsyncIterator[list[RefusedLine]]:
    """Yield all lines of a submission that are refused by now, in the order of the file, a chunk at a time."""
    code_names = await names.load()
    last = await refused_line_queries.find_last_batch(pool, submission)
    async for rows in refused_line_queries.read_refused_pages(pool, submission, size=CHUNK_LINES, last=last):
        yield [describe_refused_line(code_names, row, language) for row in rows]


async def _mask_chunks(chunks: AsyncIterator[list[RefusedLine]]) -> AsyncIterator[list[RefusedLine]]:
    async for lines in chunks:
        yield list(map(query_scope.mask_refused_line, lines))


async def encode_csv(chunks: AsyncIterator[list[RefusedLine]]) -> AsyncIterator[bytes]:
    """Encode refused lines as CSV, a chunk at a time; amounts in euros."""
    yield _format_csv_rows([_CSV_COLUMNS])
    async for lines in chunks:
        yield _format_csv_rows(_list_cells(line) for line in lines)


def _list_cells(line: RefusedLine) -> list[Any]:
    return [_format_cell(name, getattr(line, name)) for name in _CSV_COLUMNS]


def _format_cell(name: str, value: Any) -> Any:
    return format_plain_euros(value) if name in _IN_EUROS else _escape_formula(value)


def _escape_formula(value: Any) -> Any:
    """Prefix a text that a spreadsheet would run as a formula with a quote: the sender chose these texts."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@"} else value


def _format_csv_rows(rows: Sequence[Sequence[Any]] | Iterator[list[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


async def _encode_arrow(chunks: AsyncIterator[list[RefusedLine]]) -> AsyncIterator[bytes]:
    sink = _Sink()
    with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), SCHEMA) as writer:
        async for lines in chunks:
            columns = [[getattr(line, name) for line in lines] for name in _COLUMNS]
            arrays = [pa.array(values, type_) for values, type_ in zip(columns, SCHEMA.types, strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema=SCHEMA))
            yield sink.take()
    yield sink.take()


class _Sink(io.RawIOBase):
    """A file that collects what is written, until ``take`` returns it."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        content, self._pieces = b"".join(self._pieces), []
        return content


_ENCODERS: Mapping[str, Callable[[AsyncIterator[list[RefusedLine]]], AsyncIterator[bytes]]] = {
    CSV: encode_csv,
    ARROW: _encode_arrow,
}

_AFTER = Parameter("after", "Only lines after this one", build_number_schema(0, NUMBER_MAX))

ROUTES = (
    Route(
        "GET",
        "/v1/submissions/{submission}/refusals",
        RefusedLinesHandler.list_refused_lines,
        Operation(
            f"The refused lines of a submission: one page, or all of them as {CSV} or {ARROW}; in French if"
            " Accept-Language prefers French",
            {"200": RefusalPage, **list_problems("malformed-request", "not-found", "not-acceptable")},
            (_AFTER, build_limit(PAGE_MAX)),
            description=IBAN_MASKING,
            other_media={CSV: "", ARROW: ""},
        ),
    ),
)
