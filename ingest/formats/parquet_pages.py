"""What the headers of the pages of a Parquet file declare, read before any page is decompressed.

The decoder allocates what a page header declares, and the footer need not say the same.  A page may unpack to ten thousand
times its size, so only its header tells what it costs.
Source: the Parquet format, ``parquet.thrift``, ``PageHeader``.
"""

import struct
from collections.abc import Iterable
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import NamedTuple

from core.errors import FileUnreadable, LimitExceeded
from ingest.formats.detection import (
    PARQUET_DICTIONARY_BYTES_MAX,
    PARQUET_PAGE_BYTES_MAX,
    PARQUET_PAGES_BYTES_MAX,
    PARQUET_PAGES_MAX,
)
from ingest.formats.parquet_footer import ColumnChunk, RowGroup, ThriftDecoder, check_count

_DICTIONARY_PAGE = 2
_DATA_HEADERS = (5, 8)
"""The fields of a page header that describe a page of values, of version 1 and 2."""
_DICTIONARY_HEADER = 7
_TEXT_LENGTH_BYTES = 4
"""Bytes before each text of a dictionary; no other value of a dictionary is shorter."""
_REMEDY = "The file is damaged: send it again"
_PARSE_ERRORS = (IndexError, KeyError, TypeError, AttributeError, struct.error)


class _Page(NamedTuple):
    """The declaration of one page."""

    is_dictionary: bool
    values: int
    unpacked_bytes: int
    end: int
    """Position behind the page in the file."""


class _ChunkSize(NamedTuple):
    """Bytes of the pages of one column of a row group, once decompressed."""

    total: int
    dictionary: int
    largest_page: int


def count_unpacked_bytes(path: Path, groups: Iterable[RowGroup], name: str) -> int:
    """Return how many bytes all pages of the file at ``path`` have once decompressed.

    Raises
    ------
    FileUnreadable
        A page header is inconsistent.
    LimitExceeded
        There are too many pages; or a page, or what is in memory at once of a row group, is too large once decompressed.
    """
    total = 0
    with (
        path.open("rb") as file,
        mmap(file.fileno(), 0, access=ACCESS_READ) as mapped,
        memoryview(mapped) as content,
    ):
        reader = _PageReader(content, name)
        for number, group in enumerate(groups):
            position = f"{name}, row group {number}"
            sizes = [
                _count_chunk(reader, chunk, f"{position}, column {column}")
                for column, chunk in group.columns.items()
            ]
            dictionaries, pages = (
                sum(size.dictionary for size in sizes),
                sum(size.largest_page for size in sizes),
            )
            _check_size(
                dictionaries, PARQUET_DICTIONARY_BYTES_MAX, "Its dictionaries have", position=position
            )
            _check_size(pages, PARQUET_PAGES_BYTES_MAX, "Its pages have", position=position)
            total += sum(size.total for size in sizes)
    return total


def _count_chunk(reader: "_PageReader", chunk: ColumnChunk, position: str) -> _ChunkSize:
    """Walk over the pages of one column of a row group; the decoder stops after as many values as there are lines."""
    at, end = chunk.start, chunk.start + chunk.packed_bytes
    total = values = dictionary = largest_page = 0
    while at < end and values < chunk.values:
        page = reader.read(at, end, position)
        _check_values(page, chunk, position)
        total += page.unpacked_bytes
        if page.is_dictionary:
            dictionary += page.unpacked_bytes
        else:
            values += page.values
            largest_page = max(largest_page, page.unpacked_bytes)
        at = page.end
    _check_size(dictionary, PARQUET_DICTIONARY_BYTES_MAX, "A dictionary has", position=position)
    _check_size(largest_page, PARQUET_PAGE_BYTES_MAX, "A page has", position=position)
    return _ChunkSize(total, dictionary, largest_page)


class _PageReader:
    """Reads the headers of pages, and counts them: each costs time, however small its page is."""

    def __init__(self, content: memoryview, name: str) -> None:
        self._content, self._name = content, name
        self._pages = 0

    def read(self, at: int, end: int, position: str) -> _Page:
        """Read the header at byte ``at`` of a column that ends at byte ``end``; the header ends before it too."""
        if self._pages == PARQUET_PAGES_MAX:
            fault = f"The file has more than {PARQUET_PAGES_MAX:,} pages"
            raise LimitExceeded(self._name, fault, "Write larger pages")
        self._pages += 1
        with self._content[at:end] as rest:
            page = _read_page(rest, at, position)
        if page.end > min(end, len(self._content)):
            raise FileUnreadable(position, f"Its column ends inside the page at byte {at:,}", _REMEDY)
        return page


def _read_page(rest: memoryview, at: int, position: str) -> _Page:
    """Read the header that the ``rest`` of a column begins with, at byte ``at`` of the file."""
    try:
        decoder = ThriftDecoder(rest)
        header = decoder.read_struct(0)
        is_dictionary = header[1] == _DICTIONARY_PAGE
        fields = (_DICTIONARY_HEADER,) if is_dictionary else _DATA_HEADERS
        values = next((header[field][1] for field in fields if field in header), 0)
        end = at + decoder.position + check_count(header[3])
        return _Page(is_dictionary, check_count(values), check_count(header[2]), end)
    except _PARSE_ERRORS as error:
        raise FileUnreadable(
            position, f"There is no page header at byte {at:,}: {error!r}"[:300], _REMEDY
        ) from error


def _check_size(unpacked_bytes: int, most: int, pages: str, *, position: str) -> None:
    if unpacked_bytes > most:
        fault = f"{pages} {unpacked_bytes:,} bytes once unpacked"
        raise LimitExceeded(position, fault, f"Shorten the texts, or write pages of at most {most:,} bytes")


def _check_values(page: _Page, chunk: ColumnChunk, position: str) -> None:
    values_max = page.unpacked_bytes // _TEXT_LENGTH_BYTES if page.is_dictionary else chunk.values
    if page.values > values_max:
        fault = f"A page declares {page.values:,} values and has room for {values_max:,}"
        raise FileUnreadable(position, fault, _REMEDY)
