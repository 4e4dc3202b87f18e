"""Tests whose external program is missing are left out with a report; with ``--all`` they fail."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TESTS = """
import pytest

@pytest.mark.outside("sh")
def test_with_installed_program(): pass

@pytest.mark.outside("sh", "no-such-program")
def test_with_missing_program(): pass

def test_without_program(): pass
"""
HOOKS = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.conftest import pytest_addoption, pytest_collection_modifyitems, pytest_terminal_summary
from tests.conftest import pytest_runtest_setup, pytest_sessionfinish, pytest_testnodedown
"""
WORKERS = pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "two workers"])
REPORT_LINES = [
    "left out, no-such-program not installed: *::test_with_missing_program",
    "Tests left out: 1. To install their programs: sudo tools/outside.sh",
    "* 2 passed*",
]

pytest_plugins = ["pytester"]


@pytest.fixture
def other_repository(pytester: pytest.Pytester) -> pytest.Pytester:
    """Create another repository, with three tests and our hooks."""
    pytester.makeini("[pytest]\nmarkers = outside(*programs)\naddopts = --strict-markers -p no:asyncio")
    pytester.makeconftest(HOOKS)
    pytester.makepyfile(TESTS)
    return pytester


@WORKERS
def test_left_out_tests_are_reported_last_with_the_install_command(
    other_repository: pytest.Pytester, options: tuple[str, ...]
) -> None:
    result = other_repository.runpytest_subprocess(*options)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(REPORT_LINES)


@WORKERS
def test_with_all_a_missing_program_is_an_error(
    other_repository: pytest.Pytester, options: tuple[str, ...]
) -> None:
    result = other_repository.runpytest_subprocess("--all", *options)
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["no-such-program is not installed: run tools/outside.sh"])


def test_the_gate_installs_the_programs_and_runs_all_tests() -> None:
    commands = (ROOT / ".ci/run").read_text().splitlines()
    assert commands.index("tools/outside.sh") < commands.index("make test ARGS=--all")
