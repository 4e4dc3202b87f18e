"""The texts of the live page, event by event, and functions that parse them as numbers."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from playwright.async_api import Page

RECORD_EVENTS = """
window.events = [];
const readPage = () => {
  const texts = {}, add = (name, text) => { (texts[name] ??= []).push(text.trim()); };
  const findName = (element) => {
    const cell = element.closest("tbody [data-column]"), figure = element.closest("[data-figure]");
    const step = element.closest("[data-step]");
    const stage = element.closest("[data-stage]"), share = element.closest("[data-stages] .share");
    if (cell) return null;
    if (figure) return `figure ${figure.dataset.figure}`;
    if (step) return `step ${step.dataset.step}`;
    if (stage) return `stage ${stage.dataset.stage}`;
    if (share) return `share ${share.closest("[data-stages]").dataset.stages}`;
    if (element.closest("[data-word], thead, #first-step")) return null;
    return element.closest("#trend-said, #summary, #verdict")?.id ?? `unknown in ${element.outerHTML}`;
  };
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode, name = findName(parentElement);
    if (name && (/[0-9\\u2013]/.test(data) || parentElement.closest("[data-figure], #verdict"))) add(name, data);
  }
  for (const cell of document.querySelectorAll("main tbody [data-column]")) {
    add(`cell ${cell.closest("table").id}.${cell.dataset.column}`, cell.innerText);
  }
  const times = [...document.querySelectorAll("time")];
  const moments = Object.fromEntries(times.map((time) => [time.dataset.figure, time.dateTime]));
  return { texts, moments };
};
document.addEventListener("DOMContentLoaded", () => {
  const clock = document.querySelector("[data-figure=at]");
  new MutationObserver(() => {
    const event = readPage();
    if (event.moments.at !== events.at(-1)?.moments.at) events.push(event);
  }).observe(clock, { attributes: true });
});
"""
"""Records every text with a digit, by the element it belongs to, each time the figures are drawn.

A text of no known element is recorded as unknown, so that a new figure without a check fails the test.
"""
NO_FIGURE = "\u2013"
"""The text shown where there is no figure yet."""
_UNITS: Mapping[str, float] = {
    "ms": 1e-3,
    "sec": 1,
    "secs": 1,
    "min": 60,
    "mins": 60,
    "hr": 3600,
    "hrs": 3600,
}


class RoundedNumber(NamedTuple):
    """The range of numbers that a rounded text may stand for."""

    low: float
    high: float

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2

    @property
    def middle(self) -> float:
        return (self.high + self.low) / 2

    def overlaps(self, low: float, high: float) -> bool:
        return self.low <= high and low <= self.high


class PageEvent(NamedTuple):
    """The page as one event drew it."""

    time: datetime
    started_at: datetime
    texts: Mapping[str, list[str]]

    def read_text(self, name: str) -> str:
        (text,) = self.texts[name]
        return text

    def read_count(self, name: str) -> int:
        return parse_count(self.read_text(name))

    def read_rows(self, table: str, *columns: str) -> list[tuple[str, ...]]:
        """Return the cells of some columns, row by row; of a cell with two lines only the first."""
        cells = [self.texts.get(f"cell {table}.{column}", []) for column in columns]
        return list(zip(*([text.split("\n")[0] for text in texts] for texts in cells), strict=True))


def parse_count(text: str) -> int:
    """Parse a count, or the cents of an amount."""
    return int(re.sub(r"[€,.]", "", text))


def parse_rounded(text: str) -> RoundedNumber:
    """Parse a number as the page rounds it; percentages become fractions of 1, times become seconds."""
    match = re.fullmatch(r"([\d,]+(?:\.\d)?)\s*([a-z%]*)", text)
    assert match, text
    number, unit = float(match[1].replace(",", "")), match[2]
    has_decimal = unit != "ms" and (
        "." in text or number < 10 or (unit == "%" and number > 99) or (not unit and number < 100)
    )
    half_width = 0.0501 if has_decimal else 0.501
    size = 0.01 if unit == "%" else _UNITS.get(unit, 1)
    return RoundedNumber((number - half_width) * size, (number + half_width) * size)


def parse_countdown(text: str) -> timedelta:
    days, hours, minutes, seconds = map(int, re.findall(r"\d+", text.replace(",", "")))
    return timedelta(days, seconds, hours=hours, minutes=minutes)


async def wait_for_events(page: Page, *, count: int = 1, since: datetime | None = None) -> list[PageEvent]:
    """Wait for ``count`` events, the last of them built after ``since``; return all events so far."""
    condition = (
        "([count, since]) => events.length >= count && new Date(events.at(-1).moments.at) > new Date(since)"
    )
    arguments = [count, since.isoformat() if since else "1970-01-01T00:00:00Z"]
    await page.wait_for_function(condition, arg=arguments)
    return [_build_event(event) for event in await page.evaluate("events")]


def _build_event(event: Mapping[str, Mapping[str, str]]) -> PageEvent:
    at, started = (_parse_time(event["moments"][name]) for name in ("at", "started_at"))
    return PageEvent(at, started, event["texts"])  # type: ignore[arg-type]


def _parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
