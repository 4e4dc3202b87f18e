"""Sentences of the receipt of ``crescendo run``."""

import pytest

from service.cli.processing_report import describe_speed
from service.engine.processing_result import Speed


@pytest.mark.parametrize(
    ("stages", "sentence"),
    [({}, "12.39 in total."), ({"spool": 1.5, "decide": 2.0}, "12.39 in total; spool 1.50, decide 2.00.")],
)
def test_stages_are_listed_if_there_are_any(stages: dict[str, float], sentence: str) -> None:
    """Beside a service the engine of the service has the stages."""
    speed = Speed(
        lines=5,
        seconds=1.0,
        lines_a_second=5,
        working_seconds=0.5,
        indexing_seconds=0.0,
        core_microseconds_a_line=12.39,
        peak_memory_bytes=10**8,
        stage_microseconds_a_line=stages,
    )
    assert describe_speed(speed).endswith(f"Core-microseconds per line: {sentence}")
