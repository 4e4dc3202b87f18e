"""The bytes decide the format of a file; its name must agree."""

from pathlib import Path

import pytest

from core.errors import FileUnreadable, FormatUnknown, InputError
from ingest.formats.detection import FileFormat, detect, may_have_charset
from tests.ingest.format_writers import build_acts, write_file

FORMATS = {
    ".parquet": FileFormat.PARQUET,
    ".arrow": FileFormat.ARROW_FILE,
    ".arrows": FileFormat.ARROW_STREAM,
    ".csv": FileFormat.CSV,
    ".jsonl": FileFormat.JSON_LINES,
}
FOREIGN = {
    b"": FileUnreadable,
    b"PAR1": FileUnreadable,
    b"PAR1 and then nothing": FileUnreadable,
    b"ARROW1\0\0 and then nothing": FileUnreadable,
    b"PARE....PARE": FormatUnknown,
    b"\x1f\x8b\x08": FormatUnknown,
    b"PK\x03\x04": FormatUnknown,
    b"\x28\xb5\x2f\xfd": FormatUnknown,
    b"[1, 2]": FormatUnknown,
    b"\xff\xfer\0e\0f\0": FormatUnknown,
    b"\xfd7zXZ\0": FormatUnknown,
    b"hello": FormatUnknown,
    b"a;\0b\n": FormatUnknown,
    b"\0\0\0\0": FormatUnknown,
}


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("named", [True, False])
def test_the_bytes_decide_the_format(suffix: str, named: bool, tmp_path: Path) -> None:
    path = write_file(build_acts(3), tmp_path / f"acts{suffix}")
    assert detect(path, path.name if named else "upload") is FORMATS[suffix]


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("claimed", FORMATS)
def test_a_name_of_another_format_is_refused(suffix: str, claimed: str, tmp_path: Path) -> None:
    path = write_file(build_acts(3), tmp_path / f"acts{suffix}")
    if suffix == claimed or (suffix, claimed) == (".arrows", ".arrow"):
        assert detect(path, f"acts{claimed.upper()}") is FORMATS[suffix]
    else:
        with pytest.raises(FileUnreadable, match="not what its name claims"):
            detect(path, f"acts{claimed}")


@pytest.mark.parametrize(
    "content",
    [b"<Document/>", b"\xef\xbb\xbf\n<?xml version='1.0'?>", b"\xff\xfe<\0D\0", b"\xfe\xff\0<\0D"],
    ids=repr,
)
def test_xml_is_detected_as_a_payment_file(content: bytes, tmp_path: Path) -> None:
    """The reader of payment files finds out which message it is."""
    path = tmp_path / "upload"
    path.write_bytes(content)
    assert detect(path, "upload") is FileFormat.PAIN001
    assert detect(path, "orders.XML") is FileFormat.PAIN001
    with pytest.raises(FileUnreadable, match="not what its name claims"):
        detect(path, "orders.csv")


@pytest.mark.parametrize(
    ("content", "is_possible"),
    [
        (b"kind;reference\n", True),
        (b"\xef\xbb\xbfkind;reference\n", True),
        (b"\n{}\n", False),
        (b"\xef\xbb\xbf{}\n", False),
        (b"<Document/>", False),
        (b"\xef\xbb\xbf\n<?xml version='1.0'?>", False),
        (b"\xff\xfe<\0D\0", False),
        (b"PAR1", False),
    ],
    ids=repr,
)
def test_only_csv_has_a_charset(content: bytes, is_possible: bool, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    assert may_have_charset(path) is is_possible


def test_a_file_that_cannot_be_read_may_have_a_charset(tmp_path: Path) -> None:
    """It is refused by what reads it, with its name, and does not end the command."""
    assert may_have_charset(tmp_path / "removed.csv")
    assert may_have_charset(tmp_path)


@pytest.mark.parametrize("content", FOREIGN, ids=repr)
def test_a_foreign_format_is_refused_by_its_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"^upload: .+\. .+") as refused:
        detect(path, "upload")
    assert type(refused.value) is FOREIGN[content]


@pytest.mark.parametrize("charset", ["", "windows-1252", "utf-16le"])
@pytest.mark.parametrize(
    ("start", "description"),
    [
        (b"\x1f\x8b\x08\0", "a gzip file"),
        (b"\x28\xb5\x2f\xfd\x04\0", "a Zstandard file"),
        (b"\xfd7zXZ\0\0", "an xz file"),
        (b"PK\x03\x04;,\n", "a zip file or workbook"),
        (b"PARE;,\n", "a Parquet file"),
    ],
    ids=lambda value: repr(value)[:12],
)
def test_a_foreign_format_is_named_whatever_charset_is_stated(
    start: bytes, description: str, charset: str, tmp_path: Path
) -> None:
    path = tmp_path / "acts.csv"
    path.write_bytes(start + b"\xe9;\x81,\n")
    with pytest.raises(FormatUnknown) as refused:
        detect(path, path.name, charset)
    assert refused.value.finding.startswith(f"The file is {description}")


@pytest.mark.parametrize("content", [b"[1, 2]", b" \n[{}]", b"\xef\xbb\xbf[]"], ids=repr)
def test_a_json_array_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    with pytest.raises(FormatUnknown, match="a JSON array"):
        detect(path, "upload")
