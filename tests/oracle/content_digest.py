"""The content of lines, column by column, and missing fields."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from core.outcome_codes import Outcome
from tests.oracle import hashing as hashes

_GOLDEN, _MIX, _WORD = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 2**64


class LineContent(NamedTuple):
    """The fields with a value, the sum of their words, and the first field that cannot be read."""

    fields: frozenset[int] = frozenset()
    content: int = 0
    flawed: int = 0


class KindRequirement(NamedTuple):
    """The fields that lines of a kind need, those that give an assignment, and the further fields they need with one."""

    always: frozenset[int]
    naming: frozenset[int]
    of_cell: frozenset[int]


def _add_content(first: LineContent, second: LineContent) -> LineContent:
    return LineContent(
        first.fields | second.fields,
        (first.content + second.content) % _WORD,
        first.flawed or second.flawed,
    )


def add_texts(
    contents: Sequence[LineContent], column: Sequence[bytes], field: int, bytes_max: int
) -> list[LineContent]:
    """Add a column of texts to the content of the lines."""
    words = hashes.digest_texts(column, field)
    own = [
        LineContent(frozenset({field}), word, field * hashes.is_flawed(text, bytes_max))
        if text
        else LineContent()
        for text, word in zip(column, words, strict=True)
    ]
    return list(map(_add_content, contents, own))


def add_codes(
    contents: Sequence[LineContent], codes: Sequence[int], values: Sequence[LineContent]
) -> list[LineContent]:
    """Add the content of each line's value; a negative code is that of the last value."""
    return [
        _add_content(content, values[code] if code >= 0 else values[-1])
        for content, code in zip(contents, codes, strict=True)
    ]


def add_numbers(
    contents: Sequence[LineContent], column: Sequence[tuple[int, int, bool]], field: int, salt: int
) -> list[LineContent]:
    """Add a column of numbers: (value, fault, whether it is given)."""
    return [
        _add_content(
            content,
            LineContent(
                frozenset({field} if is_given else ()), _mix_number(value, salt) if is_given else 0, flawed
            ),
        )
        for content, (value, fault, is_given) in zip(contents, column, strict=True)
        for flawed in [field if fault == Outcome.FIELD_INVALID else 0]
    ]


def _mix_number(value: int, salt: int) -> int:
    word = (value + salt * _GOLDEN) * _MIX % _WORD
    return (word ^ (word >> 29)) * _GOLDEN % _WORD


def check_required_fields(
    contents: Sequence[LineContent],
    kinds: Sequence[int],
    needs: tuple[Mapping[int, KindRequirement], Sequence[int]],
    faults_before: Sequence[tuple[int, int]],
) -> list[tuple[int, int, bool]]:
    """Return (fault, field, whether the line gives an assignment); ``needs`` = (by kind, order of reporting)."""
    by_kind, order = needs
    results: list[tuple[int, int, bool]] = []
    for content, kind, fault_before in zip(contents, kinds, faults_before, strict=True):
        need = by_kind[kind]
        has_cell = bool(content.fields & need.naming)
        needed = need.always | (need.of_cell if has_cell else frozenset())
        missing = [field for field in order if field in needed and field not in content.fields]
        fault, field = fault_before
        if not fault and missing:
            fault, field = Outcome.FIELD_MISSING, missing[0]
        elif not fault and content.flawed:
            fault, field = Outcome.FIELD_INVALID, content.flawed
        results.append((fault, field, has_cell))
    return results


def spread_numbers(codes: Sequence[int], of_value: Sequence[int]) -> list[int]:
    """Return the number of each line's value; a negative code is that of the last value."""
    return [of_value[code] if code >= 0 else of_value[-1] for code in codes]
