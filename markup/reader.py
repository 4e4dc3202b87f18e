"""A document to rows: by the scanner as far as it goes, by lxml where it declines."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import BinaryIO, NamedTuple

from core.tables.xml import XmlFault, XmlMessage
from markup import lxml_reader
from markup.compiler import compile_message
from markup.prolog import PROLOG_BYTES_MAX, Prolog, parse_prolog
from markup.rows import DocumentFaulty, RecordRows
from markup.scanner import BufferSizes, scan_rows


class Document(NamedTuple):
    """A message that has begun."""

    message: XmlMessage
    rows: Iterator[RecordRows]
    """Of each record in document order; what is wrong with the document is raised as ``Faulty`` where it is met."""


def read_document(
    file: BinaryIO, messages: Mapping[str, XmlMessage], sizes: BufferSizes | None = None
) -> Document:
    """What the document in ``file`` is, one of ``messages`` by namespace, and its rows.

    ``file`` can be read again from its start: nothing but its begin tells whether the scanner will take it.

    Raises
    ------
    Faulty
        It is no such message.
    """
    try:
        begun = parse_prolog(file.read(PROLOG_BYTES_MAX), messages)
    except DocumentFaulty as error:
        if error.fault is not XmlFault.DECLINED:
            raise
        return Document(*_read_with_lxml(file, messages))
    return Document(begun.message, _read_rows(file, begun, sizes))


def _read_rows(file: BinaryIO, prolog: Prolog, sizes: BufferSizes | None) -> Iterator[RecordRows]:
    given, message = Counter[str](), prolog.message
    file.seek(prolog.content_offset)
    try:
        for rows in scan_rows(compile_message(message), file, prolog.content_offset, sizes):
            given[rows.record] += rows.batch.num_rows
            yield rows
    except DocumentFaulty as error:
        if error.fault is not XmlFault.DECLINED:
            raise
    else:
        return
    for rows in _read_with_lxml(file, {message.namespace: message}).rows:
        known = min(max(given[rows.record] - rows.first, 0), rows.batch.num_rows)
        if known < rows.batch.num_rows:
            yield RecordRows(rows.record, rows.first + known, rows.batch.slice(known))


def _read_with_lxml(file: BinaryIO, messages: Mapping[str, XmlMessage]) -> lxml_reader.LxmlDocument:
    file.seek(0)
    return lxml_reader.read_document(file, messages)
