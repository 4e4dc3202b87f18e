"""The references that remittance information may contain: the words of what payers wrote."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.tables.bank_messages import Remittances
from core.tables.journal import Bytes, Spans

REFERENCE_BYTES_MAX = 35
"""Of the reference of an act."""
WORD_CHARACTERS_MIN = 4
"""A shorter word of free text, or one without a digit, is no reference: it may be any word."""
TEXT_BYTES_MAX = 2_048
"""A longer text is not searched: nobody writes it for a receivable."""
_SPACES, _SEPARATORS = r"[\s\p{Z}]+", r"[\s\p{Z},;:/()'\"?!+*#|]+"
_EDGES = ".,;:/()'\"?!+*#|-"


class WrittenReferences(NamedTuple):
    """What may be a reference: the row of the credit, the word, and where it was written; a word may occur twice."""

    credit: NDArray[np.int64]
    word: pa.Array
    is_structured: NDArray[np.bool_]


def extract_references(remittances: Remittances, rows: NDArray[np.int64]) -> WrittenReferences:
    """Extract the words of the movements ``rows``; the credits are the positions in ``rows``."""
    structured = _gather_texts(remittances.reference, remittances.reference_bytes, rows)
    free = _gather_texts(remittances.text, remittances.text_bytes, rows)
    parts = [*_split(structured, is_structured=True), *_split(free, is_structured=False)]
    credit, word, flags = zip(*parts, strict=True)
    return WrittenReferences(np.concatenate(credit), pa.concat_arrays(word), np.concatenate(flags))


def _gather_texts(spans: Spans, text: Bytes, rows: NDArray[np.int64]) -> pa.Array:
    """Copy the texts of the rows; of one that is too long, nothing."""
    start, end = spans.start[rows].astype(np.int64), spans.end[rows].astype(np.int64)
    size = np.where(end - start <= TEXT_BYTES_MAX, end - start, 0)
    ends = np.cumsum(size)
    first = np.repeat(start - (ends - size), size)
    data = text.data[first + np.arange(first.size)]
    offsets = np.append(0, ends).astype(np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(data))]
    return pa.Array.from_buffers(pa.large_string(), rows.size, buffers)


def _split(
    texts: pa.Array, *, is_structured: bool
) -> Iterator[tuple[NDArray[np.int64], pa.Array, NDArray[np.bool_]]]:
    """Yield the words between spaces and between separators, as written and without punctuation at their edges."""
    if is_structured:  # a reference may contain a space
        whole = pc.call_function("utf8_trim_whitespace", [texts])
        yield _select_words(np.arange(len(texts)), whole, is_structured=True)
    for pattern in (_SPACES, _SEPARATORS):
        options = pc.SplitPatternOptions(pattern)
        lists = pc.call_function("split_pattern_regex", [texts], options)
        credit = pc.call_function("list_parent_indices", [lists]).to_numpy()
        words = pc.call_function("list_flatten", [lists])
        yield _select_words(credit, words, is_structured=is_structured)
        trimmed = pc.call_function("utf8_trim", [words], pc.TrimOptions(_EDGES))
        other = pc.call_function("not_equal", [words, trimmed]).to_numpy(zero_copy_only=False)
        yield _select_words(credit[other], trimmed.filter(pa.array(other)), is_structured=is_structured)


def _select_words(
    credit: NDArray[np.int64], words: pa.Array, *, is_structured: bool
) -> tuple[NDArray[np.int64], pa.Array, NDArray[np.bool_]]:
    """Select the words that may be references."""
    size = pc.call_function("binary_length", [words]).to_numpy()
    may_be_reference = (size > 0) & (size <= REFERENCE_BYTES_MAX)
    if not is_structured:
        digits = pc.call_function("match_substring_regex", [words], pc.MatchSubstringOptions("[0-9]"))
        may_be_reference &= (size >= WORD_CHARACTERS_MIN) & digits.to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(may_be_reference)
    return credit[rows].astype(np.int64), words.take(pa.array(rows)), np.full(rows.size, is_structured)
