"""Files over a stated limit are refused, before they are decompressed where that could do harm.

Limits that only a huge file would reach are lowered here, everything else runs as it is.
"""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.act_fields import FIELD_BY_COLUMN
from core.errors import LimitExceeded
from ingest.formats import arrow_metadata, detection, parquet, parquet_footer
from ingest.formats.detection import CELL_BYTES_MAX, WINDOW_BYTES_MAX, WINDOW_LINES
from ingest.pain001 import reader
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool
from ingest.validation import file_totals
from ingest.validation.file_validation import open_source, validate_without_cache
from tests.ingest.format_writers import SUFFIXES, build_acts, build_table, read_source, spool_file, write_file
from tests.ingest.payment_files import build_assignments, build_lot, build_message, build_transfer


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_long_text_refuses_its_line_and_a_huge_one_the_file(suffix: str, tmp_path: Path) -> None:
    def rows(longest: int) -> pa.Table:
        return build_table({"reference": ["A", "B" * longest], "remittance": ["a", "b"]})

    spooled = spool_file(tmp_path, write_file(rows(CELL_BYTES_MAX), tmp_path / f"acts{suffix}"))
    assert validate_without_cache(spooled).lines == 2
    assert sum(batch.num_rows for batch in open_source(spooled).read_batches()) == 2
    spooled = spool_file(tmp_path, write_file(rows(CELL_BYTES_MAX + 1), tmp_path / f"acts{suffix}"))
    with pytest.raises(LimitExceeded, match=r"line 2, column reference: A text has 65,537 bytes"):
        validate_without_cache(spooled)


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".arrows"])
@pytest.mark.parametrize(
    "texts", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())], ids=str
)
def test_a_huge_text_is_detected_in_every_type(suffix: str, texts: pa.DataType, tmp_path: Path) -> None:
    column = pa.array(["A", "B" * (CELL_BYTES_MAX + 1)])
    column = column.dictionary_encode() if pa.types.is_dictionary(texts) else column.cast(texts)
    spooled = spool_file(tmp_path, write_file(pa.table({"kind": column}), tmp_path / f"acts{suffix}"))
    with pytest.raises(LimitExceeded, match=r"column kind.*: A text has 65,537 bytes"):
        validate_without_cache(spooled)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_lines_are_counted(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in (file_totals, arrow_metadata, parquet):
        monkeypatch.setattr(part, "ROWS_MAX", 99)
    assert (
        validate_without_cache(
            spool_file(tmp_path, write_file(build_acts(99), tmp_path / f"acts{suffix}"))
        ).lines
        == 99
    )
    with pytest.raises(LimitExceeded, match=r"100 lines|more than 99 lines"):
        validate_without_cache(spool_file(tmp_path, write_file(build_acts(100), tmp_path / f"acts{suffix}")))


@pytest.mark.parametrize("is_paired", [False, True])
def test_a_payment_file_with_a_transfer_too_many_is_refused(
    is_paired: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last one allowed is accepted; the error of the next one says where it is."""
    monkeypatch.setattr(file_totals, "ROWS_MAX", 99)
    for count in (99, 100):
        rows = [(f"R{number}", "1.00") for number in range(count)]
        path = tmp_path / f"orders-{count}.xml"
        path.write_bytes(build_message(build_lot([build_transfer(*row) for row in rows]), count=count))
        if is_paired:
            path.with_name(f"{path.name}.imputation.csv").write_bytes(build_assignments(rows))
        spooled = Spool(tmp_path / "spool").receive(path, path.name, Envelope(sender="MEN"))
        if count == 99:
            assert validate_without_cache(spooled).lines == 99
            continue
        with pytest.raises(LimitExceeded, match="more than 99 lines") as raised:
            validate_without_cache(spooled)
        assert raised.value.place == "orders-100.xml, line 100"


@pytest.mark.parametrize("is_paired", [False, True])
def test_a_payment_file_with_a_byte_too_many_is_refused(
    is_paired: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an archive the account assignments count too."""
    path = tmp_path / "orders.xml"
    path.write_bytes(build_message(build_lot([build_transfer("R1", "1.00")])))
    if is_paired:
        path.with_name("orders.xml.imputation.csv").write_bytes(build_assignments([("R1", "1.00")]))
    spooled = Spool(tmp_path / "spool").receive(path, path.name, Envelope(sender="MEN"))
    assert spooled.size_bytes > path.stat().st_size or not is_paired
    monkeypatch.setattr(reader, "PAYMENT_FILE_BYTES_MAX", spooled.size_bytes)
    assert validate_without_cache(spooled).lines == 1
    monkeypatch.setattr(reader, "PAYMENT_FILE_BYTES_MAX", spooled.size_bytes - 1)
    with pytest.raises(LimitExceeded, match=f"{spooled.size_bytes:,} bytes") as raised:
        validate_without_cache(spooled)
    assert raised.value.place == f"orders.xml, byte {spooled.size_bytes - 1:,}"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_long_lines_are_refused_together(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = build_table({"reference": ["A"] * 1000, "remittance": ["x" * 1000] * 1000})
    path = write_file(rows, tmp_path / f"acts{suffix}")
    validate_without_cache(spool_file(tmp_path, path))
    monkeypatch.setattr(file_totals, "WINDOW_BYTES_MAX", 200_000)
    with pytest.raises(LimitExceeded, match="bytes of text"):
        validate_without_cache(spool_file(tmp_path, path))


LONG_TEXT = "2" * (WINDOW_BYTES_MAX // WINDOW_LINES + 1)


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".arrows"])
@pytest.mark.parametrize("column", ["amount", "date", "kind"])
def test_the_size_of_decoded_dictionaries_is_limited(suffix: str, column: str, tmp_path: Path) -> None:
    """A kilobyte of file, half a gigabyte of text: what a later pass would have to decompress is refused."""
    lines = 4 * WINDOW_LINES
    coded = pa.DictionaryArray.from_arrays(pa.array([0] * lines, pa.int32()), pa.array([LONG_TEXT]))
    spooled = spool_file(tmp_path, write_file(pa.table({column: coded}), tmp_path / f"acts{suffix}"))
    if column != "amount" and suffix != ".arrows":  # stays coded
        assert validate_without_cache(spooled).lines == lines
        assert sum(batch.nbytes for batch in open_source(spooled).read_batches()) < 2**20
    else:
        with pytest.raises(LimitExceeded, match="bytes of text"):
            validate_without_cache(spooled)


@pytest.mark.parametrize("longest", [1, CELL_BYTES_MAX])
def test_parquet_dictionaries_are_decoded_in_small_batches(longest: int, tmp_path: Path) -> None:
    lines = 2 * WINDOW_LINES
    dates = ["2018-12-31"] * lines
    dates[1000 :: lines // 3] = ["2" * longest] * len(dates[1000 :: lines // 3])
    pq.write_table(pa.table({"date": dates}), tmp_path / "acts.parquet", row_group_size=lines // 2)
    spooled = spool_file(tmp_path, tmp_path / "acts.parquet")
    assert validate_without_cache(spooled).lines == lines
    assert [
        len(value) for value in read_source(open_source(spooled), 1000, 10_000)["date"].to_pylist()[:2]
    ] == [
        longest,
        10,
    ]


PARQUET_LIMITS = {
    "PARQUET_GROUPS_MAX": (3, "4 row groups"),
    "PARQUET_GROUP_BYTES_MAX": (1000, "row group 0: .* bytes after decompression"),
}


@pytest.mark.parametrize("limit", PARQUET_LIMITS)
def test_parquet_declarations(limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lowered, message = PARQUET_LIMITS[limit]
    pq.write_table(build_acts(400), tmp_path / "acts.parquet", row_group_size=100)
    monkeypatch.setattr(parquet, limit, lowered)
    with pytest.raises(LimitExceeded, match=message):
        spool_file(tmp_path, tmp_path / "acts.parquet")


def test_a_parquet_footer_has_a_length(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_file(build_acts(10), tmp_path / "acts.parquet")
    monkeypatch.setattr(parquet_footer, "PARQUET_FOOTER_BYTES_MAX", 1000)
    with pytest.raises(LimitExceeded, match="The footer has"):
        spool_file(tmp_path, path)


ARROW_LIMITS = {
    "ARROW_BATCH_BYTES_MAX": (1000, "Record batch 0 declares"),
    "ARROW_BATCHES_MAX": (3, "more than 3 record batches"),
}


@pytest.mark.parametrize("limit", ARROW_LIMITS)
@pytest.mark.parametrize("suffix", [".arrow", ".arrows"])
def test_arrow_declarations(limit: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lowered, message = ARROW_LIMITS[limit]
    path = write_file(build_acts(400), tmp_path / f"acts{suffix}")
    monkeypatch.setattr(arrow_metadata, limit, lowered)
    with pytest.raises(LimitExceeded, match=message):
        spool_file(tmp_path, path)


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
def test_compressed_batches_are_measured_decompressed(
    compression: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = io.BytesIO()
    rows = build_table({"amount_cents": [7] * 100_000})
    with pa.ipc.new_file(
        sink, rows.schema, options=pa.ipc.IpcWriteOptions(compression=compression)
    ) as writer:
        writer.write(rows)
    (tmp_path / "acts.arrow").write_bytes(sink.getvalue())
    assert len(sink.getvalue()) < 100_000
    monkeypatch.setattr(arrow_metadata, "ARROW_BATCH_BYTES_MAX", 800_000)
    assert validate_without_cache(spool_file(tmp_path, tmp_path / "acts.arrow")).cents == 700_000
    monkeypatch.setattr(arrow_metadata, "ARROW_BATCH_BYTES_MAX", 799_999)
    with pytest.raises(LimitExceeded, match="100,000 lines in 800,000 bytes"):
        validate_without_cache(spool_file(tmp_path, tmp_path / "acts.arrow"))


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".arrows"])
def test_columns_are_counted(suffix: str, tmp_path: Path) -> None:
    columns = [*FIELD_BY_COLUMN, "one_more"]
    rows = pa.table([pa.array(["A"])] * len(columns), names=columns)
    spooled = spool_file(tmp_path, write_file(rows, tmp_path / f"acts{suffix}"))
    with pytest.raises(LimitExceeded, match=f"{detection.COLUMNS_MAX + 1} columns"):
        validate_without_cache(spooled)
