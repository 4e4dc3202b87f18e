"""Work of a command in which the engine decides acts that Crescendo computes, in the name of the caller."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from service.database.configured_database import open_for_work
from service.terminal import processing_progress, signals

if TYPE_CHECKING:
    from core.person_decisions import StatedPerson
    from service.auth.person_credentials import CommandCaller
    from service.configuration.settings import Settings
    from service.engine.engine_context import EngineContext
    from service.terminal.processing_progress import ProgressReporter

Value = TypeVar("Value")
EngineWork = Callable[
    ["EngineContext", "StatedPerson", signals.Interruption, "ProgressReporter"], Awaitable[Value]
]
"""The work: it gets the open database, who calls, the interruption, and the reporter of its progress."""


def run_work(settings: "Settings", caller: "CommandCaller", work: EngineWork[Value]) -> Value:
    """Open the database, verify the credential of the caller, and do the work, with progress on standard error."""
    from service.auth.person_credentials import act_on_database
    from service.engine import engine_context, kernel_warmup

    reporter = processing_progress.create_reporter()

    async def run(interruption: signals.Interruption) -> Value:
        async with open_for_work(settings, reporter.report_activity) as database:
            await asyncio.to_thread(kernel_warmup.load_kernels, reporter)
            context = engine_context.EngineContext(
                settings, database, await asyncio.to_thread(engine_context.load_reference, settings)
            )
            async with act_on_database(database.dsn, caller) as person:
                return await work(context, person, interruption, reporter)

    try:
        return signals.run_interruptible(run)
    finally:
        reporter.close()
