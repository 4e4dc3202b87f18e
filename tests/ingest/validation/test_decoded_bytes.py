"""What a file unpacks to is bounded by what was sent, before it is unpacked where it would all be in memory."""

import asyncio
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.act_fields import FORMATS, Field, FieldType
from core.errors import LimitExceeded
from core.reader_failures import READER_FAILED
from ingest.formats import detection, parquet_pages
from ingest.formats.detection import DECODED_BYTES_FREE, WINDOW_LINES, limit_decoded_bytes
from ingest.formats.parquet_footer import read_footer
from ingest.validation.file_validation import validate_without_cache
from tests.ingest.format_writers import SUFFIXES, build_acts, spool_file, write_file
from tests.ingest.validation.test_damage import find_refusal, flip_bits
from tests.service.command_line import ROOT

MIB = 2**20
GROWTH_MAX = 150 * MIB
LONG_TEXT = 100_000_000
TEXT_FIELDS = [
    field for field in FORMATS if FORMATS[field].type is FieldType.TEXT and field is not Field.REFERENCE
]
MEASURE = """
import io, json, sys
from pathlib import Path
from tempfile import TemporaryDirectory
import pyarrow as pa, pyarrow.parquet as pq
from core.errors import LimitExceeded
from ingest.spool.envelope import Envelope as SentEnvelope
from ingest.spool.spool import Spool
from ingest.validation.file_validation import validate_without_cache

def measure_peak():
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024

def validate(content, name):
    with TemporaryDirectory() as folder:
        try:
            validate_without_cache(Spool(Path(folder)).receive(io.BytesIO(content), name, SentEnvelope(sender="MEN")))
        except LimitExceeded as error:
            return str(error)
    return ""

small = io.BytesIO()
pq.write_table(pa.table({"reference": ["A"]}), small)
assert not validate(small.getvalue(), "acts.parquet")
idle = measure_peak()
path = Path(sys.argv[1])
error = validate(path.read_bytes(), path.name)
print(json.dumps([error, measure_peak() - idle]))
"""


def build_text_file(path: Path, size: int = LONG_TEXT, texts: int = 1, **options: Any) -> Path:
    """Write a file of one line with a short text, and one or more long ones."""
    names = ["remittance", *(field.column for field in TEXT_FIELDS if field is not Field.REMITTANCE)]
    rows = pa.table({"reference": ["A"], **{name: ["x" * size] for name in names[:texts]}})
    pq.write_table(rows, path, compression="zstd", write_statistics=False, **options)
    return path


def build_arrow_file(path: Path) -> Path:
    rows = pa.table({"reference": ["A"], "remittance": ["x" * LONG_TEXT]})
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    open_writer = pa.ipc.new_file if path.suffix == ".arrow" else pa.ipc.new_stream
    with pa.OSFile(str(path), "wb") as sink, open_writer(sink, rows.schema, options=options) as writer:
        writer.write_table(rows)
    return path


def build_lying_file(path: Path) -> Path:
    """Write a file whose footer states that the long text unpacks to 64 bytes; only the header of its page does not."""
    content = build_text_file(path, use_dictionary=False).read_bytes()
    (group,) = read_footer(path, path.name).groups
    size = _encode_varint(2 * group.columns["remittance"].unpacked_bytes)
    at = content.rindex(size)
    shorter = bytes([0x80, *[0x80] * (len(size) - 3), 0x81, 0x00])
    path.write_bytes(content[:at] + shorter + content[at + len(size) :])
    (group,) = read_footer(path, path.name).groups
    assert group.columns["remittance"].unpacked_bytes < LONG_TEXT
    return path


def _encode_varint(number: int) -> bytes:
    digits = bytearray()
    while number > 127:
        digits.append(number & 127 | 128)
        number >>= 7
    return bytes([*digits, number])


FILES = {
    "a dictionary": lambda folder: build_text_file(folder / "acts.parquet"),
    "a page": lambda folder: build_text_file(folder / "acts.parquet", use_dictionary=False),
    "a page of version 2": lambda folder: build_text_file(
        folder / "acts.parquet", use_dictionary=False, data_page_version="2.0"
    ),
    "a footer that lies": lambda folder: build_lying_file(folder / "acts.parquet"),
    "the largest page": lambda folder: build_text_file(
        folder / "acts.parquet", 63 * MIB, use_dictionary=False
    ),
    "the largest dictionary": lambda folder: build_text_file(folder / "acts.parquet", 31 * MIB),
    "a dictionary in each column": lambda folder: build_text_file(folder / "acts.parquet", 8 * MIB, texts=9),
    "an Arrow file": lambda folder: build_arrow_file(folder / "acts.arrow"),
    "an Arrow stream": lambda folder: build_arrow_file(folder / "acts.arrows"),
}


@pytest.mark.parametrize("case", FILES)
async def test_a_long_text_in_a_small_file_costs_little_memory(case: str, tmp_path: Path) -> None:
    """Six kilobytes, a hundred megabytes: measured in a process of its own, above what it has when idle."""
    path = FILES[case](tmp_path)
    assert path.stat().st_size < 8_000
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", MEASURE, path, cwd=ROOT, stdout=pipe)
    out, _ = await process.communicate()
    error, growth = json.loads(out)
    print(f"{case}: {path.stat().st_size:,} bytes sent, {growth // MIB} MiB above idle: {error}")
    assert error
    assert growth <= GROWTH_MAX


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_size_once_decoded_is_bounded_by_the_size_sent(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = build_acts(1).to_pylist() * 20_000
    path = write_file(pa.Table.from_pylist(rows, build_acts(1).schema), tmp_path / f"acts{suffix}")
    assert validate_without_cache(spool_file(tmp_path, path)).lines == 20_000
    monkeypatch.setattr(detection, "DECODED_BYTES_FREE", 1000)
    monkeypatch.setattr(detection, "DECODED_BYTES_RATIO", 0)
    with pytest.raises(
        LimitExceeded, match=r"bytes once decoded, and [0-9,]+ as it was sent\. Split the file"
    ) as refused:
        validate_without_cache(spool_file(tmp_path, path))
    assert refused.value.place.startswith(f"acts{suffix}")


def test_a_small_file_of_many_lines_is_refused_before_the_last_of_them(tmp_path: Path) -> None:
    lines = 40_000_000
    path = tmp_path / "acts.parquet"
    columns = {name: pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), lines), pa.array(["x"]))
               for name in ("reference", "kind", "fund_centre", "commitment_item")}  # fmt: skip
    pq.write_table(pa.table(columns), path, compression="zstd", row_group_size=lines)
    assert path.stat().st_size < MIB
    with pytest.raises(LimitExceeded, match="bytes once decoded"):
        validate_without_cache(spool_file(tmp_path, path))


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_a_dictionary_is_inspected_in_bounded_time(suffix: str, tmp_path: Path) -> None:
    """What is counted is the work: every dictionary in every window that is inspected with it."""
    lines, values = (4_000_000, 250) if suffix == ".parquet" else (1_500_000, 60_000)
    texts = pa.array(
        [f"{number:06}" * (60_000 // 6 if suffix == ".parquet" else 40) for number in range(values)]
    )
    indices = np.zeros(lines, np.int32)
    indices[:values] = np.arange(values)[:lines]
    rows = pa.table(
        {name: pa.DictionaryArray.from_arrays(pa.array(indices), texts) for name in ("remittance", "kind")}
    )
    path = tmp_path / f"acts{suffix}"
    if suffix == ".parquet":
        pq.write_table(rows, path, compression="zstd", row_group_size=lines, dictionary_pagesize_limit=2**30)
    else:
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        with (
            pa.OSFile(str(path), "wb") as sink,
            pa.ipc.new_file(sink, rows.schema, options=options) as writer,
        ):
            writer.write_table(rows, max_chunksize=WINDOW_LINES)
    with pytest.raises(LimitExceeded, match="bytes once decoded") as refused:
        validate_without_cache(spool_file(tmp_path, path))
    decoded = int(refused.value.finding.split()[3].replace(",", ""))
    assert decoded <= limit_decoded_bytes(path.stat().st_size) + 64 * MIB


def test_a_page_may_be_as_large_as_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, has_dictionary in (("PARQUET_PAGE_BYTES_MAX", False), ("PARQUET_DICTIONARY_BYTES_MAX", True)):
        path = tmp_path / f"{limit}.parquet"
        rows = pa.table({"remittance": ["x" * 1000]})
        pq.write_table(rows, path, compression="zstd", use_dictionary=has_dictionary)
        size = 1004 if "DICTIONARY" in limit else 1010
        monkeypatch.setattr(parquet_pages, limit, size)
        assert validate_without_cache(spool_file(tmp_path, path)).lines == 1
        monkeypatch.setattr(parquet_pages, limit, size - 1)
        with pytest.raises(
            LimitExceeded, match=f"row group 0, column remittance: A .* has {size:,} bytes once unpacked"
        ):
            validate_without_cache(spool_file(tmp_path, path))
        monkeypatch.undo()


def test_every_byte_of_a_page_header_may_be_wrong(tmp_path: Path) -> None:
    """The pages are walked over, or refused; nothing else happens."""
    sink = io.BytesIO()
    rows = pa.table({"reference": ["A", "B"], "amount_cents": [1, 2]})
    pq.write_table(rows, sink, store_schema=False, compression="none")
    content = sink.getvalue()
    (group,) = read_footer(write_content(tmp_path, content), "acts.parquet").groups
    starts = [chunk.start for chunk in group.columns.values()]
    flips = [(at + step, flip) for at in starts for step in range(40) for flip in (1, 2, 0x40, 0x80)]
    places = [find_refusal(tmp_path, flip_bits(content, at, flip), "acts.parquet") for at, flip in flips]
    refusals = [refusal for refusal in places if refusal]
    assert all(refusal.place.startswith("acts.parquet") for refusal in refusals)
    assert not [refusal for refusal in refusals if refusal.finding.startswith(READER_FAILED)]
    assert len(refusals) > 50


def write_content(folder: Path, content: bytes) -> Path:
    path = folder / "acts.parquet"
    path.write_bytes(content)
    return path


def test_the_bound_is_far_from_files_that_are_sent() -> None:
    """The year: 27 bytes a line sent, 109 decoded."""
    assert limit_decoded_bytes(27 * 250_000) > 100 * 109 * 250_000 // 4
    assert limit_decoded_bytes(0) == DECODED_BYTES_FREE
