"""Reading XML with plain lxml: the baseline that the scanner is measured against; not used in production."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from lxml.etree import iterparse


def iterate_elements(file: BinaryIO, tag: str) -> Iterator[Any]:
    """Yield each element of that name at its end; it is freed before the next one, so memory does not grow."""
    for _, element in iterparse(file, events=("end",), tag=tag, resolve_entities=False, no_network=True):
        yield element
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
