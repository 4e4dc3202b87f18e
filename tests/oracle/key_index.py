"""The index of keys as a dictionary, and the hash that makes the keys.

Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), sections 2 and 3; the 128-bit output
as their reference implementation describes it.
"""

from collections.abc import MutableMapping, Sequence

Rows = MutableMapping[tuple[int, int], int]
"""Row of each key, by its two words."""

_WORD = 2**64 - 1
_START = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)


def find_key(rows: Rows, high: int, low: int) -> int:
    """Return the row of the key (``high``, ``low``), or -1."""
    return rows.get((high, low), -1)


def insert_key(rows: Rows, row: int, key: tuple[int, int]) -> None:
    """Insert ``key`` with its ``row``; a key is stored once."""
    if key in rows:
        raise KeyError(key)
    rows[key] = row


def index_keys(rows: Rows, keys: Sequence[tuple[int, int]], first: int, end: int) -> None:
    """Insert rows ``first`` to ``end`` of ``keys``."""
    for row in range(first, end):
        insert_key(rows, row, keys[row])


def compute_siphash128(key: bytes, message: bytes, rounds: tuple[int, int] = (1, 3)) -> tuple[int, int]:
    """Return the 128-bit SipHash under a 16-byte ``key``: two words, of which the published bytes are little-endian."""
    v = _absorb(_initialise(key, 0xEE), message, rounds[0])
    v = _apply_rounds((v[0], v[1], v[2] ^ 0xEE, v[3]), rounds[1])
    second = _apply_rounds((v[0], v[1] ^ 0xDD, v[2], v[3]), rounds[1])
    return _fold(v), _fold(second)


def compute_siphash64(key: bytes, message: bytes, rounds: tuple[int, int] = (1, 3)) -> int:
    """Return the 64-bit SipHash under a 16-byte ``key``."""
    v = _absorb(_initialise(key, 0), message, rounds[0])
    return _fold(_apply_rounds((v[0], v[1], v[2] ^ 0xFF, v[3]), rounds[1]))


Lanes = tuple[int, int, int, int]


def _initialise(key: bytes, wide: int) -> Lanes:
    k0, k1 = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:16], "little")
    return _START[0] ^ k0, _START[1] ^ k1 ^ wide, _START[2] ^ k0, _START[3] ^ k1


def _absorb(v: Lanes, message: bytes, rounds: int) -> Lanes:
    """Absorb the message, padded to whole words with its length in the last byte."""
    padded = message + bytes(-(len(message) + 1) % 8) + bytes([len(message) % 256])
    for at in range(0, len(padded), 8):
        word = int.from_bytes(padded[at : at + 8], "little")
        v = _apply_rounds((v[0], v[1], v[2], v[3] ^ word), rounds)
        v = (v[0] ^ word, v[1], v[2], v[3])
    return v


def _apply_rounds(v: Lanes, count: int) -> Lanes:
    for _ in range(count):
        v = _apply_round(*v)
    return v


def _apply_round(a: int, b: int, c: int, d: int) -> Lanes:
    a, c = (a + b) & _WORD, (c + d) & _WORD
    b, d = _rotate(b, 13) ^ a, _rotate(d, 16) ^ c
    a = _rotate(a, 32)
    c, a = (c + b) & _WORD, (a + d) & _WORD
    b, d = _rotate(b, 17) ^ c, _rotate(d, 21) ^ a
    return a, b, _rotate(c, 32), d


def _rotate(word: int, bits: int) -> int:
    return (word << bits | word >> (64 - bits)) & _WORD


def _fold(v: Lanes) -> int:
    return v[0] ^ v[1] ^ v[2] ^ v[3]
