"""Figures of a running service, asked for again and again, and laid out for a terminal."""

import http.client
import sys
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from core.errors import CrescendoError
from monitoring.live_figures import CreditFigures, LiveFigures
from reporting.report_tables import CellType, Column, ReportTable
from service.client.http_service import HttpService, Unreachable
from service.terminal import console

if TYPE_CHECKING:
    from rich.console import Group

ROWS = 8
"""Rows of a table: all tables stand on one screen."""


class FiguresForbidden(CrescendoError):
    """The service does not show its figures to this caller."""


class LiveView(NamedTuple):
    """A service that is looked at."""

    url: str
    key: str
    seconds: float
    sleep: Callable[[float], None] = time.sleep

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
            self._print_figures(once, lambda found: msgspec.json.encode(found).decode())
        elif once:
            console.print_parts(build_parts(self.read_figures()))
        elif console.is_terminal(sys.stdout):
            self._refresh_screen()
        else:
            self._print_figures(once, format_line)

    def _print_figures(self, once: bool, format_figures: Callable[[LiveFigures], str]) -> None:
        for found in self._poll_figures(once):
            console.print_line(format_figures(found))
            sys.stdout.flush()  # whoever reads at the other end waits for it

    def read_figures(self) -> LiveFigures:
        """The figures of this moment.

        Raises
        ------
        Shut
            They are not for this caller.
        Unreachable
            Nobody answers.
        """
        connection = HttpService(self.url, self.key).open_connection()
        try:
            headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
            connection.request("GET", "/v1/figures", headers=headers)
            answer = connection.getresponse()
            status, body = answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{self.url}: {str(error) or type(error).__name__}") from error
        finally:
            connection.close()
        return _decode_figures(self.url, status, body)

    def _poll_figures(self, once: bool) -> Iterator[LiveFigures]:
        yield self.read_figures()
        while not once:
            self.sleep(self.seconds)
            yield self.read_figures()

    def _refresh_screen(self) -> None:
        """Go on also while the service starts anew: whoever looks wants to see it come back."""
        from rich.live import Live

        with Live(_render(build_parts(self.read_figures())), screen=True, auto_refresh=False) as screen:
            while True:
                self.sleep(self.seconds)
                try:
                    screen.update(_render(build_parts(self.read_figures())), refresh=True)
                except Unreachable as error:
                    screen.update(_render([str(error)]), refresh=True)


def _decode_figures(url: str, status: int, body: bytes) -> LiveFigures:
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise FiguresForbidden(
            f"{url} shows its figures to operators and auditors: name a key of theirs (--key)"
        )
    if status != HTTPStatus.OK:
        raise Unreachable(f"{url}: {HTTPStatus(status).phrase}")
    try:
        return msgspec.json.decode(body, type=LiveFigures)
    except msgspec.DecodeError as error:
        raise Unreachable(f"{url} is no service of this version: {error}") from error


def format_line(figures: LiveFigures) -> str:
    """One line, for files and pipes."""
    outcomes = figures.throughput.outcomes
    return (
        f"{figures.at:%H:%M:%S} {figures.state}: {figures.throughput.lines_a_second:,.0f} lines/s, "
        f"{figures.queue.files:,} files and {figures.queue.forms:,} forms wait, "
        f"{outcomes.accepted.lines:,} accepted, {outcomes.duplicate.lines:,} duplicate, "
        f"{outcomes.refused.lines:,} refused, batch {figures.commits.last_batch:,}"
    )


def build_parts(figures: LiveFigures) -> list[str | ReportTable]:
    """Everything, one below the other."""
    return [
        *_format_headings(figures),
        _build_outcome_table(figures),
        _build_file_table(figures),
        _build_refusal_table(figures),
        _build_programme_table(figures),
        _build_batch_table(figures),
    ]


def _format_headings(figures: LiveFigures) -> list[str]:
    queue, pace = figures.queue, figures.throughput
    stages = ", ".join(f"{each.stage} {each.share:.0%}" for each in figures.stages)
    return [
        f"Crescendo, {figures.state}, {figures.at:%Y-%m-%d %H:%M:%S} UTC{_format_cut_off(figures.cut_off_seconds)}",
        f"{pace.lines_a_second:,.0f} lines/s, {pace.forms_a_second:,.1f} forms/s; of one core: {stages or 'nothing yet'}",
        (
            f"waiting: {queue.files:,} files of {queue.lines:,} lines, {queue.forms:,} forms, "
            f"the oldest for {queue.oldest_seconds:,.1f} s; {queue.under_way:,} lines under way, {queue.uploads:,} uploads"
        ),
    ]


def _format_cut_off(seconds: float | None) -> str:
    if seconds is None:
        return ""
    hours, rest = divmod(int(abs(seconds)), 3600)
    clock = f"{hours:,}:{rest // 60:02}:{rest % 60:02}"
    return f"; {clock} to the cut-off" if seconds >= 0 else f"; the cut-off is {clock} past"


def _build_outcome_table(figures: LiveFigures) -> ReportTable:
    named = {
        name: getattr(figures.throughput.outcomes, name)
        for name in figures.throughput.outcomes.__struct_fields__
    }
    rows = [[name, part.lines, part.cents] for name, part in named.items()]
    title = f"Committed since {figures.started_at:%Y-%m-%d %H:%M} UTC"
    return ReportTable(
        title, [Column("outcome"), Column("lines", CellType.COUNT), Column("euros", CellType.MONEY)], rows
    )


def _build_file_table(figures: LiveFigures) -> ReportTable:
    counts = ("received", "in_treatment", "integrated", "partly_integrated", "refused")
    columns = [Column("sender"), *(Column(name.replace("_", " "), CellType.COUNT) for name in counts)]
    rows = [[each.sender, *(getattr(each, name) for name in counts)] for each in figures.flows]
    return _limit_rows(ReportTable("Files by ministry", columns, rows))


def _build_refusal_table(figures: LiveFigures) -> ReportTable:
    rows = [[each.reason, each.lines] for each in figures.refusals]
    return _limit_rows(
        ReportTable("Refusals by reason", [Column("reason"), Column("lines", CellType.COUNT)], rows)
    )


def _build_programme_table(figures: LiveFigures) -> ReportTable:
    columns = [
        *(Column("programme"), Column("year"), Column("AE left", CellType.MONEY), Column("of it")),
        *(Column("CP left", CellType.MONEY), Column("of it")),
    ]
    rows = [
        [
            each.programme,
            each.year,
            each.ae.available,
            _format_share(each.ae),
            each.cp.available,
            _format_share(each.cp),
        ]
        for each in figures.programmes
    ]
    return _limit_rows(ReportTable("Programmes, the least left first", columns, rows))


def _format_share(programme: CreditFigures) -> str:
    return f"{100 * programme.available // programme.opened} %" if programme.opened else ""


def _build_batch_table(figures: LiveFigures) -> ReportTable:
    columns = [
        *(Column("batch", CellType.COUNT), Column("committed, UTC"), Column("entries", CellType.COUNT)),
        *(Column("refused", CellType.COUNT), Column("euros", CellType.MONEY), Column("hash")),
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
        for each in figures.batches
    ]
    return _limit_rows(ReportTable("Last batches", columns, rows))


def _limit_rows(grid: ReportTable) -> ReportTable:
    left = len(grid.rows) - ROWS
    return grid if left <= 0 else grid._replace(title=f"{grid.title}; {left:,} more", rows=grid.rows[:ROWS])


def _render(parts: list[str | ReportTable]) -> "Group":
    from rich.console import Group
    from rich.text import Text

    return Group(*(each.to_rich_table() if isinstance(each, ReportTable) else Text(each) for each in parts))
