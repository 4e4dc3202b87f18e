"""An issuer of tokens: its keys, its key set, and tokens that it signs."""

import base64
import json
import time
from collections.abc import Mapping
from typing import Any

from joserfc import jwk, jws

from service.auth import jwt

URL = "https://issuer.example"
AUDIENCE = "crescendo"
SUBJECT = "chorus-09"
LIFETIME_SECONDS = 12 * 3600
"""Tokens signed at collection must still be valid when the last test runs."""
KEYS: Mapping[str, tuple[str, jwk.RSAKey | jwk.ECKey | jwk.OKPKey]] = {
    "rsa": ("RS256", jwk.RSAKey.generate_key(2048, {"kid": "rsa"})),
    "pss": ("PS256", jwk.RSAKey.generate_key(2048, {"kid": "pss"})),
    "ec": ("ES256", jwk.ECKey.generate_key("P-256", {"kid": "ec"})),
    "new": ("Ed25519", jwk.OKPKey.generate_key("Ed25519", {"kid": "new"})),
    "ed": ("EdDSA", jwk.OKPKey.generate_key("Ed25519", {"kid": "ed"})),
}


def format_key_set(*names: str) -> bytes:
    """Return the key set with these keys, or with all."""
    keys = [KEYS[name][1].as_dict(private=False) for name in names or KEYS]
    return json.dumps({"keys": keys}).encode()


def build_claims(**other: Any) -> dict[str, Any]:
    """Return the claims of a valid token; ``None`` leaves one out."""
    now = int(time.time())
    fields = {
        "iss": URL,
        "aud": AUDIENCE,
        "sub": SUBJECT,
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME_SECONDS,
        **other,
    }
    return {name: value for name, value in fields.items() if value is not None}


def sign(name: str = "ed", header: Mapping[str, Any] | None = None, **other: Any) -> str:
    """Return a token with these claims, signed with the key of this name."""
    algorithm, key = KEYS[name]
    fields = {"alg": algorithm, "kid": name, **(header or {})}
    return jws.serialize_compact(fields, json.dumps(build_claims(**other)), key, registry=jwt.REGISTRY)


def format_unsigned(header: Mapping[str, Any], signature: str = "", **other: Any) -> str:
    """Return a token without a valid signature."""
    return ".".join((encode_part(header), encode_part(build_claims(**other)), signature))


def encode_part(value: Any) -> str:
    """Encode one part of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
