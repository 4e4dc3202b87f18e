"""The check of commit subjects that runs as a commit-msg hook."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "tools" / "check_commit_subject.py"


def check(message: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = folder / "COMMIT_EDITMSG"
    path.write_text(message, encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(path)], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "message",
    [
        "settlement: list each statement that books a transfer again\n",
        "# a comment of git\nhttp: address a caller by its sender\n\nThe body says why.\n",
        "Merge branch 'docs'\n",
    ],
)
def test_an_imperative_subject_is_accepted(message: str, tmp_path: Path) -> None:
    assert check(message, tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ("settlement: listed statements\n", "'listed' is not an imperative verb"),
        ("settlement: what statements book\n", "'what' is not an imperative verb"),
        ("list statements\n", "must read `part: imperative verb"),
        ("settlement: list statements.\n", "full stop"),
        (f"settlement: list {'x' * 60}\n", "at most 72"),
        ("", "must read `part: imperative verb"),
    ],
)
def test_any_other_subject_is_refused_with_the_reason(message: str, problem: str, tmp_path: Path) -> None:
    result = check(message, tmp_path)
    assert result.returncode == 1
    assert problem in result.stderr
