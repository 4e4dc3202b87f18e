"""One document read both ways, and whether the two agree."""

import io
from collections.abc import Iterable, Mapping
from random import Random
from typing import NamedTuple

from core.tables.xml import XmlFault, XmlMessage
from ingest.pain001.message import MESSAGES
from markup import lxml_reader
from markup.compiler import compile_message
from markup.prolog import PROLOG_BYTES_MAX, parse_prolog
from markup.rows import DocumentFaulty, RecordRows
from markup.scanner import BufferSizes, scan_rows
from tests.markup import documents, mutations
from tests.markup.statements import MESSAGES as STATEMENTS
from tests.markup.statements import build_document

PAYMENTS: Mapping[str, XmlMessage] = {message.namespace: message for message in MESSAGES.values()}
Cells = dict[str, list[dict[str, str]]]


class ReadResult(NamedTuple):
    """What a reader makes of a document: rows up to a fault, if there is one."""

    rows: Cells
    fault: XmlFault = XmlFault.NONE
    offset: int = 0


def collect_cells(rows: Iterable[RecordRows], into: Cells) -> None:
    """Gather rows by record, and see that none is left out."""
    for each in rows:
        held = into.setdefault(each.record, [])
        assert len(held) == each.first
        held += each.batch.to_pylist()
        each.batch.validate(full=True)


def read_by_scanner(
    text: bytes, sizes: BufferSizes | None = None, messages: Mapping[str, XmlMessage] = PAYMENTS
) -> ReadResult:
    """What the scanner makes of it."""
    found: Cells = {}
    try:
        begun = parse_prolog(text[:PROLOG_BYTES_MAX], messages)
        file = io.BytesIO(text)
        file.seek(begun.content_offset)
        collect_cells(scan_rows(compile_message(begun.message), file, begun.content_offset, sizes), found)
    except DocumentFaulty as error:
        return ReadResult(found, error.fault, error.offset)
    return ReadResult(found)


def read_by_lxml(text: bytes, messages: Mapping[str, XmlMessage] = PAYMENTS) -> ReadResult:
    """What lxml makes of it."""
    found: Cells = {}
    try:
        collect_cells(lxml_reader.read_document(io.BytesIO(text), messages).rows, found)
    except DocumentFaulty as error:
        return ReadResult(found, error.fault, error.offset)
    return ReadResult(found)


def is_prefix(some: Cells, of: Cells) -> bool:
    return all(rows == of.get(record, [])[: len(rows)] for record, rows in some.items())


def describe_difference(ours: ReadResult, theirs: ReadResult) -> str:
    """What the two do not agree on; empty where they do."""
    if theirs.fault is XmlFault.NONE:
        if ours.fault is XmlFault.DECLINED:
            return "" if is_prefix(ours.rows, theirs.rows) else "rows before it was declined"
        return "" if ours == theirs else f"lxml takes it, the scanner says {ours.fault.name} at {ours.offset}"
    return (
        ""
        if ours.fault is not XmlFault.NONE
        else f"the scanner takes it, lxml says {theirs.fault.name} at {theirs.offset}"
    )


class Case(NamedTuple):
    """A mutated message, what it may be, and the sizes in which the scanner is to see it."""

    text: bytes
    messages: Mapping[str, XmlMessage]
    sizes: BufferSizes

    def describe_difference(self) -> str:
        """What the two readers do not agree on; empty where they do."""
        return describe_difference(
            read_by_scanner(self.text, self.sizes, self.messages), read_by_lxml(self.text, self.messages)
        )


def build_case(seed: int) -> Case:
    """The case of that number: payments, and one in four a statement."""
    random = Random(seed)
    messages = STATEMENTS if random.random() < 0.25 else PAYMENTS
    sound = build_document(random) if messages is STATEMENTS else _build_payment(random)
    text = mutations.mutate(random, sound) if random.random() < 0.97 else sound
    chunk = random.choice((4096, 8192, 2**17, 2**20))
    return Case(text, messages, BufferSizes(chunk, random.choice((2, 3, 1000)), 2 * chunk + 2**17 + 1024))


def _build_payment(random: Random) -> bytes:
    style = documents.Style(
        random.choice(documents.VERSIONS), random.choice(("\n", "\r\n")), random.choice((0, 1, 2, 8))
    )
    return documents.build_payment(random, random.choice(((1,), (2, 1), (1, 1, 1), (5,))), style)
