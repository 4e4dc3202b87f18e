"""Figures of a running service, asked for again and again, and laid out for a terminal."""

import http.client
import sys
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from core.errors import CrescendoError
from monitoring.live_figures import Credits, Figures
from reporting.report_tables import Column, Grid, Kind
from service.client.http_service import Service, Unreachable
from service.terminal import console

if TYPE_CHECKING:
    from rich.console import Group

ROWS = 8
"""Rows of a table: all tables stand on one screen."""


class Shut(CrescendoError):
    """The service does not show its figures to this caller."""


class Watch(NamedTuple):
    """A service that is looked at."""

    url: str
    key: str
    seconds: float
    pause: Callable[[float], None] = time.sleep

    def show(self, *, once: bool, json: bool) -> None:
        """Show the figures: on a terminal in place, as a line or a document each anywhere else.

        Raises
        ------
        Shut
            They are not for this caller.
        Unreachable
            Nobody answers.
        """
        if json:
            self._say(once, lambda found: msgspec.json.encode(found).decode())
        elif once:
            console.tell(parts(self.look()))
        elif console.is_terminal(sys.stdout):
            self._in_place()
        else:
            self._say(once, line)

    def _say(self, once: bool, said: Callable[[Figures], str]) -> None:
        for found in self._looks(once):
            console.say(said(found))
            sys.stdout.flush()  # whoever reads at the other end waits for it

    def look(self) -> Figures:
        """The figures of this moment.

        Raises
        ------
        Shut
            They are not for this caller.
        Unreachable
            Nobody answers.
        """
        connection = Service(self.url, self.key).connection()
        try:
            headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
            connection.request("GET", "/v1/figures", headers=headers)
            answer = connection.getresponse()
            status, body = answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{self.url}: {str(error) or type(error).__name__}") from error
        finally:
            connection.close()
        return _read(self.url, status, body)

    def _looks(self, once: bool) -> Iterator[Figures]:
        yield self.look()
        while not once:
            self.pause(self.seconds)
            yield self.look()

    def _in_place(self) -> None:
        """Go on also while the service starts anew: whoever looks wants to see it come back."""
        from rich.live import Live

        with Live(_drawn(parts(self.look())), screen=True, auto_refresh=False) as screen:
            while True:
                self.pause(self.seconds)
                try:
                    screen.update(_drawn(parts(self.look())), refresh=True)
                except Unreachable as error:
                    screen.update(_drawn([str(error)]), refresh=True)


def _read(url: str, status: int, body: bytes) -> Figures:
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise Shut(f"{url} shows its figures to operators and auditors: name a key of theirs (--key)")
    if status != HTTPStatus.OK:
        raise Unreachable(f"{url}: {HTTPStatus(status).phrase}")
    try:
        return msgspec.json.decode(body, type=Figures)
    except msgspec.DecodeError as error:
        raise Unreachable(f"{url} is no service of this version: {error}") from error


def line(found: Figures) -> str:
    """One line, for files and pipes."""
    outcomes = found.throughput.outcomes
    return (
        f"{found.at:%H:%M:%S} {found.state}: {found.throughput.lines_a_second:,.0f} lines/s, "
        f"{found.queue.files:,} files and {found.queue.forms:,} forms wait, "
        f"{outcomes.accepted.lines:,} accepted, {outcomes.duplicate.lines:,} duplicate, "
        f"{outcomes.refused.lines:,} refused, batch {found.commits.last_batch:,}"
    )


def parts(found: Figures) -> list[str | Grid]:
    """Everything, one below the other."""
    return [
        *_heads(found),
        _outcomes(found),
        _flows(found),
        _refusals(found),
        _programmes(found),
        _batches(found),
    ]


def _heads(found: Figures) -> list[str]:
    queue, pace = found.queue, found.throughput
    stages = ", ".join(f"{each.stage} {each.share:.0%}" for each in found.stages)
    return [
        f"Crescendo, {found.state}, {found.at:%Y-%m-%d %H:%M:%S} UTC{_cut_off(found.cut_off_seconds)}",
        f"{pace.lines_a_second:,.0f} lines/s, {pace.forms_a_second:,.1f} forms/s; of one core: {stages or 'nothing yet'}",
        (
            f"waiting: {queue.files:,} files of {queue.lines:,} lines, {queue.forms:,} forms, "
            f"the oldest for {queue.oldest_seconds:,.1f} s; {queue.under_way:,} lines under way, {queue.uploads:,} uploads"
        ),
    ]


def _cut_off(seconds: float | None) -> str:
    if seconds is None:
        return ""
    hours, rest = divmod(int(abs(seconds)), 3600)
    clock = f"{hours:,}:{rest // 60:02}:{rest % 60:02}"
    return f"; {clock} to the cut-off" if seconds >= 0 else f"; the cut-off is {clock} past"


def _outcomes(found: Figures) -> Grid:
    named = {
        name: getattr(found.throughput.outcomes, name) for name in found.throughput.outcomes.__struct_fields__
    }
    rows = [[name, part.lines, part.cents] for name, part in named.items()]
    title = f"Committed since {found.started_at:%Y-%m-%d %H:%M} UTC"
    return Grid(title, [Column("outcome"), Column("lines", Kind.COUNT), Column("euros", Kind.MONEY)], rows)


def _flows(found: Figures) -> Grid:
    counts = ("received", "in_treatment", "integrated", "partly_integrated", "refused")
    columns = [Column("sender"), *(Column(name.replace("_", " "), Kind.COUNT) for name in counts)]
    rows = [[each.sender, *(getattr(each, name) for name in counts)] for each in found.flows]
    return _short(Grid("Files by ministry", columns, rows))


def _refusals(found: Figures) -> Grid:
    rows = [[each.reason, each.lines] for each in found.refusals]
    return _short(Grid("Refusals by reason", [Column("reason"), Column("lines", Kind.COUNT)], rows))


def _programmes(found: Figures) -> Grid:
    columns = [
        *(Column("programme"), Column("year"), Column("AE left", Kind.MONEY), Column("of it")),
        *(Column("CP left", Kind.MONEY), Column("of it")),
    ]
    rows = [
        [each.programme, each.year, each.ae.available, _part(each.ae), each.cp.available, _part(each.cp)]
        for each in found.programmes
    ]
    return _short(Grid("Programmes, the least left first", columns, rows))


def _part(found: Credits) -> str:
    return f"{100 * found.available // found.opened} %" if found.opened else ""


def _batches(found: Figures) -> Grid:
    columns = [
        *(Column("batch", Kind.COUNT), Column("committed, UTC"), Column("entries", Kind.COUNT)),
        *(Column("refused", Kind.COUNT), Column("euros", Kind.MONEY), Column("hash")),
    ]
    rows = [
        [
            each.batch,
            f"{each.committed_at:%H:%M:%S}",
            each.entries,
            each.refusals,
            each.cents,
            each.chain[:16],
        ]
        for each in found.batches
    ]
    return _short(Grid("Last batches", columns, rows))


def _short(grid: Grid) -> Grid:
    left = len(grid.rows) - ROWS
    return grid if left <= 0 else grid._replace(title=f"{grid.title}; {left:,} more", rows=grid.rows[:ROWS])


def _drawn(said: list[str | Grid]) -> "Group":
    from rich.console import Group
    from rich.text import Text

    return Group(*(each.drawn() if isinstance(each, Grid) else Text(each) for each in said))
