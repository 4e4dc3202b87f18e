"""docs/rules.md holds every rule once, and names only tests, scenario files and checks that exist."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from core.outcome_codes import REFUSALS
from reporting.verification.duckdb_session import CHECKS
from service.http.openapi.problem_types import PROBLEM_TYPES

ROOT = Path(__file__).parent.parent
TEXT = ROOT.joinpath("docs/rules.md").read_text()
NUMBERS = [f"A{number:02}" for number in range(1, 71)]
STATES = ("built", "partly", "not built")

_FIELD = r"^- \*\*{}:\*\* ((?:.+\n)(?:  .+\n)*)"
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_CODE = re.compile(r"`([\w-]+)`")
_INCOMPLETE = re.compile(r"\b(Missing|not built|yet)\b")
"""What a rule says where some of it is not there."""


class Rule(NamedTuple):
    """One section of the page."""

    number: str
    title: str
    body: str

    def field(self, name: str) -> str:
        """Return the text of a field, ``State`` for example, or nothing where the section has none."""
        match = re.search(_FIELD.format(name), self.body, re.MULTILINE)
        return " ".join(match[1].split()) if match else ""

    @property
    def state(self) -> str:
        """Return the words before the first mark of the state field."""
        return re.split(r"[.:(]", self.field("State"))[0].strip()

    @property
    def tests(self) -> list[tuple[str, str]]:
        """Return path and function of every test named."""
        return _TEST.findall(self.field("Test"))


def sections() -> list[Rule]:
    """Cut the page at its headings and keep the sections of rules."""
    blocks = re.split(r"^(?=##+ )", TEXT, flags=re.MULTILINE)
    headings = [re.match(r"### (A\d\d) (.+)\n", block) for block in blocks]
    return [Rule(match[1], match[2], block) for match, block in zip(headings, blocks, strict=True) if match]


RULES = sections()


@cache
def functions_of(path: Path) -> frozenset[str]:
    """Return the test functions that a file defines."""
    tree = ast.parse(path.read_text())
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in nodes if node.name.startswith("test_"))


def test_every_rule_has_one_section_in_order() -> None:
    assert [rule.number for rule in RULES] == NUMBERS


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.number)
def test_a_rule_states_source_and_state(rule: Rule) -> None:
    assert rule.state in STATES
    assert rule.field("Source")
    assert rule.field("Test")
    assert rule.field("Verify")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.number)
def test_a_rule_that_is_built_names_a_test(rule: Rule) -> None:
    assert bool(rule.tests) == (rule.state != "not built")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.number)
def test_a_rule_without_its_whole_states_what_happens_until_then(rule: Rule) -> None:
    """A code refuses what would need the rest, or the text says why nothing has to be refused; the closing comes later.

    A rule that is built and says that something is missing states it too.
    """
    is_whole = rule.state == "built" and not _INCOMPLETE.search(rule.field("State"))
    if is_whole or rule.number > "A60":
        return
    _, *until_then_parts = re.split("[Uu]ntil then", rule.field("State"))
    until_then = "".join(until_then_parts[-1:])
    refusals = {code.name for code in REFUSALS} | set(PROBLEM_TYPES)
    assert set(_CODE.findall(until_then)) & refusals or "nothing has to be refused" in until_then


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.number)
def test_every_check_named_exists(rule: Rule) -> None:
    named = set(_CODE.findall(rule.field("Verify")))
    assert named <= {"chain", "evidence", *CHECKS}
    assert named or rule.field("Verify") == "none"


def test_every_test_named_exists() -> None:
    missing = [
        f"{path}::{name}" for path, name in _TEST.findall(TEXT) if name not in functions_of(ROOT / path)
    ]
    assert missing == []


def test_every_scenario_file_named_exists() -> None:
    named = set(re.findall(r"`(\w+\.txt)`", TEXT))
    assert named == {path.name for path in ROOT.joinpath("tests/scenarios").glob("*.txt")}


def test_the_overview_agrees_with_the_sections() -> None:
    cells = [re.split(r"\s*\|\s*", line)[2:5] for line in TEXT.splitlines() if line.startswith("| [")]
    overview = {
        number: state
        for row in cells
        for state, cell in zip(STATES, row, strict=True)
        for number in cell.split()
    }
    assert overview == {rule.number: rule.state for rule in RULES}
    assert sum(len(cell.split()) for row in cells for cell in row) == len(NUMBERS)
