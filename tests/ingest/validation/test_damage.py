"""Damaged bytes refuse their file, by an error that says where, or they are read as sound lines; nothing else happens."""

import io
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import FileUnreadable, FormatUnknown, InputError, LimitExceeded
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from ingest.validation.file_validation import open_source, validate_without_cache
from tests.ingest.format_writers import (
    SENDER,
    SUFFIXES,
    build_acts,
    build_table,
    read_lines,
    spool_file,
    write_file,
)

LINES = 60
COMPLETE = Envelope(
    sender="MEN", count=LINES, control_cents=sum(build_acts(LINES)["amount_cents"].to_pylist())
)


def validate_content(folder: Path, content: bytes, name: str, envelope: Envelope = SENDER) -> SpooledFile:
    """Receive, validate and read ``content`` to the end."""
    spooled = Spool(folder / "spool").receive(io.BytesIO(content), name, envelope)
    lines = validate_without_cache(spooled).lines
    assert sum(batch.num_rows for batch in open_source(spooled).read_batches(0, 7)) == lines
    return spooled


def to_ipc(rows: pa.Table | pa.RecordBatch, kind: str = ".arrow", compression: str | None = None) -> bytes:
    sink = io.BytesIO()
    open_writer = pa.ipc.new_file if kind == ".arrow" else pa.ipc.new_stream
    with open_writer(sink, rows.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write(rows)
    return sink.getvalue()


def to_parquet(rows: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(rows, sink, **options)
    return sink.getvalue()


def build_variants() -> dict[str, bytes]:
    """Build files with as many different structures as their formats have."""
    rows = build_acts(LINES)
    coded = rows.set_column(2, "kind", rows["kind"].combine_chunks().dictionary_encode())
    rich = coded.set_column(6, "payee_name", rows["payee_name"].cast(pa.string_view()))
    codings = {
        "reference": "DELTA_BYTE_ARRAY",
        "predecessor": "DELTA_LENGTH_BYTE_ARRAY",
        "amount_cents": "DELTA_BINARY_PACKED",
        "line": "BYTE_STREAM_SPLIT",
    }
    return {
        "plain.parquet": to_parquet(rows, row_group_size=25),
        "rich.parquet": to_parquet(
            rows, row_group_size=25, compression="zstd", data_page_version="2.0", write_page_index=True,
            use_dictionary=["kind", "fund_centre"], column_encoding=codings,
        ),
        **{f"{name}{kind}": to_ipc(rich, kind, name if name != "plain" else None)
           for name in ("plain", "lz4", "zstd") for kind in (".arrow", ".arrows")},
    }  # fmt: skip


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_cut_anywhere_is_refused(suffix: str, tmp_path: Path) -> None:
    content = write_file(build_acts(LINES), tmp_path / f"acts{suffix}").read_bytes()
    validate_content(tmp_path, content, f"acts{suffix}", COMPLETE)
    cuts = {*range(0, len(content), max(1, len(content) // 120)), *range(len(content) - 20, len(content))}
    for cut in sorted(cuts):
        if (
            suffix in {".csv", ".jsonl"} and cut == len(content) - 1
        ):  # the last line end is the one byte not missed
            continue
        with pytest.raises(InputError):
            validate_content(tmp_path, content[:cut], f"acts{suffix}", COMPLETE)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_cut_inside_a_line_needs_no_envelope_to_be_refused(suffix: str, tmp_path: Path) -> None:
    content = write_file(build_acts(LINES), tmp_path / f"acts{suffix}").read_bytes()
    for cut in range(1, len(content), max(1, len(content) // 60)):
        if suffix in (".csv", ".jsonl") and b"\n" in content[cut - 1 : cut + 1]:
            continue
        with pytest.raises(InputError):
            validate_content(tmp_path, content[:cut], f"acts{suffix}")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_bytes_behind_the_end_are_refused(suffix: str, tmp_path: Path) -> None:
    content = write_file(build_acts(LINES), tmp_path / f"acts{suffix}").read_bytes()
    validate_content(tmp_path, content, f"acts{suffix}", COMPLETE)
    for surplus in (b"x", b"\0" * 8, content[:40]):
        with pytest.raises(InputError):
            validate_content(tmp_path, content + surplus, f"acts{suffix}", COMPLETE)


DAMAGES = 150
ACCEPTED_MIN, ACCEPTED_MAX = 5, 75
"""Of so many damages of a binary file: texts and numbers without checksum may change, but most bytes have a structure."""


def find_refusal(folder: Path, content: bytes, name: str) -> InputError | None:
    try:
        validate_content(folder, content, name)
    except InputError as error:
        return error
    return None


def is_read_whole(folder: Path, content: bytes, name: str) -> bool:
    """Return whether damaged content is read to its end; if it is refused, the error must say where in the file."""
    refusal = find_refusal(folder, content, name)
    assert refusal is None or refusal.place.startswith(name), refusal
    return refusal is None


def flip_bits(content: bytes, at: int, bits: int) -> bytes:
    damaged = bytearray(content)
    damaged[at] ^= bits
    return bytes(damaged)


def damage(content: bytes, chance: random.Random) -> bytes:
    """Return ``content`` with a few bits, bytes or words changed."""
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(damaged))
        width = chance.choice([1, 1, 1, 4, 8])
        damaged[at : at + width] = chance.choice(
            [bytes([damaged[at] ^ 1 << chance.randrange(8)]), b"\xff" * width, b"\0" * width, b"\x80" * width]
        )
    return bytes(damaged)


UNREAD_TEXTS: dict[str, Callable[[], tuple[bytes, bytes]]] = {
    "acts.parquet": lambda: (to_parquet(build_acts(LINES), store_schema=False), b"parquet-cpp-arrow version"),
    **{
        f"acts{kind}": lambda kind=kind: (
            to_ipc(build_acts(LINES).replace_schema_metadata({"writer": "a treasury"}), kind),
            b"a treasury",
        )
        for kind in (".arrow", ".arrows")
    },
}
"""Files, and a text inside them that says who wrote them."""


@pytest.mark.parametrize("name", build_variants())
def test_damaged_bytes_are_refused_or_read_as_valid_lines(name: str, tmp_path: Path) -> None:
    """Bytes without checksum may read as other texts: that is what the hash in the envelope is for."""
    content = build_variants()[name]
    chance = random.Random(name)
    validate_content(tmp_path, content, name)
    accepted = sum(is_read_whole(tmp_path, damage(content, chance), name) for _ in range(DAMAGES))
    assert ACCEPTED_MIN <= accepted <= ACCEPTED_MAX


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_damaged_text_is_refused_or_read_as_valid_lines(suffix: str, tmp_path: Path) -> None:
    content = write_file(build_acts(LINES), tmp_path / f"acts{suffix}").read_bytes()
    chance = random.Random(suffix)
    validate_content(tmp_path, content, f"acts{suffix}")
    for _ in range(DAMAGES):
        is_read_whole(tmp_path, damage(content, chance), f"acts{suffix}")


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_changed_letter_changes_one_text_and_nothing_else(suffix: str, tmp_path: Path) -> None:
    content = write_file(build_acts(LINES), tmp_path / f"acts{suffix}").read_bytes()
    lines = read_lines(validate_content(tmp_path, content, f"acts{suffix}"))
    damaged = content.replace(b"Neill", b"Neilk", 1)
    names = [*lines["payee_name"]]
    names[names.index("O'Neill, SA")] = "O'Neilk, SA"
    changed = read_lines(validate_content(tmp_path, damaged, f"acts{suffix}"))
    assert changed == {**lines, "payee_name": names}


@pytest.mark.parametrize("name", UNREAD_TEXTS)
def test_damage_in_an_unread_text_is_accepted(name: str, tmp_path: Path) -> None:
    content, unread = UNREAD_TEXTS[name]()
    lines = read_lines(validate_content(tmp_path, content, name))
    for start in [at for at in range(len(content)) if content.startswith(unread, at)]:
        for at in range(start, start + len(unread)):
            for flip in (1, 0x80):
                spooled = validate_content(tmp_path, flip_bits(content, at, flip), name)
                assert read_lines(spooled) == lines, at


def test_every_byte_of_a_parquet_footer_may_be_wrong(tmp_path: Path) -> None:
    content = to_parquet(build_table({"reference": ["A", "B"], "amount_cents": [1, 2]}), store_schema=False)
    (length,) = struct.unpack("<I", content[-8:-4])
    validate_content(tmp_path, content, "acts.parquet")
    accepted = set[int]()
    for at in range(len(content) - 8 - length, len(content)):
        for flip in (1, 2, 0x80):
            if is_read_whole(tmp_path, flip_bits(content, at, flip), "acts.parquet"):
                accepted.add(at)
    writer = content.index(b"parquet-cpp")
    assert accepted >= set(range(writer, writer + 30)), "the name of the writer does not matter"
    assert accepted.isdisjoint(range(len(content) - 8, len(content))), "the length and the mark at the end do"
    assert len(accepted) < length * 2 // 3


# ------------------------------------------------------------------------------------ crafted Arrow buffers


def build_coded_column(
    indices: list[int], values: list[str | None], validity: bytes | None = None
) -> pa.Array:
    buffers = [pa.py_buffer(validity) if validity else None, pa.py_buffer(np.array(indices, np.int32))]
    numbers = pa.Array.from_buffers(pa.int32(), len(indices), buffers)
    return pa.DictionaryArray.from_arrays(numbers, pa.array(values, pa.string()), safe=False)


def build_view_column(views: list[tuple[int, ...]], text: bytes, validity: bytes | None = None) -> pa.Array:
    words = np.array(views, np.int32)
    buffers = [pa.py_buffer(validity) if validity else None, pa.py_buffer(words), pa.py_buffer(text)]
    return pa.Array.from_buffers(pa.string_view(), len(views), buffers)


INVALID_COLUMNS: dict[str, Callable[[], pa.Array]] = {
    "an index beyond the dictionary": lambda: build_coded_column([0, 2], ["a", "b"]),
    "an index far beyond the dictionary": lambda: build_coded_column([0, 2**31 - 1], ["a", "b"]),
    "a negative index": lambda: build_coded_column([0, -1], ["a", "b"]),
    "an index into nothing": lambda: build_coded_column([0, 0], []),
    "a view beyond the text": lambda: build_view_column([(1, 97, 0, 0), (20, 97, 0, 1000)], b"a" * 30),
    "a view of another text": lambda: build_view_column([(1, 97, 0, 0), (20, 97, 7, 0)], b"a" * 30),
    "a view of negative length": lambda: build_view_column([(1, 97, 0, 0), (-20, 97, 0, 0)], b"a" * 30),
    "a view that is not UTF-8": lambda: build_view_column([(1, 97, 0, 0), (1, 255, 0, 0)], b""),
}


@pytest.mark.parametrize("case", INVALID_COLUMNS)
@pytest.mark.parametrize("kind", [".arrow", ".arrows"])
def test_invalid_buffers_are_refused(case: str, kind: str, tmp_path: Path) -> None:
    batch = pa.RecordBatch.from_arrays(
        [INVALID_COLUMNS[case](), pa.array([1, 1], pa.int32())], ["kind", "line"]
    )
    with pytest.raises(FileUnreadable, match="line 1 and after"):
        validate_content(tmp_path, to_ipc(batch, kind), f"acts{kind}")


LENGTHS = (0, 1111, 2222)
INVALID_OFFSETS = {
    "beyond the text": (0, 1111, 2**20),
    "far beyond the text": (0, 2**30, 2**31 - 1),
    "going back": (0, 2222, 1111),
    "negative": (-1111, 0, 1111),
    "all beyond the text": (2**30, 2**30 + 1, 2**30 + 2),
    "between the bytes of a character": (0, 1110, 2222),
}


@pytest.mark.parametrize("case", INVALID_OFFSETS)
@pytest.mark.parametrize("kind", [".arrow", ".arrows"])
@pytest.mark.parametrize("texts", [pa.string(), pa.large_string()], ids=str)
def test_invalid_offsets_are_refused(case: str, kind: str, texts: pa.DataType, tmp_path: Path) -> None:
    column = pa.array(["a" * 1109 + "é", "b" * 1111], texts)
    content = to_ipc(pa.record_batch({"kind": column, "line": pa.array([1, 1], pa.int32())}), kind)
    code = "<3i" if texts == pa.string() else "<3q"
    sound = struct.pack(code, *LENGTHS)
    assert content.count(sound) == 1
    unsound = struct.pack(code, *INVALID_OFFSETS[case])
    with pytest.raises(FileUnreadable, match="line 1 and after"):
        validate_content(tmp_path, content.replace(sound, unsound), f"acts{kind}")


STRAY_NULLS: dict[str, Callable[[], pa.Array]] = {
    "an index beyond the dictionary": lambda: build_coded_column([0, 2**31 - 1, 1], ["a", "b"], b"\x05"),
    "a negative index": lambda: build_coded_column([0, -1, 1], ["a", "b"], b"\x05"),
    "a view of negative length": lambda: build_view_column(
        [(1, 97, 0, 0), (-(2**24), 0, 0, 0), (1, 98, 0, 0)], b"", b"\x05"
    ),
    "a view beyond the text": lambda: build_view_column(
        [(1, 97, 0, 0), (99, 0, 5, 77), (1, 98, 0, 0)], b"", b"\x05"
    ),
}


@pytest.mark.parametrize("case", STRAY_NULLS)
@pytest.mark.parametrize("kind", [".arrow", ".arrows"])
def test_values_at_nulls_are_ignored(case: str, kind: str, tmp_path: Path) -> None:
    batch = pa.RecordBatch.from_arrays(
        [STRAY_NULLS[case](), pa.array([1, 1, 1], pa.int32())], ["kind", "line"]
    )
    (tmp_path / f"acts{kind}").write_bytes(to_ipc(batch, kind))
    spooled = spool_file(tmp_path, tmp_path / f"acts{kind}")
    validate_without_cache(spooled)
    assert read_lines(spooled)["kind"] == ["a", "", "b"]
    for batch_read in open_source(spooled).read_batches(1):
        if pa.types.is_dictionary(batch_read["kind"].type):
            assert set(batch_read["kind"].indices.fill_null(0).to_pylist()) <= {0, 1}
            assert batch_read["kind"].indices.buffers()[1].to_pybytes().count(b"\xff") == 0


@pytest.mark.parametrize("options", [{"use_dictionary": False}, {"use_dictionary": True}], ids=str)
@pytest.mark.parametrize("row", [0, 1, 40_000, 69_999])
def test_parquet_text_that_is_not_utf8_is_named(options: dict[str, bool], row: int, tmp_path: Path) -> None:
    names = ["Société"] * 70_000
    names[row] = "Soci?t?"
    content = to_parquet(
        build_table({"reference": ["A"] * 70_000, "payee_name": names}), compression="none", **options
    )
    with pytest.raises(FileUnreadable, match="payee_name") as refused:
        validate_content(tmp_path, content.replace(b"Soci?t?", b"Soci\xe9t\xe9"), "acts.parquet")
    if not options["use_dictionary"]:
        assert refused.value.place == f"acts.parquet, line {row + 1:,}, column payee_name"


# ------------------------------------------------------------------------------------ crafted messages


def build_grown_dictionary() -> Iterator[pa.RecordBatch]:
    for values in (["a"], ["a", "b"]):
        yield pa.record_batch({"kind": pa.array(values).dictionary_encode()})


def test_a_delta_dictionary_is_refused(tmp_path: Path) -> None:
    sink = io.BytesIO()
    batches = list(build_grown_dictionary())
    options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
    with pa.ipc.new_stream(sink, batches[0].schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)
    with pytest.raises(FormatUnknown, match="delta dictionary"):
        validate_content(tmp_path, sink.getvalue(), "acts.arrows")


def test_a_stream_needs_its_end_mark(tmp_path: Path) -> None:
    content = to_ipc(build_table({"reference": ["A"]}), ".arrows")
    assert content.endswith(b"\xff\xff\xff\xff\0\0\0\0")
    with pytest.raises(FileUnreadable, match="nor an end mark"):
        validate_content(tmp_path, content[:-8], "acts.arrows")


@pytest.mark.parametrize("size", [2**40, -7, 2**62])
def test_a_compressed_buffer_that_declares_too_much_is_not_decompressed(size: int, tmp_path: Path) -> None:
    rows = build_table({"amount_cents": [7] * 1000})
    for kind in (".arrow", ".arrows"):
        content = to_ipc(rows, kind, "zstd")
        claim = struct.pack("<q", 8000)
        assert claim in content
        with pytest.raises(LimitExceeded, match="Record batch 0 declares"):
            validate_content(tmp_path, content.replace(claim, struct.pack("<q", size)), f"acts{kind}")


@pytest.mark.parametrize("kind", [".arrow", ".arrows"])
def test_lines_without_columns_refuse_their_file(kind: str, tmp_path: Path) -> None:
    """Arrow may state a number of lines without any column; a copy of such a batch has no lines."""
    lines = pa.RecordBatch.from_struct_array(pa.array([{}] * 7, pa.struct([])))
    assert lines.num_rows == 7
    with pytest.raises(FileUnreadable, match=r"It has lines \(7 and more\), and no columns"):
        validate_content(tmp_path, to_ipc(lines, kind), f"acts{kind}")
