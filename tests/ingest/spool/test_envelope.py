"""The envelope of a file is read exactly, each item from the most specific source."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import EnvelopeMismatch, FileUnreadable, FormatUnknown, InputError, LimitExceeded
from ingest.spool.envelope import (
    Envelope,
    check_envelope,
    check_hash,
    check_totals,
    merge_envelopes,
    parse_control_sum,
    parse_envelope,
    read_manifest,
)
from tests.ingest.format_writers import SUFFIXES, build_acts, spool_file, write_file

EXACT = {
    "0": 0,
    "12": 1200,
    "12.3": 1230,
    "12.34": 1234,
    "-0.01": -1,
    "-12.3": -1230,
    "9007199254740993.01": 900719925474099301,
    "223000000000.00": 22300000000000,
}


@pytest.mark.parametrize("text", EXACT)
def test_control_sums_are_exact(text: str) -> None:
    assert parse_control_sum(text, "here") == EXACT[text]


@pytest.mark.parametrize(
    "text",
    ["", ".5", "5.", "1.234", "1,50", "1e3", "+1", " 1", "1 ", "1\n", "\u0661", "1" * 17, "0x1", "--1"],
)
def test_other_control_sums_are_refused(text: str) -> None:
    with pytest.raises(FormatUnknown, match="control_sum"):
        parse_control_sum(text, "here")


def test_every_item_is_parsed() -> None:
    items = {
        "sender": "MEN",
        "batch_id": "2018/12-31 a",
        "version": "1",
        "count": "12",
        "control_sum": "-1.5",
        "sha256": "AB" * 32,
        "sepa_only": True,
    }
    assert parse_envelope(items, "here") == Envelope(
        sender="MEN",
        batch_id="2018/12-31 a",
        count=12,
        control_cents=-150,
        sha256=b"\xab" * 32,
        sepa_only=True,
    )


REFUSED: list[dict[str, Any]] = [
    {"colour": "blue"},
    {"Sender": "MEN"},
    {"sender": ""},
    {"sender": "A" * 36},
    {"sender": ".."},
    {"sender": "a/b"},
    {"sender": "é"},
    {"sender": "MEN\n"},
    {"sender": None},
    {"sender": ["MEN"]},
    {"batch_id": "A" * 36},
    {"batch_id": " a"},
    {"batch_id": "a\tb"},
    {"version": "2"},
    {"version": ""},
    {"count": "-1"},
    {"count": "1.0"},
    {"count": "9" * 10},
    {"count": True},
    {"control_sum": 1},
    {"sha256": "ab"},
    {"sha256": "g" * 64},
    {"sepa_only": "true"},
]


@pytest.mark.parametrize("items", REFUSED, ids=str)
def test_an_invalid_item_is_refused_by_its_key(items: dict[str, Any]) -> None:
    with pytest.raises(FormatUnknown, match=f"(?i){next(iter(items))}"):
        parse_envelope(items, "here")


def test_a_declared_envelope_is_checked_too() -> None:
    with pytest.raises(FormatUnknown, match="sender"):
        check_envelope(Envelope(sender="a b"), "here")


def test_the_first_envelope_wins_item_by_item() -> None:
    command = Envelope(sender="A", count=1)
    manifest = Envelope(sender="B", batch_id="M", count=2, control_cents=0)
    inside = Envelope(sender="C", batch_id="I", count=3, control_cents=7, sepa_only=True)
    assert merge_envelopes([command, manifest, inside]) == Envelope(
        sender="A", batch_id="M", count=1, control_cents=0, sepa_only=True
    )


@pytest.mark.parametrize("flag", ["sepa_only", "atomic"])
def test_a_flag_counts_wherever_it_is_set(flag: str) -> None:
    for values in itertools.product((True, False, None), repeat=3):
        envelopes = [
            parse_envelope({flag: value} if value is not None else {}, "headers") for value in values
        ]
        assert getattr(merge_envelopes(envelopes), flag) is (True in values)


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".arrows", ".jsonl"])
def test_a_file_may_contain_its_envelope(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"acts{suffix}"
    items = {"sender": "MEN", "batch_id": "B7", "version": "1", "count": "5", "control_sum": "-8.3"}
    if suffix == ".jsonl":
        write_file(build_acts(5), path)
        numbers = {"count": 5, "sepa_only": True, "control_sum": -8.3}
        path.write_text(json.dumps({"envelope": items | numbers}) + "\n" + path.read_text())
    else:
        metadata = {f"crescendo.{key}": value for key, value in (items | {"sepa_only": "true"}).items()}
        write_file(build_acts(5).replace_schema_metadata(metadata | {"pandas": "whatever"}), path)
    assert spool_file(tmp_path, path, Envelope()).envelope == Envelope(
        sender="MEN", batch_id="B7", count=5, control_cents=-830, sepa_only=True
    )


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".arrows", ".jsonl"])
@pytest.mark.parametrize(
    "items", [{"colour": "blue"}, {"version": "2"}, {"sha256": "00" * 32}, {"count": "x"}], ids=str
)
def test_an_invalid_embedded_envelope_refuses_the_file(
    suffix: str, items: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / f"acts{suffix}"
    if suffix == ".jsonl":
        path.write_text(json.dumps({"envelope": items}) + "\n")
    else:
        write_file(
            build_acts(1).replace_schema_metadata({f"crescendo.{k}": v for k, v in items.items()}), path
        )
    with pytest.raises(FormatUnknown, match=r"metadata|envelope"):
        spool_file(tmp_path, path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_manifest_beside_the_file_is_read(suffix: str, tmp_path: Path) -> None:
    path = write_file(build_acts(5), tmp_path / f"acts{suffix}")
    manifest = {"sender": "MEN", "count": 5, "control_sum": 12.30, "sepa_only": False}
    path.with_name(f"{path.name}.manifest.json").write_text(json.dumps(manifest))
    envelope = spool_file(tmp_path, path, Envelope(count=6)).envelope
    assert (envelope.sender, envelope.count, envelope.control_cents) == ("MEN", 6, 1230)


BROKEN_MANIFESTS = {
    "": FileUnreadable,
    "[]": FileUnreadable,
    '{"sender": "A", "sender": "B"}': FileUnreadable,
    '{"sender": 5': FileUnreadable,
    '{"sender": null}': FormatUnknown,
    '{"from": "A"}': FormatUnknown,
    '{"sender": "%s"}' % (" " * 70_000): LimitExceeded,
}


@pytest.mark.parametrize("text", BROKEN_MANIFESTS, ids=lambda text: text[:20])
def test_a_broken_manifest_refuses_the_file(text: str, tmp_path: Path) -> None:
    path = tmp_path / "acts.csv"
    path.with_name("acts.csv.manifest.json").write_text(text)
    with pytest.raises(InputError, match=r"acts\.csv\.manifest\.json") as refused:
        read_manifest(path)
    assert type(refused.value) is BROKEN_MANIFESTS[text]


def test_a_missing_manifest_is_an_empty_envelope(tmp_path: Path) -> None:
    assert read_manifest(tmp_path / "acts.csv") == Envelope()


def test_a_difference_is_reported_with_both_figures() -> None:
    envelope = Envelope(count=10, control_cents=1234567, sha256=b"\xaa" * 32)
    check_totals(envelope, 10, 1234567, name="f")
    check_totals(Envelope(), 10, 1234567, name="f")
    check_hash(envelope, b"\xaa" * 32, "f")
    with pytest.raises(EnvelopeMismatch, match=r"states 10 lines, the file has 1,009"):
        check_totals(envelope, 1009, 1234567, name="f")
    with pytest.raises(EnvelopeMismatch, match=r"12,345\.67, the file has -0\.05"):
        check_totals(envelope, 10, -5, name="f")
    with pytest.raises(EnvelopeMismatch, match=r"states 0 lines, the file has 7"):
        check_totals(Envelope(count=0), 7, 0, name="f")
    with pytest.raises(EnvelopeMismatch, match=f"SHA-256 {'aa' * 32}, the file has {'bb' * 32}"):
        check_hash(envelope, b"\xbb" * 32, "f")
