"""The processing of a year by ``crescendo run``: its receipts must add up to the generated lines."""

from dataclasses import dataclass
from typing import Any

from bench.engine_command import EndedCommand
from bench.foreign_processes import ForeignLoad


@dataclass(frozen=True, slots=True)
class YearProcessing:
    """The processing of a year, from the start of the command to its last commit."""

    lines: int
    accepted: int
    seconds: float
    wall_seconds: float
    """The whole command: ``seconds``, a last checkpoint, the indexing, and the stop of the server."""
    lines_a_second: float
    indexing_seconds: float
    """Building the look-up indexes after the last commit; not part of ``seconds``."""
    core_microseconds_a_line: float
    """Of the process without its database, while it works."""
    peak_memory_bytes: int
    """Of the process without its database, as the system counted it at its end."""
    stage_microseconds_a_line: dict[str, float]
    """Core-microseconds a line of each pipeline stage."""
    foreign_load: ForeignLoad


def check_receipts(ended: EndedCommand, lines: int) -> YearProcessing:
    """Return the figures of a command that processed ``lines`` lines.

    Raises
    ------
    RuntimeError
        Its receipts do not add up to the lines.
    """
    outcomes = ("accepted", "duplicate", "refused", "suspended")
    result: dict[str, Any] = ended.result
    sums = {name: sum(receipt[name]["lines"] for receipt in result["receipts"]) for name in outcomes}
    if sum(sums.values()) != lines or sums["suspended"] or result["rejected"] or result["is_interrupted"]:
        raise RuntimeError(f"{lines} lines were generated, the receipts say {sums}")
    speed = result["speed"]
    return YearProcessing(
        lines,
        sums["accepted"],
        speed["seconds"],
        ended.wall_seconds,
        round(lines / speed["seconds"]),
        speed["indexing_seconds"],
        speed["core_microseconds_a_line"],
        ended.peak_memory_bytes,
        speed["stage_microseconds_a_line"],
        ended.foreign_load,
    )
