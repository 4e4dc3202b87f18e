"""What a verification says: what was looked at, and every place where the rows do not agree."""

from collections.abc import Callable
from dataclasses import dataclass, field

FINDINGS_MAX = 20
"""Places named for one check; the rest is only counted."""

ProgressCallback = Callable[[int, int, str], None]
"""Called with steps done, steps in all, and what is being looked at."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where the rows do not agree."""

    check: str
    place: str
    found: str
    expected: str


@dataclass(frozen=True, slots=True)
class Check:
    """One rule over all rows."""

    name: str
    rule: str
    broken: int
    """Places where it does not hold; at most ``FINDINGS_MAX`` of them are named."""


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of a whole verification."""

    batches: int
    chain: str
    """Hash of the last batch, in hexadecimal: what receipts carry."""
    rows: dict[str, int]
    """Rows looked at, by table."""
    checks: list[Check] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_proven(self) -> bool:
        """Whether every check holds everywhere."""
        return not any(check.broken for check in self.checks)


def ignore_progress(done: int, total: int, label: str) -> None:
    """Tell nobody how far it is."""
