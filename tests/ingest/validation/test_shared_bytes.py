"""A footer that names the same bytes many times: the file is refused, and no header is read more often than it is sent."""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import FileUnreadable, LimitExceeded
from ingest.formats import arrow_metadata, parquet_pages
from ingest.formats.parquet import ParquetSource
from ingest.formats.parquet_footer import ThriftDecoder, read_footer
from ingest.validation.file_validation import validate_without_cache
from tests.ingest.format_writers import SUFFIXES, build_acts, spool_file, write_file

COLUMNS = (
    "reference",
    "kind",
    "fund_centre",
    "commitment_item",
    "remittance",
    "predecessor",
    "payee",
    "payee_name",
)
_INT32, _INT64, _TEXT, _LIST, _STRUCT = 5, 6, 8, 9, 12


# ------------------------------------------------------------------------------------ Parquet


def _encode_varint(number: int) -> bytes:
    digits = bytearray()
    while number > 127:
        digits.append(number & 127 | 128)
        number >>= 7
    return bytes([*digits, number])


def _encode(kind: int, value: Any) -> bytes:
    """Encode a value in the Thrift compact protocol; a list is its kind and its values, a structure its fields."""
    if kind in (_INT32, _INT64):
        return _encode_varint(2 * value)
    if kind == _TEXT:
        return _encode_varint(len(value)) + value.encode()
    if kind == _LIST:
        inner, values = value
        return (
            bytes([0xF0 | inner]) + _encode_varint(len(values)) + b"".join(_encode(inner, v) for v in values)
        )
    return _encode_struct(value)


def _encode_struct(fields: Mapping[int, tuple[int, Any]]) -> bytes:
    content, last = b"", 0
    for number, (kind, value) in fields.items():
        content += bytes([(number - last) << 4 | kind]) + _encode(kind, value)
        last = number
    return content + b"\0"


_LEVELS = {3: (_INT32, 3), 4: (_INT32, 3)}
EMPTY_PAGE = _encode_struct(
    {
        1: (_INT32, 0),
        2: (_INT32, 0),
        3: (_INT32, 0),
        5: (_STRUCT, {1: (_INT32, 0), 2: (_INT32, 0), **_LEVELS}),
    }
)


def _build_column(name: str, packed_bytes: int) -> dict[int, tuple[int, Any]]:
    metadata = {
        1: (_INT32, 6),
        2: (_LIST, (_INT32, [0])),
        3: (_LIST, (_TEXT, [name])),
        4: (_INT32, 0),
        5: (_INT64, 1),
        6: (_INT64, packed_bytes),
        7: (_INT64, packed_bytes),
        9: (_INT64, 4),
    }
    return {2: (_INT64, 4), 3: (_STRUCT, metadata)}


def build_empty_pages(path: Path, pages: int, *, groups: int, packed_bytes: int | None = None) -> Path:
    """Write pages without values, and a footer in which each column of each row group consists of all of them."""
    packed_bytes = packed_bytes or pages * len(EMPTY_PAGE)
    columns = [_build_column(name, packed_bytes) for name in COLUMNS]
    group = {1: (_LIST, (_STRUCT, columns)), 2: (_INT64, packed_bytes), 3: (_INT64, 1)}
    leaves = [{1: (_INT32, 6), 3: (_INT32, 0), 4: (_TEXT, name), 6: (_INT32, 0)} for name in COLUMNS]
    footer = _encode_struct(
        {
            1: (_INT32, 1),
            2: (_LIST, (_STRUCT, [{4: (_TEXT, "schema"), 5: (_INT32, len(COLUMNS))}, *leaves])),
            3: (_INT64, groups),
            4: (_LIST, (_STRUCT, [group] * groups)),
        }
    )
    path.write_bytes(b"PAR1" + EMPTY_PAGE * pages + footer + struct.pack("<I", len(footer)) + b"PAR1")
    assert pq.read_metadata(path).num_row_groups == groups
    return path


@pytest.fixture
def page_headers(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each page header that is read may have."""
    sizes: list[int] = []

    class CountingDecoder(ThriftDecoder):
        def __init__(self, text: bytes | memoryview) -> None:
            sizes.append(len(text))
            super().__init__(text)

    monkeypatch.setattr(parquet_pages, "ThriftDecoder", CountingDecoder)
    return sizes


def test_parquet_columns_that_share_their_pages_are_refused(tmp_path: Path, page_headers: list[int]) -> None:
    path = build_empty_pages(tmp_path / "acts.parquet", 200, groups=50)
    with pytest.raises(FileUnreadable, match="the file has") as refused:
        validate_without_cache(spool_file(tmp_path, path))
    declared = 200 * len(EMPTY_PAGE) * 50 * len(COLUMNS)
    assert refused.value.place == "acts.parquet"
    assert refused.value.finding.startswith(f"Its columns have {declared:,} bytes")
    assert not page_headers


def test_parquet_columns_may_have_all_bytes_of_the_file_and_no_more(tmp_path: Path) -> None:
    path = build_empty_pages(tmp_path / "acts.parquet", 2000, groups=1, packed_bytes=4000)
    most = path.stat().st_size // len(COLUMNS)
    ParquetSource(build_empty_pages(path, 2000, groups=1, packed_bytes=most), path.name)
    build_empty_pages(path, 2000, groups=1, packed_bytes=most + 1)
    assert path.stat().st_size < (most + 1) * len(COLUMNS)
    with pytest.raises(FileUnreadable, match="Its columns have"):
        ParquetSource(path, path.name)


def test_the_pages_of_a_parquet_file_are_counted(
    tmp_path: Path, page_headers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = pa.table({"reference": [f"R{number}" for number in range(100)], "kind": ["service"] * 100})
    path = tmp_path / "acts.parquet"
    pq.write_table(rows, path, use_dictionary=False, data_page_size=1, write_batch_size=1)
    validate_without_cache(spool_file(tmp_path, path))
    pages = len(page_headers)
    assert pages == 200
    monkeypatch.setattr(parquet_pages, "PARQUET_PAGES_MAX", pages)
    validate_without_cache(spool_file(tmp_path, path))
    for most in (pages - 1, 150, 40):
        monkeypatch.setattr(parquet_pages, "PARQUET_PAGES_MAX", most)
        page_headers.clear()
        with pytest.raises(LimitExceeded, match=f"The file has more than {most:,} pages"):
            validate_without_cache(spool_file(tmp_path, path))
        assert len(page_headers) == most


def test_pages_without_values_are_counted_too(
    tmp_path: Path, page_headers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_pages, "PARQUET_PAGES_MAX", 1000)
    columns_bytes = 2000 * len(EMPTY_PAGE) // len(COLUMNS)
    path = build_empty_pages(tmp_path / "acts.parquet", 2000, groups=1, packed_bytes=columns_bytes)
    with pytest.raises(LimitExceeded, match="more than 1,000 pages"):
        validate_without_cache(spool_file(tmp_path, path))
    assert len(page_headers) == 1000


def test_a_page_header_ends_inside_its_column(tmp_path: Path, page_headers: list[int]) -> None:
    """Columns of one byte each that name one long header: it would be read for each of them."""
    path = build_empty_pages(tmp_path / "acts.parquet", 2000, groups=50, packed_bytes=5)
    with pytest.raises(
        FileUnreadable, match="row group 0, column reference: There is no page header at byte 4"
    ):
        validate_without_cache(spool_file(tmp_path, path))
    assert page_headers == [5]


CODECS = ("none", "snappy", "gzip", "brotli", "zstd", "lz4")
ENCODINGS: Mapping[str, Mapping[str, Any]] = {
    "dictionaries": {},
    "no dictionaries": {"use_dictionary": False},
    "dictionaries that are given up": {"dictionary_pagesize_limit": 64, "data_page_size": 256},
    "small pages": {"data_page_size": 1, "write_batch_size": 1},
    "delta": {
        "use_dictionary": False,
        "column_encoding": {
            "reference": "DELTA_BYTE_ARRAY",
            "predecessor": "DELTA_LENGTH_BYTE_ARRAY",
            "amount_cents": "DELTA_BINARY_PACKED",
            "line": "BYTE_STREAM_SPLIT",
        },
    },
    "an index of pages and checksums": {"write_page_index": True, "write_page_checksum": True},
    "no statistics": {"write_statistics": False, "store_schema": False},
}


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_parquet_files_of_every_codec_and_encoding_pass(
    encoding: str, codec: str, version: str, tmp_path: Path
) -> None:
    for lines, group_lines in ((0, 1), (1, 1), (120, 40), (120, 1)):
        path = tmp_path / f"acts-{lines}-{group_lines}.parquet"
        options = ENCODINGS[encoding]
        pq.write_table(
            build_acts(lines),
            path,
            row_group_size=group_lines,
            compression=codec,
            data_page_version=version,
            **options,
        )
        assert validate_without_cache(spool_file(tmp_path, path)).lines == lines
        declared = sum(
            chunk.packed_bytes
            for group in read_footer(path, path.name).groups
            for chunk in group.columns.values()
        )
        assert declared < path.stat().st_size


# ------------------------------------------------------------------------------------ Arrow


def build_repeated_batches(path: Path) -> Path:
    """Write a long batch and 200 short ones; then all blocks of the footer name the long one."""
    short = pa.table({"reference": ["A"]})
    long = pa.table({"reference": [f"R{number:06}" for number in range(5000)]})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, short.schema) as writer:
        for rows in (long, *[short] * 200):
            writer.write_table(rows)
    return _repeat_longest_block(path, 201)


def build_repeated_dictionaries(path: Path) -> Path:
    """Write a long dictionary and five short ones; then all blocks of the footer name the long one."""
    texts = pa.array([f"a kind of {number:06}" for number in range(5000)])
    columns = {name: pa.array(["x"]).dictionary_encode() for name in COLUMNS[:5]}
    coded = pa.DictionaryArray.from_arrays(pa.array([0], pa.int32()), texts)
    rows = pa.table({"remittance": coded} | {name: columns[name] for name in columns if name != "remittance"})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, rows.schema) as writer:
        writer.write_table(rows)
    return _repeat_longest_block(path, 5)


def _repeat_longest_block(path: Path, count: int) -> Path:
    content = path.read_bytes()
    (length,) = struct.unpack("<i", content[-10:-6])
    footer = content[-10 - length : -10]
    at = next(at for at in range(0, length, 4) if _is_block_vector(footer, at, count))
    blocks = [footer[at + 4 + 24 * number :][:24] for number in range(count)]
    longest = max(blocks, key=lambda block: struct.unpack_from("<q", block, 16))
    path.write_bytes(content.replace(b"".join(blocks), longest * count))
    return path


def _is_block_vector(footer: bytes, at: int, count: int) -> bool:
    """Return whether ``count`` blocks begin here: each names a place of the file, behind the one before."""
    if struct.unpack_from("<i", footer, at) != (count,) or at + 4 + 24 * count > len(footer):
        return False
    starts = [struct.unpack_from("<q", footer, at + 4 + 24 * number)[0] for number in range(count)]
    return starts[0] > 0 and starts == sorted(set(starts))


@pytest.mark.parametrize("build", [build_repeated_batches, build_repeated_dictionaries])
def test_arrow_blocks_that_share_their_message_are_refused(
    build: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = build(tmp_path / "acts.arrow")
    messages: list[int] = []
    measure = arrow_metadata._measure_message

    def count(*arguments: Any) -> Any:
        messages.append(1)
        return measure(*arguments)

    monkeypatch.setattr(arrow_metadata, "_measure_message", count)
    with pytest.raises(
        FileUnreadable, match=r"Its messages have [0-9,]+ bytes or more, the file has"
    ) as refused:
        validate_without_cache(spool_file(tmp_path, path))
    assert refused.value.place == "acts.arrow"
    assert len(messages) == 1


@pytest.mark.parametrize("suffix", [suffix for suffix in SUFFIXES if "arrow" in suffix])
@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_arrow_files_of_every_compression_pass(suffix: str, compression: str | None, tmp_path: Path) -> None:
    rows = build_acts(400)
    coded = rows.set_column(2, "kind", rows["kind"].combine_chunks().dictionary_encode())
    options = pa.ipc.IpcWriteOptions(compression=compression)
    open_writer = pa.ipc.new_file if suffix == ".arrow" else pa.ipc.new_stream
    for number, table in enumerate((rows, coded, rows.slice(0, 0), rows.slice(0, 1))):
        path = tmp_path / f"acts-{number}{suffix}"
        with pa.OSFile(str(path), "wb") as sink, open_writer(sink, table.schema, options=options) as writer:
            writer.write_table(table, max_chunksize=1)
        assert validate_without_cache(spool_file(tmp_path, path)).lines == len(table)
    path = write_file(rows, tmp_path / f"acts{suffix}")
    assert validate_without_cache(spool_file(tmp_path, path)).lines == 400
