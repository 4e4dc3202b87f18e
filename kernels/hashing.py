"""Hashes of texts: a keyed fingerprint that outsiders cannot forge, and a plain digest of content.

Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", with one compression and three finalisation rounds
and its 128-bit output.
"""

import numpy as np

from core.tables.journal import Bytes, Fingerprints, Spans, Words
from kernels.jit import as_position, fills, kernel, part, reads, word

_V0 = np.uint64(0x736F6D6570736575)
_V1 = np.uint64(0x646F72616E646F6D)
_V2 = np.uint64(0x6C7967656E657261)
_V3 = np.uint64(0x7465646279746573)
_EE = np.uint64(0xEE)
_DD = np.uint64(0xDD)
_LOW_BIT = np.uint64(1)
_13, _16, _17, _21, _32 = (np.uint64(bits) for bits in (13, 16, 17, 21, 32))
_64 = np.uint64(64)
_56 = np.uint64(56)


@part
def _rotate(value, bits):
    return (value << bits) | (value >> (_64 - bits))


@part
def _apply_round(v0, v1, v2, v3):
    v0 = v0 + v1
    v2 = v2 + v3
    v1 = _rotate(v1, _13) ^ v0
    v3 = _rotate(v3, _16) ^ v2
    v0 = _rotate(v0, _32)
    v2 = v2 + v1
    v0 = v0 + v3
    v1 = _rotate(v1, _17) ^ v2
    v3 = _rotate(v3, _21) ^ v0
    v2 = _rotate(v2, _32)
    return v0, v1, v2, v3


@part
def read_word(data, at):
    """Read eight bytes from ``at``, little endian; the compiler merges them into one load."""
    value = np.uint64(data[at])
    for place in range(1, 8):
        value |= np.uint64(data[at + place]) << np.uint64(8 * place)
    return value


@part
def read_tail(data, at, count):
    """Read the last ``count`` bytes, up to seven, little endian: out of a word of eight where the data are long enough."""
    if at + 8 <= data.size:
        return read_word(data, at) & ((_LOW_BIT << np.uint64(8 * count)) - _LOW_BIT)
    value = np.uint64(0)
    for place in range(count):
        value |= np.uint64(data[at + place]) << np.uint64(8 * place)
    return value


@part
def compute_siphash(key, prefix, data, start, end):
    """Return SipHash-1-3-128 of ``prefix`` (eight bytes) followed by ``data[start:end]``, as two words."""
    v0, v1 = _V0 ^ key[0], _V1 ^ key[1] ^ _EE
    v2, v3 = _V2 ^ key[0], _V3 ^ key[1]
    v3 ^= prefix
    v0, v1, v2, v3 = _apply_round(v0, v1, v2, v3)
    v0 ^= prefix
    at, remaining = as_position(start), as_position(end - start)
    last = np.uint64((remaining + 8) & 0xFF) << _56
    while remaining >= 8:
        block = read_word(data, at)
        v3 ^= block
        v0, v1, v2, v3 = _apply_round(v0, v1, v2, v3)
        v0 ^= block
        at, remaining = as_position(at + 8), remaining - 8
    last |= read_tail(data, at, remaining)
    v3 ^= last
    v0, v1, v2, v3 = _apply_round(v0, v1, v2, v3)
    v0 ^= last
    return _finalise(v0, v1, v2, v3)


@part
def _finalise(v0, v1, v2, v3):
    v2 ^= _EE
    for _ in range(3):
        v0, v1, v2, v3 = _apply_round(v0, v1, v2, v3)
    first = v0 ^ v1 ^ v2 ^ v3
    v1 ^= _DD
    for _ in range(3):
        v0, v1, v2, v3 = _apply_round(v0, v1, v2, v3)
    return first, v0 ^ v1 ^ v2 ^ v3


@kernel(reads(Spans), reads(Bytes), reads(Words), reads(Words), fills(Fingerprints))
def fingerprint_texts(spans, text, prefixes, secret, fingerprints):
    """Fingerprint each text, after its prefix, under a secret key.

    Reads     spans, text          n texts, each within the bytes
              secret               2 words
              prefixes             n words that distinguish equal texts of different senders or families
    Fills     fingerprints         n rows, 96 bits each; an empty text gives 0, which no look-up finds
    Order     rows are independent
    Outcomes  none; never raises
    Overflow  words wrap by design
    Cost      O(bytes), one pass
    Source    SipHash-1-3-128
    Oracle    tests.oracle.hashing.fingerprint_texts
    """
    key = (secret.word[0], secret.word[1])
    start, end, data = spans.start, spans.end, text.data
    prefix, high, low = prefixes.word, fingerprints.high, fingerprints.low
    for row in range(start.size):
        if start[row] == end[row]:
            high[row], low[row] = 0, 0
            continue
        first, second = compute_siphash(key, prefix[row], data, start[row], end[row])
        high[row] = first
        low[row] = np.uint32(second & np.uint64(0xFFFF_FFFF))


@kernel(reads(Spans), reads(Bytes), word, fills(Words))
def digest_texts(spans, text, salt, words):
    """Digest each text without a key: the same content gives the same word everywhere.

    Reads     spans, text          n texts
    Fills     words                n words; an empty text gives 0, as if the column were absent
    Order     rows are independent
    Outcomes  none; never raises
    Overflow  words wrap by design
    Cost      O(bytes), one pass
    Source    SipHash-1-3
    Oracle    tests.oracle.hashing.digest_texts
    """
    key = (salt, salt)
    start, end, data, out = spans.start, spans.end, text.data, words.word
    for row in range(start.size):
        if start[row] == end[row]:
            out[row] = 0
        else:
            first, _ = compute_siphash(key, salt, data, start[row], end[row])
            out[row] = first
