"""The boards, rules and documents hold together; what they ask for is what the service shows."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitoring.grafana.boards import BOARDS
from monitoring.grafana.panels import FOLDER, Board, Panel, render_board
from monitoring.metrics import METRICS, PREFIX, MetricType

ROOT = Path(__file__).parents[2]
ALERTS = (ROOT / "monitoring/alerts/alerts.yml").read_text()
RECORDED = re.findall(r"- record: (\S+)", (ROOT / "monitoring/alerts/recording.yml").read_text())
RULES = sorted((ROOT / "monitoring/alerts").glob("*.yml"))
_NAMES = re.compile(r"(?<![\w:])(?:crescendo|sender)[\w]*(?::\w+)*(?![\w:])")
_LABELS = {"crescendo", "sender"}


def list_expressions() -> Iterator[tuple[str, str]]:
    """Every expression of boards and rules, with its place."""
    for board in BOARDS:
        for panel in board.panels:
            for query in panel.queries:
                yield f"{board.name}: {panel.title}", query.expression
        for variable in board.variables:
            yield f"{board.name}: ${variable.name}", variable.metric
    for path in RULES:
        for expression in re.findall(r"expr: (?:>-\n)?((?:.+\n)(?: {10,}.+\n)*)", path.read_text()):
            yield path.name, expression


def list_known_names() -> set[str]:
    """Every name that Prometheus knows: as shown by the service, or recorded."""
    plain = {PREFIX + name for name in METRICS}
    histograms = {
        PREFIX + name for name, metric in METRICS.items() if metric.metric_type is MetricType.HISTOGRAM
    }
    parts = {f"{name}_{part}" for name in histograms for part in ("bucket", "sum", "count")}
    return plain - histograms | parts | set(RECORDED)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_the_files_are_what_the_description_makes(board: Board) -> None:
    """After a change: python -m monitoring.grafana."""
    assert FOLDER.joinpath(f"{board.name}.json").read_text() == render_board(board)


def test_there_is_no_other_board() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == {board.name for board in BOARDS}


def test_everything_asked_for_is_shown_or_recorded() -> None:
    missing = {
        (where, name)
        for where, expression in list_expressions()
        for name in set(_NAMES.findall(re.sub(r'"[^"]*"', "", expression))) - _LABELS - list_known_names()
    }
    assert missing == set()


def test_the_search_for_names_finds_them() -> None:
    found = {name for _, expression in list_expressions() for name in _NAMES.findall(expression)}
    assert {
        "crescendo_form_seconds_bucket",
        "crescendo:waiting_lines",
        "sender:crescendo_refused_lines:ratio6h",
    } <= found


def test_every_recorded_figure_is_documented() -> None:
    pages = (ROOT / "docs/metrics.md").read_text()
    assert [name for name in RECORDED if f"`{name}`" not in pages] == []


def test_every_metric_is_looked_at() -> None:
    """By a board or an alert: a figure that nobody looks at is not worth its place."""
    found = {name for _, expression in list_expressions() for name in _NAMES.findall(expression)}
    assert {
        name
        for name, metric in METRICS.items()
        if f"{PREFIX}{name}{'_bucket' if metric.metric_type is MetricType.HISTOGRAM else ''}" not in found
    } == set()


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_panels_lie_side_by_side(board: Board) -> None:
    panels = json.loads(render_board(board))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken
        taken |= cells


@pytest.mark.parametrize(
    "panel", [each for board in BOARDS for each in board.panels], ids=lambda panel: panel.title
)
def test_a_panel_explains_itself(panel: Panel) -> None:
    assert panel.description.endswith(".")
    assert all(query.legend for query in panel.queries)


def test_every_alert_has_its_page_and_every_page_its_alert() -> None:
    pages = re.split(r"^## ", (ROOT / "docs/alerts.md").read_text(), flags=re.MULTILINE)[1:]
    assert sorted(page.split("\n")[0] for page in pages) == sorted(re.findall(r"- alert: (\w+)", ALERTS))
    for page in pages:
        parts = re.findall(r"^\*\*(.+?)\*\*", page, re.MULTILINE)
        assert parts == ["It means", "Look at", "At 3 a.m.", "Wake"], page.split("\n")[0]


def test_every_alert_says_how_urgent_it_is_and_where_its_page_is() -> None:
    for rule in re.split(r"\n\s+- alert: ", ALERTS)[1:]:
        name = rule.split("\n")[0]
        assert re.search(r"severity: (page|ticket) \}", rule), name
        assert f"runbook: docs/alerts.md#{name.lower()}\n" in rule + "\n"


def test_every_alert_is_tested_to_fire() -> None:
    tests = "".join(path.read_text() for path in (ROOT / "tests/monitoring/rules").glob("*.yml"))
    fired = set(re.findall(r'alertname="(\w+)",alertstate="firing"', tests))
    fired |= set(re.findall(r"alertname: (\w+)\n\s+exp_alerts:\n", tests))
    assert fired == set(re.findall(r"- alert: (\w+)", ALERTS))


def test_compose_hands_over_folders_that_exist() -> None:
    handed = re.findall(r"- (\./monitoring\S*?):", (ROOT / "compose.yaml").read_text())
    assert len(handed) == 5
    assert all((ROOT / path).exists() for path in handed)
