"""Plots as SVG: the execution of a year by programme, and the age of what is open.

The drawings are plain SVG texts, so no drawing library is needed.  Shapes show whole euros, rounded; the texts of the rows are
exact to the cent.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from html import escape
from typing import NamedTuple

from core.money import format_euros
from reporting.report_queries import Connection, fetch

PROGRAMMES = 8
"""The programmes that the plot of execution shows, the largest first; all others are one line."""
MONTHS = 12
AGES = ((30, "0-30 days"), (90, "31-90 days"), (365, "91-365 days"))
_OLDEST = "over a year"
_COLORS = ("#31688e", "#35b779", "#443983", "#e0a100", "#b5367a", "#21918c", "#90a4ae", "#8c5a2b", "#555555")
_WIDTH, _MARGIN, _TOP, _CHART, _HEIGHT = 960, 90, 50, 560, 360
_ROW = 22
_STYLE = "font-family:sans-serif;font-size:12px"


class Series(NamedTuple):
    """A line of a plot, or the bars of one stage."""

    name: str
    cents: Sequence[int]


async def load_execution(connection: Connection, year: int) -> list[Series]:
    """Return the CP consumed from January to each month, of the largest programmes and of all others."""
    rows = await fetch(connection, "plot_execution", year)
    by_programme: dict[str, list[int]] = {}
    for row in rows:
        by_programme.setdefault(row["programme"], [0] * MONTHS)[row["month"] - 1] += row["cents"]
    series = [Series(name, _accumulate(cents)) for name, cents in by_programme.items()]
    series.sort(key=lambda line: (-line.cents[-1], line.name))
    others = series[PROGRAMMES:]
    if not others:
        return series
    rest = [sum(line.cents[month] for line in others) for month in range(MONTHS)]
    return [*series[:PROGRAMMES], Series(f"{len(others)} others", rest)]


def _accumulate(cents: Sequence[int]) -> list[int]:
    return [sum(cents[: month + 1]) for month in range(len(cents))]


async def load_ages(connection: Connection, year: int, day: date) -> list[Series]:
    """Return what is open of a year on a day, by stage and age."""
    limits = [days for days, _ in AGES]
    series: dict[str, list[int]] = {}
    for row in await fetch(connection, "plot_ages", year, day, limits):
        series.setdefault(row["stage"], [0] * (len(AGES) + 1))[row["age"]] += row["cents"]
    return [Series(stage, cents) for stage, cents in series.items()]


def draw_execution(series: Sequence[Series], year: int) -> str:
    """Draw one line for each programme, from January to December."""
    top = max((value for line in series for value in line.cents), default=0) or 1
    places = [_MARGIN + _CHART * month // (MONTHS - 1) for month in range(MONTHS)]
    shapes = [
        *_draw_axis(top),
        *(_write(at, _HEIGHT - 12, f"{month:02}") for month, at in enumerate(places, 1)),
    ]
    for number, line in enumerate(series):
        color = _COLORS[number % len(_COLORS)]
        points = " ".join(f"{at},{_scale(value, top)}" for at, value in zip(places, line.cents, strict=True))
        shapes.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>')
        shapes += _draw_legend(number, color, f"{line.name}  {format_euros(line.cents[-1])} €")
    return _wrap(f"CP consumed in {year} by programme (CP consommés), euros", shapes)


def draw_ages(series: Sequence[Series], year: int, day: date) -> str:
    """Draw a group of bars for each age, with one bar for each stage."""
    labels = [*(label for _, label in AGES), _OLDEST]
    top = max((value for stage in series for value in stage.cents), default=0) or 1
    group = _CHART // len(labels)
    bar = max(group // (len(series) + 1), 1)
    shapes = [*_draw_axis(top)]
    for age, label in enumerate(labels):
        shapes.append(_write(_MARGIN + age * group, _HEIGHT - 12, label))
        for number, stage in enumerate(series):
            height = _HEIGHT - 30 - _scale(stage.cents[age], top)
            place = f'x="{_MARGIN + age * group + number * bar}" y="{_scale(stage.cents[age], top)}"'
            shapes.append(f'<rect {place} width="{bar - 1}" height="{height}" fill="{_COLORS[number % 9]}"/>')
    for number, stage in enumerate(series):
        text = f"{stage.name}  {format_euros(sum(stage.cents))} €"
        shapes += _draw_legend(number, _COLORS[number % len(_COLORS)], text)
    return _wrap(f"Open items of {year} on {day} (postes non soldés), euros", shapes)


def _scale(cents: int, top: int) -> int:
    """Return the height of an amount, in whole pixels from above; what is below zero stands at zero."""
    bottom = _HEIGHT - 30
    return bottom - (bottom - _TOP) * max(cents, 0) // top


def _draw_axis(top: int) -> Iterator[str]:
    for part in range(5):
        cents = top * part // 4
        y = _scale(cents, top)
        yield f'<line x1="{_MARGIN}" y1="{y}" x2="{_MARGIN + _CHART}" y2="{y}" stroke="#dddddd"/>'
        yield _write(4, y + 4, _shorten(cents))


def _shorten(cents: int) -> str:
    """Return an amount in the largest unit of which it has ten: euros, thousands (k), millions (M)."""
    euros = cents // 100
    for unit, size in (("M", 10**6), ("k", 10**3)):
        if euros >= 10 * size:
            return f"{euros // size:,} {unit}€"
    return f"{euros:,} €"


def _draw_legend(number: int, color: str, text: str) -> Iterator[str]:
    x, y = _MARGIN + _CHART + 24, _TOP + number * _ROW
    yield f'<rect x="{x}" y="{y - 9}" width="12" height="12" fill="{color}"/>'
    yield _write(x + 18, y + 1, text)


def _write(x: int, y: int, text: str) -> str:
    return f'<text x="{x}" y="{y}">{escape(text)}</text>'


def _wrap(title: str, shapes: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" style="{_STYLE}">'
    name = f"<title>{escape(title)}</title>"
    paper = f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>'
    return "\n".join([head, name, paper, _write(_MARGIN, 24, title), *shapes, "</svg>"]) + "\n"
