"""Load the compiled kernels, and report it when they must be compiled first."""

import importlib
import pkgutil

from service.terminal.processing_progress import ProgressReporter


def load_kernels(reporter: ProgressReporter, *, is_service: bool = False) -> None:
    """Import every kernel. The first time on a machine they are compiled, which takes a minute; only then it is reported.

    A command loads the stored code of a kernel when it first calls it; a service loads it now, so that no sender waits for it.
    """
    import kernels
    from kernels.jit import watch_compilations
    from kernels.stored_code import StoredKernel

    names = [module.name for module in pkgutil.iter_modules(kernels.__path__) if module.name != "__main__"]
    for done, name in enumerate(names):

        def report(done: int = done) -> None:
            reporter.report_steps(done, len(names), "compiling the kernels, only once on this machine")

        with watch_compilations(report):
            module = importlib.import_module(f"kernels.{name}")
        if is_service:
            for kernel in vars(module).values():
                if isinstance(kernel, StoredKernel):
                    kernel.load()
