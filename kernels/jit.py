"""The only module that knows how Numba is asked to compile.

``@kernel(reads(Acts), fills(Decisions))`` compiles eagerly, for exactly those dtypes and contiguous columns.  A kernel
that writes to a table it only ``reads`` does not compile; a caller that passes another dtype gets a TypeError, not a
slow copy.  ``@part`` is a piece of a kernel: inlined, never called from outside; ``@aside`` one that seldom runs.

With ``NUMBA_DISABLE_JIT=1`` the very same source is run by the interpreter: slower by far, but every overflow, index and
line of it can be watched.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, get_args, get_type_hints

import numpy as np
from llvmlite import ir
from numba import config, from_dtype, njit, types
from numba.core import cgutils
from numba.cpython.unsafe.numbers import trailing_zeros
from numba.extending import intrinsic, overload
from numba.np import arrayobj

import kernels  # noqa: F401  the cache folder must be set before anything compiles
from core.tables.columns import READS, ColumnKind, kinds, record

flag = types.boolean
whole = types.int64
word = types.uint64


def reads(table: type) -> types.BaseTuple:
    """``table`` as read-only columns."""
    return _columns(table, readonly=True)


def fills(table: type) -> types.BaseTuple:
    """``table`` as columns the kernel fills."""
    return _columns(table, readonly=False)


def reads_records(table: type) -> types.Array:
    """``table`` as read-only records.

    Numba refuses to store a record there, but not a field of one: tests see to that.
    """
    return types.Array(from_dtype(record(table)), 1, "C", readonly=True)


def fills_records(table: type) -> types.Array:
    """``table`` as records the kernel fills or advances."""
    return types.Array(from_dtype(record(table)), 1, "C")


def reads_column(kind: Any) -> types.Array:
    """One read-only column of an annotated kind."""
    return _column(get_args(kind)[1], readonly=True)


def fills_column(kind: Any) -> types.Array:
    """One column of an annotated kind, filled or advanced."""
    return _column(get_args(kind)[1], readonly=False)


def advances(book: type) -> types.BaseTuple:
    """A tuple of tables as records, changed in place; a member marked ``READS`` stays read-only."""
    return _tuple_of([_member(hint) for hint in _hints(book)], book)


def kernel(*arguments: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a kernel now, for these arguments; it runs without the GIL and returns nothing."""
    return _interpreted if config.DISABLE_JIT else njit(types.void(*arguments), cache=True, nogil=True)


def _interpreted(function: Callable[..., None]) -> Callable[..., None]:
    """``function`` as it stands, its records readable by the names of their fields, as they are when compiled."""

    @wraps(function)
    def run(*arguments: Any) -> None:
        function(*map(_with_fields, arguments))

    return run


def _with_fields(argument: Any) -> Any:
    if isinstance(argument, tuple):
        return type(argument)(*map(_with_fields, argument))
    has_fields = isinstance(argument, np.ndarray) and argument.dtype.names
    return argument.view(np.recarray) if has_fields else argument


part = njit(nogil=True, forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""A piece of a kernel, inlined by LLVM: Numba's own inlining takes three times as long to compile the same."""

aside = njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""A piece of a kernel that is seldom needed, and may keep out of the way of what always is."""


@part
def counted(number):
    """``number`` as a position, of which the compiler can see that it is not negative.

    Without this every look-up asks whether it counts from the end: a sixth of the work of a decision.
    """
    return np.int64(number) & 0xFFFF_FFFF


def borrow(held: Any) -> Any:
    """An array, or a table of columns, without its reference counts: a kernel's caller keeps it alive.

    Without this, every part that takes a book would count references to each of its arrays, atomically, twice: forty
    times the cost of the decision itself.
    """
    return held


@overload(borrow)
def _borrow(held):
    def borrowed(held):
        return _without_count(held)

    return borrowed


@intrinsic
def _without_count(context, held):
    """The fields of each array, with no memory to count references to."""

    def generate(target, builder, _, arguments):
        return _bare(target, builder, held, arguments[0])

    return held(held), generate


def _bare(target, builder, kind, value):
    if isinstance(kind, types.BaseTuple):
        members = [
            _bare(target, builder, member, builder.extract_value(value, place))
            for place, member in enumerate(kind)
        ]
        return target.make_tuple(builder, kind, members)
    owned = arrayobj.make_array(kind)(target, builder, value)
    bare = arrayobj.make_array(kind)(target, builder)
    fields = {name: getattr(owned, name) for name in ("data", "shape", "strides", "itemsize")}
    arrayobj.populate_array(bare, meminfo=None, **fields)
    return bare._getvalue()


def prefetch(array: Any, row: int) -> None:
    """Ask memory for ``array[row]`` without waiting for it: many look-ups then wait once, together."""


@overload(prefetch)
def _prefetch(array, row):
    def ask(array, row):
        _ask_memory(array, row)

    return ask


@intrinsic
def _ask_memory(context, array, row):
    """LLVM's prefetch: for reading (0), to keep (3), as data (1)."""

    def generate(target, builder, _, arguments):
        fields, place = arrayobj.make_array(array)(target, builder, arguments[0]), arguments[1]
        for width in cgutils.unpack_tuple(builder, fields.shape, array.ndim)[1:]:
            place = builder.mul(place, width)
        address = builder.gep(fields.data, [place])
        word = ir.IntType(32)
        shape = ir.FunctionType(ir.VoidType(), [address.type, word, word, word])
        ask = cgutils.get_or_insert_function(builder.module, shape, "llvm.prefetch.p0")
        builder.call(ask, [address, word(0), word(3), word(1)])
        return target.get_dummy_value()

    return types.void(array, row), generate


def _tuple_of(members: list[types.Type], table: type) -> Any:
    return types.BaseTuple.from_types(members, table)


def _hints(table: type) -> list[Any]:
    return list(get_type_hints(table, include_extras=True).values())


def _columns(table: type, *, readonly: bool) -> types.BaseTuple:
    return _tuple_of([_column(kind, readonly) for kind in kinds(table).values()], table)


def _column(kind: ColumnKind, readonly: bool) -> types.Array:
    return types.Array(from_dtype(kind.dtype), 1 + (kind.width > 1), "C", readonly=readonly)


def _member(hint: Any) -> types.Type:
    _, mark, *rest = get_args(hint)
    if isinstance(mark, ColumnKind):
        return _column(mark, readonly=False)
    return reads_records(mark) if READS in rest else fills_records(mark)


def load_word(data: Any, at: Any) -> np.uint64:
    """Eight bytes of ``data`` from ``at``, little endian, in one load: the caller knows that they are there."""
    return np.uint64(int.from_bytes(data[at : at + 8].tobytes(), "little"))


@overload(load_word)
def _load_word(data, at):
    def load(data, at):
        return _word_in(data, at)

    return load


@intrinsic
def _word_in(context, data, at):
    """A load from any address."""

    def generate(target, builder, _, arguments):
        found = builder.load(_word_address(target, builder, data, arguments))
        found.align = 1
        return found

    return types.uint64(data, at), generate


def store_word(data: Any, at: Any, word: Any) -> None:
    """Write eight bytes of ``data`` from ``at``, little endian, in one store: the caller knows that there is room."""
    data[at : at + 8] = np.frombuffer(int(word).to_bytes(8, "little"), np.uint8)


@overload(store_word)
def _store_word(data, at, word):
    def store(data, at, word):
        _word_out(data, at, word)

    return store


@intrinsic
def _word_out(context, data, at, word):
    """A store to any address."""

    def generate(target, builder, _, arguments):
        stored = builder.store(arguments[2], _word_address(target, builder, data, arguments))
        stored.align = 1
        return target.get_dummy_value()

    return types.void(data, at, types.uint64), generate


def _word_address(target, builder, data, arguments):
    fields = arrayobj.make_array(data)(target, builder, arguments[0])
    address = builder.gep(fields.data, [arguments[1]])
    return builder.bitcast(address, ir.IntType(64).as_pointer())


def lowest_bit(word: Any) -> np.int64:
    """How many zeros stand below the lowest bit of ``word``, which is not 0."""
    return np.int64((int(word) & -int(word)).bit_length() - 1)


@overload(lowest_bit)
def _lowest_bit(word):
    def lowest(word):
        return np.int64(trailing_zeros(word))

    return lowest
