"""The refused lines of a submission, one by one: a page of JSON, or all of them as CSV or Arrow."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
import pyarrow as pa

from reporting.code_names import Names
from reporting.refusals import Language, RefusedLine, refused_line
from service.http import submission_queries
from service.http.handlers.submissions import Submissions
from service.http.http_messages import Answer, Request, answer
from service.http.service_context import Desk

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


class Refusals:
    """The handler of ``/v1/submissions/{submission}/refusals``."""

    def __init__(self, desk: Desk, submissions: Submissions) -> None:
        self._desk, self._submissions = desk, submissions

    async def listing(self, request: Request) -> Answer:
        """The refused lines, in the form that the ``Accept`` header asks for."""
        request.knows_only("after", "limit")
        submission = await self._submissions.own(request)
        form = request.preferred((JSON, *_WRITERS))
        if form == JSON:
            return answer(await self._page(request, submission, await self._desk.names()))
        chunks = refused(self._desk, submission, request.language)
        name = f'attachment; filename="refusals-{submission}.{"csv" if form == CSV else "arrows"}"'
        return Answer(HTTPStatus.OK, _WRITERS[form](chunks), form, {"content-disposition": name})

    async def _page(self, request: Request, submission: int, names: Names) -> RefusalPage:
        after = request.number("after", 0, (0, _LINES_MAX))
        limit = request.number("limit", 100, (1, PAGE_MAX))
        rows = await submission_queries.refused_page(self._desk.pool, submission, after, limit)
        lines = [refused_line(names, row, request.language) for row in rows]
        here = f"/v1/submissions/{submission}/refusals?limit={limit}&after="
        return RefusalPage(lines, f"{here}{lines[-1].line}" if len(lines) == limit else None)


async def refused(desk: Desk, submission: int, language: Language) -> AsyncIterator[list[RefusedLine]]:
    """All lines of a submission that are refused by now, in the order of the file, many at a time."""
    names, last = await desk.names(), await submission_queries.last_batch_of(desk.pool, submission)
    async for rows in submission_queries.refused_pages(desk.pool, submission, CHUNK_LINES, last):
        yield [refused_line(names, row, language) for row in rows]


async def as_csv(chunks: AsyncIterator[list[RefusedLine]]) -> AsyncIterator[bytes]:
    """Refused lines as CSV, in pieces."""
    yield _csv_rows([_COLUMNS])
    async for lines in chunks:
        yield _csv_rows(_cells(each) for each in lines)


def _cells(line: RefusedLine) -> list[Any]:
    return [_harmless(getattr(line, name)) for name in _COLUMNS]


def _harmless(value: Any) -> Any:
    """What a spreadsheet would run as a formula is set in quotes: these texts are the sender's own."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@"} else value


def _csv_rows(rows: Sequence[Sequence[Any]] | Iterator[list[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


async def _as_arrow(chunks: AsyncIterator[list[RefusedLine]]) -> AsyncIterator[bytes]:
    sink = _Sink()
    with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), SCHEMA) as writer:
        async for lines in chunks:
            columns = [[getattr(each, name) for each in lines] for name in _COLUMNS]
            arrays = [pa.array(each, kind) for each, kind in zip(columns, SCHEMA.types, strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema=SCHEMA))
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """Keeps what is written until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        found, self._parts = b"".join(self._parts), []
        return found


_WRITERS: Mapping[str, Callable[[AsyncIterator[list[RefusedLine]]], AsyncIterator[bytes]]] = {
    CSV: as_csv,
    ARROW: _as_arrow,
}
