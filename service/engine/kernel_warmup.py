"""Load the compiled kernels, and report it when they must be compiled first."""

import importlib
import pkgutil
import time

from service.terminal.processing_progress import ProgressReporter

_QUICK_SECONDS = 1.5


def load_kernels(reporter: ProgressReporter) -> None:
    """Import every kernel. The first time on a machine they are compiled, which takes a minute."""
    import kernels

    names = [module.name for module in pkgutil.iter_modules(kernels.__path__) if module.name != "__main__"]
    started_at = time.monotonic()
    for done, name in enumerate(names):
        if time.monotonic() - started_at > _QUICK_SECONDS:
            reporter.report_steps(done, len(names), "compiling the kernels, only once on this machine")
        importlib.import_module(f"kernels.{name}")
