"""Detached Ed25519 signatures over a file's bytes, and who may give them."""

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
from service.auth.api_keys import Caller
from service.configuration.settings import UsageError

SIGNATURE_BYTES = 64
SIGNATURE_FILE_BYTES_MAX = 1024
_KEY_FILE_BYTES_MAX = 2**16


class Signer(NamedTuple):
    """A public key, and what its signature is good for."""

    caller: Caller
    key: bytes
    is_live: bool
    """Begun, not over and not ended."""
    language: Language = "en"
    wants_pain002: bool = False


def parse_signature(text: bytes) -> bytes | None:
    """The signature that a file holds, raw or in base64; None when it holds none."""
    if len(text) == SIGNATURE_BYTES:
        return text
    try:
        found = base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error:
        return None
    return found if len(found) == SIGNATURE_BYTES else None


def find_signer(path: Path, signature: bytes, signers: Sequence[Signer]) -> Signer | None:
    """Which of the live ``signers`` signed the file at ``path``, a file of our own that nobody shortens."""
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped) as content,
    ):
        live = (each for each in signers if each.is_live)
        return next((each for each in live if _is_signed(each.key, signature, content)), None)


def _is_signed(key: bytes, signature: bytes, content: memoryview) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, content)
    except InvalidSignature:
        return False
    return True


def read_public_key(path: Path) -> bytes:
    """The raw bytes of an Ed25519 public key in PEM.

    Raises
    ------
    Misuse
        No such file, or something else in it.
    """
    try:
        with path.open("rb") as file:
            found = load_pem_public_key(file.read(_KEY_FILE_BYTES_MAX))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}. Name the file of a public key") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{path} holds no public key in PEM: openssl pkey -in KEY.pem -pubout") from error
    if not isinstance(found, Ed25519PublicKey):
        raise UsageError(f"{path} holds a key of another kind: openssl genpkey -algorithm ed25519")
    return found.public_bytes_raw()
