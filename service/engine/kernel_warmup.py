"""Load the compiled kernels, and say so when they must be compiled first."""

import importlib
import pkgutil
import time

from service.terminal.processing_progress import ProgressReporter

_QUICK_SECONDS = 1.5


def load_kernels(reporter: ProgressReporter) -> None:
    """Import every kernel; the first time on a machine they are compiled, which takes a minute."""
    import kernels

    names = [each.name for each in pkgutil.iter_modules(kernels.__path__) if each.name != "__main__"]
    began = time.monotonic()
    for done, name in enumerate(names):
        if time.monotonic() - began > _QUICK_SECONDS:
            reporter.report_steps(done, len(names), "compiling the kernels, once on this machine")
        importlib.import_module(f"kernels.{name}")
