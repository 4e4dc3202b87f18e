"""Instructions of the processor that Numba does not offer: prefetching, unaligned words, the lowest bit, rare branches."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.cpython.unsafe.numbers import trailing_zeros
from numba.extending import intrinsic, overload
from numba.np import arrayobj


def prefetch(array: Any, row: int) -> None:
    """Request ``array[row]`` from memory without waiting for it, so that many look-ups wait only once."""


@overload(prefetch)
def _compile_prefetch(array, row):
    def emit(array, row):
        _emit_prefetch(array, row)

    return emit


@intrinsic
def _emit_prefetch(context, array, row):
    """Emit LLVM's prefetch: for reading (0), to keep in all caches (3), as data (1)."""

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


def seldom(condition: Any) -> Any:
    """Return ``condition``, which the compiler may expect to be false: it moves what follows out of the way of the rest."""
    return condition


@overload(seldom)
def _compile_seldom(condition):
    def emit(condition):
        return _emit_seldom(condition)

    return emit


@intrinsic
def _emit_seldom(context, condition):
    """Emit LLVM's expectation that a condition is false."""

    def generate(target, builder, _, arguments):
        bit = ir.IntType(1)
        shape = ir.FunctionType(bit, [bit, bit])
        expect = cgutils.get_or_insert_function(builder.module, shape, "llvm.expect.i1")
        return builder.call(expect, [arguments[0], bit(0)])

    return types.boolean(types.boolean), generate


def load_word(data: Any, at: Any) -> np.uint64:
    """Read eight bytes of ``data`` from ``at``, little endian, in one load; the caller ensures that they exist."""
    return np.uint64(int.from_bytes(data[at : at + 8].tobytes(), "little"))


@overload(load_word)
def _compile_load_word(data, at):
    def load(data, at):
        return _emit_load(data, at)

    return load


@intrinsic
def _emit_load(context, data, at):
    """Emit a load from an unaligned address."""

    def generate(target, builder, _, arguments):
        loaded = builder.load(_compute_word_address(target, builder, data, arguments))
        loaded.align = 1
        return loaded

    return types.uint64(data, at), generate


def store_word(data: Any, at: Any, word: Any) -> None:
    """Write eight bytes of ``data`` from ``at``, little endian, in one store; the caller ensures that they exist."""
    data[at : at + 8] = np.frombuffer(int(word).to_bytes(8, "little"), np.uint8)


@overload(store_word)
def _compile_store_word(data, at, word):
    def store(data, at, word):
        _emit_store(data, at, word)

    return store


@intrinsic
def _emit_store(context, data, at, word):
    """Emit a store to an unaligned address."""

    def generate(target, builder, _, arguments):
        stored = builder.store(arguments[2], _compute_word_address(target, builder, data, arguments))
        stored.align = 1
        return target.get_dummy_value()

    return types.void(data, at, types.uint64), generate


def _compute_word_address(target, builder, data, arguments):
    fields = arrayobj.make_array(data)(target, builder, arguments[0])
    address = builder.gep(fields.data, [arguments[1]])
    return builder.bitcast(address, ir.IntType(64).as_pointer())


def find_lowest_bit(word: Any) -> np.int64:
    """Return the position of the lowest bit set in ``word``, which must not be 0."""
    return np.int64((int(word) & -int(word)).bit_length() - 1)


@overload(find_lowest_bit)
def _compile_find_lowest_bit(word):
    def lowest(word):
        return np.int64(trailing_zeros(word))

    return lowest
