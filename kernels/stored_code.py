"""Compiled kernels that are stored on disk: each is loaded when it is first called, and without the compiler's registries.

A command uses some of the kernels, and a machine compiles each of them once.  Numba fills its registries, the typing rules of
everything that it can compile, before it loads the first function; stored code needs only the runtime.
"""

from collections.abc import Callable
from threading import Lock
from typing import Any

from numba.core.caching import FunctionCache
from numba.core.dispatcher import Dispatcher
from numba.core.runtime.nrt import rtsys
from numba.core.typing.templates import Signature


class KernelCache(FunctionCache):
    """The stored code of one kernel."""

    def load_overload(self, sig: Signature, target_context: Any) -> Any:
        """Load the code for ``sig``; None if it is not stored."""
        rtsys.initialize(target_context)
        return self._load_overload(sig, target_context)

    def is_stored(self, signature: Signature, target_context: Any) -> bool:
        """Return whether the code for ``signature`` and this processor is stored."""
        key = self._index_key(signature, target_context.codegen())
        return key in self._cache_file._load_index()


class StoredKernel:
    """A kernel whose stored code is loaded at the first call; it compiles now if there is none."""

    def __init__(self, dispatcher: Dispatcher, signature: Signature) -> None:
        self._dispatcher, self._signature, self._lock = dispatcher, signature, Lock()
        cache = dispatcher._cache = KernelCache(dispatcher.py_func)
        self._run: Callable[..., None] = self._load_and_run
        if not cache.is_stored(signature, dispatcher.targetctx):
            self.load()

    def __call__(self, *arguments: Any) -> None:
        """Run the kernel."""
        self._run(*arguments)

    def load(self) -> None:
        """Load the stored code, or compile it; from then on a call compiles nothing, whatever its arguments are."""
        with self._lock:
            if self._run is not self._dispatcher:
                self._dispatcher.compile(self._signature)
                self._dispatcher.disable_compile()
                self._run = self._dispatcher

    def _load_and_run(self, *arguments: Any) -> None:
        self.load()
        self._dispatcher(*arguments)
