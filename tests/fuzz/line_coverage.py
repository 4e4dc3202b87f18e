"""Coverage of the product's lines: which input reaches a line that no input before it reached.

Python 3.12 and later report each line once (``sys.monitoring``), which costs next to nothing.  Python 3.11 traces every
line of the product, and stops with a function once all its lines were reached.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

ROOT = str(Path(__file__).parents[2])
PACKAGES = ("core", "ingest", "kernels", "markup", "settlement", "service/client", "service/dropfolders")
_FOLDERS = tuple(f"{ROOT}/{package}/" for package in PACKAGES)
_TOOL = "fuzz"

Line = tuple[str, int]


class LineCoverage:
    """The lines reached so far."""

    def __init__(self) -> None:
        self.lines: set[Line] = set()
        self._open_lines: dict[CodeType, set[int]] = {}

    @contextmanager
    def record(self) -> Iterator[None]:
        """Add the lines that the body reaches."""
        with self._monitor() if sys.version_info >= (3, 12) else self._trace():
            yield

    @contextmanager
    def _monitor(self) -> Iterator[None]:
        monitoring: Any = sys.monitoring  # type: ignore[attr-defined]

        def add_line(code: CodeType, number: int) -> Any:
            if code.co_filename.startswith(_FOLDERS):
                self.lines.add((code.co_filename, number))
            return monitoring.DISABLE

        if monitoring.get_tool(monitoring.COVERAGE_ID) is None:
            monitoring.use_tool_id(monitoring.COVERAGE_ID, _TOOL)
        monitoring.register_callback(monitoring.COVERAGE_ID, monitoring.events.LINE, add_line)
        monitoring.set_events(monitoring.COVERAGE_ID, monitoring.events.LINE)
        try:
            yield
        finally:
            monitoring.set_events(monitoring.COVERAGE_ID, 0)

    @contextmanager
    def _trace(self) -> Iterator[None]:
        former = sys.gettrace()
        sys.settrace(self._trace_call)
        try:
            yield
        finally:
            sys.settrace(former)

    def _trace_call(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        """Trace the lines of a function of the product, unless all of them were reached."""
        code = frame.f_code
        if not code.co_filename.startswith(_FOLDERS):
            return None
        if code not in self._open_lines:
            self._open_lines[code] = {number for _, _, number in code.co_lines() if number}
        return self._trace_line if self._open_lines[code] else None

    def _trace_line(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            self.lines.add((frame.f_code.co_filename, frame.f_lineno))
            self._open_lines[frame.f_code].discard(frame.f_lineno)
        return self._trace_line
