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
from core.tables.columns import allocate_unfilled, allocate_zeros, seal, seal_array
from core.tables.journal import Bytes, Flags, Numbers, Spans, Words
from core.tables.raw_lines import LineContent
from kernels import content_digest, hashing, parsing


@dataclass(frozen=True, slots=True)
class DistinctTexts:
    """Texts, and whatever has been worked out for each of them so far."""

    spans: Spans
    text: Bytes
    array: pa.Array
    computed: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_arrow(cls, array: pa.Array, *, with_empty: bool) -> "DistinctTexts":
        """The texts of an Arrow column, null as empty; ``with_empty`` adds an empty one behind them."""
        array = array.fill_null("") if array.null_count else array
        _, offsets, data = array.buffers()
        at = np.frombuffer(offsets or bytes(4), np.int32)[array.offset : array.offset + len(array) + 1]
        at = at if len(at) else np.zeros(1, np.int32)
        start, end = (at, np.append(at[1:], at[-1]).astype(np.int32)) if with_empty else (at[:-1], at[1:])
        spans = seal(Spans(np.ascontiguousarray(start), np.ascontiguousarray(end)))
        return cls(spans, seal(Bytes(np.frombuffer(data or b"", np.uint8))), array)

    def compute_once(self, name: str, work: Callable[["DistinctTexts"], Any]) -> Any:
        """What ``work`` finds for each text; worked out the first time it is asked for."""
        if name not in self.computed:
            self.computed[name] = work(self)
        return self.computed[name]


class DictionaryCache:
    """The last dictionary of each field: consecutive batches of a file mostly carry the same one."""

    def __init__(self) -> None:
        self._values: dict[Hashable, DistinctTexts] = {}

    def find_values(self, field: Hashable, dictionary: pa.Array) -> DistinctTexts:
        """The values of ``dictionary``, with what was found before if it is the one last seen."""
        last = self._values.get(field)
        if last is None or not last.array.equals(dictionary):
            last = self._values[field] = DistinctTexts.from_arrow(dictionary, with_empty=True)
        return last


@dataclass(frozen=True, slots=True)
class TextColumn:
    """Distinct values, an empty one behind them, and the value of each row (``None``: row k has value k)."""

    values: DistinctTexts
    codes: NDArray[np.int32] | None
    rows: int

    @classmethod
    def from_arrow(
        cls, array: pa.Array, memory: DictionaryCache | None = None, field: Hashable = None
    ) -> "TextColumn":
        """View an Arrow string or dictionary column; null reads as empty."""
        if not pa.types.is_dictionary(array.type):
            return cls(DistinctTexts.from_arrow(array, with_empty=False), None, len(array))
        codes = array.indices.fill_null(-1) if array.indices.null_count else array.indices
        values = (memory or DictionaryCache()).find_values(field, array.dictionary)
        return cls(values, codes.to_numpy(zero_copy_only=False), len(array))

    def to_coded(self) -> "TextColumn":
        """The same column by distinct value."""
        return (
            self if self.codes is not None else TextColumn.from_arrow(self.values.array.dictionary_encode())
        )

    def expand(self, of_value: np.ndarray) -> np.ndarray:
        """Spread what was found for each value over the rows."""
        return of_value if self.codes is None else of_value.take(self.codes)

    def measure_lengths(self) -> NDArray[np.int32]:
        """Bytes of each row's text."""
        return self.expand(self.values.spans.end - self.values.spans.start)

    def list_texts(self) -> list[str]:
        """The distinct values, an empty one last."""
        return [*self.values.array.to_pylist(), ""]

    def map_to_numbers(self, numbers_by_text: Mapping[str, int], otherwise: int) -> NDArray[np.int32]:
        """The number ``known`` gives each row's text; 0 for an empty one."""
        column = self.to_coded()

        def number(_: DistinctTexts) -> NDArray[np.int32]:
            return np.array(
                [numbers_by_text.get(text, otherwise) if text else 0 for text in column.list_texts()],
                np.int32,
            )

        found = column.values.compute_once(f"number {id(numbers_by_text)} {len(numbers_by_text)}", number)
        return column.expand_numbers(found)

    def expand_numbers(self, of_value: NDArray[np.int32]) -> NDArray[np.int32]:
        """As ``by_row``, for numbers, and without the GIL."""
        if self.codes is None:
            return of_value
        numbers = allocate_unfilled(Numbers, self.rows)
        content_digest.spread_numbers(Numbers(seal_array(self.codes)), Numbers(seal_array(of_value)), numbers)
        return numbers.number

    def add_content(self, field: Field, said: LineContent) -> None:
        """Gather what each row says."""

        def gather(values: DistinctTexts, found: LineContent) -> LineContent:
            content_digest.add_texts(values.spans, values.text, int(field), FORMATS[field].bytes_max, found)
            return found

        if self.codes is None:
            gather(self.values, said)
            return
        of_value = self.values.compute_once(
            f"said {field}",
            lambda values: seal(gather(values, allocate_zeros(LineContent, len(values.spans.start)))),
        )
        content_digest.add_codes(Numbers(seal_array(self.codes)), of_value, said)

    def compute_digests(self, salt: int) -> NDArray[np.uint64]:
        """64 bits for each row's text; 0 for an empty one."""

        def digest(values: DistinctTexts) -> NDArray[np.uint64]:
            words = allocate_unfilled(Words, len(values.spans.start))
            hashing.digest_texts(values.spans, values.text, np.uint64(salt), words)
            return words.word

        return self.expand(self.values.compute_once(f"digest {salt}", digest))

    def find_flawed(self, bytes_max: int) -> NDArray[np.bool_]:
        """Whether each row's text is too long or holds a control character."""

        def flaws(values: DistinctTexts) -> NDArray[np.bool_]:
            flags = allocate_unfilled(Flags, len(values.spans.start))
            parsing.flag_flawed(values.spans, values.text, bytes_max, flags)
            return flags.flag.view(bool)

        found = self.values.compute_once("flaws", flaws)
        return self.expand(found) if found.any() else np.zeros(self.rows, bool)

    def expand_spans(self) -> Spans:
        """Where each row's text stands."""
        spans = self.values.spans
        return spans if self.codes is None else seal(Spans(*map(self.expand, spans)))
