"""One document read by both readers, and whether they agree."""

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


def collect_cells(rows: Iterable[RecordRows], collected: Cells) -> None:
    """Collect rows by record, and check that none is left out."""
    for record_rows in rows:
        cells = collected.setdefault(record_rows.record, [])
        assert len(cells) == record_rows.first
        cells += record_rows.batch.to_pylist()
        record_rows.batch.validate(full=True)


def read_by_scanner(
    text: bytes, sizes: BufferSizes | None = None, messages: Mapping[str, XmlMessage] = PAYMENTS
) -> ReadResult:
    """Read a document with the scanner."""
    cells: Cells = {}
    try:
        prolog = parse_prolog(text[:PROLOG_BYTES_MAX], messages)
        file = io.BytesIO(text)
        file.seek(prolog.content_offset)
        collect_cells(
            scan_rows(compile_message(prolog.message), file, prolog.content_offset, sizes=sizes), cells
        )
    except DocumentFaulty as error:
        return ReadResult(cells, error.fault, error.offset)
    return ReadResult(cells)


def read_by_lxml(text: bytes, messages: Mapping[str, XmlMessage] = PAYMENTS) -> ReadResult:
    """Read a document with lxml."""
    cells: Cells = {}
    try:
        collect_cells(lxml_reader.read_document(io.BytesIO(text), messages).rows, cells)
    except DocumentFaulty as error:
        return ReadResult(cells, error.fault, error.offset)
    return ReadResult(cells)


def is_prefix(shorter: Cells, longer: Cells) -> bool:
    return all(rows == longer.get(record, [])[: len(rows)] for record, rows in shorter.items())


def describe_difference(scanned: ReadResult, expected: ReadResult) -> str:
    """Describe the differences of two results; empty if they agree."""
    if expected.fault is XmlFault.NONE:
        if scanned.fault is XmlFault.DECLINED:
            return "" if is_prefix(scanned.rows, expected.rows) else "rows before it was declined"
        return (
            ""
            if scanned == expected
            else f"lxml takes it, the scanner says {scanned.fault.name} at {scanned.offset}"
        )
    return (
        ""
        if scanned.fault is not XmlFault.NONE
        else f"the scanner takes it, lxml says {expected.fault.name} at {expected.offset}"
    )


class Case(NamedTuple):
    """A mutated message, the messages that it may be, and the buffer sizes of the scanner."""

    text: bytes
    messages: Mapping[str, XmlMessage]
    sizes: BufferSizes

    def describe_difference(self) -> str:
        """Describe the differences of the two readers; empty if they agree."""
        return describe_difference(
            read_by_scanner(self.text, self.sizes, self.messages), read_by_lxml(self.text, self.messages)
        )


def build_case(seed: int) -> Case:
    """Build the case of that number: payments, and one in four a statement."""
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
