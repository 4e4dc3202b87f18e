"""Signatures, and names of files."""

import base64
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FormatUnknown
from ingest.result_names import NAME_BYTES_MAX, to_safe_name
from service.auth.credentials import build_caller
from service.configuration.settings import UsageError
from service.dropfolders.file_names import check_name
from service.dropfolders.signatures import Signer, find_signer, parse_signature, read_public_key
from tests.service.dropfolders.drop_senders import MINE, OFFICER, STRANGE, THEIRS

SPKI = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def build_signer(pair: object = MINE, *, is_live: bool = True) -> Signer:
    caller = build_caller("k", "MIN-09", OFFICER, programmes=frozenset())
    return Signer(caller, pair.public_key().public_bytes_raw(), is_live)  # type: ignore[attr-defined]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "original"
    path.write_bytes(b"reference;line\nA;1\n")
    return path


def test_the_right_one_of_several_signers_is_found(file: Path) -> None:
    signer = find_signer(file, MINE.sign(file.read_bytes()), [build_signer(THEIRS), build_signer(MINE)])
    assert signer == build_signer(MINE)


def test_a_signature_must_match_the_bytes_and_a_valid_signer(file: Path) -> None:
    good = MINE.sign(file.read_bytes())
    assert find_signer(file, good, [build_signer(is_live=False)]) is None
    assert find_signer(file, good, [build_signer(THEIRS)]) is None
    assert find_signer(file, good, []) is None
    assert find_signer(file, MINE.sign(b"other bytes"), [build_signer()]) is None
    assert find_signer(file, STRANGE.sign(file.read_bytes()), [build_signer()]) is None
    for at in range(64):
        spoilt = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
        assert find_signer(file, spoilt, [build_signer()]) is None


def test_a_signature_reads_raw_and_in_base64() -> None:
    raw = MINE.sign(b"x")
    for text in (raw, base64.b64encode(raw), base64.encodebytes(raw), b" " + base64.b64encode(raw) + b"\r\n"):
        assert parse_signature(text) == raw


@given(st.binary(max_size=200).filter(lambda text: len(text) != 64))
def test_any_bytes_are_a_signature_or_none(text: bytes) -> None:
    signature = parse_signature(text)
    assert signature is None or len(signature) == 64


def test_a_public_key_reads_from_pem(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(MINE.public_key().public_bytes(*SPKI))
    assert read_public_key(path) == MINE.public_key().public_bytes_raw()


def test_a_file_without_an_ed25519_public_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    private = MINE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    other = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(*SPKI)
    for text in (
        b"",
        b"nonsense",
        private,
        other,
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    ):
        path.write_bytes(text)
        with pytest.raises(UsageError, match=r"key\.pem"):
            read_public_key(path)
    with pytest.raises(UsageError, match="no such file"):
        read_public_key(tmp_path / "nothing")


@pytest.mark.parametrize("name", ["acts.csv", "Dépenses 2018.parquet", "a" * NAME_BYTES_MAX])
def test_plain_names_are_unchanged(name: str) -> None:
    check_name(name)
    assert to_safe_name(name) == name


@given(st.binary(min_size=1, max_size=255).filter(lambda name: b"/" not in name and b"\0" not in name))
def test_every_name_has_a_safe_name(raw: bytes) -> None:
    name = os.fsdecode(raw)
    safe_name = to_safe_name(name)
    assert safe_name == to_safe_name(safe_name)
    assert safe_name.isprintable()
    assert len(safe_name.encode()) <= NAME_BYTES_MAX
    if safe_name != name:
        with pytest.raises(FormatUnknown):
            check_name(name)


def test_safe_names_of_similar_names_differ() -> None:
    assert to_safe_name("a\n") != to_safe_name("a\t")
