"""The review of the ten risks names existing tests, at least one for each."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/security.md").read_text()
ROWS = re.findall(r"^\| (API\d+) .*$", TEXT, re.MULTILINE)
_NAME = re.compile(r"`(test_\w+)`")


def test_every_risk_is_covered_by_tests() -> None:
    assert [f"API{number}" for number in range(1, 11)] == ROWS
    assert all(_NAME.search(line) for line in TEXT.splitlines() if line.startswith("| API"))


def test_every_named_test_exists() -> None:
    defined = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text(), re.MULTILINE)
    }
    assert set(_NAME.findall(TEXT)) <= defined
