"""Whose turn it is where forms and files share an engine: nobody at a screen waits behind a large file.

Batches are decided and committed in the order in which they are given, so a form waits for whatever was given before it.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from ingest.queue.batch_cuts import UNLIMITED_LINES

FILE_BATCHES_MAX = 1
"""Batches of files that may be under way beside forms."""

FILE_BATCH_LINES = (1_024, 8_192)
"""Lines that such a batch has at least and at most, between acts."""

FILE_BATCH_SECONDS = 0.04
"""What one may take from being given to its commit: where it takes longer the next is smaller, else larger."""

FORM_WAIT_SECONDS = 0.15
"""A form that waits so long for its batch goes before any further batch of files ..."""

FILE_PAUSE_SECONDS = 0.5
"""... unless none was given for so long: files go on, however slowly, whatever forms come."""

FORM_IDLE_SECONDS = 1.0
"""So long after the last form, files have the engine to themselves."""


@dataclass(slots=True)
class Scheduler:
    """How many batches of files are under way, and whether there are forms to wait behind them."""

    clock: Callable[[], float] = time.monotonic
    """May be another, so that nobody has to wait for it."""
    _last_form: float = -math.inf
    _last_file: float = -math.inf
    _file_batches: int = 0
    _batch_lines: int = 4_096

    def note_form(self) -> None:
        """Somebody waits for an answer."""
        self._last_form = self.clock()

    def start_file_batch(self) -> None:
        """A batch of files is given, to be committed."""
        self._file_batches += 1
        self._last_file = self.clock()

    def finish_file_batch(self) -> None:
        """One of them is committed."""
        self._file_batches -= 1
        took, (least, most) = self.clock() - self._last_file, FILE_BATCH_LINES
        if not self._file_batches and self._has_recent_forms:
            change = 0.75 if took > FILE_BATCH_SECONDS else 1.1
            self._batch_lines = min(max(int(self._batch_lines * change), least), most)

    def reset(self) -> None:
        """Nothing is under way: a book was loaded anew."""
        self._file_batches = 0

    @property
    def lines_limit(self) -> int:
        """How many lines the next batch of a file may have."""
        return self._batch_lines if self._has_recent_forms else UNLIMITED_LINES

    def may_start_file_batch(self, form_waits_since: float = math.inf) -> bool:
        """Whether a further batch of files may be given, where the first form that waits came at ``form_since``."""
        if not self._has_recent_forms:
            return True
        now = self.clock()
        is_behind = now - form_waits_since > FORM_WAIT_SECONDS and now - self._last_file < FILE_PAUSE_SECONDS
        return self._file_batches < FILE_BATCHES_MAX and not is_behind

    @property
    def _has_recent_forms(self) -> bool:
        return self.clock() - self._last_form < FORM_IDLE_SECONDS
