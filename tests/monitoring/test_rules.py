"""The rules, the settings and the metrics of the service, checked by promtool."""

import subprocess
from pathlib import Path

import pytest

from monitoring.service_metrics import ServiceMetrics
from tests.external_programs import find_program

ROOT = Path(__file__).parents[2]
TESTS = sorted((ROOT / "tests/monitoring/rules").glob("*.yml"))

pytestmark = pytest.mark.outside("promtool")


def run_promtool(*words: str | Path, text: bytes = b"") -> tuple[int, str]:
    """Run promtool; return its exit code and its output."""
    ended = subprocess.run([find_program("promtool"), *words], input=text, capture_output=True, check=False)
    return ended.returncode, (ended.stdout + ended.stderr).decode()


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_not_otherwise(path: Path) -> None:
    code, output = run_promtool("test", "rules", path)
    assert code == 0, output


def test_the_settings_and_rules_pass_promtool() -> None:
    code, output = run_promtool(
        "check", "config", "--lint=all", "--lint-fatal", ROOT / "monitoring/prometheus.yml"
    )
    assert code == 0, output
    assert "2 rule files found" in output


def test_metric_names_and_help_texts_pass_promtool() -> None:
    code, output = run_promtool("check", "metrics", text=ServiceMetrics({"read": 1}).render())
    assert (code, output) == (0, "")


def test_promtool_finds_a_metric_without_help() -> None:
    code, output = run_promtool("check", "metrics", text=b"# TYPE thing_total gauge\nthing_total 1\n")
    assert code == 3
    assert "no help text" in output
