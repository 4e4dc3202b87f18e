"""Panels and boards, and their JSON for Grafana."""

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, NamedTuple

FOLDER = Path(__file__).parent / "dashboards"
SOURCE: Mapping[str, str] = {"type": "prometheus", "uid": "prometheus"}
"""The data source of ``datasources/prometheus.yml``."""

_COLUMNS = 24
_SCHEMA = 41
"""The schema version of Grafana 12."""


class PanelType(StrEnum):
    """The panel types of Grafana that the boards use."""

    LINES = "timeseries"
    FIGURE = "stat"
    BARS = "bargauge"


class Unit(StrEnum):
    """The units of figures, by their names in Grafana."""

    COUNT = "short"
    PER_SECOND = "cps"
    SECONDS = "s"
    BYTES = "bytes"
    SHARE = "percentunit"
    EUROS = "currencyEUR"
    YES_OR_NO = "bool_yes_no"


class Query(NamedTuple):
    """A query, and the legend of its series."""

    expression: str
    legend: str = ""
    is_limit: bool = False
    """Whether the series is a limit for the others, drawn as a dashed red line."""
    unit: Unit | None = None
    """Its unit if that is not the unit of the panel: the series then has an axis of its own, on the right."""


class Threshold(NamedTuple):
    """The value at which a figure turns red, and on which side of it."""

    value: float
    side: Literal["above", "below"]


class Panel(NamedTuple):
    """One panel of a board."""

    title: str
    description: str
    """How to read it."""
    queries: tuple[Query, ...]
    unit: Unit = Unit.COUNT
    panel_type: PanelType = PanelType.LINES
    width: int = 12
    threshold: Threshold | None = None
    empty_when: str = ""
    """Why it may show no data."""


class Variable(NamedTuple):
    """A selection above the panels: the values of a label."""

    name: str
    metric: str


class Board(NamedTuple):
    """A Grafana dashboard: panels on one page, in reading order."""

    name: str
    title: str
    description: str
    panels: tuple[Panel, ...]
    variables: tuple[Variable, ...] = ()


ALERTS = (
    Panel(
        "Alerts firing",
        "All is well at 0.",
        (Query('count(ALERTS{alertstate="firing"}) or vector(0)', "alerts"),),
        panel_type=PanelType.FIGURE,
        width=4,
        threshold=Threshold(1, "above"),
    ),
    Panel(
        "Alerts",
        "The alerts that fire; docs/alerts.md says what to do.",
        (Query('ALERTS{alertstate="firing"}', "{{alertname}} {{sender}}"),),
        panel_type=PanelType.FIGURE,
        width=20,
        threshold=Threshold(1, "above"),
        empty_when="all is well",
    ),
)
"""The first row of every board."""


def render_board(board: Board) -> str:
    """Return the board as JSON for Grafana."""
    model = {
        "uid": f"crescendo-{board.name}",
        "title": f"Crescendo: {board.title}",
        "description": board.description,
        "tags": ["crescendo"],
        "schemaVersion": _SCHEMA,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "5s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "Europe/Paris",
        "links": [_render_link()],
        "templating": {"list": [_render_variable(variable) for variable in board.variables]},
        "panels": [
            _render_panel(number, panel, position)
            for number, (panel, position) in enumerate(
                zip(board.panels, _lay_out(board.panels), strict=True), 1
            )
        ],
    }
    return json.dumps(model, indent=2, ensure_ascii=False) + "\n"


def _lay_out(panels: tuple[Panel, ...]) -> list[dict[str, int]]:
    """Place the panels from left to right; a new row begins below the highest panel of the row before."""
    positions: list[dict[str, int]] = []
    x = y = below = 0
    for panel in panels:
        height = 4 if panel.panel_type is PanelType.FIGURE else 8
        if x + panel.width > _COLUMNS:
            x, y = 0, below
        positions.append({"x": x, "y": y, "w": panel.width, "h": height})
        x, below = x + panel.width, max(below, y + height)
    return positions


def _render_panel(number: int, panel: Panel, position: dict[str, int]) -> dict[str, Any]:
    hint = f" Empty when {panel.empty_when}." if panel.empty_when else ""
    return {
        "id": number,
        "type": panel.panel_type.value,
        "title": panel.title,
        "description": panel.description + hint,
        "datasource": dict(SOURCE),
        "gridPos": position,
        "targets": [
            _render_target(chr(ord("A") + at), query, panel.panel_type)
            for at, query in enumerate(panel.queries)
        ],
        "fieldConfig": {
            "defaults": _render_defaults(panel),
            "overrides": [
                *(_render_limit(query) for query in panel.queries if query.is_limit),
                *(_render_right_axis(query) for query in panel.queries if query.unit),
            ],
        },
        "options": _render_options(panel.panel_type),
    }


def _render_target(name: str, query: Query, look: PanelType) -> dict[str, Any]:
    return {
        "refId": name,
        "datasource": dict(SOURCE),
        "expr": query.expression,
        "legendFormat": query.legend or "__auto",
        "instant": look is not PanelType.LINES,
        "range": look is PanelType.LINES,
    }


def _render_defaults(panel: Panel) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "unit": panel.unit.value,
        "custom": {"fillOpacity": 10, "showPoints": "never"},
    }
    if panel.panel_type is not PanelType.LINES:
        defaults.pop("custom")
    if panel.panel_type is PanelType.BARS and panel.unit is Unit.SHARE:
        defaults |= {"min": 0, "max": 1}
    defaults["thresholds"] = {"mode": "absolute", "steps": _render_steps(panel.threshold)}
    return defaults


def _render_steps(threshold: Threshold | None) -> list[dict[str, Any]]:
    if threshold is None:
        return [{"color": "text", "value": None}]
    first, second = ("green", "red") if threshold.side == "above" else ("red", "green")
    return [{"color": first, "value": None}, {"color": second, "value": threshold.value}]


def _render_limit(query: Query) -> dict[str, Any]:
    """Return the style of a limit: a dashed red line."""
    dashed = {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 8]}}
    red = {"id": "color", "value": {"mode": "fixed", "fixedColor": "red"}}
    return {
        "matcher": {"id": "byName", "options": query.legend},
        "properties": [dashed, red, {"id": "custom.fillOpacity", "value": 0}],
    }


def _render_right_axis(query: Query) -> dict[str, Any]:
    """Return the style of a series with a unit of its own: its axis is on the right."""
    unit = {"id": "unit", "value": query.unit}
    return {
        "matcher": {"id": "byName", "options": query.legend},
        "properties": [unit, {"id": "custom.axisPlacement", "value": "right"}],
    }


def _render_options(look: PanelType) -> dict[str, Any]:
    if look is PanelType.LINES:
        return {
            "legend": {"displayMode": "table", "placement": "right", "calcs": ["lastNotNull", "max"]},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }
    last_value = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    if look is PanelType.BARS:
        return {"reduceOptions": last_value, "orientation": "horizontal", "displayMode": "basic"}
    return {
        "reduceOptions": last_value,
        "colorMode": "value",
        "graphMode": "none",
        "textMode": "value_and_name",
    }


def _render_variable(variable: Variable) -> dict[str, Any]:
    return {
        "type": "query",
        "name": variable.name,
        "label": variable.name.capitalize(),
        "datasource": dict(SOURCE),
        "query": {"query": f"label_values({variable.metric}, {variable.name})", "refId": variable.name},
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def _render_link() -> dict[str, Any]:
    """Return the link to the other boards."""
    return {
        "type": "dashboards",
        "title": "Boards",
        "tags": ["crescendo"],
        "asDropdown": False,
        "keepTime": True,
    }
