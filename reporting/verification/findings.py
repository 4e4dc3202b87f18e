"""The result of a verification: the rows and rules checked, and every place where a rule does not hold."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

FINDINGS_MAX = 20
"""Most places listed for one check; further ones are only counted."""

ProgressCallback = Callable[[int, int, str], None]
"""Called with the steps done, the steps in all, and a label of the step."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a rule does not hold."""

    check: str
    place: str
    found: str
    expected: str


@dataclass(frozen=True, slots=True)
class Check:
    """One rule, checked over all rows."""

    name: str
    rule: str
    broken: int
    """The number of places where it does not hold; at most ``FINDINGS_MAX`` of them are listed."""


class CheckResult(NamedTuple):
    """A check, and the places where its rule does not hold."""

    check: Check
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of a verification."""

    batches: int
    chain: str
    """The hash of the last batch, in hexadecimal, as receipts show it."""
    rows: dict[str, int]
    """The number of checked rows, by table."""
    evidence: str = ""
    """The evidence of the last batch, in hexadecimal."""
    pending_rows: int = 0
    """Rows beside the journal that no batch covers yet: the next one does."""
    checks: list[Check] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    is_whole: bool = True
    """Whether every check was made: the chain, the evidence and all rules."""

    @property
    def is_proven(self) -> bool:
        """Whether every rule was checked, and holds everywhere."""
        return self.is_whole and not any(check.broken for check in self.checks)


def ignore_progress(done: int, total: int, label: str) -> None:
    """Ignore the progress; the default callback."""
