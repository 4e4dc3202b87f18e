"""Keys: a public part that names one, and a secret that is shown once and kept as its hash alone."""

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
        """Whether ``secret`` is this key's."""
        return hmac.compare_digest(self.digest, hash_secret(secret))

    def is_expired(self, now: datetime | None = None) -> bool:
        """Whether its time is over."""
        return (now or datetime.now(UTC)) >= self.expires_at


def hash_secret(secret: str) -> bytes:
    """What is kept of a secret.  It holds 256 random bits, so that a plain hash gives no hold to guessing."""
    return hashlib.sha256(secret.encode()).digest()


def generate_key() -> tuple[str, str]:
    """A new key's name and its secret."""
    return "".join(secrets.choice(_NAME_ALPHABET) for _ in range(_NAME_LENGTH)), secrets.token_urlsafe(32)


def format_token(name: str, secret: str) -> str:
    """What the holder of a key sends."""
    return f"{PREFIX}_{name}_{secret}"


def parse_token(text: str) -> tuple[str, str] | None:
    """Name and secret of a token; None when it is none."""
    found = _TOKEN_PATTERN.fullmatch(text)
    return (found[1], found[2]) if found else None
