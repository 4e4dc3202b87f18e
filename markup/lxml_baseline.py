"""How XML is read with lxml by anybody who wants to: what the scanner is measured against, and no part of the reading."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from lxml.etree import iterparse


def iterate_elements(file: BinaryIO, tag: str) -> Iterator[Any]:
    """Each element of that name as it ends, forgotten when the next one is asked for: memory does not grow."""
    for _, element in iterparse(file, events=("end",), tag=tag, resolve_entities=False, no_network=True):
        yield element
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
