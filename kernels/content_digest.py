"""The content of lines, added up column by column in the same pass that hashes them, and missing fields."""

import numpy as np

from core.outcome_codes import Outcome
from core.tables.journal import Bytes, Flags, Numbers, ParsedNumbers, Spans
from core.tables.raw_lines import LineContent, LineFaults, RequiredFields
from kernels.hashing import compute_siphash
from kernels.jit import fills, kernel, part, reads, whole
from kernels.parsing import is_flawed

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_29 = np.uint64(29)
_NONE, _LOW_BIT = np.uint64(0), np.uint64(1)
_INVALID = Outcome.FIELD_INVALID.value
_MISSING = Outcome.FIELD_MISSING.value


@kernel(reads(Spans), reads(Bytes), whole, whole, fills(LineContent))
def add_texts(spans, text, field, bytes_max, contents):
    """Add a column of texts: one word each, and whether it is longer than ``bytes_max`` or contains a control character.

    Reads     spans, text     n texts of ``field``
    Advances  contents        n rows; an empty text changes nothing
    Order     rows are independent
    Outcomes  none; never raises
    Overflow  words wrap by design
    Cost      O(bytes), one pass
    Oracle    tests.oracle.content_digest.add_texts
    """
    start, end, data = spans.start, spans.end, text.data
    salt = np.uint64(field)
    for row in range(start.size):
        if start[row] == end[row]:
            continue
        contents.fields[row] |= _LOW_BIT << salt
        first, _ = compute_siphash((salt, salt), salt, data, start[row], end[row])
        contents.content[row] += first
        if contents.flawed[row] == 0 and is_flawed(data, start[row], end[row], bytes_max):
            contents.flawed[row] = field


@kernel(reads(Numbers), reads(LineContent), fills(LineContent))
def add_codes(codes, values, contents):
    """Add a column of codes: each line gets the content of its value.

    Reads     codes           n positions in ``values``; a negative one is the last
              values          the content of each value of the column
    Advances  contents        n rows; an empty value, which is most of a rare field, touches no row
    Order     rows are independent
    Outcomes  none; never raises
    Overflow  words wrap by design
    Cost      O(n), one pass
    Oracle    tests.oracle.content_digest.add_codes
    """
    code, size = codes.number, values.fields.size
    for row in range(code.size):
        at = np.int64(code[row])
        if at < 0:
            at = size - 1
        fields, word, flawed = values.fields[at], values.content[at], values.flawed[at]
        if fields | word == _NONE and flawed == 0:
            continue
        contents.fields[row] |= fields
        contents.content[row] += word
        if flawed != 0 and contents.flawed[row] == 0:
            contents.flawed[row] = flawed


@kernel(reads(ParsedNumbers), reads(Flags), whole, whole, fills(LineContent))
def add_numbers(parsed, presence, field, salt, contents):
    """Add a column of numbers, one word each.

    Reads     parsed          n rows of ``field``
              presence        n rows, 1 where the line gives a number; or no row at all, if every line does
    Advances  contents        n rows; a missing number changes nothing, unless its text is invalid
    Order     rows are independent
    Outcomes  none: a number with fault FIELD_INVALID marks its field as flawed; never raises
    Overflow  words wrap by design
    Cost      O(n), one pass
    Oracle    tests.oracle.content_digest.add_numbers
    """
    salt_word, bit = np.uint64(salt) * _GOLDEN, _LOW_BIT << np.uint64(field)
    for row in range(parsed.value.size):
        if parsed.fault[row] == _INVALID and contents.flawed[row] == 0:
            contents.flawed[row] = field
        if presence.flag.size == 0 or presence.flag[row] != 0:
            word = (np.uint64(parsed.value[row]) + salt_word) * _MIX
            contents.fields[row] |= bit
            contents.content[row] += (word ^ (word >> _29)) * _GOLDEN


@part
def _find_first_missing(missing, order):
    for field in order:
        if (missing >> np.uint64(field)) & _LOW_BIT != _NONE:
            return field
    return np.uint8(0)


@kernel(reads(LineContent), reads(Flags), reads(RequiredFields), fills(LineFaults), fills(Flags))
def check_required_fields(contents, kinds, needs, faults, named):
    """Fault missing fields, then fields that cannot be read.

    Reads     contents        n rows
              kinds           n rows: the kind of each line
              needs           by kind
    Fills     named           n rows: whether the line has an account assignment
    Advances  faults          n rows; a line with a fault keeps it
    Order     rows are independent
    Outcomes  FIELD_MISSING, FIELD_INVALID; never raises
    Overflow  impossible
    Cost      O(n), one pass
    Oracle    tests.oracle.content_digest.check_required_fields
    """
    fault, field = faults.fault, faults.field
    for row in range(fault.size):
        kind, fields = np.int64(kinds.flag[row]), contents.fields[row]
        has_cell = fields & needs.naming[kind] != _NONE
        named.flag[row] = has_cell
        if fault[row] != 0:
            continue
        needed = needs.always[kind] | (needs.of_cell[kind] if has_cell else _NONE)
        missing = needed & ~fields
        if missing != _NONE:
            fault[row], field[row] = _MISSING, _find_first_missing(missing, needs.order)
        elif contents.flawed[row] != 0:
            fault[row], field[row] = _INVALID, contents.flawed[row]


@kernel(reads(Numbers), reads(Numbers), fills(Numbers))
def spread_numbers(codes, of_value, numbers):
    """Give each line the number of its value.

    Reads     codes           n positions in ``of_value``; a negative one is the last
              of_value        one number per value
    Fills     numbers         n rows
    Order     rows are independent
    Outcomes  none; never raises
    Overflow  impossible
    Cost      O(n), one pass
    Oracle    tests.oracle.content_digest.spread_numbers
    """
    code, size = codes.number, of_value.number.size
    for row in range(code.size):
        at = np.int64(code[row])
        numbers.number[row] = of_value.number[at if at >= 0 else size - 1]
