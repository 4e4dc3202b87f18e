"""Reading of a document into rows: by the scanner as far as possible, by lxml where the scanner declines."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from core.tables.xml import XmlFault, XmlMessage
from markup import lxml_reader
from markup.compiler import compile_message
from markup.prolog import PROLOG_BYTES_MAX, Prolog, parse_prolog
from markup.rows import Document, DocumentFaulty, RecordRows
from markup.scanner import BufferSizes, scan_rows


def read_document(
    file: BinaryIO, messages: Mapping[str, XmlMessage], sizes: BufferSizes | None = None
) -> Document:
    """Read the document in ``file``, which is one of ``messages``, by namespace.

    ``file`` must be seekable: whether the scanner accepts the document is only known once its start was read.

    Raises
    ------
    DocumentFaulty
        It is none of the messages.
    """
    try:
        prolog = parse_prolog(file.read(PROLOG_BYTES_MAX), messages)
    except DocumentFaulty as error:
        if error.fault is not XmlFault.DECLINED:
            raise
        return _read_with_lxml(file, messages)
    return Document(prolog.message, _read_rows(file, prolog, sizes))


def _read_rows(file: BinaryIO, prolog: Prolog, sizes: BufferSizes | None) -> Iterator[RecordRows]:
    yielded, message = Counter[str](), prolog.message
    file.seek(prolog.content_offset)
    try:
        for rows in scan_rows(compile_message(message), file, prolog.content_offset, sizes=sizes):
            yielded[rows.record] += rows.batch.num_rows
            yield rows
    except DocumentFaulty as error:
        if error.fault is not XmlFault.DECLINED:
            raise
    else:
        return
    for rows in _read_with_lxml(file, {message.namespace: message}).rows:
        duplicates = min(max(yielded[rows.record] - rows.first, 0), rows.batch.num_rows)
        if duplicates < rows.batch.num_rows:
            yield RecordRows(rows.record, rows.first + duplicates, rows.batch.slice(duplicates))


def _read_with_lxml(file: BinaryIO, messages: Mapping[str, XmlMessage]) -> Document:
    file.seek(0)
    return lxml_reader.read_document(file, messages)
