"""CSV in the charsets that other programs write: every character as it was written, or a refusal that names the line."""

import codecs
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FileUnreadable, FormatUnknown, InputError
from ingest.formats.charsets import CHARSETS, choose_charset
from ingest.spool.envelope import Envelope, parse_envelope
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from ingest.validation.file_validation import open_source, validate_without_cache
from ingest.validation.normalised_names import remove_normal_form
from tests.ingest.format_writers import build_acts, list_texts, read_lines, spool_file, to_csv

MARKS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16le": codecs.BOM_UTF16_LE,
    "utf-16be": codecs.BOM_UTF16_BE,
}
WINDOWS_TEXT = "€ Š œ „ … ÿ þ é ½ «»"


def spool_text(folder: Path, content: bytes, charset: str = "", name: str = "acts.csv") -> SpooledFile:
    (folder / name).write_bytes(content)
    return spool_file(folder, folder / name, Envelope(sender="MEN", charset=charset))


def read_names(folder: Path, content: bytes, charset: str = "") -> list[str]:
    spooled = spool_text(folder, content, charset)
    validate_without_cache(spooled)
    return read_lines(spooled)["payee_name"]


@pytest.mark.parametrize("lines", [1, 100, 60_000])  # the last are several blocks of text
@pytest.mark.parametrize(
    ("charset", "codec", "mark"),
    [
        ("windows-1252", "cp1252", b""),
        ("utf-16", "utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16", "utf-16-be", codecs.BOM_UTF16_BE),
        ("", "utf-16-le", codecs.BOM_UTF16_LE),
        ("", "utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-16le", "utf-16-le", b""),
        ("utf-16be", "utf-16-be", b""),
        ("utf-16le", "utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-8", "utf-8", b""),
        ("utf-8", "utf-8", codecs.BOM_UTF8),
    ],
)
def test_every_charset_reads_the_same_acts(
    charset: str, codec: str, mark: bytes, lines: int, tmp_path: Path
) -> None:
    rows = build_acts(lines)
    content = mark + to_csv(rows, "\t", "\r\n").decode().encode(codec)
    spooled = spool_text(tmp_path, content, charset)
    assert validate_without_cache(spooled).cents == sum(rows["amount_cents"].to_pylist())
    assert read_lines(spooled) == list_texts(rows)


@pytest.mark.parametrize("charset", CHARSETS)
def test_characters_are_those_of_the_charset(charset: str, tmp_path: Path) -> None:
    text = f"reference;payee_name\nA;{WINDOWS_TEXT}\nB;\u20ac\n"
    mark = codecs.BOM_UTF16_BE if charset == "utf-16" else b""
    content = mark + text.encode({"utf-16": "utf-16-be", "windows-1252": "cp1252"}.get(charset, charset))
    assert read_names(tmp_path, content, charset) == [WINDOWS_TEXT, "€"]


@given(
    st.lists(st.text(st.characters(codec="utf-16", exclude_characters='\r\n";\0'), max_size=8), min_size=1),
    st.sampled_from(["utf-16-le", "utf-16-be"]),
)
@settings(max_examples=100, deadline=None)
def test_any_text_survives_utf_16(names: list[str], codec: str) -> None:
    content = "reference;payee_name\n" + "".join(f"A;{name}\n" for name in names)
    with TemporaryDirectory() as folder:
        assert read_names(Path(folder), content.encode(codec), codec.replace("-16-", "-16")) == names


BEFORE = "reference;payee_name\n" + "A;Léa\n" * 40_000
FAULTS = {
    "a byte that Windows-1252 leaves open": ("windows-1252", BEFORE.encode("cp1252") + b"B;\x81\n"),
    "half a surrogate pair": ("utf-16le", BEFORE.encode("utf-16-le") + b"B\0;\0\0\xd8\n\0"),
    "half a character": ("utf-16be", BEFORE.encode("utf-16-be") + b"\0B\0;\0"),
    "a byte that is not UTF-8": ("", BEFORE.encode() + b"B;\xe9\n"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_bytes_outside_the_charset_name_their_line(fault: str, tmp_path: Path) -> None:
    charset, content = FAULTS[fault]
    with pytest.raises(FileUnreadable, match=r"acts\.csv, line 40,002: .*not"):
        validate_without_cache(spool_text(tmp_path, content, charset))


CSV = "reference;payee_name\nA;Léa\n"


@pytest.mark.parametrize(
    ("charset", "content"),
    [
        ("windows-1252", codecs.BOM_UTF8 + CSV.encode()),
        ("windows-1252", codecs.BOM_UTF16_LE + CSV.encode("utf-16-le")),
        ("utf-8", codecs.BOM_UTF16_LE + CSV.encode("utf-16-le")),
        ("utf-16le", codecs.BOM_UTF16_BE + CSV.encode("utf-16-be")),
        ("utf-16be", codecs.BOM_UTF8 + CSV.encode()),
        ("utf-16", codecs.BOM_UTF8 + CSV.encode()),
        ("utf-16", CSV.encode("utf-16-le")),  # which of the two is not stated
    ],
)
def test_a_mark_of_another_charset_refuses_the_file(charset: str, content: bytes, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"acts.csv: .*{charset}"):
        spool_text(tmp_path, content, charset)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_mark_and_charset_is_not_guessed(codec: str, tmp_path: Path) -> None:
    with pytest.raises(FormatUnknown, match=r"state .* charset"):
        spool_text(tmp_path, CSV.encode(codec))


def test_windows_1252_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match=r"line 2: .*not UTF-8.* state its charset"):
        validate_without_cache(spool_text(tmp_path, CSV.encode("cp1252")))


@pytest.mark.parametrize("charset", CHARSETS)
def test_a_charset_belongs_to_csv(charset: str, tmp_path: Path) -> None:
    content = b'{"reference": "A"}\n'
    if charset == "utf-8":
        spool_text(tmp_path, content, charset, "acts.jsonl")
        return
    with pytest.raises(InputError, match=r"^acts.jsonl: "):
        spool_text(tmp_path, content, charset, "acts.jsonl")
    with pytest.raises(FormatUnknown, match=r"^acts.jsonl: .*UTF-8"):
        spool_text(tmp_path, codecs.BOM_UTF16_LE + content.decode().encode("utf-16-le"), "", "acts.jsonl")


NAMES = {
    "UTF-8": "utf-8", "utf8": "utf-8", "us-ascii": "utf-8", "ASCII": "utf-8",
    "cp1252": "windows-1252", "Windows-1252": "windows-1252",
    "UTF-16LE": "utf-16le", "utf-16-be": "utf-16be", "UTF16": "utf-16",
}  # fmt: skip


def test_charsets_have_several_names() -> None:
    assert {name: parse_envelope({"charset": name}, "here").charset for name in NAMES} == NAMES
    for name in ("latin-1", "iso-8859-1", "utf-32", "\u017f", "utf_16"):
        with pytest.raises(FormatUnknown, match="charset"):
            parse_envelope({"charset": name}, "here")


def test_the_same_bytes_of_two_senders_are_read_as_each_stated(tmp_path: Path) -> None:
    """Both submissions share a folder of the spool, and may be read at the same time."""
    content, spool = "reference;payee_name\nA;é\n".encode(), Spool(tmp_path / "spool")
    (tmp_path / "acts.csv").write_bytes(content)
    files = [
        spool.receive(tmp_path / "acts.csv", "acts.csv", Envelope(sender=sender, charset=charset))
        for sender, charset in (("MEN", ""), ("MINARM", "windows-1252"))
    ]
    for file in files:
        validate_without_cache(file)
    assert [read_lines(file)["payee_name"] for file in files] == [["é"], ["Ã©"]]
    for file in files:
        stored = spool.open(file.sha256, file.envelope.sender)
        assert stored.envelope.charset == file.envelope.charset
        assert read_lines(stored) == read_lines(file)
    remove_normal_form(files[0])
    assert [path.name for path in files[0].folder.glob("normalised*")] == []
    assert [read_lines(file)["payee_name"] for file in files] == [["é"], ["Ã©"]]


def test_an_envelope_of_before_has_no_charset() -> None:
    content = msgspec.json.encode({"sender": "MEN", "batch_id": "B"})
    assert msgspec.json.decode(content, type=Envelope).charset == ""


@pytest.mark.parametrize("charset", MARKS)
def test_a_mark_states_the_charset(charset: str, tmp_path: Path) -> None:
    (tmp_path / "acts.csv").write_bytes(MARKS[charset] + b"r")
    choice = choose_charset(tmp_path / "acts.csv", "acts.csv", "")
    assert (choice.name, choice.mark_bytes) == (charset, len(MARKS[charset]))


def test_lines_are_read_from_any_line(tmp_path: Path) -> None:
    content = "reference;payee_name\n" + "".join(f"A{number};Zoé\n" for number in range(9))
    spooled = spool_text(tmp_path, content.encode("cp1252"), "windows-1252")
    validate_without_cache(spooled)
    batches = list(open_source(spooled).read_batches(5, 3))
    assert [batch["reference"].to_pylist() for batch in batches] == [["A5", "A6", "A7"], ["A8"]]
