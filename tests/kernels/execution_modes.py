"""The execution mode of kernels in this test run, compiled or interpreted, and its consequences for the tests."""

import os
from collections.abc import Sequence

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from numba import config

from core.tables.columns import seal, seal_array
from core.tables.journal import Bytes, Spans

IS_COMPILED = not getattr(config, "DISABLE_JIT")  # noqa: B009
_INTERPRETED_DIVISOR = 1 if IS_COMPILED else 6
EXAMPLES_FACTOR = int(os.environ.get("EXAMPLES_FACTOR", "1"))
"""How many times the usual number of cases a long form draws."""


def run_examples(count: int) -> settings:
    """Return settings for ``count`` cases, fewer if interpreted; without a deadline, as the first case may be slow.

    The environment variable ``EXAMPLES_FACTOR`` multiplies them, for a long form.
    """
    return settings(
        max_examples=max(count * EXAMPLES_FACTOR // _INTERPRETED_DIVISOR, 1),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def allow_wrapping() -> np.errstate:
    """Allow overflow in the interpreter, for hashes only: their words wrap by design, and nothing else may."""
    return np.errstate(over="ignore")


def to_spans(texts: Sequence[bytes]) -> tuple[Spans, Bytes]:
    """Return texts as kernels read them: next to each other, with one invalid byte before and one after them all."""
    ends = np.cumsum([1, *map(len, texts)]).astype(np.int32)
    data = np.frombuffer(b"\xfe" + b"".join(texts) + b"\xff", np.uint8)
    return seal(Spans(ends[:-1].copy(), ends[1:].copy())), Bytes(seal_array(data))


def draw_lists(elements: st.SearchStrategy[bytes]) -> st.SearchStrategy[list[bytes]]:
    """Draw lists of texts, some of them empty."""
    return st.lists(elements | st.just(b""), max_size=9)
