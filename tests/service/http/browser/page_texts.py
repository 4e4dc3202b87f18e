"""What stands on the live page, event by event, and how its texts are read back as numbers."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from playwright.async_api import Page

RECORD_EVENTS = """
window.events = [];
const read = () => {
  const texts = {}, note = (name, text) => { (texts[name] ??= []).push(text.trim()); };
  const named = (element) => {
    const cell = element.closest("tbody [data-column]"), figure = element.closest("[data-figure]");
    const stage = element.closest("[data-stage]"), share = element.closest("[data-stages] .share");
    if (cell) return null;
    if (figure) return `figure ${figure.dataset.figure}`;
    if (stage) return `stage ${stage.dataset.stage}`;
    if (share) return `share ${share.closest("[data-stages]").dataset.stages}`;
    if (element.closest("[data-word], thead")) return null;
    return element.closest("#trend-said, #summary")?.id ?? `unknown in ${element.outerHTML}`;
  };
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode, name = named(parentElement);
    if (name && (/[0-9\\u2013]/.test(data) || parentElement.closest("[data-figure]"))) note(name, data);
  }
  for (const cell of document.querySelectorAll("main tbody [data-column]")) {
    note(`cell ${cell.closest("table").id}.${cell.dataset.column}`, cell.innerText);
  }
  const times = [...document.querySelectorAll("time")];
  const moments = Object.fromEntries(times.map((each) => [each.dataset.figure, each.dateTime]));
  return { texts, moments };
};
document.addEventListener("DOMContentLoaded", () => {
  const clock = document.querySelector("[data-figure=at]");
  new MutationObserver(() => {
    const found = read();
    if (found.moments.at !== events.at(-1)?.moments.at) events.push(found);
  }).observe(clock, { attributes: true });
});
"""
"""Notes down every text with a digit in it, by what it belongs to, each time that figures have been drawn.

A text that belongs to nothing known is noted as unknown: nothing on the page escapes by being new.
"""
NO_FIGURE = "\u2013"
"""What stands where there is no figure yet."""
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
    """What a rounded text may stand for."""

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
        (found,) = self.texts[name]
        return found

    def read_count(self, name: str) -> int:
        return parse_count(self.read_text(name))

    def read_rows(self, table: str, *columns: str) -> list[tuple[str, ...]]:
        """The cells of some columns, row by row; of a cell with two lines the first."""
        cells = [self.texts.get(f"cell {table}.{column}", []) for column in columns]
        return list(zip(*([text.split("\n")[0] for text in each] for each in cells), strict=True))


def parse_count(text: str) -> int:
    """A count, or the cents of an amount."""
    return int(re.sub(r"[€,.]", "", text))


def parse_rounded(text: str) -> RoundedNumber:
    """A number that is rounded as the page rounds it: a part of a hundred as a part of one, time in seconds."""
    found = re.fullmatch(r"([\d,]+(?:\.\d)?)\s*([a-z%]*)", text)
    assert found, text
    number, unit = float(found[1].replace(",", "")), found[2]
    is_fine = unit != "ms" and (
        "." in text or number < 10 or (unit == "%" and number > 99) or (not unit and number < 100)
    )
    half = 0.0501 if is_fine else 0.501
    size = 0.01 if unit == "%" else _UNITS.get(unit, 1)
    return RoundedNumber((number - half) * size, (number + half) * size)


def parse_countdown(text: str) -> timedelta:
    days, hours, minutes, seconds = map(int, re.findall(r"\d+", text.replace(",", "")))
    return timedelta(days, seconds, hours=hours, minutes=minutes)


async def wait_for_events(page: Page, *, count: int = 1, since: datetime | None = None) -> list[PageEvent]:
    """All that was drawn so far, once there are ``count``, the last of them put together after ``since``."""
    wanted = [count, since.isoformat() if since else "1970-01-01T00:00:00Z"]
    arrived = (
        "([count, since]) => events.length >= count && new Date(events.at(-1).moments.at) > new Date(since)"
    )
    await page.wait_for_function(arrived, arg=wanted)
    return [_build_event(each) for each in await page.evaluate("events")]


def _build_event(event: Mapping[str, Mapping[str, str]]) -> PageEvent:
    at, started = (_parse_time(event["moments"][name]) for name in ("at", "started_at"))
    return PageEvent(at, started, event["texts"])  # type: ignore[arg-type]


def _parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
