"""A document to rows: by the scanner as far as it goes, by lxml where it declines."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import BinaryIO, NamedTuple

from core.tables.xml import Fault, Message
from markup import lxml_reader
from markup.compiler import compiled
from markup.prolog import HEAD_BYTES, Head, head
from markup.rows import Faulty, Rows
from markup.scanner import Sizes, scan


class Document(NamedTuple):
    """A message that has begun."""

    message: Message
    rows: Iterator[Rows]
    """Of each record in document order; what is wrong with the document is raised as ``Faulty`` where it is met."""


def read(file: BinaryIO, messages: Mapping[str, Message], sizes: Sizes | None = None) -> Document:
    """What the document in ``file`` is, one of ``messages`` by namespace, and its rows.

    ``file`` can be read again from its start: nothing but its begin tells whether the scanner will take it.

    Raises
    ------
    Faulty
        It is no such message.
    """
    try:
        begun = head(file.read(HEAD_BYTES), messages)
    except Faulty as error:
        if error.fault is not Fault.DECLINED:
            raise
        return Document(*_slowly(file, messages))
    return Document(begun.message, _rows(file, begun, sizes))


def _rows(file: BinaryIO, begun: Head, sizes: Sizes | None) -> Iterator[Rows]:
    given, message = Counter[str](), begun.message
    file.seek(begun.behind)
    try:
        for rows in scan(compiled(message), file, begun.behind, sizes):
            given[rows.record] += rows.batch.num_rows
            yield rows
    except Faulty as error:
        if error.fault is not Fault.DECLINED:
            raise
    else:
        return
    for rows in _slowly(file, {message.namespace: message}).rows:
        known = min(max(given[rows.record] - rows.first, 0), rows.batch.num_rows)
        if known < rows.batch.num_rows:
            yield Rows(rows.record, rows.first + known, rows.batch.slice(known))


def _slowly(file: BinaryIO, messages: Mapping[str, Message]) -> lxml_reader.Found:
    file.seek(0)
    return lxml_reader.read(file, messages)
