"""Validation of IBANs: the length of the country and the check digits of ISO 7064."""

import numpy as np

from core.iban import LENGTHS
from core.tables.journal import Bytes, Flags, Spans
from kernels.jit import fills, kernel, part, reads

_A, _Z, _ZERO, _NINE = ord("A"), ord("Z"), ord("0"), ord("9")
_LETTERS = 26
_DIVIDED_MIN = 10**15
_LENGTH = np.zeros(_LETTERS * _LETTERS, np.int32)
for _country, _length in LENGTHS.items():
    _LENGTH[(ord(_country[0]) - _A) * _LETTERS + ord(_country[1]) - _A] = _length


@part
def _is_letter(byte):
    return _A <= byte <= _Z


@part
def _compute_remainder(data, at, end, carried):
    """Return the remainder modulo 97, continued from ``carried``; -1 at a character that IBANs do not contain."""
    for place in range(at, end):
        byte = np.int64(data[place])
        if _ZERO <= byte <= _NINE:
            carried = carried * 10 + byte - _ZERO
        elif _is_letter(byte):
            carried = carried * 100 + byte - _A + 10
        else:
            return np.int64(-1)
        if carried >= _DIVIDED_MIN:  # a division for some fifteen digits, not for each
            carried %= 97
    return carried % 97


@part
def _is_valid(data, at, end):
    if end - at < 5 or not _is_letter(data[at]) or not _is_letter(data[at + 1]):
        return False
    if not (_ZERO <= data[at + 2] <= _NINE and _ZERO <= data[at + 3] <= _NINE):
        return False
    country = (np.int64(data[at]) - _A) * _LETTERS + data[at + 1] - _A
    if _LENGTH[country] != end - at:
        return False
    carried = _compute_remainder(data, at + 4, end, np.int64(0))
    return carried >= 0 and _compute_remainder(data, at, at + 4, carried) == 1


@kernel(reads(Spans), reads(Bytes), fills(Flags))
def check_ibans(spans, text, flags):
    """Flag the texts that are IBANs: upper case, no spaces, the country's length, remainder 1 modulo 97.

    Reads     spans, text     n texts
    Fills     flags           n rows; 1 for a valid IBAN
    Order     rows are independent
    Outcomes  none; never raises
    Overflow  impossible: what is divided stays below 10**18
    Cost      O(bytes), one pass
    Source    ISO 13616-1, ISO 7064 (MOD 97-10)
    Oracle    tests.oracle.iban.is_iban
    """
    for row in range(spans.start.size):
        flags.flag[row] = _is_valid(text.data, spans.start[row], spans.end[row])
