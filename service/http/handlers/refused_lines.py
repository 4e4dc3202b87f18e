"""The refused lines of a submission, one by one: a page of JSON, or all of them as CSV or Arrow."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
import pyarrow as pa

from reporting.code_names import CodeNames
from reporting.refusals import Language, RefusedLine, describe_refused_line
from service.http.handlers.submissions import SubmissionsHandler
from service.http.http_messages import Request, Response, respond
from service.http.service_context import ServiceContext
from service.results import refused_line_queries

PAGE_MAX = 1000
CHUNK_LINES = 5000
_LINES_MAX = 2**31 - 1
CSV, ARROW, JSON = "text/csv", "application/vnd.apache.arrow.stream", "application/json"
_COLUMNS = RefusedLine.__struct_fields__
SCHEMA = pa.schema(
    [(name, pa.int64() if RefusedLine.__annotations__[name] is int else pa.string()) for name in _COLUMNS]
)


class RefusalPage(msgspec.Struct, frozen=True):
    """Refused lines in the order of the file, and where to go on."""

    refusals: list[RefusedLine]
    next: str | None


class RefusedLinesHandler:
    """The handler of ``/v1/submissions/{submission}/refusals``."""

    def __init__(self, desk: ServiceContext, submissions: SubmissionsHandler) -> None:
        self._desk, self._submissions = desk, submissions

    async def list_refused(self, request: Request) -> Response:
        """The refused lines, in the form that the ``Accept`` header asks for."""
        request.allow_only("after", "limit")
        submission = await self._submissions.require_visible(request)
        form = request.negotiate_media_type((JSON, *_WRITERS))
        if form == JSON:
            return respond(await self._read_page(request, submission, await self._desk.load_names()))
        chunks = read_refused_lines(self._desk, submission, request.language)
        name = f'attachment; filename="refusals-{submission}.{"csv" if form == CSV else "arrows"}"'
        return Response(HTTPStatus.OK, _WRITERS[form](chunks), form, {"content-disposition": name})

    async def _read_page(self, request: Request, submission: int, names: CodeNames) -> RefusalPage:
        after = request.get_number("after", 0, (0, _LINES_MAX))
        limit = request.get_number("limit", 100, (1, PAGE_MAX))
        rows = await refused_line_queries.read_refused_page(self._desk.pool, submission, after, limit)
        lines = [describe_refused_line(names, row, request.language) for row in rows]
        here = f"/v1/submissions/{submission}/refusals?limit={limit}&after="
        return RefusalPage(lines, f"{here}{lines[-1].line}" if len(lines) == limit else None)


async def read_refused_lines(
    desk: ServiceContext, submission: int, language: Language
) -> AsyncIterator[list[RefusedLine]]:
    """All lines of a submission that are refused by now, in the order of the file, many at a time."""
    names, last = await desk.load_names(), await refused_line_queries.find_last_batch(desk.pool, submission)
    async for rows in refused_line_queries.read_refused_pages(desk.pool, submission, CHUNK_LINES, last):
        yield [describe_refused_line(names, row, language) for row in rows]


async def encode_csv(chunks: AsyncIterator[list[RefusedLine]]) -> AsyncIterator[bytes]:
    """Refused lines as CSV, in pieces."""
    yield _format_csv_rows([_COLUMNS])
    async for lines in chunks:
        yield _format_csv_rows(_list_cells(each) for each in lines)


def _list_cells(line: RefusedLine) -> list[Any]:
    return [_escape_formula(getattr(line, name)) for name in _COLUMNS]


def _escape_formula(value: Any) -> Any:
    """What a spreadsheet would run as a formula is set in quotes: these texts are the sender's own."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@"} else value


def _format_csv_rows(rows: Sequence[Sequence[Any]] | Iterator[list[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


async def _encode_arrow(chunks: AsyncIterator[list[RefusedLine]]) -> AsyncIterator[bytes]:
    sink = _Sink()
    with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), SCHEMA) as writer:
        async for lines in chunks:
            columns = [[getattr(each, name) for each in lines] for name in _COLUMNS]
            arrays = [pa.array(each, kind) for each, kind in zip(columns, SCHEMA.types, strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema=SCHEMA))
            yield sink.take()
    yield sink.take()


class _Sink(io.RawIOBase):
    """Keeps what is written until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        found, self._pieces = b"".join(self._pieces), []
        return found


_WRITERS: Mapping[str, Callable[[AsyncIterator[list[RefusedLine]]], AsyncIterator[bytes]]] = {
    CSV: encode_csv,
    ARROW: _encode_arrow,
}
