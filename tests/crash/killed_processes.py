"""Processes that kill themselves at a step of their work."""

import signal
from pathlib import Path

from tests.service.command_line import run_module


async def run_to_step(module: str, *words: str | Path | int) -> tuple[int, list[str]]:
    """Run a module of this package, which kills itself at a step; return its exit code and the steps it reached."""
    result = await run_module(f"{__package__}.{module}", *map(str, words))
    assert result.code in (0, -signal.SIGKILL), result.err
    return result.code, result.out.splitlines()
