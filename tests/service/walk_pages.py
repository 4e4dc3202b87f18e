"""The pages of docs/walks: their files, their commands, and the answers that they show.

A page is followed from above to below. A ``csv`` or ``xml`` block is the content of the file that the text before it names
last; an ``sh`` block has one command a line; a ``text`` block is what the commands above it print on a terminal.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.service.command_line import ROOT

FOLDER = ROOT / "docs/walks"
PAGES = ("december", "receipts", "january")
VARYING = "…"
"""In a line, what differs from call to call; alone on a line, any number of lines."""
_BLOCK = re.compile(r"^```(csv|xml|sh|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_FILE = re.compile(r"`([a-z0-9-]+\.(?:csv|xml))`")
_CODE = re.compile(r"# ends with (\d)$")
_PLACE = re.compile(r" --data [a-z-]+$", re.MULTILINE)


@dataclass
class Step:
    """Files to save, the commands that follow them, and what they print."""

    files: dict[str, str] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    answer: str = ""

    def list_codes(self) -> list[int]:
        """Return the exit code of each command: 0 unless a remark behind it states another."""
        marks = [_CODE.search(command) for command in self.commands]
        return [int(mark[1]) if mark else 0 for mark in marks]


def read_page(name: str) -> str:
    return FOLDER.joinpath(f"{name}.md").read_text()


def parse_steps(page: str) -> Iterator[Step]:
    """Yield the steps of a page; a step ends with its answer."""
    step, end = Step(), 0
    for block in _BLOCK.finditer(page):
        match block[1]:
            case "csv" | "xml":
                step.files[_FILE.findall(page[end : block.start()])[-1]] = block[2]
            case "sh":
                step.commands += block[2].splitlines()
            case _:
                step.answer = block[2]
                yield step
                step = Step()
        end = block.end()
    assert not step.files, f"no command follows {step.files}"
    assert not step.commands, f"no answer follows {step.commands}"


def fits_answer(answer: str, output: str) -> bool:
    """Return whether commands printed what a page shows.

    The test has the ledger on a server of its own, so the commands that an answer offers name no folder there.
    """
    expected = _PLACE.sub("", answer).strip("\n").splitlines()
    return _fits_lines(expected, output.strip("\n").splitlines())


def _fits_lines(expected: list[str], output: list[str]) -> bool:
    if not expected:
        return not output
    first, *others = expected
    if first == VARYING:
        return any(_fits_lines(others, output[count:]) for count in range(len(output) + 1))
    return bool(output) and _fits_line(first, output[0]) and _fits_lines(others, output[1:])


def _fits_line(expected: str, output: str) -> bool:
    pattern = re.escape(expected.rstrip()).replace(VARYING, ".+?")
    return re.fullmatch(pattern, output.rstrip()) is not None
