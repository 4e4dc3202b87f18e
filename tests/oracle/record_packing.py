"""Columns to rows."""

from collections.abc import Mapping, Sequence


def pack_records(columns: Mapping[str, Sequence[int]]) -> list[dict[str, int]]:
    """One dict a row, of equally long columns."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
