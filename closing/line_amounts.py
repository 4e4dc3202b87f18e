"""The amounts of lines: a line states no more than a thousand billion euros, and what is more takes several."""

from collections.abc import Iterator

from core.money import AMOUNT_MAX


def split_cents(cents: int) -> Iterator[int]:
    """Yield amounts of the sign of ``cents`` that add up to it, each no more than a line may state; none for nothing."""
    while cents:
        part = max(min(cents, AMOUNT_MAX), -AMOUNT_MAX)
        yield part
        cents -= part
