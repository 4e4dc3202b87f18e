"""The boards, rules and documents agree; every metric they query exists."""

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
    """Yield every expression of boards and rules, with its location."""
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
    """Return every name that Prometheus knows: metrics of the service and recorded series."""
    plain = {PREFIX + name for name in METRICS}
    histograms = {
        PREFIX + name for name, metric in METRICS.items() if metric.metric_type is MetricType.HISTOGRAM
    }
    parts = {f"{name}_{part}" for name in histograms for part in ("bucket", "sum", "count")}
    return plain - histograms | parts | set(RECORDED)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_the_json_files_match_the_declarations(board: Board) -> None:
    """After a change, run python -m monitoring.grafana."""
    assert FOLDER.joinpath(f"{board.name}.json").read_text() == render_board(board)


def test_there_is_no_other_board() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == {board.name for board in BOARDS}


def test_every_queried_name_exists() -> None:
    missing = {
        (where, name)
        for where, expression in list_expressions()
        for name in set(_NAMES.findall(re.sub(r'"[^"]*"', "", expression))) - _LABELS - list_known_names()
    }
    assert missing == set()


def test_the_name_pattern_finds_the_names() -> None:
    names = {name for _, expression in list_expressions() for name in _NAMES.findall(expression)}
    assert {
        "crescendo_form_seconds_bucket",
        "crescendo:waiting_lines",
        "sender:crescendo_refused_lines:ratio6h",
    } <= names


def test_every_recorded_figure_is_documented() -> None:
    pages = (ROOT / "docs/metrics.md").read_text()
    assert [name for name in RECORDED if f"`{name}`" not in pages] == []


def test_every_metric_is_queried() -> None:
    """A metric that no board or alert uses should not exist."""
    queried = {name for _, expression in list_expressions() for name in _NAMES.findall(expression)}
    assert {
        name
        for name, metric in METRICS.items()
        if f"{PREFIX}{name}{'_bucket' if metric.metric_type is MetricType.HISTOGRAM else ''}" not in queried
    } == set()


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_panels_do_not_overlap(board: Board) -> None:
    panels = json.loads(render_board(board))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    occupied: set[tuple[int, int]] = set()
    for panel in panels:
        position = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(position["x"], position["x"] + position["w"])
            for y in range(position["y"], position["y"] + position["h"])
        }
        assert position["x"] + position["w"] <= 24
        assert not cells & occupied
        occupied |= cells


@pytest.mark.parametrize(
    "panel", [panel for board in BOARDS for panel in board.panels], ids=lambda panel: panel.title
)
def test_a_panel_explains_itself(panel: Panel) -> None:
    assert panel.description.endswith(".")
    assert all(query.legend for query in panel.queries)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_alerts_come_first(board: Board) -> None:
    first, second = board.panels[:2]
    assert all("ALERTS" in query.expression for panel in (first, second) for query in panel.queries)
    assert json.loads(render_board(board))["panels"][0]["gridPos"] == {"x": 0, "y": 0, "w": 4, "h": 4}


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_euros_and_counts_have_axes_of_their_own(board: Board) -> None:
    """A billion euros beside a thousand payments on one axis makes a flat line of the payments."""
    for panel in json.loads(render_board(board))["panels"]:
        units, sides = dict[str, str](), dict[str, str]()
        for target in panel["targets"]:
            overrides = {
                change["id"]: change["value"]
                for override in panel["fieldConfig"]["overrides"]
                if override["matcher"]["options"] == target["legendFormat"]
                for change in override["properties"]
            }
            units[target["expr"]] = overrides.get("unit", panel["fieldConfig"]["defaults"]["unit"])
            sides[target["expr"]] = overrides.get("custom.axisPlacement", "left")
        for expression, unit in units.items():
            is_share = re.search(r"cents.*/.*cents", expression)
            assert (unit == "currencyEUR") == ("cents" in expression and not is_share), panel["title"]
        assert len(set(units.values())) == len({(units[key], sides[key]) for key in units}), panel["title"]
        assert len(set(units.values())) <= len(set(sides.values())), panel["title"]


def test_every_alert_has_a_section_and_every_section_an_alert() -> None:
    pages = re.split(r"^## ", (ROOT / "docs/alerts.md").read_text(), flags=re.MULTILINE)[1:]
    assert sorted(page.split("\n")[0] for page in pages) == sorted(re.findall(r"- alert: (\w+)", ALERTS))
    for page in pages:
        parts = re.findall(r"^\*\*(.+?)\*\*", page, re.MULTILINE)
        assert parts == ["It means", "Look at", "At 3 a.m.", "Wake"], page.split("\n")[0]


def test_every_alert_has_a_severity_and_a_runbook() -> None:
    for rule in re.split(r"\n\s+- alert: ", ALERTS)[1:]:
        name = rule.split("\n")[0]
        assert re.search(r"severity: (page|ticket) \}", rule), name
        assert f"runbook: docs/alerts.md#{name.lower()}\n" in rule + "\n"


def test_every_alert_has_a_test_in_which_it_fires() -> None:
    tests = "".join(path.read_text() for path in (ROOT / "tests/monitoring/rules").glob("*.yml"))
    fired = set(re.findall(r'alertname="(\w+)",alertstate="firing"', tests))
    fired |= set(re.findall(r"alertname: (\w+)\n\s+exp_alerts:\n", tests))
    assert fired == set(re.findall(r"- alert: (\w+)", ALERTS))


def test_compose_mounts_folders_that_exist() -> None:
    mounted = re.findall(r"- (\./monitoring\S*?):", (ROOT / "compose.yaml").read_text())
    assert len(mounted) == 5
    assert all((ROOT / path).exists() for path in mounted)
