"""Packing of columns into rows."""

from collections.abc import Mapping, Sequence


def pack_records(columns: Mapping[str, Sequence[int]]) -> list[dict[str, int]]:
    """Return one dict per row of equally long columns."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
