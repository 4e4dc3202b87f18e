"""Load the compiled kernels, and report it when they must be compiled first."""

import importlib
import pkgutil

from service.terminal.processing_progress import ProgressReporter


def load_kernels(reporter: ProgressReporter) -> None:
    """Import every kernel. The first time on a machine they are compiled, which takes a minute; only then it is reported."""
    import kernels
    from kernels.jit import watch_compilations

    names = [module.name for module in pkgutil.iter_modules(kernels.__path__) if module.name != "__main__"]
    for done, name in enumerate(names):

        def report(done: int = done) -> None:
            reporter.report_steps(done, len(names), "compiling the kernels, only once on this machine")

        with watch_compilations(report):
            importlib.import_module(f"kernels.{name}")
