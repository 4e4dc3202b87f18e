"""DECISIONS.md: every entry once, in the index and under its topic; the modules and entries it names exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEXT = ROOT.joinpath("DECISIONS.md").read_text()
INDEX = re.findall(
    r"^\| ([^|]+) \| (D\d{3}) \| ([^|]+) \| (\d{4}-\d\d-\d\d) \| ([^|]*)\|$", TEXT, re.MULTILINE
)
ENTRY = re.compile(r"^### (D\d{3}) (.+)\n\n\*(\d{4}-\d\d-\d\d)\.\* (.+(?:\n.+)*)", re.MULTILINE)


def entries() -> list[tuple[str, str, str, str]]:
    """Return topic, number, title and date of every entry, in the order of the page."""
    blocks = re.split(r"^## (.+)$", TEXT, flags=re.MULTILINE)
    topics = zip(blocks[1::2], blocks[2::2], strict=True)
    return [(topic, *match[:3]) for topic, block in topics for match in ENTRY.findall(block)]


def test_the_index_lists_every_entry_as_it_stands() -> None:
    assert [row[:4] for row in INDEX] == entries()


def test_each_number_is_given_once() -> None:
    """Numbers may have gaps."""
    numbers = [number for _, number, _, _ in entries()]
    assert len(set(numbers)) == len(numbers)


def test_what_supersedes_an_entry_exists() -> None:
    decision_numbers = {number for _, number, _, _ in entries()}
    assert set(re.findall(r"\bD\d{3}\b", TEXT)) <= decision_numbers
    marked = {number: status.split()[-1] for _, number, _, _, status in INDEX if status.strip()}
    stated_successors = re.findall(
        r"^### (D\d{3}) .+\n\n.+\n\n\*\*Superseded by (D\d{3})\.\*\*$", TEXT, re.MULTILINE
    )
    assert marked == dict(stated_successors)


def test_every_module_named_exists() -> None:
    named = {path for _, _, _, where in ENTRY.findall(TEXT) for path in re.findall(r"`([^`]+)`", where)}
    assert [path for path in sorted(named) if not ROOT.joinpath(path).exists()] == []
