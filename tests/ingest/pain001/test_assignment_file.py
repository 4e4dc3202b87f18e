"""Account assignment files: one row a transfer, in order, with the same amount; anything else refuses the payment file."""

import tarfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import EnvelopeMismatch, FileUnreadable, FormatUnknown, InputError
from ingest.formats.detection import FileFormat
from ingest.pain001.assignment_file import ASSIGNMENT_COLUMNS, parse_remittance
from ingest.pain001.lots import read_lot_names
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from ingest.validation.decoded_cache import MemoryAllowance
from ingest.validation.file_validation import (
    FileTotals,
    open_source,
    read_lots,
    validate_file,
    validate_without_cache,
)
from ingest.validation.normalised_names import remove_normal_form
from tests.ingest.format_writers import list_texts, write_file
from tests.ingest.payment_files import (
    ASSIGNMENT,
    build_assignments,
    build_lot,
    build_message,
    build_transfer,
    write_parquet,
)

ROWS = [("R1", "10.00"), ("R2", "0.5"), ("R3", "7.25")]
TEXT = build_message(
    build_lot([build_transfer(*row) for row in ROWS[:2]], "A"),
    build_lot([build_transfer(*ROWS[2])], "B"),
    count=3,
    total="17.75",
)
SENDER = Envelope(sender="MEN")


def receive_file(
    folder: Path, assignments: bytes | None, text: bytes = TEXT, suffix: str = "csv"
) -> SpooledFile:
    path = folder / "orders.xml"
    path.write_bytes(text)
    if assignments is not None:
        path.with_name(f"orders.xml.imputation.{suffix}").write_bytes(assignments)
    return Spool(folder / "spool").receive(path, path.name, SENDER)


def read_lines(spooled: SpooledFile) -> list[dict[str, str]]:
    table = pa.Table.from_batches(open_source(spooled).read_batches())
    columns = list_texts(table)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def test_each_transfer_gets_the_assignment_of_its_row(tmp_path: Path) -> None:
    spooled = receive_file(
        tmp_path, build_assignments(ROWS, invoice_number="F-1", line="").replace(b";line", b";nature")
    )
    assert (spooled.format, spooled.name) == (FileFormat.PAIN001_TAR, "orders.xml")
    assert spooled.envelope == Envelope(sender="MEN", batch_id="MSG-1")
    assert validate_without_cache(spooled) == FileTotals(3, 1775)
    rows = read_lines(spooled)
    assert [(row["reference"], row["amount"]) for row in rows] == ROWS
    for row in rows:
        assert {name: row[name] for name in ASSIGNMENT} == ASSIGNMENT
        assert (row["payee"], row["payee_name"], row["invoice_number"]) == (
            "SUPPLIER",
            "Fournisseur",
            "F-1",
        )
    named = read_lot_names(spooled.folder)
    assert (named.first.tolist(), named.name.to_pylist()) == ([0, 2], ["A", "B"])


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl", "arrow", "arrows"])
def test_every_format_may_contain_assignments(suffix: str, tmp_path: Path) -> None:
    rows = [(f"R{number}", f"{number + 1}.00") for number in range(500)]
    table = pa.table({
        "reference": [reference for reference, _ in rows],
        **{name: [text] * len(rows) for name, text in ASSIGNMENT.items()},
        "payee": pa.array([["A", "B", None][number % 3] for number in range(500)]).dictionary_encode(),
        "exercise": pa.array([2018] * 500, pa.int32()),
        "received": pa.array([17_600] * 500, pa.int32()).cast(pa.date32()),
        "amount_cents": pa.array([(number + 1) * 100 for number in range(500)], pa.int64()),
    })  # fmt: skip
    assignments = write_file(table, tmp_path / f"orders.xml.imputation.{suffix}")
    text = build_message(build_lot([build_transfer(*row) for row in rows]), count=500)
    lines = read_lines(receive_file(tmp_path, assignments.read_bytes(), text, suffix))
    assert [line["payee"] for line in lines] == [["A", "B", ""][number % 3] for number in range(500)]
    assert {(line["exercise"], line["received"], line["date"]) for line in lines} == {
        ("2018", "2018-03-10", "2018-05-02")
    }


WRONG: dict[str, tuple[type[InputError], str, bytes]] = {
    "another order": (
        EnvelopeMismatch,
        "row 1: IMPUTATION_DIFFERS: the row has 'R2'",
        build_assignments(ROWS[::-1][1:] + ROWS[2:]),
    ),
    "another amount": (
        EnvelopeMismatch,
        "the row has '0.51'",
        build_assignments([ROWS[0], ("R2", "0.51"), ROWS[2]]),
    ),
    "no amount": (
        EnvelopeMismatch,
        "row 2: IMPUTATION_DIFFERS",
        build_assignments([ROWS[0], ("R2", ""), ROWS[2]]),
    ),
    "too few": (
        EnvelopeMismatch,
        "IMPUTATION_DIFFERS: there are fewer rows (2) than transfers",
        build_assignments(ROWS[:2]),
    ),
    "none": (
        EnvelopeMismatch,
        "IMPUTATION_DIFFERS: there are fewer rows (0) than transfers",
        build_assignments([]),
    ),
    "too many": (
        EnvelopeMismatch,
        "more rows than the 3 transfers",
        build_assignments([*ROWS, ("R4", "1.00")]),
    ),
    "a column of payments": (
        FormatUnknown,
        "column iban: An account assignment file may not have this column",
        build_assignments(ROWS, iban="FR00"),
    ),
    "several lines an act": (
        FormatUnknown,
        "column line: An account assignment file may not have this column",
        build_assignments(ROWS, line="1"),
    ),
    "an unknown column": (FormatUnknown, "The column is unknown", build_assignments(ROWS, colour="red")),
    "no column of amounts": (
        FormatUnknown,
        "The column reference, or a column of amounts, is missing",
        b"reference;fund\nR1;1\nR2;1\nR3;1\n",
    ),
    "no column of references": (
        FormatUnknown,
        "The column reference",
        b"amount;fund\n10.00;1\n0.5;1\n7.25;1\n",
    ),
    "another payment file": (FileUnreadable, "not what its name claims", TEXT),
    "nothing": (FileUnreadable, "The file is empty", b""),
    "cut off": (FileUnreadable, "The last line has no line end", build_assignments(ROWS)[:-1]),
    "in Latin-1": (
        FileUnreadable,
        "not UTF-8",
        build_assignments(ROWS, nature="é").decode().encode("latin-1"),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_assignments_that_differ_refuse_the_file(name: str, tmp_path: Path) -> None:
    kind, message, assignments = WRONG[name]
    with pytest.raises(kind) as raised:
        validate_without_cache(receive_file(tmp_path, assignments))
    assert message in str(raised.value)
    assert "orders.xml.imputation.csv" in str(raised.value)
    assert "allows extra columns" not in str(raised.value)


@pytest.mark.parametrize("amount", ["1.005", "1e3", "-1.00", "0.00", "12,345"])
def test_an_equal_invalid_amount_is_left_to_its_line(amount: str, tmp_path: Path) -> None:
    text = build_message(build_lot([build_transfer("R1", amount)]))
    (line,) = read_lines(receive_file(tmp_path, build_assignments([("R1", amount)]), text))
    assert line["amount"] == amount


def test_whole_cents_differ_from_an_invalid_amount(tmp_path: Path) -> None:
    assignments = write_parquet([("R1", "1.00")], tmp_path / "orders.xml.imputation.parquet")
    with pytest.raises(EnvelopeMismatch, match=r"the row has '100', and its transfer has '1\.005'"):
        validate_without_cache(
            receive_file(
                tmp_path,
                assignments.read_bytes(),
                build_message(build_lot([build_transfer("R1", "1.005")])),
                "parquet",
            )
        )


def test_batches_without_rows_do_not_end_the_file(tmp_path: Path) -> None:
    table = pa.table({"reference": ["R1", "R2", "R3"], "amount": ["10.00", "0.5", "7.25"]})
    path = tmp_path / "orders.xml.imputation.arrow"
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        for start, rows in ((0, 0), (0, 1), (1, 0), (1, 2), (3, 0)):
            writer.write_table(table.slice(start, rows))
            if not rows:
                writer.write_batch(pa.RecordBatch.from_pylist([], schema=table.schema))
    assert validate_without_cache(receive_file(tmp_path, path.read_bytes(), suffix="arrow")) == FileTotals(
        3, 1775
    )


def test_rows_match_transfers_whatever_the_batch_size(tmp_path: Path) -> None:
    """There are more rows than a batch of either reader has."""
    rows = [(f"R{number}", "1.00") for number in range(70_000)]
    text = build_message(build_lot([build_transfer(*row) for row in rows]), count=len(rows))
    spooled = receive_file(tmp_path, build_assignments(rows), text)
    assert validate_file(spooled, MemoryAllowance(0)).totals == FileTotals(len(rows), 100 * len(rows))


# ------------------------------------------------------------------------------------ archives


def test_the_archive_is_reproducible_and_readable_by_tar(tmp_path: Path) -> None:
    spooled = receive_file(tmp_path, build_assignments(ROWS))
    with tarfile.open(spooled.path) as archive:
        assert archive.getnames() == ["orders.xml", "orders.xml.imputation.csv"]
        packed = archive.extractfile("orders.xml")
        assert packed
        assert packed.read() == TEXT
    assert receive_file(tmp_path, build_assignments(ROWS)).sha256 == spooled.sha256


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT])
@pytest.mark.parametrize("first", [0, 1])
def test_an_archive_of_another_program_is_read(form: int, first: int, tmp_path: Path) -> None:
    names = ["a/b/orders.xml", "rows.csv"]
    spooled = pack_archive(
        tmp_path,
        lambda archive: [
            archive.add(tmp_path / names[n].rpartition("/")[2], names[n]) for n in (first, 1 - first)
        ],
        form,
    )
    assert spooled.format is FileFormat.PAIN001_TAR
    assert validate_without_cache(spooled) == FileTotals(3, 1775)


def pack_archive(
    folder: Path, fill: Callable[[tarfile.TarFile], object], form: int = tarfile.USTAR_FORMAT
) -> SpooledFile:
    (folder / "orders.xml").write_bytes(TEXT)
    (folder / "rows.csv").write_bytes(build_assignments(ROWS))
    with tarfile.open(folder / "both.tar", "w", format=form) as archive:
        fill(archive)
    return Spool(folder / "spool").receive(folder / "both.tar", "both.tar", SENDER)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["orders.xml"], "must contain two files, not 1"),
        (["orders.xml", "rows.csv", "rows.csv"], "must contain two files, not more"),
        (["orders.xml", "orders.xml"], "exactly one .xml file and one account assignment file"),
        (["rows.csv", "rows.csv"], "exactly one .xml file and one account assignment file"),
    ],
)
def test_an_archive_of_anything_else_is_refused(names: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match=message):
        pack_archive(tmp_path, lambda archive: [archive.add(tmp_path / name, name) for name in names])


def test_an_archive_of_two_payment_files_is_refused(tmp_path: Path) -> None:
    spooled = pack_archive(
        tmp_path,
        lambda archive: [archive.add(tmp_path / "orders.xml", name) for name in ("orders.xml", "rows")],
    )
    with pytest.raises(FormatUnknown, match="rows: This is another payment file"):
        validate_without_cache(spooled)


def test_links_folders_and_long_names_are_refused(tmp_path: Path) -> None:
    (tmp_path / "orders.link").symlink_to("/etc/passwd")
    for path, name in (("orders.link", "orders.xml"), (".", "orders.xml"), ("rows.csv", "x" * 101)):
        with pytest.raises(FileUnreadable, match=r"not a regular file|The header"):
            pack_archive(
                tmp_path,
                lambda archive, path=path, name=name: archive.add(tmp_path / path, name, recursive=False),
                tarfile.GNU_FORMAT,
            )


@pytest.mark.parametrize("keep", [400, 512, 600, 1024, 2048, 3000, -1024])
def test_an_archive_that_is_cut_off_is_refused(keep: int, tmp_path: Path) -> None:
    content = receive_file(tmp_path, build_assignments(ROWS)).path.read_bytes()
    path = tmp_path / "cut.tar"
    path.write_bytes(content[:keep])
    with pytest.raises(InputError):
        Spool(tmp_path / "spool").receive(path, path.name, SENDER)


@pytest.mark.parametrize("at", [0, 124, 148, 156])
def test_a_damaged_header_is_refused(at: int, tmp_path: Path) -> None:
    content = bytearray(receive_file(tmp_path, build_assignments(ROWS)).path.read_bytes())
    content[at] ^= 1
    path = tmp_path / "damaged.tar"
    path.write_bytes(content)
    with pytest.raises(FileUnreadable, match="The header of a tar archive is missing or damaged"):
        Spool(tmp_path / "spool").receive(path, path.name, SENDER)


# ------------------------------------------------------------------------------------ the spool


def test_two_assignment_files_are_refused(tmp_path: Path) -> None:
    write_parquet(ROWS, tmp_path / "orders.xml.imputation.parquet")
    with pytest.raises(FileUnreadable, match="several account assignment files"):
        receive_file(tmp_path, build_assignments(ROWS))


def test_the_batch_id_is_the_message_id(tmp_path: Path) -> None:
    path = tmp_path / "orders.xml"
    path.write_bytes(TEXT)
    spool = Spool(tmp_path / "spool")
    with pytest.raises(EnvelopeMismatch, match="states the batch id OTHER, the file has the MsgId MSG-1"):
        spool.receive(path, path.name, msgspec.structs.replace(SENDER, batch_id="OTHER"))
    path.write_bytes(TEXT.replace(b"MSG-1", "Né".encode()))
    with pytest.raises(FormatUnknown, match="batch_id is 'Né'"):
        spool.receive(path, path.name, SENDER)
    path.write_bytes(TEXT.replace(b"MSG-1", b"FR?76(A),B'C"))
    assert spool.receive(path, path.name, SENDER).envelope.batch_id == "FR?76(A),B'C"


def test_derived_files_are_written_again(tmp_path: Path) -> None:
    spooled = receive_file(tmp_path, build_assignments(ROWS))
    validate_without_cache(spooled)
    before = read_lines(spooled)
    (spooled.folder / "normalised.arrow").unlink()
    (spooled.folder / "lots.arrow").unlink()
    assert read_lines(spooled) == before
    assert read_lot_names(spooled.folder).name.to_pylist() == ["A", "B"]


def test_only_the_lots_of_a_decided_file_are_written_again(tmp_path: Path) -> None:
    spooled = receive_file(tmp_path, build_assignments(ROWS))
    validate_without_cache(spooled)
    remove_normal_form(spooled)
    remaining = set((tmp_path / "spool").rglob("*"))
    (spooled.folder / "lots.arrow").unlink()
    assert read_lots(Spool(tmp_path / "spool"), spooled.identity).name.to_pylist() == ["A", "B"]
    assert set((tmp_path / "spool").rglob("*")) == remaining


def test_lots_of_changed_bytes_are_refused(tmp_path: Path) -> None:
    spooled = receive_file(tmp_path, None, TEXT)
    validate_without_cache(spooled)
    (spooled.folder / "lots.arrow").unlink()
    spooled.path.write_bytes(TEXT.replace(b">A<", b">X<"))
    with pytest.raises(FileUnreadable):
        read_lots(Spool(tmp_path / "spool"), spooled.identity)


def test_other_files_have_their_own_totals_too(tmp_path: Path) -> None:
    spooled = receive_file(tmp_path, build_assignments(ROWS))
    envelope = msgspec.structs.replace(spooled.envelope, count=4)
    with pytest.raises(EnvelopeMismatch, match="states 4 lines, the file has 3"):
        validate_without_cache(msgspec.structs.replace(spooled, envelope=envelope))


WORDS = st.sampled_from("fund|FUND | fund-centre|fund_centre|payee|other|:|,|,,| |\t|é|x|".split("|"))


def _parse_plainly(text: str) -> dict[str, str]:
    """Parse the remittance of one transfer in plain Python: the last pair of a name counts."""
    values = {}
    for part in text.split(","):
        name, colon, value = part.partition(":")
        column = name.strip().lower().replace("-", "_")
        if colon and column in ASSIGNMENT_COLUMNS:
            values[column] = value.strip()
    return values


@given(st.lists(st.lists(WORDS, max_size=12).map("".join), max_size=20))
def test_remittance_is_parsed_alike_by_column_and_one_by_one(texts: list[str]) -> None:
    columns = parse_remittance(pa.array(texts, pa.string()))
    for row, text in enumerate(texts):
        expected = {column: value for column, value in _parse_plainly(text).items() if value}
        assert {
            name: values[row].as_py() for name, values in columns.items() if values[row].as_py()
        } == expected
