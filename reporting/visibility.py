"""Which lines of the journal are asked for, and how far the one who asks may see."""

from collections.abc import Sequence
from typing import NamedTuple

from reporting.code_names import CodeNames


class Visibility(NamedTuple):
    """How far somebody sees; None for everything."""

    sender: str | None = None
    centres: Sequence[int] | None = None
    """Numbers of fund centres."""
    programmes: Sequence[str] | None = None
    """The programmes that these lie in: what no fund centre tells of is seen where its whole file names no other."""


class ReferenceQuery(NamedTuple):
    """Lines of one reference."""

    reference: str
    visibility: Visibility = Visibility()
    kinds: Sequence[int] | None = None
    exercise: int | None = None
    """Of accepted lines: a refused line keeps none."""


def list_centres_within(names: CodeNames, programmes: frozenset[str]) -> list[int] | None:
    """Numbers of the fund centres of some programmes; None for those of all."""
    if not programmes:
        return None
    centres = names.codes.centres.keys() & names.by_code.keys()
    return [names.by_code[code] for code in centres if names.codes.find_programme(code).code in programmes]
