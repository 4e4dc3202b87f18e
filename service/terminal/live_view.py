"""The figures of a running service, polled and laid out for a terminal."""

import http.client
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from core.errors import CrescendoError
from monitoring.live_figures import CreditFigures, LiveFigures
from reporting.report_tables import CellType, Column, ReportTable
from service.client.http_service import HttpService
from service.client.retries import Unreachable
from service.terminal import console
from service.terminal.program_name import name_program

if TYPE_CHECKING:
    from rich.console import Group

_ALL_COLUMNS = '"--once | less -S" shows all columns.'
ROWS = 8
"""Rows shown of a table: all tables fit on one screen."""
_SMALL_SHARE, _LARGE_SHARE = 0.1, 0.99

_STEP_NAMES: Mapping[str, str] = {
    "requested": "requested",
    "paid": "paid",
    "certified": "services certified",
    "committed": "committed",
    "opened_ae": "AE opened",
    "opened_cp": "CP opened",
}


class FiguresForbidden(CrescendoError):
    """The service does not show its figures to this caller."""


class LiveView(NamedTuple):
    """The figures of one service, shown once or again and again."""

    url: str
    key: str
    seconds: float
    sleep: Callable[[float], None] = time.sleep

    def show(self, *, once: bool, json: bool) -> None:
        """Show the figures: refreshed in place on a terminal, otherwise one line or JSON document per poll.

        Raises
        ------
        FiguresForbidden
            This caller may not see the figures.
        Unreachable
            The service does not answer.
        """
        if json:
            self._print_figures(once, lambda figures: msgspec.json.encode(figures).decode())
        elif once:
            console.print_parts(build_parts(self.read_figures()))
        elif console.is_terminal(sys.stdout):
            self._refresh_screen()
        else:
            self._print_figures(once, format_line)

    def _print_figures(self, once: bool, format_figures: Callable[[LiveFigures], str]) -> None:
        for figures in self._poll_figures(once):
            console.print_command(format_figures(figures))  # one line each, which programs read
            sys.stdout.flush()  # a program that reads the pipe waits for the line

    def read_figures(self) -> LiveFigures:
        """Read the current figures.

        Raises
        ------
        FiguresForbidden
            This caller may not see the figures.
        Unreachable
            The service does not answer.
        """
        connection = HttpService(self.url, self.key).open_connection()
        try:
            headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
            connection.request("GET", "/v1/figures", headers=headers)
            response = connection.getresponse()
            status, body = response.status, response.read()
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
        """Refresh the figures in place. While the service restarts, show the error and continue."""
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
            f"{url} shows its figures to operators and auditors only: give the key of an operator or auditor with --key"
        )
    if status != HTTPStatus.OK:
        raise Unreachable(f"{url} responded: {HTTPStatus(status).phrase}")
    try:
        return msgspec.json.decode(body, type=LiveFigures)
    except msgspec.DecodeError as error:
        raise Unreachable(f"{url} is not a crescendo service of this version: {error}") from error


def format_line(figures: LiveFigures) -> str:
    """Format the figures as one line, for files and pipes."""
    outcomes = figures.throughput.outcomes
    return (
        f"{figures.at:%H:%M:%S} {figures.state}: {figures.throughput.lines_a_second:,.0f} lines/s, "
        f"{figures.queue.files:,} files and {figures.queue.forms:,} forms wait, "
        f"{outcomes.accepted.lines:,} accepted, {outcomes.duplicate.lines:,} duplicate, "
        f"{outcomes.refused.lines:,} refused, batch {figures.commits.last_batch:,}. {figures.verdict.english}"
    )


def build_parts(figures: LiveFigures) -> list[str | ReportTable]:
    """Build the headings and tables of all figures, in the order in which they are shown."""
    return [
        *_format_headings(figures),
        _build_outcome_table(figures),
        _build_step_table(figures),
        _build_file_table(figures),
        _build_refusal_table(figures),
        _build_programme_table(figures),
        _build_batch_table(figures),
    ]


def _format_headings(figures: LiveFigures) -> list[str]:
    queue, throughput = figures.queue, figures.throughput
    stages = ", ".join(f"{stage.stage} {format_percent(stage.share)}" for stage in figures.stages)
    first_step = figures.verdict.first_step
    return [
        f"Crescendo, {figures.state}, {figures.at:%Y-%m-%d %H:%M:%S} UTC{_format_cut_off(figures.cut_off_seconds)}",
        figures.verdict.english,
        *([first_step.english, f"  {name_program(first_step.command)}"] if first_step else []),
        (
            f"{throughput.lines_a_second:,.0f} lines/s, {throughput.forms_a_second:,.1f} forms/s; "
            f"of one core: {stages or 'nothing yet'}"
        ),
        (
            f"waiting: {queue.files:,} files of {queue.lines:,} lines, {queue.forms:,} forms, "
            f"the oldest for {queue.oldest_seconds:,.1f} s; {queue.under_way:,} lines under way, {queue.uploads:,} uploads"
        ),
    ]


def _format_cut_off(seconds: float | None) -> str:
    if seconds is None:
        return ""
    hours, seconds_left = divmod(int(abs(seconds)), 3600)
    clock = f"{hours:,}:{seconds_left // 60:02}:{seconds_left % 60:02}"
    return f"; {clock} to the cut-off" if seconds >= 0 else f"; the cut-off is {clock} past"


def _build_outcome_table(figures: LiveFigures) -> ReportTable:
    totals = {
        name: getattr(figures.throughput.outcomes, name)
        for name in figures.throughput.outcomes.__struct_fields__
    }
    rows = [[name, total.lines] for name, total in totals.items()]
    title = f"Committed since {figures.started_at:%Y-%m-%d %H:%M} UTC"
    columns = [Column("outcome"), Column("lines", CellType.COUNT)]
    return ReportTable(title, columns, rows, drop_order=())


def _build_step_table(figures: LiveFigures) -> ReportTable:
    """Build the accepted amounts by step of spending: what is opened, committed and requested does not add up."""
    rows = [[_STEP_NAMES[total.step], total.cents] for total in figures.steps]
    columns = [Column("step"), Column("euros", CellType.MONEY)]
    return ReportTable("Accepted since the start, in euros", columns, rows, drop_order=())


def _build_file_table(figures: LiveFigures) -> ReportTable:
    counts = ("received", "in_treatment", "integrated", "partly_integrated", "refused")
    columns = [Column("sender"), *(Column(name.replace("_", " "), CellType.COUNT) for name in counts)]
    paused = {pause.sender for pause in figures.paused}
    rows = [
        [
            f"{flow.sender} (paused)" if flow.sender in paused else flow.sender,
            *(getattr(flow, name) for name in counts),
        ]
        for flow in figures.flows
    ]
    order = ("received", "partly integrated", "in treatment", "integrated")
    return _limit_rows(ReportTable("Files by sender", columns, rows, drop_order=order))


def _build_refusal_table(figures: LiveFigures) -> ReportTable:
    rows = [[refusal.reason, refusal.lines] for refusal in figures.refusals]
    columns = [Column("reason"), Column("lines", CellType.COUNT)]
    return _limit_rows(ReportTable("Refusals by reason", columns, rows, drop_order=()))


def _build_programme_table(figures: LiveFigures) -> ReportTable:
    columns = [
        *(Column("programme"), Column("year"), Column("AE left", CellType.MONEY), Column("of it")),
        *(Column("CP left", CellType.MONEY), Column("of it")),
    ]
    rows = [
        [
            programme.programme,
            programme.year,
            programme.ae.available,
            _format_share(programme.ae),
            programme.cp.available,
            _format_share(programme.cp),
        ]
        for programme in figures.programmes
    ]
    title = "Programmes, the least left first"
    return _limit_rows(ReportTable(title, columns, rows, drop_order=("of it", "year")))


def _format_share(programme: CreditFigures) -> str:
    return format_percent(programme.available / programme.opened if programme.opened else 0)


def format_percent(share: float) -> str:
    """Format a share as the live page does (``formatPercent`` in ``monitoring/dashboard/format.js``): both round half up.

    Below 10 % and above 99 % one decimal is shown, so that little does not read as 0 % or nearly all as 100 %.
    """
    needs_decimal = 0 < share < _SMALL_SHARE or _LARGE_SHARE < share < 1
    step = Decimal("0.1") if needs_decimal else Decimal(1)
    percent = Decimal(repr(share)).scaleb(2).quantize(step, ROUND_HALF_UP)
    return f"{percent:,f} %".replace(".0 %", " %")


def _build_batch_table(figures: LiveFigures) -> ReportTable:
    columns = [
        *(Column("batch", CellType.COUNT), Column("committed, UTC"), Column("entries", CellType.COUNT)),
        *(Column("refused", CellType.COUNT), Column("control total", CellType.MONEY), Column("hash")),
    ]
    rows = [
        [
            batch.batch,
            f"{batch.committed_at:%H:%M:%S}",
            batch.entries,
            batch.refusals,
            batch.cents,
            batch.chain[:16],
        ]
        for batch in figures.batches
    ]
    order = ("hash", "entries", "committed, UTC", "refused")
    return _limit_rows(ReportTable("Last batches", columns, rows, drop_order=order))


def _limit_rows(grid: ReportTable) -> ReportTable:
    hidden = len(grid.rows) - ROWS
    return (
        grid if hidden <= 0 else grid._replace(title=f"{grid.title}; {hidden:,} more", rows=grid.rows[:ROWS])
    )


def _render(parts: list[str | ReportTable]) -> "Group":
    from rich.console import Group
    from rich.text import Text

    return Group(*(Text.from_ansi(line, no_wrap=True) for line in _fit_parts(parts)))


def _fit_parts(parts: list[str | ReportTable]) -> Iterator[str]:
    """Yield the lines of all parts, within the width of the terminal."""
    width = console.measure_terminal() or 0
    for part in parts:
        if isinstance(part, ReportTable):
            yield from ("", *console.style_table(part, width, _ALL_COLUMNS))
        else:
            yield console.fit_text(part, width)
