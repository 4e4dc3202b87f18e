"""The options and callbacks of a commit pipeline, and what is done before it retries."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from core.errors import ClockSetBack
from core.stage_timing import StageTimes
from posting.batch import BatchResult
from posting.recovery.book_memory import BookMemory

CHECKPOINT_ENTRIES = 8 << 20
"""Entries between two checkpoints: more cost memory when the book is largest, fewer cost time at a restart after a crash."""


class RetryPreparation(NamedTuple):
    """What was done before a retry."""

    is_counted: bool
    """Whether the failure counts as one of the batch; False for one that has nothing to do with it."""
    is_restarted: bool = False
    """Whether the database server was started again."""


async def _count_each_failure(cause: BaseException) -> RetryPreparation:
    """Prepare nothing: every failure is the batch's own, except that no retry mends a clock that is set back."""
    if isinstance(cause, ClockSetBack):
        raise cause
    return RetryPreparation(is_counted=True)


class PipelineSettings(NamedTuple):
    """Options and callbacks of a pipeline."""

    checkpoint_entries: int = CHECKPOINT_ENTRIES
    on_committed: Callable[[BatchResult], None] = lambda _: None
    """Called with every committed batch, in order."""
    on_failed: Callable[[int, BaseException], None] = lambda _batch, _cause: None
    """Called before every retry with the first batch not committed and the cause of the failure."""
    stages: StageTimes | None = None
    """Where the processor time of each stage is added up."""
    is_storing: bool = True
    """False if every decision is undone (a dry run): outdated checkpoints are then left as they are."""
    memory: BookMemory | None = None
    """Where the book comes from, if it is there, and where it goes once everything is committed."""
    prepare_retry: Callable[[BaseException], Awaitable[RetryPreparation]] = _count_each_failure
    """Called before every retry with the cause; returns once a retry may succeed."""
