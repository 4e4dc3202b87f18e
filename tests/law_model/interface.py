"""The outside interface as its pages state it: the order of the codes, and the columns that each kind of act needs."""

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


@dataclass(frozen=True)
class KindColumns:
    """The columns a kind needs, how it gets its account assignment, and what else it uses."""

    needs: tuple[str, ...]
    assignment: str
    uses: frozenset[str]


def read_code_order(page: Path = DOCS / "codes.md") -> tuple[str, ...]:
    """Return the codes of refusal in order of precedence."""
    return tuple(re.findall(r"^\| `([A-Z_]+)` \|", page.read_text(), re.MULTILINE))


def read_kinds(page: Path = DOCS / "kinds.md") -> dict[str, KindColumns]:
    """Return the columns of every kind of act."""
    kinds: dict[str, KindColumns] = {}
    for row in re.findall(r"^\| `([a-z_0-9]+)` \|(.*)$", page.read_text(), re.MULTILINE):
        cells = row[1].split("|")
        needs, uses = (re.findall(r"`([a-z_]+)`", cells[place]) for place in (1, 3))
        kinds[row[0]] = KindColumns(tuple(needs), cells[2].strip(), frozenset([*needs, *uses]))
    return kinds
