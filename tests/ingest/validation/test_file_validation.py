"""A file is accepted whole or not at all: its content is validated before its first line is used."""

import json
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import EnvelopeMismatch, FileUnreadable, FormatUnknown, LimitExceeded
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from ingest.validation.file_validation import FileTotals, open_source, validate_without_cache
from tests.ingest.format_writers import (
    SUFFIXES,
    build_acts,
    build_table,
    list_texts,
    read_lines,
    spool_file,
    write_file,
)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_totals_must_equal_those_of_the_envelope(suffix: str, tmp_path: Path) -> None:
    rows = build_acts(200)
    path = write_file(rows, tmp_path / f"acts{suffix}")
    cents = sum(rows["amount_cents"].to_pylist())
    good = Envelope(sender="MEN", count=200, control_cents=cents)
    assert validate_without_cache(spool_file(tmp_path, path, good)) == FileTotals(200, cents)
    with pytest.raises(EnvelopeMismatch, match="states 201 lines, the file has 200"):
        validate_without_cache(spool_file(tmp_path, path, msgspec.structs.replace(good, count=201)))
    with pytest.raises(EnvelopeMismatch, match="control sum"):
        validate_without_cache(
            spool_file(tmp_path, path, msgspec.structs.replace(good, control_cents=cents + 1))
        )


def test_a_hash_that_differs_is_refused(tmp_path: Path) -> None:
    spooled = spool_file(tmp_path, write_file(build_acts(1), tmp_path / "acts.csv"))
    other = msgspec.structs.replace(spooled.envelope, sha256=b"\0" * 32)
    with pytest.raises(EnvelopeMismatch, match="SHA-256"):
        validate_without_cache(msgspec.structs.replace(spooled, envelope=other))


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".arrow", ".arrows"])
def test_invalid_amounts_are_left_to_their_lines(suffix: str, tmp_path: Path) -> None:
    amounts = [
        "1",
        "1.5",
        "1,55",
        "-2.00",
        "0.001",
        "1e3",
        "abc",
        "",
        "12.",
        ".5",
        "+1",
        " 1",
        "1" * 17,
        "é",
        "1\t",
    ]
    rows = pa.table({"reference": [str(n) for n in range(len(amounts))], "amount": amounts})
    spooled = spool_file(tmp_path, write_file(rows, tmp_path / f"acts{suffix}"))
    assert validate_without_cache(spooled) == FileTotals(len(amounts), 100 + 150 + 155 - 200)
    assert read_lines(spooled)["amount"] == amounts


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".arrows"])
def test_sums_do_not_overflow(suffix: str, tmp_path: Path) -> None:
    half = 2**62 - 1
    amounts = [half, None, -half, 0, 1, None, None]
    spooled = spool_file(
        tmp_path, write_file(build_table({"amount_cents": amounts}), tmp_path / f"acts{suffix}")
    )
    assert validate_without_cache(spooled) == FileTotals(len(amounts), 1)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("signs", [(1, 1), (-1, -1), (1, -1)])
def test_a_sum_beyond_an_int64_is_refused(suffix: str, signs: tuple[int, int], tmp_path: Path) -> None:
    """Without signs, because refused lines are summed apart from accepted ones."""
    amounts = [sign * (10**18 - 1) for sign in signs * 5]
    rows = build_table({"reference": ["A"] * 10, "amount_cents": amounts})
    with pytest.raises(LimitExceeded, match="2\\^63"):
        validate_without_cache(spool_file(tmp_path, write_file(rows, tmp_path / f"acts{suffix}")))


def test_a_file_without_amounts_sums_to_nothing(tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        rows = build_table({"reference": ["A", "B"], "iban": [None, "FR76"]})
        assert validate_without_cache(
            spool_file(tmp_path, write_file(rows, tmp_path / f"acts{suffix}"))
        ) == FileTotals(2, 0)


UNFIT = {
    "an unknown column": pa.table({"colour": ["blue"]}),
    "a text of bytes": pa.table({"reference": [b"A"]}),
    "a float amount": pa.table({"amount_cents": [1.0]}),
    "a decimal amount of mills": pa.table({"amount": pa.array([1], pa.decimal128(10, 3))}),
    "a decimal in place of cents": pa.table({"amount_cents": pa.array([1], pa.decimal128(10, 0))}),
    "cents as text": pa.table({"amount_cents": ["1"]}),
    "a float year": pa.table({"exercise": [2018.0]}),
    "a day with a time": pa.table({"date": pa.array([1], pa.timestamp("us"))}),
    "a time": pa.table({"date": pa.array([0], pa.time64("us"))}),
    "a true reference": pa.table({"reference": [True]}),
    "a list": pa.table({"reference": [["A"]]}),
    "a nested object": pa.table({"reference": [{"a": "A"}]}),
    "a whole number as a text": pa.table({"reference": [5]}),
    "coded cents": pa.table({"amount_cents": pa.array(["1"]).dictionary_encode()}),
    "coded numbers": pa.table({"line": pa.array([1]).dictionary_encode()}),
    "both amounts": pa.table({"amount": ["1"], "amount_cents": [100]}),
    "a column twice": pa.table([pa.array(["A"]), pa.array(["A"])], names=["reference", "reference"]),
}


PARQUET_UNFIT = UNFIT.keys() - {"coded numbers"}  # which come back plain
UNFIT_FILES = [(case, suffix) for case in UNFIT for suffix in (".arrow", ".arrows")]


@pytest.mark.parametrize(
    ("case", "suffix"), UNFIT_FILES + [(case, ".parquet") for case in sorted(PARQUET_UNFIT)]
)
def test_columns_outside_the_format_refuse_the_file(case: str, suffix: str, tmp_path: Path) -> None:
    with pytest.raises(FormatUnknown):
        validate_without_cache(spool_file(tmp_path, write_file(UNFIT[case], tmp_path / f"acts{suffix}")))


# ------------------------------------------------------------------------------------ the normalised file


@pytest.fixture(params=[".csv", ".jsonl", ".arrows"])
def validated_file(request: pytest.FixtureRequest, tmp_path: Path) -> SpooledFile:
    spooled = spool_file(tmp_path, write_file(build_acts(500), tmp_path / f"acts{request.param}"))
    validate_without_cache(spooled)
    return spooled


def test_the_normalised_file_is_beside_the_original(validated_file: SpooledFile) -> None:
    assert {path.name for path in validated_file.folder.iterdir()} == {
        "original",
        "envelope-MEN.json",
        "normalised.arrow",
        "normalised.json",
    }
    assert list((validated_file.folder.parents[1] / "incoming").glob("*/")) == []


def test_a_missing_normalised_file_is_written_again(validated_file: SpooledFile) -> None:
    (validated_file.folder / "normalised.arrow").unlink()
    assert read_lines(validated_file) == list_texts(build_acts(500))
    (validated_file.folder / "normalised.json").unlink()
    assert read_lines(validated_file) == list_texts(build_acts(500))


def test_a_changed_normalised_file_is_written_again(validated_file: SpooledFile) -> None:
    path = validated_file.folder / "normalised.arrow"
    for at in range(100, path.stat().st_size, path.stat().st_size // 7):
        content = bytearray(path.read_bytes())
        content[at] ^= 1
        path.write_bytes(content)
        assert read_lines(validated_file) == list_texts(build_acts(500))


@pytest.mark.parametrize("record", [b"", b"{}", b"not JSON"])
def test_a_normalised_file_with_an_unreadable_record_is_written_again(
    record: bytes, validated_file: SpooledFile
) -> None:
    (validated_file.folder / "normalised.json").write_bytes(record)
    assert read_lines(validated_file) == list_texts(build_acts(500))


@pytest.mark.parametrize("change", [{"layout": 0}, {"original": "00"}, {"sha256": "00"}])
def test_a_normalised_file_with_the_record_of_another_is_written_again(
    change: dict[str, object], validated_file: SpooledFile
) -> None:
    path = validated_file.folder / "normalised.json"
    record = path.read_bytes()
    path.write_text(json.dumps(json.loads(record) | change))
    assert read_lines(validated_file) == list_texts(build_acts(500))
    assert path.read_bytes() == record


def test_the_normalised_file_is_reproducible(validated_file: SpooledFile) -> None:
    first = (validated_file.folder / "normalised.arrow").read_bytes()
    validate_without_cache(validated_file)
    assert (validated_file.folder / "normalised.arrow").read_bytes() == first


def test_a_changed_original_is_not_normalised(validated_file: SpooledFile) -> None:
    (validated_file.folder / "normalised.arrow").unlink()
    validated_file.path.write_bytes(validated_file.path.read_bytes().replace(b"DP18", b"DP19"))
    with pytest.raises(FileUnreadable, match="not those that were received"):
        open_source(validated_file)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_original_of_another_size_is_refused(suffix: str, tmp_path: Path) -> None:
    spooled = spool_file(tmp_path, write_file(build_acts(500), tmp_path / f"acts{suffix}"))
    validate_without_cache(spooled)
    with spooled.path.open("ab") as file:
        file.write(b"\n")
    for look in (validate_without_cache, open_source):
        with pytest.raises(FileUnreadable, match="not those that were received"):
            look(spooled)
    spooled.path.unlink()
    with pytest.raises(FileUnreadable, match="No such file"):
        open_source(spooled)


def test_a_refused_file_leaves_no_normalised_file(tmp_path: Path) -> None:
    (tmp_path / "acts.csv").write_bytes(b"reference;line\n" + b"A;1\n" * 100_000 + b"A\n")
    spooled = spool_file(tmp_path, tmp_path / "acts.csv")
    with pytest.raises(FileUnreadable, match="line 100,002"):
        validate_without_cache(spooled)
    assert {path.name for path in spooled.folder.iterdir()} == {"original", "envelope-MEN.json"}
    assert list((tmp_path / "spool" / "incoming").glob("*/")) == []


def test_only_filled_columns_are_read(tmp_path: Path) -> None:
    (tmp_path / "acts.jsonl").write_text('{"reference": "A", "iban": null}\n{"reference": "B", "line": 1}\n')
    spooled = spool_file(tmp_path, tmp_path / "acts.jsonl")
    validate_without_cache(spooled)
    assert open_source(spooled).schema.names == ["reference", "line"]


def test_a_stream_may_change_its_dictionaries(tmp_path: Path) -> None:
    def batch(kinds: list[str]) -> pa.RecordBatch:
        return pa.record_batch({"kind": pa.array(kinds).dictionary_encode()})

    batches = [batch(["service", "commitment"]), batch(["commitment"]), batch(["service"])]
    with (
        pa.OSFile(str(tmp_path / "a.arrows"), "wb") as sink,
        pa.ipc.new_stream(sink, batches[0].schema) as writer,
    ):
        for record_batch in batches:
            writer.write_batch(record_batch)
    spooled = spool_file(tmp_path, tmp_path / "a.arrows")
    validate_without_cache(spooled)
    assert read_lines(spooled)["kind"] == ["service", "commitment", "commitment", "service"]


def test_a_parquet_file_of_many_small_groups(tmp_path: Path) -> None:
    pq.write_table(build_acts(1000), tmp_path / "acts.parquet", row_group_size=13)
    spooled = Spool(tmp_path / "spool").receive(
        tmp_path / "acts.parquet", "acts.parquet", Envelope(sender="MEN")
    )
    assert validate_without_cache(spooled).lines == 1000
    assert read_lines(spooled) == list_texts(build_acts(1000))
