"""Fixtures of the tests of the service."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def restore_logs() -> Iterator[None]:
    """Undo what ``serve`` sets in this process: its logs would go to the standard error of one test for ever."""
    yield
    structlog.reset_defaults()
