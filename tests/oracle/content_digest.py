"""What lines say, column after column, and what they leave out."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from core.outcome_codes import Outcome
from tests.oracle import hashing as hashes

_GOLDEN, _MIX, _WORD = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 2**64


class LineContent(NamedTuple):
    """The fields something is said in, the sum of its words, and the first field that cannot be read."""

    fields: frozenset[int] = frozenset()
    content: int = 0
    flawed: int = 0


class KindRequirement(NamedTuple):
    """What lines of a kind must say, what makes them name an assignment, and what they must say then."""

    always: frozenset[int]
    naming: frozenset[int]
    of_cell: frozenset[int]


def _add_content(said: LineContent, more: LineContent) -> LineContent:
    return LineContent(
        said.fields | more.fields, (said.content + more.content) % _WORD, said.flawed or more.flawed
    )


def add_texts(
    said: Sequence[LineContent], column: Sequence[bytes], field: int, bytes_max: int
) -> list[LineContent]:
    """What the lines say with a column of texts besides."""
    words = hashes.digest_texts(column, field)
    own = [
        LineContent(frozenset({field}), word, field * hashes.is_flawed(text, bytes_max))
        if text
        else LineContent()
        for text, word in zip(column, words, strict=True)
    ]
    return list(map(_add_content, said, own))


def add_codes(
    said: Sequence[LineContent], codes: Sequence[int], values: Sequence[LineContent]
) -> list[LineContent]:
    """What the lines say with what the value of each says besides; a negative code is the last value's."""
    return [
        _add_content(one, values[code] if code >= 0 else values[-1])
        for one, code in zip(said, codes, strict=True)
    ]


def add_numbers(
    said: Sequence[LineContent], column: Sequence[tuple[int, int, bool]], field: int, salt: int
) -> list[LineContent]:
    """What the lines say with a column of numbers besides: (value, fault, whether it is given)."""
    return [
        _add_content(
            one,
            LineContent(
                frozenset({field} if given else ()), _mix_number(value, salt) if given else 0, flawed
            ),
        )
        for one, (value, fault, given) in zip(said, column, strict=True)
        for flawed in [field if fault == Outcome.FIELD_INVALID else 0]
    ]


def _mix_number(value: int, salt: int) -> int:
    word = (value + salt * _GOLDEN) * _MIX % _WORD
    return (word ^ (word >> 29)) * _GOLDEN % _WORD


def check_required_fields(
    said: Sequence[LineContent],
    kinds: Sequence[int],
    needs: tuple[Mapping[int, KindRequirement], Sequence[int]],
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


def spread_numbers(codes: Sequence[int], of_value: Sequence[int]) -> list[int]:
    """The number of each line's value; a negative code is the last value's."""
    return [of_value[code] if code >= 0 else of_value[-1] for code in codes]
