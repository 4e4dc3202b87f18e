"""Hashes of texts: keyed fingerprints of references, and digests of content."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from core.tables.columns import allocate_zeros, seal
from core.tables.journal import Fingerprints, Words
from kernels import hashing as kernel
from tests.kernels.execution_modes import allow_wrapping, draw_lists, run_examples, to_spans
from tests.oracle import hashing as oracle

Texts = list[bytes]

words = st.integers(0, 2**64 - 1) | st.sampled_from((0, 1, 2**63 - 1, 2**63, 2**64 - 1))
# Seven, eight and nine bytes are around the end of a block; at 248 and 256 bytes the length in the last block wraps.
text_lists = draw_lists(
    st.binary(max_size=40) | st.sampled_from([b"x" * size for size in (7, 8, 9, 247, 248, 255, 256, 264)])
)


@run_examples(200)
@given(st.lists(st.tuples(st.binary(max_size=40), words), max_size=9), words, words)
@example([(b"", 5), (b"\0", 0), (b"\0" * 8, 0), (b"\xff" * 300, 2**64 - 1)], 0, 2**64 - 1)
def test_texts_are_fingerprinted(prefixed: list[tuple[bytes, int]], low: int, high: int) -> None:
    texts, prefixes = [text for text, _ in prefixed], [prefix for _, prefix in prefixed]
    fingerprints = allocate_zeros(Fingerprints, len(texts))
    with allow_wrapping():
        kernel.fingerprint_texts(*to_spans(texts), _to_words(prefixes), _to_words([low, high]), fingerprints)
    rows = list(zip(fingerprints.high.tolist(), fingerprints.low.tolist(), strict=True))
    assert rows == oracle.fingerprint_texts(texts, prefixes, low, high)


@run_examples(200)
@given(text_lists, words)
def test_texts_are_digested(texts: Texts, salt: int) -> None:
    digests = allocate_zeros(Words, len(texts))
    with allow_wrapping():
        kernel.digest_texts(*to_spans(texts), np.uint64(salt), digests)
    assert digests.word.tolist() == oracle.digest_texts(texts, salt)


def _to_words(values: list[int]) -> Words:
    return seal(Words(np.array(values, np.uint64)))
