"""Programs from outside the repository that some tests run: found, or their tests are left out aloud, or that is a failure."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

COMMAND = "tools/outside.sh"
_LEFT_OUT = pytest.StashKey[dict[str, set[str]]]()


def program(name: str) -> Path:
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


def wanted(item: pytest.Item) -> set[str]:
    """The programs that a test says it runs."""
    return {name for marker in item.iter_markers("outside") for name in marker.args}


def missing(names: Iterable[str]) -> set[str]:
    return {name for name in names if shutil.which(name) is None}


def leave_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take the tests out of ``items`` whose programs are missing, unless all are to run."""
    absent = missing(set().union(*map(wanted, items)))
    if config.getoption("--all"):
        if absent:
            raise pytest.UsageError(f"--all, but {', '.join(sorted(absent))} is not installed: run {COMMAND}")
        return
    without = {item.nodeid: found for item in items if (found := wanted(item) & absent)}
    if without:
        config.stash[_LEFT_OUT] = without
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in without])
        items[:] = [item for item in items if item.nodeid not in without]


def tell(reporter: pytest.TerminalReporter) -> None:
    """Name every test that was left out, and the one command that brings them in."""
    without = reporter.config.stash.get(_LEFT_OUT, {})
    if not without:
        return
    reporter.section("NOT ALL TESTS WERE RUN", red=True, bold=True)
    for test, programs in without.items():
        reporter.line(f"left out for want of {', '.join(sorted(programs))}: {test}")
    reporter.line(f"Tests left out: {len(without)}. This brings them in: sudo {COMMAND}", red=True, bold=True)
