"""API keys: a public name, and a secret that is shown once and stored only as its hash."""

import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime
from typing import NamedTuple

from service.auth.credentials import Caller

PREFIX = "crescendo"
_NAME_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_NAME_LENGTH = 12
_TOKEN_PATTERN = re.compile(rf"{PREFIX}_([{_NAME_ALPHABET}]{{{_NAME_LENGTH}}})_([A-Za-z0-9_-]{{43}})")


class Key(NamedTuple):
    """A key as it is stored."""

    caller: Caller
    digest: bytes
    expires_at: datetime

    def has_secret(self, secret: str) -> bool:
        """Return whether ``secret`` is the key's, in time that does not depend on where they differ."""
        return hmac.compare_digest(self.digest, hash_secret(secret))

    def is_expired(self, now: datetime | None = None) -> bool:
        """Return whether the key has expired."""
        return (now or datetime.now(UTC)) >= self.expires_at


class KeyToken(NamedTuple):
    """The two parts of the token that a client sends."""

    name: str
    secret: str


def hash_secret(secret: str) -> bytes:
    """Return the hash of a secret.  The secret has 256 random bits, so a plain hash cannot be guessed."""
    return hashlib.sha256(secret.encode()).digest()


def generate_key() -> KeyToken:
    """Generate the name and the secret of a new key."""
    name = "".join(secrets.choice(_NAME_ALPHABET) for _ in range(_NAME_LENGTH))
    return KeyToken(name, secrets.token_urlsafe(32))


def format_token(name: str, secret: str) -> str:
    """Return the token that a client sends."""
    return f"{PREFIX}_{name}_{secret}"


def parse_token(text: str) -> KeyToken | None:
    """Return the parts of a token; None if the text is not a token."""
    match = _TOKEN_PATTERN.fullmatch(text)
    return KeyToken(match[1], match[2]) if match else None
