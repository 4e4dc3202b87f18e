"""Cached batches are read once, equal what decoding again gives, and never exceed their allowance."""

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.act_fields import FIELD_BY_COLUMN
from core.errors import EnvelopeMismatch, FileUnreadable, LimitExceeded
from ingest.queue.batch_cuts import BATCH_LINES, cut_segments
from ingest.spool.spooled_file import SpooledFile
from ingest.validation.decoded_cache import DecodedBatches, LineSource, MemoryAllowance
from ingest.validation.file_validation import ValidatedFile, open_source, validate_file
from tests.ingest.format_writers import SENDER, SUFFIXES, build_acts, build_table, spool_file, write_file

PLENTY = 2**30
IN_PLACE = (".parquet", ".arrow")


def are_equal(batches: list[pa.RecordBatch], expected: list[pa.RecordBatch]) -> bool:
    """Equal to the index: cells are numbered in the order of a dictionary."""
    pairs = zip(batches, expected, strict=True)
    return all(first.schema.equals(second.schema) and first.equals(second) for first, second in pairs)


def read_again(file: SpooledFile, size: int = BATCH_LINES) -> list[pa.RecordBatch]:
    return list(open_source(file).read_batches(0, size))


def count_bytes(file: SpooledFile) -> int:
    """Count the bytes of all of ``file`` as it is decoded."""
    counted = CountingAllowance()
    validate_file(file, counted)
    return sum(counted.sizes)


class CountingAllowance(MemoryAllowance):
    """Has no limit, and remembers the reservations."""

    def __init__(self) -> None:
        super().__init__(PLENTY)
        self.sizes: list[int] = []

    def reserve(self, size: int) -> bool:
        self.sizes.append(size)
        return super().reserve(size)


def is_fully_released(allowance: MemoryAllowance, bytes_max: int) -> bool:
    """Return whether exactly ``bytes_max`` bytes can be reserved again."""
    is_left = allowance.reserve(bytes_max) and not allowance.reserve(1)
    allowance.release(bytes_max)
    return is_left


@st.composite
def file_layouts(draw: st.DrawFn) -> tuple[int, int, int, int]:
    """Draw lines, lines of a row group, lines of a batch to read, and the percentage of the file that fits."""
    lines = draw(st.integers(1, 400))
    return lines, draw(st.integers(1, lines)), draw(st.integers(1, 450)), draw(st.integers(0, 120))


@given(file_layouts())
@settings(max_examples=80, deadline=None)
def test_cached_lines_equal_those_decoded_again(shape: tuple[int, int, int, int]) -> None:
    lines, group, size, share = shape
    with TemporaryDirectory() as folder:
        path = Path(folder) / "acts.parquet"
        pq.write_table(build_acts(lines), path, row_group_size=group)
        file = spool_file(Path(folder), path)
        allowance = MemoryAllowance(count_bytes(file) * share // 100)
        source = validate_file(file, allowance).source
        assert are_equal(list(source.read_batches(0, size)), read_again(file, size))
        assert is_fully_released(allowance, count_bytes(file) * share // 100)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("bytes_max", [0, 20_000, PLENTY])
def test_every_format_reads_the_same_whatever_is_cached(suffix: str, bytes_max: int, tmp_path: Path) -> None:
    file = spool_file(tmp_path, write_file(build_acts(1000), tmp_path / f"acts{suffix}"))
    validated = validate_file(file, MemoryAllowance(bytes_max))
    assert validated.totals.lines == validated.source.lines == 1000
    assert validated.source.schema == open_source(file).schema
    for size in (300, 1000, 7):
        assert are_equal(list(validated.source.read_batches(0, size)), read_again(file, size))


@pytest.mark.parametrize("rows", [BATCH_LINES - 1, BATCH_LINES, BATCH_LINES + 1, 2 * BATCH_LINES + 77])
@pytest.mark.parametrize("group", [50_000, BATCH_LINES])
def test_cached_files_are_cut_at_the_same_marks(rows: int, group: int, tmp_path: Path) -> None:
    """An act may span a mark; here one does, at each."""
    line = [1 + n % 3 for n in range(rows)]
    kind = [("service", "commitment")[n // 70_000 % 2] for n in range(rows)]
    columns = build_table({"reference": [f"A{n // 3}" for n in range(rows)], "line": line, "kind": kind})
    pq.write_table(columns, tmp_path / "acts.parquet", row_group_size=group)
    file = spool_file(tmp_path, tmp_path / "acts.parquet")
    expected = list(cut_segments(open_source(file), 0))
    for bytes_max in (0, 4 * 2**20, PLENTY):
        segments = list(cut_segments(validate_file(file, MemoryAllowance(bytes_max)).source, 0))
        assert [first for first, _ in segments] == [first for first, _ in expected]
        assert are_equal([lines for _, lines in segments], [lines for _, lines in expected])


def validate_and_cache(
    tmp_path: Path, suffix: str, bytes_max: int = PLENTY
) -> tuple[LineSource, list[pa.RecordBatch]]:
    """Return a validated source whose file is removed, and what was in it."""
    file = spool_file(tmp_path, write_file(build_acts(1000), tmp_path / f"acts{suffix}"))
    expected = read_again(file, 300)
    source = validate_file(file, MemoryAllowance(bytes_max)).source
    file.path.unlink()
    return source, expected


@pytest.mark.parametrize("suffix", IN_PLACE)
def test_cached_batches_are_not_decoded_again(suffix: str, tmp_path: Path) -> None:
    source, expected = validate_and_cache(tmp_path, suffix)
    assert are_equal(list(source.read_batches(0, 300)), expected)
    with pytest.raises((FileUnreadable, FileNotFoundError)):  # a second reading decodes, and cannot
        list(source.read_batches(0, 300))


@pytest.mark.parametrize("suffix", IN_PLACE)
def test_without_allowance_everything_is_decoded_again(suffix: str, tmp_path: Path) -> None:
    source, _ = validate_and_cache(tmp_path, suffix, 0)
    with pytest.raises((FileUnreadable, FileNotFoundError)):
        next(source.read_batches(0, 300))


def test_reading_from_the_middle_leaves_the_cache(tmp_path: Path) -> None:
    file = spool_file(tmp_path, write_file(build_acts(1000), tmp_path / "acts.parquet"))
    source = validate_file(file, MemoryAllowance(PLENTY)).source
    assert are_equal(list(source.read_batches(501, 300)), list(open_source(file).read_batches(501, 300)))
    file.path.unlink()
    assert sum(batch.num_rows for batch in source.read_batches()) == 1000


# ------------------------------------------------------------------------------------ the allowance


def build_batch(lines: int) -> pa.RecordBatch:
    return pa.record_batch({"amount_cents": pa.array(range(lines), pa.int64())})


def test_the_cache_has_the_first_batches() -> None:
    """A small batch after one that was too large would leave a gap."""
    cache = DecodedBatches(MemoryAllowance(1000))
    for lines in (50, 60, 100, 1):
        cache.add(build_batch(lines))
    assert [cached.num_rows for cached in cache.take_batches()] == [50, 60]


def test_files_share_an_allowance() -> None:
    allowance = MemoryAllowance(1000)
    first, second, third = DecodedBatches(allowance), DecodedBatches(allowance), DecodedBatches(allowance)
    first.add(build_batch(100))
    second.add(build_batch(100))
    assert not list(second.take_batches())
    assert [cached.num_rows for cached in first.take_batches()] == [100]
    third.add(build_batch(100))
    assert [cached.num_rows for cached in third.take_batches()] == [100]
    assert is_fully_released(allowance, 1000)


def test_a_batch_that_was_read_is_freed(tmp_path: Path) -> None:
    pq.write_table(build_acts(100_000), tmp_path / "acts.parquet")
    file = spool_file(tmp_path, tmp_path / "acts.parquet")
    size = count_bytes(file)
    before = pa.total_allocated_bytes()
    source = validate_file(file, MemoryAllowance(PLENTY)).source
    assert pa.total_allocated_bytes() - before >= size
    assert sum(read.num_rows for read in source.read_batches()) == 100_000
    assert pa.total_allocated_bytes() - before < size // 10


def refuse(file: SpooledFile, allowance: MemoryAllowance) -> Exception:
    with pytest.raises((EnvelopeMismatch, FileUnreadable, LimitExceeded)) as refused:
        validate_file(file, allowance)
    return refused.value


@pytest.mark.parametrize("suffix", IN_PLACE)
def test_a_file_with_wrong_totals_caches_nothing(suffix: str, tmp_path: Path) -> None:
    envelope = msgspec.structs.replace(SENDER, count=999)
    file = spool_file(tmp_path, write_file(build_acts(1000), tmp_path / f"acts{suffix}"), envelope)
    size = count_bytes(msgspec.structs.replace(file, envelope=SENDER))
    allowance, before = MemoryAllowance(PLENTY), pa.total_allocated_bytes()
    error = refuse(file, allowance)  # it is kept, with the frames it went through
    assert error.__traceback__ is not None
    assert is_fully_released(allowance, PLENTY)
    assert pa.total_allocated_bytes() - before < size // 10


def test_a_file_damaged_near_its_end_caches_nothing(tmp_path: Path) -> None:
    names = ["Soci?t?" if n == 290_000 else "Société" for n in range(300_000)]
    rows = build_table({"reference": ["A"] * len(names), "payee_name": names})
    options = {"compression": "none", "use_dictionary": False, "row_group_size": BATCH_LINES}
    pq.write_table(rows, tmp_path / "acts.parquet", **options)
    content = (tmp_path / "acts.parquet").read_bytes()
    (tmp_path / "acts.parquet").write_bytes(content.replace(b"Soci?t?", b"Soci\xe9t\xe9"))
    file, allowance = spool_file(tmp_path, tmp_path / "acts.parquet"), CountingAllowance()
    assert "line 290,001, column payee_name" in str(refuse(file, allowance))
    assert len(allowance.sizes) == 2
    assert is_fully_released(allowance, PLENTY)


def test_a_text_file_is_read_from_its_normalised_file(tmp_path: Path) -> None:
    file, allowance = (
        spool_file(tmp_path, write_file(build_acts(1000), tmp_path / "acts.csv")),
        CountingAllowance(),
    )
    validated: ValidatedFile = validate_file(file, allowance)
    assert allowance.sizes == []
    assert validated.source.schema.names == [
        name for name in FIELD_BY_COLUMN if name in validated.source.schema.names
    ]
    assert are_equal(list(validated.source.read_batches(0, 300)), read_again(file, 300))
