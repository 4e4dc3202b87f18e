"""Compaction of texts."""

from collections.abc import Sequence


def gather_texts(texts: Sequence[bytes]) -> tuple[list[tuple[int, int]], bytes]:
    """Return the span of each text, and the joined texts."""
    spans = [(sum(map(len, texts[:at])), sum(map(len, texts[: at + 1]))) for at in range(len(texts))]
    return spans, b"".join(texts)
