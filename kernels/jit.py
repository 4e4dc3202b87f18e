"""Compilation of kernels: the only module with compiler settings of Numba.

``@kernel(reads(Acts), fills(Decisions))`` compiles eagerly, for exactly those dtypes and contiguous columns, unless the
compiled code is stored: then the first call loads it.  A kernel that writes to a table it only ``reads`` does not compile;
a caller that passes another dtype gets a TypeError, not a slow copy.  ``@part`` marks a function that is inlined into kernels
and never called from outside, ``@large_part`` one with a single caller that is inlined earlier, ``@rare_part`` one that
seldom runs and is not inlined.

With ``NUMBA_DISABLE_JIT=1`` the interpreter runs the same source: much slower, but every overflow, index and line can be
checked.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, get_args, get_type_hints

import numpy as np
from numba import config, from_dtype, njit, types
from numba.core import event
from numba.extending import intrinsic, overload
from numba.np import arrayobj

import kernels  # noqa: F401 -- sets the cache folder before anything compiles
from core.tables.columns import READ_ONLY, ColumnKind, read_column_kinds, to_record_dtype
from kernels.stored_code import StoredKernel

flag = types.boolean
whole = types.int64
word = types.uint64


def reads(table: type) -> types.BaseTuple:
    """Return the type of ``table`` as read-only columns."""
    return _build_columns_type(table, readonly=True)


def fills(table: type) -> types.BaseTuple:
    """Return the type of ``table`` as columns that the kernel fills."""
    return _build_columns_type(table, readonly=False)


def reads_records(table: type) -> types.Array:
    """Return the type of ``table`` as read-only records.

    Numba refuses to store a whole record there, but not a single field: the tests check that no kernel does.
    """
    return types.Array(from_dtype(to_record_dtype(table)), 1, "C", readonly=True)


def fills_records(table: type) -> types.Array:
    """Return the type of ``table`` as records that the kernel fills or advances."""
    return types.Array(from_dtype(to_record_dtype(table)), 1, "C")


def reads_column(kind: Any) -> types.Array:
    """Return the type of one read-only column of an annotated kind."""
    return _build_column_type(get_args(kind)[1], readonly=True)


def fills_column(kind: Any) -> types.Array:
    """Return the type of one column of an annotated kind that the kernel fills or advances."""
    return _build_column_type(get_args(kind)[1], readonly=False)


def advances(book: type) -> types.BaseTuple:
    """Return the type of a tuple of tables as records, changed in place; members marked ``READ_ONLY`` are read-only."""
    return _build_tuple_type([_build_member_type(hint) for hint in _read_hints(book)], book)


def kernel(*arguments: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a kernel now, unless it is stored, for these arguments; it runs without the GIL and returns nothing."""
    if config.DISABLE_JIT:
        return _interpret
    return lambda function: StoredKernel(njit(nogil=True)(function), types.void(*arguments))


class _CompilationListener(event.Listener):
    """Calls a function when a compilation begins."""

    def __init__(self, on_compile: Callable[[], None]) -> None:
        self._on_compile = on_compile

    def on_start(self, event: event.Event) -> None:  # noqa: ARG002
        """Call the function."""
        self._on_compile()

    def on_end(self, event: event.Event) -> None:
        """Do nothing."""


@contextmanager
def watch_compilations(on_compile: Callable[[], None]) -> Iterator[None]:
    """Call ``on_compile`` before each compilation in the body; code that is loaded from the cache is not compiled."""
    with event.install_listener("numba:compile", _CompilationListener(on_compile)):
        yield


def _interpret(function: Callable[..., None]) -> Callable[..., None]:
    """Return ``function`` uncompiled, with records whose fields are attributes, as in compiled code."""

    @wraps(function)
    def run(*arguments: Any) -> None:
        function(*map(_view_records, arguments))

    return run


def _view_records(argument: Any) -> Any:
    if isinstance(argument, tuple):
        return type(argument)(*map(_view_records, argument))
    has_fields = isinstance(argument, np.ndarray) and argument.dtype.names
    return argument.view(np.recarray) if has_fields else argument


part = njit(nogil=True, forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""Marks a function that LLVM inlines into kernels: Numba's own inlining takes three times as long to compile the same."""

large_part = njit(inline="always")
"""Marks a large function with one caller, which Numba itself inlines: LLVM then optimises it once, in its kernel.

LLVM optimises a ``part`` with all that it calls before it inlines it, and once more in each caller: for the largest parts of
the decision this doubles the time of compilation.
"""

rare_part = njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""Marks a function that seldom runs: it is not inlined, so that it does not slow down the code around its call."""


@part
def as_position(number):
    """Return ``number`` as a position that the compiler can prove not to be negative.

    Otherwise every look-up checks for an index that counts from the end: a sixth of the time of a decision.
    """
    return np.int64(number) & 0xFFFF_FFFF


def borrow(arrays: Any) -> Any:
    """Return an array, or a table of columns, without reference counting: the caller of a kernel keeps it alive.

    Otherwise every part that takes a book would count references to each of its arrays, atomically, twice: forty times
    the cost of the decision itself.
    """
    return arrays


@overload(borrow)
def _compile_borrow(arrays):
    def emit(arrays):
        return _emit_borrow(arrays)

    return emit


@intrinsic
def _emit_borrow(context, arrays):
    """Copy the fields of each array without the reference to its memory."""

    def generate(target, builder, _, arguments):
        return _build_uncounted_array(target, builder, arrays, arguments[0])

    return arrays(arrays), generate


def _build_uncounted_array(target, builder, kind, value):
    if isinstance(kind, types.BaseTuple):
        members = [
            _build_uncounted_array(target, builder, member, builder.extract_value(value, place))
            for place, member in enumerate(kind)
        ]
        return target.make_tuple(builder, kind, members)
    owned = arrayobj.make_array(kind)(target, builder, value)
    bare = arrayobj.make_array(kind)(target, builder)
    fields = {name: getattr(owned, name) for name in ("data", "shape", "strides", "itemsize")}
    arrayobj.populate_array(bare, meminfo=None, **fields)
    return bare._getvalue()


def _build_tuple_type(members: list[types.Type], table: type) -> Any:
    return types.BaseTuple.from_types(members, table)


def _read_hints(table: type) -> list[Any]:
    return list(get_type_hints(table, include_extras=True).values())


def _build_columns_type(table: type, *, readonly: bool) -> types.BaseTuple:
    return _build_tuple_type(
        [_build_column_type(kind, readonly) for kind in read_column_kinds(table).values()], table
    )


def _build_column_type(kind: ColumnKind, readonly: bool) -> types.Array:
    return types.Array(from_dtype(kind.dtype), 1 + (kind.width > 1), "C", readonly=readonly)


def _build_member_type(hint: Any) -> types.Type:
    _, mark, *rest = get_args(hint)
    if isinstance(mark, ColumnKind):
        return _build_column_type(mark, readonly=False)
    return reads_records(mark) if READ_ONLY in rest else fills_records(mark)
