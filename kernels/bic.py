"""Validation of BICs: eight or eleven characters for bank, country, location and branch."""

from core.tables.journal import Bytes, Flags, Spans
from kernels.jit import as_position, fills, kernel, part, reads

_A, _Z, _ZERO, _NINE, _O = ord("A"), ord("Z"), ord("0"), ord("9"), ord("O")
_LETTER_COUNT, _LOCATION_END = 6, 7


@part
def _is_allowed(byte, place):
    """Return whether ``byte`` may be at ``place``: letters first; a location never begins with 0 or 1 or ends with O."""
    is_letter = _A <= byte <= _Z
    if place < _LETTER_COUNT:
        return is_letter
    if place == _LETTER_COUNT:
        return is_letter or _ZERO + 2 <= byte <= _NINE
    return (is_letter or _ZERO <= byte <= _NINE) and not (place == _LOCATION_END and byte == _O)


@kernel(reads(Spans), reads(Bytes), fills(Flags))
def check_bics(spans, text, flags):
    """Flag the texts that are BICs in all versions of the payment messages.

    Reads     spans, text     n texts
    Fills     flags           n rows; 1 for a valid BIC
    Order     rows are independent
    Outcomes  none; never raises
    Overflow  impossible: there is no sum
    Cost      O(bytes), one pass
    Source    ISO 9362; BICIdentifier of pain.001.001.03, the narrower of the patterns in force
    Oracle    tests.oracle.bic.is_bic
    """
    for row in range(spans.start.size):
        start, length = spans.start[row], spans.end[row] - spans.start[row]
        is_valid = length == 8 or length == 11
        for place in range(length if is_valid else 0):
            is_valid = is_valid and _is_allowed(text.data[as_position(start + place)], place)
        flags.flag[row] = is_valid
