"""Texts to hashes: what names an act under a secret, and what a line says without one."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from core.tables.columns import blank, seal
from core.tables.journal import Fingerprints, Words
from kernels import hashing as kernel
from tests.kernels.execution_modes import examples, lists, texts_of, wrapping
from tests.oracle import hashing as oracle

Texts = list[bytes]

words = st.integers(0, 2**64 - 1) | st.sampled_from((0, 1, 2**63 - 1, 2**63, 2**64 - 1))
# seven, eight and nine bytes end a block; 247, 248 and 256 wrap the length that the last block carries
read = lists(
    st.binary(max_size=40) | st.sampled_from([b"x" * size for size in (7, 8, 9, 247, 248, 255, 256, 264)])
)


@examples(200)
@given(st.lists(st.tuples(st.binary(max_size=40), words), max_size=9), words, words)
@example([(b"", 5), (b"\0", 0), (b"\0" * 8, 0), (b"\xff" * 300, 2**64 - 1)], 0, 2**64 - 1)
def test_fingerprints(named: list[tuple[bytes, int]], low: int, high: int) -> None:
    texts, prefixes = [text for text, _ in named], [prefix for _, prefix in named]
    found = blank(Fingerprints, len(texts))
    with wrapping():
        kernel.fingerprint(*texts_of(texts), _words(prefixes), _words([low, high]), found)
    told = list(zip(found.high.tolist(), found.low.tolist(), strict=True))
    assert told == oracle.fingerprint(texts, prefixes, low, high)


@examples(200)
@given(read, words)
def test_digests(texts: Texts, salt: int) -> None:
    found = blank(Words, len(texts))
    with wrapping():
        kernel.digest(*texts_of(texts), np.uint64(salt), found)
    assert found.word.tolist() == oracle.digest(texts, salt)


def _words(values: list[int]) -> Words:
    return seal(Words(np.array(values, np.uint64)))
