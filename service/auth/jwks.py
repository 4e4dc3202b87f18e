"""The public keys of an issuer: fetched from where the operator said, and believed for a bounded time."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

import msgspec
import structlog
from joserfc import jwk
from joserfc.errors import JoseError

from service.auth.failures import AuthenticationFailed
from service.auth.jwks_fetch import KeySetUnavailable, fetch_key_set

LOG = structlog.get_logger()
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
"""What a token may be signed with: nothing that a public key could forge, and never nothing."""
REFRESH_SECONDS = 300
KEYS_AGE_SECONDS_MAX = 3600
FETCH_INTERVAL_SECONDS = 10
"""At least so long between two questions to an issuer, whatever tokens name."""
KEYS_MAX = 100
_RSA_MODULUS_LENGTH_MIN = 342
"""The modulus of an RSA key in base64url, zeros in front aside: 2,048 bits."""
_KEY_TYPES = frozenset({"RSA", "EC", "OKP"})
_PUBLIC_MEMBERS = frozenset({"kty", "crv", "x", "y", "n", "e"})

PublicKey = jwk.RSAKey | jwk.ECKey | jwk.OKPKey


class _KeySet(msgspec.Struct):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, Any]]


class IssuerKeys:
    """The keys of one issuer by their name.  Clock and fetching may be others, so that nobody has to wait for them."""

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
        """The key of this name, asked for again when it is not known or what is known is too old.

        Raises
        ------
        Stranger
            The issuer has no such key, or has not answered for too long.
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
        """Begin to ask the issuer, unless somebody does or did a moment ago."""
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
    """The keys of a key set that signatures may be checked with, by name; what is private in it is not kept.

    Raises
    ------
    Silent
        It is no key set, or one that means two things.
    """
    try:
        said = msgspec.json.decode(text, type=_KeySet).keys
        found = [(each.get("kid"), _import_public_key(each)) for each in said[:KEYS_MAX] if _is_usable(each)]
    except (
        msgspec.DecodeError,
        JoseError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
    ) as error:
        raise KeySetUnavailable(f"no key set: {error}") from error
    keys = {name: key for name, key in found if isinstance(name, str)}
    if len({name for name, _ in found}) < len(found):
        raise KeySetUnavailable("two keys of the set have one name")
    return keys


def _is_usable(said: Mapping[str, Any]) -> bool:
    """Whether a key is for signatures that we take."""
    return (
        said.get("kty") in _KEY_TYPES
        and said.get("use", "sig") == "sig"
        and said.get("alg", ALGORITHMS[0]) in ALGORITHMS
        and said.get("crv", "P-256") in {"P-256", "Ed25519"}
        and (said["kty"] != "RSA" or len(said["n"].lstrip("A")) >= _RSA_MODULUS_LENGTH_MIN)
    )


def _import_public_key(said: Mapping[str, Any]) -> PublicKey:
    named = {"alg"} & said.keys()
    key = jwk.import_key({name: said[name] for name in _PUBLIC_MEMBERS & said.keys() | named})
    return cast(PublicKey, key)
