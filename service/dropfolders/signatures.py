"""Detached Ed25519 signatures of files, and the signers of a sender."""

import base64
import binascii
import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from reporting.refusals import Language
from service.auth.credentials import Caller
from service.configuration.input_files import check_files
from service.configuration.settings import UsageError

SIGNATURE_BYTES = 64
SIGNATURE_FILE_BYTES_MAX = 1024
_KEY_FILE_BYTES_MAX = 2**16


class Signer(NamedTuple):
    """A public key, and the rights its signature gives."""

    caller: Caller
    key: bytes
    is_live: bool
    """Whether it is valid now: begun, not expired and not ended."""
    language: Language = "en"
    wants_pain002: bool = False


def parse_signature(text: bytes) -> bytes | None:
    """Return the signature that a file contains, raw or in base64; None if it contains none."""
    if len(text) == SIGNATURE_BYTES:
        return text
    try:
        decoded = base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error:
        return None
    return decoded if len(decoded) == SIGNATURE_BYTES else None


def find_signer(path: Path, signature: bytes, signers: Sequence[Signer]) -> Signer | None:
    """Return which of the valid ``signers`` signed the file at ``path``.

    The file must be in the spool: one that is shortened while it is mapped would end the process.
    """
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped) as content,
    ):
        live = (signer for signer in signers if signer.is_live)
        return next((signer for signer in live if _is_signed(signer.key, signature, content)), None)


def _is_signed(key: bytes, signature: bytes, content: memoryview) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, content)
    except InvalidSignature:
        return False
    return True


def read_public_key(path: Path) -> bytes:
    """Return the raw bytes of an Ed25519 public key in PEM.

    Raises
    ------
    UsageError
        The file does not exist, or contains something else.
    """
    check_files([path])
    try:
        with path.open("rb") as file:
            key = load_pem_public_key(file.read(_KEY_FILE_BYTES_MAX))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(
            f"{path} contains no public key in PEM. Write it with: openssl pkey -in KEY.pem -pubout"
        ) from error
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(
            f"{path} contains a key that is not Ed25519. Create a key with: openssl genpkey -algorithm ed25519"
        )
    return key.public_bytes_raw()
