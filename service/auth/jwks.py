"""The public keys of a token issuer: fetched from the source that the operator configured, and used for a limited time."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

import msgspec
import structlog
from joserfc import jwk
from joserfc.errors import JoseError

from service.auth.failures import AuthenticationFailed
from service.auth.jwks_download import KeySetUnavailable, fetch_key_set

LOG = structlog.get_logger()
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
"""Algorithms of accepted signatures: no symmetric one, which a public key could forge, and never ``none``."""
REFRESH_SECONDS = 300
KEYS_AGE_SECONDS_MAX = 3600
FETCH_INTERVAL_SECONDS = 10
"""Minimum time between two requests to an issuer, whatever key names arrive in tokens."""
KEYS_MAX = 100
_RSA_MODULUS_LENGTH_MIN = 342
"""Length of a modulus of 2,048 bits in base64url, without leading zeros."""
_KEY_TYPES = frozenset({"RSA", "EC", "OKP"})
_PUBLIC_MEMBERS = frozenset({"kty", "crv", "x", "y", "n", "e"})

PublicKey = jwk.RSAKey | jwk.ECKey | jwk.OKPKey


class _KeySet(msgspec.Struct):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, Any]]


class IssuerKeys:
    """The keys of one issuer, by name.  Tests replace the clock and the fetch."""

    def __init__(
        self,
        source: str,
        fetch: Callable[[str], bytes] = fetch_key_set,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.source = source
        self._fetch, self._clock = fetch, clock
        self._keys: Mapping[str, PublicKey] = {}
        self._fetched_at = self._requested_at = -float("inf")
        self._refresh_task: asyncio.Task[None] | None = None

    async def get_key(self, name: str) -> PublicKey:
        """Return the key with this name; fetch the keys again if it is unknown or they are too old.

        Raises
        ------
        AuthenticationFailed
            The issuer has no such key, or its keys could not be fetched for too long.
        """
        if self._age > REFRESH_SECONDS or name not in self._keys:
            self._start_refresh()
        if self._refresh_task and (self._age > KEYS_AGE_SECONDS_MAX or name not in self._keys):
            await asyncio.shield(self._refresh_task)
        if self._age > KEYS_AGE_SECONDS_MAX:
            raise AuthenticationFailed("issuer-silent")
        if name not in self._keys:
            raise AuthenticationFailed("token-key-unknown")
        return self._keys[name]

    @property
    def _age(self) -> float:
        return self._clock() - self._fetched_at

    def _start_refresh(self) -> None:
        """Start a request to the issuer, unless one runs or started a moment ago."""
        if not self._refresh_task and self._clock() - self._requested_at >= FETCH_INTERVAL_SECONDS:
            self._requested_at = self._clock()
            self._refresh_task = asyncio.ensure_future(self._refresh())

    async def _refresh(self) -> None:
        try:
            self._keys = parse_key_set(await asyncio.to_thread(self._fetch, self.source))
            self._fetched_at = self._clock()
        except KeySetUnavailable as error:
            LOG.warning("the keys of an issuer could not be read", source=self.source, cause=str(error))
        finally:
            self._refresh_task = None


def parse_key_set(text: bytes) -> dict[str, PublicKey]:
    """Return the keys for signatures in a key set, by name; private members are dropped.

    Raises
    ------
    KeySetUnavailable
        The text is not a key set, or two keys have the same name.
    """
    try:
        members = msgspec.json.decode(text, type=_KeySet).keys[:KEYS_MAX]
        named_keys = [(key.get("kid"), _import_public_key(key)) for key in members if _is_usable(key)]
    except (
        msgspec.DecodeError,
        JoseError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
    ) as error:
        raise KeySetUnavailable(f"the document is not a key set: {error}") from error
    keys = {name: key for name, key in named_keys if isinstance(name, str)}
    if len({name for name, _ in named_keys}) < len(named_keys):
        raise KeySetUnavailable("two keys of the key set have the same name")
    return keys


def _is_usable(key: Mapping[str, Any]) -> bool:
    """Return whether a key is for signatures of an accepted algorithm."""
    return (
        key.get("kty") in _KEY_TYPES
        and key.get("use", "sig") == "sig"
        and key.get("alg", ALGORITHMS[0]) in ALGORITHMS
        and key.get("crv", "P-256") in {"P-256", "Ed25519"}
        and (key["kty"] != "RSA" or len(key["n"].lstrip("A")) >= _RSA_MODULUS_LENGTH_MIN)
    )


def _import_public_key(key: Mapping[str, Any]) -> PublicKey:
    members = (_PUBLIC_MEMBERS | {"alg"}) & key.keys()
    return cast(PublicKey, jwk.import_key({name: key[name] for name in members}))
