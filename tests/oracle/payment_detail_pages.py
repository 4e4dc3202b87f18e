"""Pages of what payable lines say of their payment, byte by byte."""

import struct
from collections.abc import Sequence

from core.act_fields import Field
from tests.oracle import days, whole_numbers

LineFields = tuple[int, dict[Field, str]]
"""An entry, and what its line says."""

DAYS = (Field.RECEIVED, Field.DUE, Field.INVOICE_DATE)
TEXTS = (Field.METHOD, Field.INVOICE_NUMBER, Field.REMITTANCE)
COLUMNS = (*DAYS, Field.PRIORITY, *TEXTS)
LINES_MAX = 16_384


def build_pages(lines: Sequence[LineFields]) -> list[tuple[int, int, int, bytes]]:
    """First entry, last entry, lines and bytes of each page; lines that say nothing stand on none."""
    spoken = [(entry, said) for entry, said in lines if any(said.get(field) for field in COLUMNS)]
    cut = [spoken[at : at + LINES_MAX] for at in range(0, len(spoken), LINES_MAX)]
    return [(each[0][0], each[-1][0], len(each), encode_page(each)) for each in cut]


def encode_page(lines: Sequence[LineFields]) -> bytes:
    """One page."""
    first = lines[0][0]
    said = {field: [own.get(field, "") for _, own in lines] for field in COLUMNS}
    bits = sum(1 << place for place, field in enumerate(COLUMNS) if any(said[field]))
    written = struct.pack("<BBI", 1, bits, len(lines))
    written += b"".join(struct.pack("<I", entry - first) for entry, _ in lines)
    return written + b"".join(_encode_column(field, said[field]) for field in COLUMNS if any(said[field]))


def _encode_column(field: Field, said: list[str]) -> bytes:
    if field in DAYS:
        return b"".join(struct.pack("<H", days.parse(text) or 0) for text in said)
    if field is Field.PRIORITY:
        return b"".join(struct.pack("<B", whole_numbers.parse(text) if text else 255) for text in said)
    texts = [text.encode() for text in said]
    return b"".join([*(struct.pack("<H", len(text)) for text in texts), *texts])
