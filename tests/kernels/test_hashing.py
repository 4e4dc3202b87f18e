"""Texts to hashes: what names an act under a secret, and what a line says without one."""

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
# seven, eight and nine bytes end a block; 247, 248 and 256 wrap the length that the last block carries
read = draw_lists(
    st.binary(max_size=40) | st.sampled_from([b"x" * size for size in (7, 8, 9, 247, 248, 255, 256, 264)])
)


@run_examples(200)
@given(st.lists(st.tuples(st.binary(max_size=40), words), max_size=9), words, words)
@example([(b"", 5), (b"\0", 0), (b"\0" * 8, 0), (b"\xff" * 300, 2**64 - 1)], 0, 2**64 - 1)
def test_fingerprints(named: list[tuple[bytes, int]], low: int, high: int) -> None:
    texts, prefixes = [text for text, _ in named], [prefix for _, prefix in named]
    found = allocate_zeros(Fingerprints, len(texts))
    with allow_wrapping():
        kernel.fingerprint_texts(*to_spans(texts), _to_words(prefixes), _to_words([low, high]), found)
    told = list(zip(found.high.tolist(), found.low.tolist(), strict=True))
    assert told == oracle.fingerprint_texts(texts, prefixes, low, high)


@run_examples(200)
@given(read, words)
def test_digests(texts: Texts, salt: int) -> None:
    found = allocate_zeros(Words, len(texts))
    with allow_wrapping():
        kernel.digest_texts(*to_spans(texts), np.uint64(salt), found)
    assert found.word.tolist() == oracle.digest_texts(texts, salt)


def _to_words(values: list[int]) -> Words:
    return seal(Words(np.array(values, np.uint64)))
