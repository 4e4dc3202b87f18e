"""External programs that some tests run: tests whose program is missing are left out with a report, or fail."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

COMMAND = "tools/outside.sh"
_WORKER_OUTPUT_KEY = "left_out"
_LEFT_OUT = pytest.StashKey[dict[str, set[str]]]()


def find_program(name: str) -> Path:
    """Return the path of a program.

    Raises
    ------
    FileNotFoundError
        It is not installed; the message says how to install it.
    """
    path = shutil.which(name)
    if path is None:
        raise FileNotFoundError(
            f"{name} is not installed: run {COMMAND} as root, or install it in another way"
        )
    return Path(path)


def list_wanted(item: pytest.Item) -> set[str]:
    """Return the programs that a test declares to run."""
    return {name for marker in item.iter_markers("outside") for name in marker.args}


def list_missing(names: Iterable[str]) -> set[str]:
    return {name for name in names if shutil.which(name) is None}


def deselect_items(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Remove the tests from ``items`` whose programs are missing, unless all tests must run."""
    if config.getoption("--all"):
        return
    left_out = {item.nodeid: absent for item in items if (absent := list_missing(list_wanted(item)))}
    if left_out:
        config.stash[_LEFT_OUT] = left_out
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left_out])
        items[:] = [item for item in items if item.nodeid not in left_out]


def require_programs(item: pytest.Item) -> None:
    """Fail a test that must run although its programs are missing."""
    if absent := list_missing(list_wanted(item)):
        pytest.fail(f"{', '.join(sorted(absent))} is not installed: run {COMMAND}", pytrace=False)


def send_left_out(config: pytest.Config) -> None:
    """Send the tests left out to the process that started this worker; all workers leave out the same tests."""
    if (output := getattr(config, "workeroutput", None)) is not None:
        left_out = config.stash.get(_LEFT_OUT, {})
        output[_WORKER_OUTPUT_KEY] = {test: sorted(programs) for test, programs in left_out.items()}


def collect_left_out(node: Any) -> None:
    """Store the tests left out by a worker; a worker that crashed sends none."""
    sent = getattr(node, "workeroutput", {}).get(_WORKER_OUTPUT_KEY, {})
    if sent:
        node.config.stash[_LEFT_OUT] = {test: set(programs) for test, programs in sent.items()}


def report_left_out(reporter: pytest.TerminalReporter) -> None:
    """List every test that was left out, and the command that installs the programs."""
    left_out = reporter.config.stash.get(_LEFT_OUT, {})
    if not left_out:
        return
    reporter.section("NOT ALL TESTS WERE RUN", red=True, bold=True)
    for test, programs in left_out.items():
        reporter.line(f"left out, {', '.join(sorted(programs))} not installed: {test}")
    reporter.line(
        f"Tests left out: {len(left_out)}. To install their programs: sudo {COMMAND}", red=True, bold=True
    )
