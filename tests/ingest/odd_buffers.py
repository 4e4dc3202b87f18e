"""Arrow files one of whose buffers is stated to be longer than its numbers, and ends inside the next one."""

import io
import struct

import pyarrow as pa

ODD_TYPES = (pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string()))
_REFERENCES = ("EJ18-1", "EJ18-2")
_WIDTHS = {pa.string(): 12, pa.large_string(): 24, pa.string_view(): 32}
_INDEX_BYTES = 8


def build_odd_file(texts: pa.DataType, kind: str = ".arrow", surplus: int = 1) -> bytes:
    """Build a file of two lines, whose buffer of offsets, views or indices states ``surplus`` bytes too many."""
    column = pa.array(_REFERENCES)
    column = column.dictionary_encode() if pa.types.is_dictionary(texts) else column.cast(texts)
    batch = pa.record_batch({"reference": column, "line": pa.array([1, 1], pa.int16())})
    sink = io.BytesIO()
    open_writer = pa.ipc.new_file if kind == ".arrow" else pa.ipc.new_stream
    with open_writer(sink, batch.schema) as writer:
        writer.write_batch(batch)
    size = _WIDTHS.get(texts, _INDEX_BYTES)
    sound, odd = (struct.pack("<qq", 0, size + more) for more in (0, surplus))
    content = sink.getvalue()
    assert content.count(sound), "the first buffer of numbers begins the body"
    before, _, after = content.partition(sound)
    return before + odd + after
