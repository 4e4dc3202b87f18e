"""The messages between the service and the process that performs a task: one JSON document per line."""

from datetime import datetime
from typing import Any

import msgspec

MESSAGE_BYTES_MAX = 1 << 26
"""The longest line: a result with the receipts of an import."""
EXIT_RETRY = 3
"""The process ends so if the task is begun again: a signal came, or the engine, the database or the disk is away."""


class TaskOrder(msgspec.Struct, frozen=True):
    """What the process is to do; the service writes it to its standard input."""

    kind: str
    arguments: dict[str, Any]
    by: str
    settings: dict[str, Any]
    begun_before: datetime | None = None
    """When the task was begun first, if its process ended without a result."""


class TaskFailure(msgspec.Struct, frozen=True):
    """Why a task failed: a stable code, and a detail for people."""

    code: str
    detail: str


class TaskReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the process writes to its standard output: its progress, and at the end its result or why it failed."""

    activity: str = ""
    done: int = 0
    total: int = 0
    result: dict[str, Any] | None = None
    failure: TaskFailure | None = None

    @property
    def is_final(self) -> bool:
        """Whether the task has ended."""
        return self.result is not None or self.failure is not None
