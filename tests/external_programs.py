"""Programs from outside the repository that some tests run: found, or their tests are left out aloud, or that is a failure."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

COMMAND = "tools/outside.sh"
_WORKER_OUTPUT_KEY = "left_out"
_LEFT_OUT = pytest.StashKey[dict[str, set[str]]]()


def find_program(name: str) -> Path:
    """Where a program is.

    Raises
    ------
    FileNotFoundError
        Nowhere: say how it comes in.
    """
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(
            f"{name} is not installed: run {COMMAND} as root, or install it in your own way"
        )
    return Path(found)


def list_wanted(item: pytest.Item) -> set[str]:
    """The programs that a test says it runs."""
    return {name for marker in item.iter_markers("outside") for name in marker.args}


def list_missing(names: Iterable[str]) -> set[str]:
    return {name for name in names if shutil.which(name) is None}


def deselect_items(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take the tests out of ``items`` whose programs are missing, unless all are to run."""
    if config.getoption("--all"):
        return
    without = {item.nodeid: absent for item in items if (absent := list_missing(list_wanted(item)))}
    if without:
        config.stash[_LEFT_OUT] = without
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in without])
        items[:] = [item for item in items if item.nodeid not in without]


def require_programs(item: pytest.Item) -> None:
    """Fail where a test is to run and its programs are missing."""
    if absent := list_missing(list_wanted(item)):
        pytest.fail(f"{', '.join(sorted(absent))} is not installed: run {COMMAND}", pytrace=False)


def send_left_out(config: pytest.Config) -> None:
    """Tell the process that started this one what was left out here; every one of them finds the same tests."""
    if (output := getattr(config, "workeroutput", None)) is not None:
        without = config.stash.get(_LEFT_OUT, {})
        output[_WORKER_OUTPUT_KEY] = {test: sorted(programs) for test, programs in without.items()}


def collect_left_out(node: Any) -> None:
    """Take in what such a process told at its end; one that broke down told nothing."""
    told = getattr(node, "workeroutput", {}).get(_WORKER_OUTPUT_KEY, {})
    if told:
        node.config.stash[_LEFT_OUT] = {test: set(programs) for test, programs in told.items()}


def report_left_out(reporter: pytest.TerminalReporter) -> None:
    """Name every test that was left out, and the one command that brings them in."""
    without = reporter.config.stash.get(_LEFT_OUT, {})
    if not without:
        return
    reporter.section("NOT ALL TESTS WERE RUN", red=True, bold=True)
    for test, programs in without.items():
        reporter.line(f"left out for want of {', '.join(sorted(programs))}: {test}")
    reporter.line(f"Tests left out: {len(without)}. This brings them in: sudo {COMMAND}", red=True, bold=True)
