"""A text column as the kernels read it: the bytes, the span of each distinct value in them, and the value of each row.

Arrow stores a column either as one text a row or as a dictionary and indices.  Both get the same form here, so that
work is done once a distinct value wherever the file allows it.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.act_fields import FORMATS, Field
from core.tables.columns import allocate_undefined_columns, allocate_zeros, seal, seal_array
from core.tables.journal import Bytes, Flags, Numbers, Spans, Words
from core.tables.raw_lines import LineContent
from kernels import content_digest, hashing, parsing


@dataclass(frozen=True, slots=True)
class DistinctTexts:
    """Texts, and cached results computed for each of them."""

    spans: Spans
    text: Bytes
    array: pa.Array
    computed: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_arrow(cls, array: pa.Array, *, with_empty: bool) -> "DistinctTexts":
        """Build from an Arrow column, null as empty; ``with_empty`` adds an empty text at the end."""
        array = array.fill_null("") if array.null_count else array
        _, offsets, data = array.buffers()
        bounds = np.frombuffer(offsets or bytes(4), np.int32)[array.offset : array.offset + len(array) + 1]
        bounds = bounds if len(bounds) else np.zeros(1, np.int32)
        start, end = (
            (bounds, np.append(bounds[1:], bounds[-1]).astype(np.int32))
            if with_empty
            else (bounds[:-1], bounds[1:])
        )
        spans = seal(Spans(np.ascontiguousarray(start), np.ascontiguousarray(end)))
        return cls(spans, seal(Bytes(np.frombuffer(data or b"", np.uint8))), array)

    def compute_once(self, name: str, work: Callable[["DistinctTexts"], Any]) -> Any:
        """Return the result of ``work`` for these texts, computed at the first call."""
        if name not in self.computed:
            self.computed[name] = work(self)
        return self.computed[name]


class DictionaryCache:
    """The last dictionary of each field: consecutive batches of a file mostly have the same one."""

    def __init__(self) -> None:
        self._values: dict[Hashable, DistinctTexts] = {}

    def find_values(self, field: Hashable, dictionary: pa.Array) -> DistinctTexts:
        """Return the texts of ``dictionary``, with cached results if it is the last one of the field."""
        last = self._values.get(field)
        if last is None or not last.array.equals(dictionary):
            last = self._values[field] = DistinctTexts.from_arrow(dictionary, with_empty=True)
        return last


class _MappedTexts(NamedTuple):
    """The numbers of the distinct texts, with the mapping that gave them: as long as it is kept, nothing else has its id."""

    numbers: NDArray[np.int32]
    numbers_by_text: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TextColumn:
    """Distinct values, an empty one at the end, and the value of each row (``None``: row k has value k)."""

    values: DistinctTexts
    codes: NDArray[np.int32] | None
    rows: int

    @classmethod
    def from_arrow(
        cls, array: pa.Array, cache: DictionaryCache | None = None, field: Hashable = None
    ) -> "TextColumn":
        """View an Arrow string or dictionary column; null counts as empty."""
        if not pa.types.is_dictionary(array.type):
            return cls(DistinctTexts.from_arrow(array, with_empty=False), None, len(array))
        codes = array.indices.fill_null(-1) if array.indices.null_count else array.indices
        values = (cache or DictionaryCache()).find_values(field, array.dictionary)
        return cls(values, codes.to_numpy(zero_copy_only=False), len(array))

    def to_distinct_values(self) -> "TextColumn":
        """Return the same column by distinct value."""
        return (
            self if self.codes is not None else TextColumn.from_arrow(self.values.array.dictionary_encode())
        )

    def expand(self, by_value: np.ndarray) -> np.ndarray:
        """Expand a result for each value to the rows."""
        return by_value if self.codes is None else by_value.take(self.codes)

    def measure_lengths(self) -> NDArray[np.int32]:
        """Return the bytes of each row's text."""
        return self.expand(self.values.spans.end - self.values.spans.start)

    def list_texts(self) -> list[str]:
        """Return the distinct values, an empty one last."""
        return [*self.values.array.to_pylist(), ""]

    def map_to_numbers(self, numbers_by_text: Mapping[str, int], otherwise: int) -> NDArray[np.int32]:
        """Return the number of each row's text, or ``otherwise``; 0 for an empty text."""
        column = self.to_distinct_values()

        def map_values(_: DistinctTexts) -> _MappedTexts:
            numbers = [numbers_by_text.get(text, otherwise) if text else 0 for text in column.list_texts()]
            return _MappedTexts(np.array(numbers, np.int32), numbers_by_text)

        mapped = column.values.compute_once(
            f"number {id(numbers_by_text)} {len(numbers_by_text)} {otherwise}", map_values
        )
        return column.expand_numbers(mapped.numbers)

    def expand_numbers(self, by_value: NDArray[np.int32]) -> NDArray[np.int32]:
        """Expand numbers for each value to the rows, without holding the GIL."""
        if self.codes is None:
            return by_value
        numbers = allocate_undefined_columns(Numbers, self.rows)
        content_digest.spread_numbers(Numbers(seal_array(self.codes)), Numbers(seal_array(by_value)), numbers)
        return numbers.number

    def add_content(self, field: Field, content: LineContent) -> None:
        """Add the texts of this column to the content of each row."""

        def gather(values: DistinctTexts, value_content: LineContent) -> LineContent:
            content_digest.add_texts(
                values.spans, values.text, int(field), FORMATS[field].bytes_max, value_content
            )
            return value_content

        if self.codes is None:
            gather(self.values, content)
            return
        by_value = self.values.compute_once(
            f"content {field}",
            lambda values: seal(gather(values, allocate_zeros(LineContent, len(values.spans.start)))),
        )
        content_digest.add_codes(Numbers(seal_array(self.codes)), by_value, content)

    def compute_digests(self, salt: int) -> NDArray[np.uint64]:
        """Return 64 bits for each row's text; 0 for an empty one."""

        def digest(values: DistinctTexts) -> NDArray[np.uint64]:
            words = allocate_undefined_columns(Words, len(values.spans.start))
            hashing.digest_texts(values.spans, values.text, np.uint64(salt), words)
            return words.word

        return self.expand(self.values.compute_once(f"digest {salt}", digest))

    def find_flaws(self, bytes_max: int) -> NDArray[np.bool_]:
        """Return whether each row's text is too long or contains a control character."""

        def flag_values(values: DistinctTexts) -> NDArray[np.bool_]:
            flags = allocate_undefined_columns(Flags, len(values.spans.start))
            parsing.flag_flaws(values.spans, values.text, bytes_max, flags)
            return flags.flag.view(bool)

        is_flawed = self.values.compute_once("flaws", flag_values)
        return self.expand(is_flawed) if is_flawed.any() else np.zeros(self.rows, bool)

    def expand_spans(self) -> Spans:
        """Return the span of each row's text."""
        spans = self.values.spans
        return spans if self.codes is None else seal(Spans(*map(self.expand, spans)))
