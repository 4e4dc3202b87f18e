"""Whose turn it is where forms and files share an engine: nobody at a screen waits behind a large file.

Batches are decided and committed in the order in which they are given, so a form waits for whatever was given before it.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from ingest.cutting import WHOLE

FILE_BATCHES_BESIDE = 1
FILE_LINES_BESIDE = 4_096
"""Batches of files that may be under way beside forms, and the lines of each."""

CALM_SECONDS = 1.0
"""So long after the last form, files have the engine to themselves."""


@dataclass(slots=True)
class Turns:
    """How many batches of files are under way, and whether there are forms to wait behind them."""

    clock: Callable[[], float] = time.monotonic
    """May be another, so that nobody has to wait for it."""
    _last_form: float = -math.inf
    _file_batches: int = 0

    def form_came(self) -> None:
        """Somebody waits for an answer."""
        self._last_form = self.clock()

    def give_file(self) -> None:
        """A batch of files is given, to be committed."""
        self._file_batches += 1

    def file_committed(self) -> None:
        """One of them is committed."""
        self._file_batches -= 1

    def begin_again(self) -> None:
        """Nothing is under way: a book was loaded anew."""
        self._file_batches = 0

    @property
    def lines_now(self) -> int:
        """How many lines the next batch of a file may have."""
        return FILE_LINES_BESIDE if self._is_beside_forms else WHOLE

    @property
    def has_room(self) -> bool:
        """Whether a further batch of files may be given."""
        return self._file_batches < FILE_BATCHES_BESIDE or not self._is_beside_forms

    @property
    def _is_beside_forms(self) -> bool:
        return self.clock() - self._last_form < CALM_SECONDS
