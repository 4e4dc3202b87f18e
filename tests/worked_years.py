"""Reader of the years worked by hand: each page of ``docs/worked_years`` has one year, in the tables of the scenarios."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.test_scenarios import Scenario, parse_scenarios

FOLDER = Path(__file__).parents[1] / "docs/worked_years"
_HEADING = re.compile(r"^# (.+)$", re.MULTILINE)
_TABLES = re.compile(r"^```\n(.+?)^```$", re.MULTILINE | re.DOTALL)


def load_years() -> Iterator[Scenario]:
    """Yield the year of each page, as a scenario whose title is the heading of the page."""
    for path in sorted(FOLDER.glob("[0-9]*.md")):
        text = path.read_text()
        heading, tables = _HEADING.findall(text)[0], _TABLES.findall(text)
        yield from parse_scenarios(path.name, "\n\n".join([f"== {heading}", *tables]))
