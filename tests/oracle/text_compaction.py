"""Texts next to each other."""

from collections.abc import Sequence


def gather_texts(texts: Sequence[bytes]) -> tuple[list[tuple[int, int]], bytes]:
    """Where each stands, and all of them."""
    spans = [(sum(map(len, texts[:at])), sum(map(len, texts[: at + 1]))) for at in range(len(texts))]
    return spans, b"".join(texts)
