"""What lines say, column after column, and what they leave out."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from core.outcome_codes import Outcome
from tests.oracle import hashing as hashes

_GOLDEN, _MIX, _WORD = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 2**64


class Said(NamedTuple):
    """The fields something is said in, the sum of its words, and the first field that cannot be read."""

    fields: frozenset[int] = frozenset()
    content: int = 0
    flawed: int = 0


class Need(NamedTuple):
    """What lines of a kind must say, what makes them name an assignment, and what they must say then."""

    always: frozenset[int]
    naming: frozenset[int]
    of_cell: frozenset[int]


def _and(said: Said, more: Said) -> Said:
    return Said(said.fields | more.fields, (said.content + more.content) % _WORD, said.flawed or more.flawed)


def texts(said: Sequence[Said], column: Sequence[bytes], field: int, bytes_max: int) -> list[Said]:
    """What the lines say with a column of texts besides."""
    words = hashes.digest(column, field)
    own = [
        Said(frozenset({field}), word, field * hashes.flawed(text, bytes_max)) if text else Said()
        for text, word in zip(column, words, strict=True)
    ]
    return list(map(_and, said, own))


def coded(said: Sequence[Said], codes: Sequence[int], values: Sequence[Said]) -> list[Said]:
    """What the lines say with what the value of each says besides; a negative code is the last value's."""
    return [
        _and(one, values[code] if code >= 0 else values[-1]) for one, code in zip(said, codes, strict=True)
    ]


def numbers(
    said: Sequence[Said], column: Sequence[tuple[int, int, bool]], field: int, salt: int
) -> list[Said]:
    """What the lines say with a column of numbers besides: (value, fault, whether it is given)."""
    return [
        _and(one, Said(frozenset({field} if given else ()), _word(value, salt) if given else 0, flawed))
        for one, (value, fault, given) in zip(said, column, strict=True)
        for flawed in [field if fault == Outcome.FIELD_INVALID else 0]
    ]


def _word(value: int, salt: int) -> int:
    word = (value + salt * _GOLDEN) * _MIX % _WORD
    return (word ^ (word >> 29)) * _GOLDEN % _WORD


def judge(
    said: Sequence[Said],
    kinds: Sequence[int],
    needs: tuple[Mapping[int, Need], Sequence[int]],
    marks: Sequence[tuple[int, int]],
) -> list[tuple[int, int, bool]]:
    """(fault, field, whether the line names an assignment); ``needs`` by kind, and the order in which they are missed."""
    by_kind, order = needs
    found: list[tuple[int, int, bool]] = []
    for one, kind, mark in zip(said, kinds, marks, strict=True):
        need = by_kind[kind]
        names = bool(one.fields & need.naming)
        wanted = need.always | (need.of_cell if names else frozenset())
        missed = [field for field in order if field in wanted and field not in one.fields]
        fault, field = mark
        if not fault and missed:
            fault, field = Outcome.FIELD_MISSING, missed[0]
        elif not fault and one.flawed:
            fault, field = Outcome.FIELD_INVALID, one.flawed
        found.append((fault, field, names))
    return found


def spread(codes: Sequence[int], of_value: Sequence[int]) -> list[int]:
    """The number of each line's value; a negative code is the last value's."""
    return [of_value[code] if code >= 0 else of_value[-1] for code in codes]
