"""What persons decide about months."""

from collections.abc import Mapping

from core.periods import PeriodState

CHANGES: Mapping[str, tuple[PeriodState, PeriodState]] = {
    "close": (PeriodState.OPEN, PeriodState.CLOSED),
    "reopen": (PeriodState.CLOSED, PeriodState.OPEN),
    "lock": (PeriodState.CLOSED, PeriodState.LOCKED),
}
"""By action: the state before and after it."""
