"""Pages of the payment details of payable lines, byte by byte."""

import struct
from collections.abc import Sequence

from core.act_fields import Field
from tests.oracle import days, whole_numbers
from tests.oracle.request_terms import CONTRACTS

LineFields = tuple[int, dict[Field, str]]
"""An entry, and the fields of its line."""

DAYS = (Field.RECEIVED, Field.DUE, Field.INVOICE_DATE)
TEXTS = (
    *(Field.METHOD, Field.INVOICE_NUMBER, Field.REMITTANCE, Field.PRESCRIPTION_STOP),
    *(Field.NATURE, Field.REASON),
)
SMALL_NUMBERS = (Field.PRIORITY, Field.INVOICE_PART)
SUSPENSION = (Field.SUSPENSION_NOTIFIED, Field.SUSPENSION_ENDED)
COLUMNS = (*DAYS, *SMALL_NUMBERS, Field.RIGHT_YEAR, *SUSPENSION, Field.CONTRACT, *TEXTS)
LINES_MAX = 16_384


def build_pages(lines: Sequence[LineFields]) -> list[tuple[int, int, int, bytes]]:
    """Return first entry, last entry, lines and bytes of each page; lines without details are on no page."""
    with_contracts = [
        (entry, {field: text for field, text in fields.items() if _is_stored(field, text)})
        for entry, fields in lines
    ]
    with_details = [
        (entry, fields) for entry, fields in with_contracts if any(fields.get(field) for field in COLUMNS)
    ]
    sections = [with_details[at : at + LINES_MAX] for at in range(0, len(with_details), LINES_MAX)]
    return [(section[0][0], section[-1][0], len(section), encode_page(section)) for section in sections]


def _is_stored(field: Field, text: str) -> bool:
    """Return whether the text is stored: a contract that does not exist has no number."""
    return field is not Field.CONTRACT or text in CONTRACTS


def encode_page(lines: Sequence[LineFields]) -> bytes:
    """Return the bytes of one page."""
    first = lines[0][0]
    columns = {field: [fields.get(field, "") for _, fields in lines] for field in COLUMNS}
    bits = sum(1 << place for place, field in enumerate(COLUMNS) if any(columns[field]))
    head = struct.pack("<BHI", 2, bits, len(lines))
    head += b"".join(struct.pack("<I", entry - first) for entry, _ in lines)
    return head + b"".join(_encode_column(field, columns[field]) for field in COLUMNS if any(columns[field]))


def _encode_column(field: Field, values: list[str]) -> bytes:
    if field in (*DAYS, *SUSPENSION):
        return b"".join(struct.pack("<H", days.parse(text) or 0) for text in values)
    if field is Field.RIGHT_YEAR:
        return b"".join(struct.pack("<H", whole_numbers.parse(text) or 0) for text in values)
    if field in SMALL_NUMBERS:
        return b"".join(struct.pack("<B", whole_numbers.parse(text) if text else 255) for text in values)
    if field is Field.CONTRACT:
        return b"".join(struct.pack("<B", CONTRACTS.index(name) + 1 if name else 255) for name in values)
    texts = [text.encode() for text in values]
    return b"".join([*(struct.pack("<H", len(text)) for text in texts), *texts])
