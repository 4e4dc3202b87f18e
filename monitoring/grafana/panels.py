"""Panels and boards, and the JSON that Grafana reads them as."""

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent / "dashboards"
SOURCE: Mapping[str, str] = {"type": "prometheus", "uid": "prometheus"}
"""As ``datasources/prometheus.yml`` names it."""

_COLUMNS = 24
_SCHEMA = 41
"""Of Grafana 12."""


class PanelType(StrEnum):
    """How a panel shows its figures."""

    LINES = "timeseries"
    FIGURE = "stat"
    BARS = "bargauge"


class Unit(StrEnum):
    """What the figures count, as Grafana names it."""

    COUNT = "short"
    PER_SECOND = "cps"
    SECONDS = "s"
    BYTES = "bytes"
    SHARE = "percentunit"
    EUROS = "currencyEUR"
    YES_OR_NO = "bool_yes_no"


class Query(NamedTuple):
    """A query, and what its lines are called."""

    expression: str
    legend: str = ""
    is_limit: bool = False
    """Whether it is a limit that the other lines are held against."""


class Panel(NamedTuple):
    """One picture."""

    title: str
    description: str
    """What to make of it."""
    queries: tuple[Query, ...]
    unit: Unit = Unit.COUNT
    panel_type: PanelType = PanelType.LINES
    width: int = 12
    threshold: tuple[float, str] | None = None
    """From which value on the figure is red; ``above`` or ``below``."""
    empty_when: str = ""
    """Why it may have nothing to show."""


class Variable(NamedTuple):
    """A choice above the panels: values of a label."""

    name: str
    metric: str


class Board(NamedTuple):
    """Panels on one page, laid out in the order of reading."""

    name: str
    title: str
    description: str
    panels: tuple[Panel, ...]
    variables: tuple[Variable, ...] = ()


def render_board(board: Board) -> str:
    """The board as Grafana reads it."""
    found = {
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
        "templating": {"list": [_render_variable(each) for each in board.variables]},
        "panels": [
            _render_panel(number, panel, place)
            for number, (panel, place) in enumerate(zip(board.panels, _lay_out(board.panels), strict=True), 1)
        ],
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _lay_out(panels: tuple[Panel, ...]) -> list[dict[str, int]]:
    """From left to right, then the next row, which begins below the highest of this one."""
    found: list[dict[str, int]] = []
    x = y = below = 0
    for panel in panels:
        height = 4 if panel.panel_type is PanelType.FIGURE else 8
        if x + panel.width > _COLUMNS:
            x, y = 0, below
        found.append({"x": x, "y": y, "w": panel.width, "h": height})
        x, below = x + panel.width, max(below, y + height)
    return found


def _render_panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    says = f"{panel.description} Empty when {panel.empty_when}." if panel.empty_when else panel.description
    return {
        "id": number,
        "type": panel.panel_type.value,
        "title": panel.title,
        "description": says,
        "datasource": dict(SOURCE),
        "gridPos": place,
        "targets": [
            _render_target(chr(ord("A") + at), query, panel.panel_type)
            for at, query in enumerate(panel.queries)
        ],
        "fieldConfig": {
            "defaults": _render_defaults(panel),
            "overrides": [_render_limit(q) for q in panel.queries if q.is_limit],
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


def _render_steps(alarms: tuple[float, str] | None) -> list[dict[str, Any]]:
    if alarms is None:
        return [{"color": "text", "value": None}]
    value, side = alarms
    first, second = ("green", "red") if side == "above" else ("red", "green")
    return [{"color": first, "value": None}, {"color": second, "value": value}]


def _render_limit(query: Query) -> dict[str, Any]:
    """A dashed red line, which is no figure of the service."""
    dashed = {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 8]}}
    red = {"id": "color", "value": {"mode": "fixed", "fixedColor": "red"}}
    return {
        "matcher": {"id": "byName", "options": query.legend},
        "properties": [dashed, red, {"id": "custom.fillOpacity", "value": 0}],
    }


def _render_options(look: PanelType) -> dict[str, Any]:
    if look is PanelType.LINES:
        return {
            "legend": {"displayMode": "table", "placement": "right", "calcs": ["lastNotNull", "max"]},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }
    reduced = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    if look is PanelType.BARS:
        return {"reduceOptions": reduced, "orientation": "horizontal", "displayMode": "basic"}
    return {"reduceOptions": reduced, "colorMode": "value", "graphMode": "none", "textMode": "value_and_name"}


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
    """To the other boards."""
    return {
        "type": "dashboards",
        "title": "Boards",
        "tags": ["crescendo"],
        "asDropdown": False,
        "keepTime": True,
    }
