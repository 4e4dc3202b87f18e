"""Invoices requested so far: one invoice is requested once, over all senders, kinds and years (rule A37).

A claim is a run of lines of one act that state the same invoice and the same part of it.  Claims are in order of acceptance.
Undoing the last act removes its claims; a rejection removes none: one whose lines were all rejected in full binds nobody, and
the search goes on behind it.  Two requests of one supplier and number are of two invoices only if both state a date, and not
the same one: without one, it may be either.

claim = (fingerprint of supplier and number; entry of the first line; terms + 2^24 x lines)
terms = part + 256 x date, part 0 for the whole invoice, date 0 if none is stated
"""

import numpy as np

from core.tables.book import CLAIM_DAY_BIT, CLAIM_LINE_BIT, CLAIM_PART_MASK, CLAIM_TERMS_MASK
from core.tables.invoices import Suppliers
from core.tables.journal import Bytes, Fingerprints, Spans, Words
from kernels import debts, key_index
from kernels.hashing import compute_siphash
from kernels.jit import as_position, fills, kernel, part, rare_part, reads

NUMBER_BYTES_MAX = 70
"""Bytes of an invoice number; a longer one is refused, and has no fingerprint."""

_LOW_BYTES = 4
_LINES, _DAYS = np.uint64(CLAIM_LINE_BIT), np.uint64(CLAIM_DAY_BIT)
_PART, _TERMS = np.uint64(CLAIM_PART_MASK), np.uint64(CLAIM_TERMS_MASK)
_TAG_BITS = np.uint64(32)
_ROW_MASK = np.uint64(0xFFFF_FFFF)
_FREE = np.uint64(0)
_LOW_BYTE, _LOW_WORD = np.uint32(0xFF), np.uint64(0xFFFF_FFFF)
_ZERO, _NINE, _UPPER_A, _UPPER_Z, _LOWER_A, _LOWER_Z = (np.uint8(ord(sign)) for sign in "09AZaz")
_FIRST_WIDE = np.uint8(0x80)
_TO_UPPER = np.uint8(0x20)


@part
def _normalise_byte(byte):
    """Return an ASCII letter in upper case, a digit or a byte of a wider character; 0 for anything else."""
    if _LOWER_A <= byte <= _LOWER_Z:
        return byte - _TO_UPPER
    is_significant = _ZERO <= byte <= _NINE or _UPPER_A <= byte <= _UPPER_Z or byte >= _FIRST_WIDE
    return byte if is_significant else np.uint8(0)


@part
def _write_word(scratch, at, word, width):
    """Write ``width`` bytes, little endian."""
    for place in range(width):
        scratch[at + place] = np.uint8((word >> np.uint32(8 * place)) & _LOW_BYTE)
    return at + width


@part
def _write_number(scratch, data, start, end):
    """Write the significant bytes of a number to the start of ``scratch``; return how many they are."""
    count = 0
    for place in range(start, end):
        byte = _normalise_byte(data[as_position(place)])
        if byte != 0:
            scratch[count] = byte
            count += 1
    return count


@kernel(reads(Spans), reads(Bytes), reads(Suppliers), reads(Words), fills(Fingerprints))
def fingerprint_invoices(spans, text, suppliers, secret, fingerprints):
    """Fingerprint each invoice by its supplier and its number, under a secret key; its date is compared beside it.

    A number counts by its letters, in upper case, and its digits: ``f-2018/7`` and ``F 20187`` are one number.

    Reads     spans, text          n numbers, each within the bytes
              suppliers            n rows: fingerprint of the supplier
              secret               2 words
    Fills     fingerprints         n rows, 96 bits each; 0 where there is no number, or one that is refused for its length
    Order     rows are independent
    Outcomes  none; never raises
    Overflow  words wrap by design
    Cost      O(bytes), one pass
    Source    SipHash-1-3-128
    Oracle    tests.oracle.invoices.fingerprint_invoices
    """
    key = (secret.word[0], secret.word[1])
    start, end, data = spans.start, spans.end, text.data
    scratch = np.zeros(NUMBER_BYTES_MAX + _LOW_BYTES, np.uint8)
    for row in range(start.size):
        fingerprints.high[row], fingerprints.low[row] = 0, 0
        if not 0 < end[row] - start[row] <= NUMBER_BYTES_MAX:
            continue
        at = _write_number(scratch, data, start[row], end[row])
        if at > 0:
            at = _write_word(scratch, at, suppliers.low[row], _LOW_BYTES)
            first, second = compute_siphash(key, suppliers.high[row], scratch, 0, at)
            fingerprints.high[row] = first
            fingerprints.low[row] = np.uint32(second & _LOW_WORD)


@part
def combine_terms(stated_part, day):
    """Return the terms of a claim: which part of the invoice, and its date."""
    return np.uint64(stated_part) + _DAYS * np.uint64(day)


@part
def _are_apart(first, second):
    """Return whether both are stated and differ; 0 states nothing, and may be either."""
    return first != 0 and second != 0 and first != second


@rare_part
def _find_binding_entry(book, row, terms):
    """Return the first entry of a claim that was not rejected in full; 0 if none, or it is of another part or another date."""
    claim = book.invoices[row]
    claimed = claim.content & _TERMS
    if _are_apart(claimed & _PART, terms & _PART) or _are_apart(claimed // _DAYS, terms // _DAYS):
        return np.int64(0)
    first, lines = np.int64(claim.value), np.int64(claim.content // _LINES)
    for entry in range(first, first + lines):
        if not debts.has_full_rejection(book.items, as_position(entry)):
            return np.int64(entry)
    return np.int64(0)


@part
def find_claim(acts, book, line):
    """Return the entry by which an earlier act requested the invoice of ``line``, or a part of it; 0 if none binds."""
    high, tag = acts[line].invoice_high, np.uint64(acts[line].invoice_low)
    if high == 0:
        return np.int64(0)
    terms = combine_terms(acts[line].invoice_part, acts[line].invoice_day)
    slots, at = book.invoice_slots, key_index.find_home_slot(book.invoice_slots, acts[line].invoice_low)
    while slots[at] != _FREE:
        row = as_position(np.int64(slots[at] & _ROW_MASK) - 1)
        if slots[at] >> _TAG_BITS == tag and book.invoices[row].high == high:
            entry = _find_binding_entry(book, row, terms)
            if entry > 0:
                return entry
        at = key_index.find_next_slot(slots, at)
    return np.int64(0)


@part
def _has_same_invoice(acts, line, other):
    return (
        acts[line].invoice_high == acts[other].invoice_high
        and acts[line].invoice_low == acts[other].invoice_low
        and acts[line].invoice_part == acts[other].invoice_part
        and acts[line].invoice_day == acts[other].invoice_day
    )


@part
def insert_claim(book, invoice, entry):
    """Insert a claim of ``invoice`` = (high, low, terms) by one entry."""
    high, low, terms = invoice
    at = as_position(book.counters[0].invoices)
    claim = (high, low, np.uint32(entry), terms + _LINES)
    key_index.insert_key(book.invoice_slots, book.invoices, at, claim)
    book.counters[0].invoices = at + 1


@part
def extend_claim(book):
    """Add the next entry to the last claim."""
    book.invoices[as_position(np.int64(book.counters[0].invoices) - 1)].content += _LINES


@part
def record_claims(acts, book, span, first_entry):
    """Record the claims of the accepted act in ``span``, whose entries begin with ``first_entry``."""
    row, end = span
    for line in range(row, end):
        line = as_position(line)
        if acts[line].invoice_high == 0:
            continue
        if line > row and _has_same_invoice(acts, line, as_position(line - 1)):
            extend_claim(book)
        else:
            terms = combine_terms(acts[line].invoice_part, acts[line].invoice_day)
            invoice = (acts[line].invoice_high, acts[line].invoice_low, terms)
            insert_claim(book, invoice, first_entry + line - row)


@part
def is_continued(book, invoice, entry):
    """Return whether ``entry`` continues the last claim: the next line of its act, with the same invoice and terms."""
    high, low, terms = invoice
    at = np.int64(book.counters[0].invoices) - 1
    if at < 0 or book.items[as_position(entry - 1)].lines_after == 0:
        return False
    last = book.invoices[as_position(at)]
    is_next = np.int64(last.value) + np.int64(last.content // _LINES) == entry
    is_same = last.high == high and last.low == low and last.content & _TERMS == terms
    return is_next and is_same


@part
def remove_claims(book, first_entry):
    """Remove the claims of the last act, whose entries begin with ``first_entry``."""
    at = np.int64(book.counters[0].invoices) - 1
    while at >= 0 and np.int64(book.invoices[as_position(at)].value) >= first_entry:
        key_index.remove_slot(book.invoice_slots, at, book.invoices[as_position(at)].low)
        at -= 1
    book.counters[0].invoices = at + 1
