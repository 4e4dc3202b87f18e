"""Reports over HTTP as files: CSV, XLSX and Parquet, in place of JSON."""

import asyncio
import io
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from reporting.report_files import FileFormat, TooManyRows, write_table
from reporting.report_tables import ReportTable
from service.http.http_messages import Response
from service.http.problems import Problem

CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILE_FORMATS: Mapping[str, FileFormat | None] = MappingProxyType(
    {CSV: None, XLSX: FileFormat.XLSX, PARQUET: FileFormat.PARQUET}
)
"""The formats of files, by media type; None: text."""


async def build_file(table: ReportTable, media_type: str) -> bytes:
    """Return a table as a file.

    Raises
    ------
    Problem
        A sheet has no place for its rows.
    """
    file_format = FILE_FORMATS[media_type]
    if file_format is None:
        return table.to_csv().encode()
    file = io.BytesIO()
    try:
        await asyncio.to_thread(write_table, file, file_format, table)
    except TooManyRows as error:
        raise Problem(HTTPStatus.NOT_ACCEPTABLE, "not-acceptable", str(error)) from error
    return file.getvalue()


def respond_with_file(
    name: str, content: bytes, media_type: str, *, headers: Mapping[str, str] = MappingProxyType({})
) -> Response:
    """Respond with a file of that name."""
    extension = FILE_FORMATS[media_type] or "csv"
    disposition = {"content-disposition": f'attachment; filename="{name}.{extension}"'}
    return Response(HTTPStatus.OK, content, media_type, {**disposition, **headers})
