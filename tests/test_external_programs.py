"""Tests that need a program from outside are left out aloud, and where all must run, not at all."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TESTS = """
import pytest

@pytest.mark.outside("sh")
def test_with_what_is_there(): pass

@pytest.mark.outside("sh", "no-such-program")
def test_with_what_is_not(): pass

def test_with_nothing(): pass
"""
HOOKS = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.conftest import pytest_addoption, pytest_collection_modifyitems, pytest_terminal_summary
from tests.conftest import pytest_runtest_setup, pytest_sessionfinish, pytest_testnodedown
"""
SIDE_BY_SIDE = pytest.mark.parametrize("how", [(), ("-n", "2")], ids=["alone", "side by side"])
TELLS = [
    "left out for want of no-such-program: *::test_with_what_is_not",
    "Tests left out: 1. This brings them in: sudo tools/outside.sh",
    "* 2 passed*",
]

pytest_plugins = ["pytester"]


@pytest.fixture
def elsewhere(pytester: pytest.Pytester) -> pytest.Pytester:
    """Another repository, with three tests and our hooks."""
    pytester.makeini("[pytest]\nmarkers = outside(*programs)\naddopts = --strict-markers -p no:asyncio")
    pytester.makeconftest(HOOKS)
    pytester.makepyfile(TESTS)
    return pytester


@SIDE_BY_SIDE
def test_what_is_left_out_is_said_last_with_the_command_that_brings_it_in(
    elsewhere: pytest.Pytester, how: tuple[str, ...]
) -> None:
    found = elsewhere.runpytest_subprocess(*how)
    found.assert_outcomes(passed=2)
    found.stdout.fnmatch_lines(TELLS)


@SIDE_BY_SIDE
def test_where_all_must_run_a_missing_program_is_a_failure(
    elsewhere: pytest.Pytester, how: tuple[str, ...]
) -> None:
    found = elsewhere.runpytest_subprocess("--all", *how)
    found.assert_outcomes(passed=2, errors=1)
    found.stdout.fnmatch_lines(["no-such-program is not installed: run tools/outside.sh"])


def test_the_gate_brings_the_programs_in_and_leaves_nothing_out() -> None:
    commands = (ROOT / ".ci/run").read_text().splitlines()
    assert commands.index("tools/outside.sh") < commands.index("make test ARGS=--all")
