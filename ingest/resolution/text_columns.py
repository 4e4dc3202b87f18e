"""A text column as the kernels read it: the bytes, where each distinct value stands in them, and which value a row has.

Arrow gives a column either as one text a row or as a dictionary and indices.  Both become the same thing here, so that
the work is done once a distinct value wherever the file allows it.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.act_fields import FORMATS, Field
from core.tables.columns import blank, seal, sealed, unfilled
from core.tables.journal import Bytes, Flags, Numbers, Spans, Words
from core.tables.raw_lines import Said
from kernels import content_digest, hashing, parsing


@dataclass(frozen=True, slots=True)
class Values:
    """Texts, and whatever has been worked out for each of them so far."""

    spans: Spans
    text: Bytes
    array: pa.Array
    found: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, array: pa.Array, *, with_empty: bool) -> "Values":
        """The texts of an Arrow column, null as empty; ``with_empty`` adds an empty one behind them."""
        array = array.fill_null("") if array.null_count else array
        _, offsets, data = array.buffers()
        at = np.frombuffer(offsets or bytes(4), np.int32)[array.offset : array.offset + len(array) + 1]
        at = at if len(at) else np.zeros(1, np.int32)
        start, end = (at, np.append(at[1:], at[-1]).astype(np.int32)) if with_empty else (at[:-1], at[1:])
        spans = seal(Spans(np.ascontiguousarray(start), np.ascontiguousarray(end)))
        return cls(spans, seal(Bytes(np.frombuffer(data or b"", np.uint8))), array)

    def once(self, name: str, work: Callable[["Values"], Any]) -> Any:
        """What ``work`` finds for each text; worked out the first time it is asked for."""
        if name not in self.found:
            self.found[name] = work(self)
        return self.found[name]


class Memory:
    """The last dictionary of each field: consecutive batches of a file mostly carry the same one."""

    def __init__(self) -> None:
        self._values: dict[Hashable, Values] = {}

    def values(self, field: Hashable, dictionary: pa.Array) -> Values:
        """The values of ``dictionary``, with what was found before if it is the one last seen."""
        last = self._values.get(field)
        if last is None or not last.array.equals(dictionary):
            last = self._values[field] = Values.of(dictionary, with_empty=True)
        return last


@dataclass(frozen=True, slots=True)
class TextColumn:
    """Distinct values, an empty one behind them, and the value of each row (``None``: row k has value k)."""

    values: Values
    codes: NDArray[np.int32] | None
    rows: int

    @classmethod
    def of(cls, array: pa.Array, memory: Memory | None = None, field: Hashable = None) -> "TextColumn":
        """View an Arrow string or dictionary column; null reads as empty."""
        if not pa.types.is_dictionary(array.type):
            return cls(Values.of(array, with_empty=False), None, len(array))
        codes = array.indices.fill_null(-1) if array.indices.null_count else array.indices
        values = (memory or Memory()).values(field, array.dictionary)
        return cls(values, codes.to_numpy(zero_copy_only=False), len(array))

    def coded(self) -> "TextColumn":
        """The same column by distinct value."""
        return self if self.codes is not None else TextColumn.of(self.values.array.dictionary_encode())

    def by_row(self, of_value: np.ndarray) -> np.ndarray:
        """Spread what was found for each value over the rows."""
        return of_value if self.codes is None else of_value.take(self.codes)

    def lengths(self) -> NDArray[np.int32]:
        """Bytes of each row's text."""
        return self.by_row(self.values.spans.end - self.values.spans.start)

    def texts(self) -> list[str]:
        """The distinct values, an empty one last."""
        return [*self.values.array.to_pylist(), ""]

    def numbers(self, known: Mapping[str, int], unknown: int) -> NDArray[np.int32]:
        """The number ``known`` gives each row's text; 0 for an empty one."""
        column = self.coded()

        def number(_: Values) -> NDArray[np.int32]:
            return np.array([known.get(text, unknown) if text else 0 for text in column.texts()], np.int32)

        found = column.values.once(f"number {id(known)} {len(known)}", number)
        return column.spread(found)

    def spread(self, of_value: NDArray[np.int32]) -> NDArray[np.int32]:
        """As ``by_row``, for numbers, and without the GIL."""
        if self.codes is None:
            return of_value
        numbers = unfilled(Numbers, self.rows)
        content_digest.spread(Numbers(sealed(self.codes)), Numbers(sealed(of_value)), numbers)
        return numbers.number

    def say(self, field: Field, said: Said) -> None:
        """Gather what each row says."""

        def gather(values: Values, found: Said) -> Said:
            content_digest.texts(values.spans, values.text, int(field), FORMATS[field].bytes_max, found)
            return found

        if self.codes is None:
            gather(self.values, said)
            return
        of_value = self.values.once(
            f"said {field}", lambda values: seal(gather(values, blank(Said, len(values.spans.start))))
        )
        content_digest.coded(Numbers(sealed(self.codes)), of_value, said)

    def digests(self, salt: int) -> NDArray[np.uint64]:
        """64 bits for each row's text; 0 for an empty one."""

        def digest(values: Values) -> NDArray[np.uint64]:
            words = unfilled(Words, len(values.spans.start))
            hashing.digest(values.spans, values.text, np.uint64(salt), words)
            return words.word

        return self.by_row(self.values.once(f"digest {salt}", digest))

    def flawed(self, bytes_max: int) -> NDArray[np.bool_]:
        """Whether each row's text is too long or holds a control character."""

        def flaws(values: Values) -> NDArray[np.bool_]:
            flags = unfilled(Flags, len(values.spans.start))
            parsing.flaws(values.spans, values.text, bytes_max, flags)
            return flags.flag.view(bool)

        found = self.values.once("flaws", flaws)
        return self.by_row(found) if found.any() else np.zeros(self.rows, bool)

    def row_spans(self) -> Spans:
        """Where each row's text stands."""
        spans = self.values.spans
        return spans if self.codes is None else seal(Spans(*map(self.by_row, spans)))
