"""Which rules are in force: those whose code the page of codes lists."""

from dataclasses import dataclass
from pathlib import Path

from tests.law_model.interface import DOCS, read_code_order


@dataclass(frozen=True)
class Rules:
    """The order of the codes, and the pages' words that say what is built."""

    order: tuple[str, ...]
    format_page: str
    planted: frozenset[str] = frozenset()

    def has(self, code: str) -> bool:
        """Return whether a rule is in force."""
        return code in self.built

    @property
    def built(self) -> frozenset[str]:
        """The codes of the rules in force."""
        return frozenset(self.order) - self.planted

    def has_column(self, name: str) -> bool:
        """Return whether the format has a column."""
        return f"`{name}`" in self.format_page

    def first(self, codes: list[str]) -> str:
        """Return the code that comes first in the order of precedence; empty if there is none."""
        present = [code for code in codes if self.has(code)]
        return min(present, key=self.order.index) if present else ""


def read_rules(docs: Path = DOCS, planted: frozenset[str] = frozenset()) -> Rules:
    """Read the pages; the codes of ``planted`` are left out, to show that the comparison notices it."""
    return Rules(read_code_order(docs / "codes.md"), (docs / "format.md").read_text(), planted)
