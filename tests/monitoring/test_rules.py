"""The rules and what the service shows, as Prometheus's own tool judges them."""

import subprocess
from pathlib import Path

import pytest

from monitoring.service_metrics import ServiceMetrics
from tests.external_programs import find_program

ROOT = Path(__file__).parents[2]
TESTS = sorted((ROOT / "tests/monitoring/rules").glob("*.yml"))

pytestmark = pytest.mark.outside("promtool")


def run_promtool(*words: str | Path, text: bytes = b"") -> tuple[int, str]:
    """How it ended, and what it said."""
    found = subprocess.run([find_program("promtool"), *words], input=text, capture_output=True, check=False)
    return found.returncode, (found.stdout + found.stderr).decode()


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_not_otherwise(path: Path) -> None:
    code, said = run_promtool("test", "rules", path)
    assert code == 0, said


def test_the_settings_and_the_rules_are_sound() -> None:
    code, said = run_promtool(
        "check", "config", "--lint=all", "--lint-fatal", ROOT / "monitoring/prometheus.yml"
    )
    assert code == 0, said
    assert "2 rule files found" in said


def test_what_is_shown_is_named_and_explained_as_it_should_be() -> None:
    code, said = run_promtool("check", "metrics", text=ServiceMetrics({"read": 1}).render())
    assert (code, said) == (0, "")


def test_the_tool_does_judge() -> None:
    code, said = run_promtool("check", "metrics", text=b"# TYPE thing_total gauge\nthing_total 1\n")
    assert code == 3
    assert "no help text" in said
