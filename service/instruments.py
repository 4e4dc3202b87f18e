"""What the board looks at: queues, clocks and the disk, each read where it stands when somebody asks."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from monitoring.board import Board
from monitoring.cut_off import CutOff
from monitoring.readings import Sample, seconds
from service.timing import TimedStore
from service.web.desk import Desk


def connect(desk: Desk, store: TimedStore) -> None:
    """Let the board look at what waits, and be told of what comes and goes."""
    inbox, board, stages = desk.inbox, desk.board, desk.stages
    inbox.taken, inbox.received = board.taken, board.received
    store.took = lambda spent: board.took("commit_seconds", spent)
    board.read("files_waiting", lambda: inbox.waiting)
    board.read("file_lines_waiting", lambda: inbox.lines_waiting)
    board.read("forms_waiting", lambda: inbox.forms_waiting)
    board.read("oldest_waiting_seconds", lambda: inbox.oldest_seconds)
    board.read("queue_empty_seconds", lambda: board.pace.seconds_to_empty(lines_waiting(desk)))
    board.read("uploads", lambda: desk.receiver.under_way)
    board.read("ready", lambda: desk.is_ready and not desk.is_draining)
    board.read_each("database_seconds_total", seconds(store.nanoseconds))
    board.read_each("kernel_busy_seconds_total", lambda: [Sample(stages.kernel_busy_nanoseconds / 1e9)])


def lines_waiting(desk: Desk) -> int:
    """Lines that have no outcome yet, in files and forms."""
    return desk.inbox.lines_waiting + desk.inbox.forms_waiting + desk.board.lines_under_way


def connect_clock(board: Board, cut_off: CutOff) -> None:
    """Count down to the cut-off."""
    board.read_each("cut_off_seconds", lambda: [Sample(cut_off.seconds(datetime.now(UTC)))])


def connect_disk(board: Board, data: Path) -> None:
    """Look at the disk that holds the spool."""
    board.read("disk_free_bytes", lambda: shutil.disk_usage(data).free)
    board.read("disk_size_bytes", lambda: shutil.disk_usage(data).total)
