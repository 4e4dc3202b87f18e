"""Scheduling of forms and files on one engine: no user at a screen waits for a large file.

Batches are decided and committed in the order in which they are produced, so a form waits for all batches before its own.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from ingest.queue.batch_cuts import UNLIMITED_LINES

FILE_BATCHES_MAX = 1
"""File batches that may be under way while forms arrive."""

FILE_BATCH_LINES = (2_048, 16_384)
"""The least and the most lines of such a batch, cut between acts."""

FILE_BATCH_SECONDS = 0.08
"""Target time from producing such a batch to its commit: if it takes longer the next is smaller, else larger."""

FORM_SHARE = 2.0
"""Each file batch is followed by this multiple of its time in which forms have the engine to themselves.

Few large batches cost less than many small ones, and a form waits for one of them at most.
"""

FORM_WAIT_SECONDS = 0.15
"""A form that waits so long for its batch goes before any further file batch ..."""

FILE_PAUSE_SECONDS = 0.5
"""... unless no file batch was produced for so long: files progress, however slowly, under any load of forms."""

FORM_IDLE_SECONDS = 1.0
"""So long after the last form, files have the engine to themselves."""


@dataclass(slots=True)
class Scheduler:
    """Decides when a file batch may be produced, and how large, from the forms that arrive."""

    clock: Callable[[], float] = time.monotonic
    """Replaceable, so that tests need not wait."""
    _last_form: float = -math.inf
    _last_file: float = -math.inf
    _pause_end: float = -math.inf
    """Until then no file batch may follow the last one."""
    _file_batches: int = 0
    _batch_lines: int = 4_096

    def note_form(self) -> None:
        """Note that a form has arrived."""
        self._last_form = self.clock()

    def start_file_batch(self) -> None:
        """Note that a file batch is produced, to be committed."""
        self._file_batches += 1
        self._last_file = self.clock()

    def finish_file_batch(self) -> None:
        """Note that a file batch is committed."""
        self._file_batches -= 1
        now, (lines_min, lines_max) = self.clock(), FILE_BATCH_LINES
        seconds = now - self._last_file
        self._pause_end = now + FORM_SHARE * min(seconds, FILE_PAUSE_SECONDS)
        if not self._file_batches and self._has_recent_forms:
            change = 0.75 if seconds > FILE_BATCH_SECONDS else 1.1
            self._batch_lines = min(max(int(self._batch_lines * change), lines_min), lines_max)

    def reset(self) -> None:
        """Forget the batches under way: a book was loaded anew."""
        self._file_batches = 0

    @property
    def lines_limit(self) -> int:
        """The lines that the next batch of a file may have."""
        return self._batch_lines if self._has_recent_forms else UNLIMITED_LINES

    def may_start_file_batch(self, form_waits_since: float = math.inf) -> bool:
        """Return whether a file batch may be produced, given when the first form in the queue arrived."""
        if not self._has_recent_forms:
            return True
        now = self.clock()
        is_behind = now - form_waits_since > FORM_WAIT_SECONDS and now - self._last_file < FILE_PAUSE_SECONDS
        return self._file_batches < FILE_BATCHES_MAX and now >= self._pause_end and not is_behind

    @property
    def pause_seconds(self) -> float | None:
        """How long no file batch may be produced if no form comes; None if there is nothing to wait for."""
        seconds = self._pause_end - self.clock()
        return seconds if seconds > 0 and not self._file_batches else None

    @property
    def _has_recent_forms(self) -> bool:
        return self.clock() - self._last_form < FORM_IDLE_SECONDS
