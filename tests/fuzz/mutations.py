"""Mutations of bytes: small damage, wrong numbers, pieces moved, and pieces of other inputs."""

import struct
from collections.abc import Callable, Sequence
from random import Random

from core.act_fields import FORMATS
from tests.markup import mutations as markup_mutations

_NUMBERS = (
    0,
    1,
    2,
    7,
    12,
    13,
    127,
    128,
    255,
    256,
    4095,
    32767,
    32768,
    65535,
    65536,
    65537,
    2**24,
    2**31 - 1,
    2**31,
    2**32 - 1,
)
_CODES = ("<B", "<H", "<I", "<Q", ">I")
_TOKENS = (
    *(field.column.encode() for field in FORMATS),
    *(b'"', b";", b",", b"\n", b"\r\n", b"\0", b"{", b"}", b"[", b"]", b":", b"null", b"true", b"NaN", b"1e999", b"-0", b"''"),
    *(b"\\u0000", b"\\ud800", b"\xef\xbb\xbf", b"\xff", b"\xc3", b"\xe2\x80\xa8", b"\xf0\x9f\x98\x80", b'{"envelope":'),
    *(b"sender", b"batch_id", b"count", b"control_sum", b"sha256", b"2018-12-31", b"0000-00-00", b"9999-12-31", b"-1", b"01"),
    *(b"PAR1", b"ARROW1", b"\xff\xff\xff\xff", b"ustar", b"EUR", b"9" * 20, b"0.001", b"1.005", b"RCN", b"000000000000{"),
)  # fmt: skip
_CHANGES_MAX = 4
INPUT_BYTES_MAX = 2**16

Mutation = Callable[[Random, bytearray, bytes], None]


def mutate(random: Random, content: bytes, other: bytes) -> bytes:
    """Return ``content`` with some changes; ``other`` is another input, to take pieces from."""
    if content.lstrip()[:1] == b"<" and random.random() < 0.7:
        return markup_mutations.mutate(random, content)[:INPUT_BYTES_MAX]
    changed = bytearray(content)
    for _ in range(random.randint(1, _CHANGES_MAX)):
        random.choice(_MUTATIONS)(random, changed, other)
    return bytes(changed[:INPUT_BYTES_MAX])


def _pick_span(random: Random, size: int) -> slice:
    start = random.randrange(size + 1)
    return slice(start, start + random.choice((1, 2, 4, 8, 16, 64, 512)))


def _flip_bit(random: Random, changed: bytearray, _: bytes) -> None:
    if changed:
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)


def _set_byte(random: Random, changed: bytearray, _: bytes) -> None:
    if changed:
        changed[random.randrange(len(changed))] = random.randrange(256)


def _set_number(random: Random, changed: bytearray, _: bytes) -> None:
    code, number = random.choice(_CODES), random.choice(_NUMBERS)
    size = struct.calcsize(code)
    number = -number if random.random() < 0.2 else number
    at = random.randrange(len(changed) + 1)
    at -= at % size if random.random() < 0.5 else 0
    changed[at : at + size] = struct.pack(code, number % 2 ** (8 * size))


def _add_to_number(random: Random, changed: bytearray, _: bytes) -> None:
    code = random.choice(_CODES)
    size = struct.calcsize(code)
    if len(changed) >= size:
        at = random.randrange(len(changed) - size + 1)
        (number,) = struct.unpack_from(code, changed, at)
        struct.pack_into(code, changed, at, (number + random.randint(-16, 16)) % 2 ** (8 * size))


def _remove_span(random: Random, changed: bytearray, _: bytes) -> None:
    del changed[_pick_span(random, len(changed))]


def _repeat_span(random: Random, changed: bytearray, _: bytes) -> None:
    span = _pick_span(random, len(changed))
    at = random.randrange(len(changed) + 1)
    changed[at:at] = changed[span] * random.choice((1, 1, 2, 40))


def _insert_token(random: Random, changed: bytearray, _: bytes) -> None:
    at = random.randrange(len(changed) + 1)
    token = random.choice(_TOKENS)
    changed[at : at + (len(token) if random.random() < 0.3 else 0)] = token


def _cut(random: Random, changed: bytearray, _: bytes) -> None:
    del changed[random.randrange(len(changed) + 1) :]


def _take_span(random: Random, changed: bytearray, other: bytes) -> None:
    at = random.randrange(len(changed) + 1)
    changed[at:at] = other[_pick_span(random, len(other))]


def _join(random: Random, changed: bytearray, other: bytes) -> None:
    share = random.random()
    changed[int(len(changed) * share) :] = other[int(len(other) * share) :]


_MUTATIONS: Sequence[Mutation] = (
    *(_flip_bit, _flip_bit, _set_byte, _set_number, _set_number, _add_to_number, _add_to_number, _remove_span),
    *(_repeat_span, _insert_token, _insert_token, _cut, _take_span, _join),
)  # fmt: skip
