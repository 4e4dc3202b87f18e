"""One document read both ways, and whether the two agree."""

import io
from collections.abc import Iterable, Mapping
from random import Random
from typing import NamedTuple

from core.tables.xml import Fault, Message
from ingest.pain001.message import MESSAGES
from markup import lxml_reader
from markup.compiler import compiled
from markup.prolog import HEAD_BYTES, head
from markup.rows import Faulty, Rows
from markup.scanner import Sizes, scan
from tests.markup import documents, mutations
from tests.markup.statements import MESSAGES as STATEMENTS
from tests.markup.statements import statement

PAYMENTS: Mapping[str, Message] = {message.namespace: message for message in MESSAGES.values()}
Cells = dict[str, list[dict[str, str]]]


class Told(NamedTuple):
    """What a reader makes of a document: rows up to a fault, if there is one."""

    rows: Cells
    fault: Fault = Fault.NONE
    offset: int = 0


def cells(rows: Iterable[Rows], into: Cells) -> None:
    """Gather rows by record, and see that none is left out."""
    for each in rows:
        held = into.setdefault(each.record, [])
        assert len(held) == each.first
        held += each.batch.to_pylist()
        each.batch.validate(full=True)


def scanned(text: bytes, sizes: Sizes | None = None, messages: Mapping[str, Message] = PAYMENTS) -> Told:
    """What the scanner makes of it."""
    found: Cells = {}
    try:
        begun = head(text[:HEAD_BYTES], messages)
        file = io.BytesIO(text)
        file.seek(begun.behind)
        cells(scan(compiled(begun.message), file, begun.behind, sizes), found)
    except Faulty as error:
        return Told(found, error.fault, error.offset)
    return Told(found)


def referred(text: bytes, messages: Mapping[str, Message] = PAYMENTS) -> Told:
    """What lxml makes of it."""
    found: Cells = {}
    try:
        cells(lxml_reader.read(io.BytesIO(text), messages).rows, found)
    except Faulty as error:
        return Told(found, error.fault, error.offset)
    return Told(found)


def is_prefix(some: Cells, of: Cells) -> bool:
    return all(rows == of.get(record, [])[: len(rows)] for record, rows in some.items())


def difference(ours: Told, theirs: Told) -> str:
    """What the two do not agree on; empty where they do."""
    if theirs.fault is Fault.NONE:
        if ours.fault is Fault.DECLINED:
            return "" if is_prefix(ours.rows, theirs.rows) else "rows before it was declined"
        return "" if ours == theirs else f"lxml takes it, the scanner says {ours.fault.name} at {ours.offset}"
    return (
        ""
        if ours.fault is not Fault.NONE
        else f"the scanner takes it, lxml says {theirs.fault.name} at {theirs.offset}"
    )


class Case(NamedTuple):
    """A mutated message, what it may be, and the sizes in which the scanner is to see it."""

    text: bytes
    messages: Mapping[str, Message]
    sizes: Sizes

    def difference(self) -> str:
        """What the two readers do not agree on; empty where they do."""
        return difference(scanned(self.text, self.sizes, self.messages), referred(self.text, self.messages))


def case(seed: int) -> Case:
    """The case of that number: payments, and one in four a statement."""
    random = Random(seed)
    messages = STATEMENTS if random.random() < 0.25 else PAYMENTS
    sound = statement(random) if messages is STATEMENTS else _payment(random)
    text = mutations.mutated(random, sound) if random.random() < 0.97 else sound
    chunk = random.choice((4096, 8192, 2**17, 2**20))
    return Case(text, messages, Sizes(chunk, random.choice((2, 3, 1000)), 2 * chunk + 2**17 + 1024))


def _payment(random: Random) -> bytes:
    style = documents.Style(
        random.choice(documents.VERSIONS), random.choice(("\n", "\r\n")), random.choice((0, 1, 2, 8))
    )
    return documents.payment(random, random.choice(((1,), (2, 1), (1, 1, 1), (5,))), style)
