"""Authentication with signed tokens (RFC 9068, OpenID Connect): the issuer identifies a system, our grants give it rights."""

import hashlib
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError

from service.auth.certificates import parse_thumbprint
from service.auth.credentials import AuthenticatedCaller, Caller, SystemIdentity
from service.auth.failures import AuthenticationFailed
from service.auth.jwks import ALGORITHMS, IssuerKeys, PublicKey

TOKEN_LENGTH_MAX = 8192
LEEWAY_SECONDS = 60
"""How much the clocks of the service and of an issuer may differ."""
LIFETIME_SECONDS_MAX = 24 * 3600
"""A token with a longer life is as dangerous as a password, and is refused."""
CACHED_TOKENS_MAX = 10_000
_TOKEN_TYPES = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})
_TOKEN_PARTS = 3


class _SignatureRegistry(jws.JWSRegistry):
    """The accepted algorithms only; issuers may use the old name of Ed25519, ``EdDSA``."""

    def get_alg(self, name: str) -> Any:
        """Return the algorithm with this name.

        Raises
        ------
        UnsupportedAlgorithmError
            The algorithm is not accepted.
        """
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


REGISTRY = _SignatureRegistry(algorithms=ALGORITHMS)


class Issuer(NamedTuple):
    """A trusted issuer of tokens."""

    name: str
    url: str
    """Its ``iss``."""
    audience: str
    """The value that ``aud`` must contain: this service."""
    claim: str
    """The claim that names the calling system: ``sub``, ``client_id`` or ``azp``."""
    jwks: str
    """The source of its keys: an https address or a file."""


class TokenGrant(NamedTuple):
    """The rights of a system, and when they end."""

    caller: Caller
    expires_at: datetime


class Trust(NamedTuple):
    """The trusted issuers, and the grants of their systems."""

    issuers: Mapping[str, Issuer]
    """By their ``iss``."""
    grants: Mapping[SystemIdentity, TokenGrant]


class _Confirmation(msgspec.Struct, forbid_unknown_fields=True):
    """What else the client must prove.  A token with an unknown member is refused, as its proof could not be checked."""

    fingerprint: str | None = msgspec.field(name="x5t#S256", default=None)


class _TokenClaims(msgspec.Struct):
    """The claims that the service reads; a claim of another type makes the token unreadable."""

    iss: str
    aud: str | list[str]
    exp: int | float
    iat: int | float
    nbf: int | float = 0
    sub: str = ""
    client_id: str = ""
    azp: str = ""
    cnf: _Confirmation = msgspec.field(default_factory=_Confirmation)


class _VerifiedToken(NamedTuple):
    """A token whose signature and claims have been verified."""

    system: SystemIdentity
    issuer_keys: IssuerKeys
    key_name: str
    key: PublicKey
    not_before: float
    expires: float
    required_fingerprint: bytes


class TokenScheme:
    """Authentication with signed tokens; verified tokens are cached by their hash."""

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        make_keys: Callable[[str], IssuerKeys] = IssuerKeys,
    ) -> None:
        self._clock, self._make_keys = clock, make_keys
        self._trust = Trust({}, {})
        self._keys_by_source: dict[str, IssuerKeys] = {}
        self._cache: dict[bytes, _VerifiedToken] = {}

    def set_trust(self, trust: Trust) -> None:
        """Trust these issuers from now on, and no others."""
        self._trust = trust
        self._cache.clear()
        self._keys_by_source = {
            issuer.jwks: self._keys_by_source.get(issuer.jwks) or self._make_keys(issuer.jwks)
            for issuer in trust.issuers.values()
        }

    @property
    def callers(self) -> list[Caller]:
        """The callers of all grants."""
        return [granted.caller for granted in self._trust.grants.values()]

    def can_read(self, text: str) -> bool:
        """Return whether ``text`` has the three parts of a signed token."""
        return text.count(".") == _TOKEN_PARTS - 1

    async def authenticate(self, text: str) -> AuthenticatedCaller:
        """Return the caller of a token.

        Raises
        ------
        AuthenticationFailed
            The token is malformed, invalid or from an unknown issuer, or its subject has no live grant.
        """
        if len(text) > TOKEN_LENGTH_MAX:
            raise AuthenticationFailed("token-too-long")
        token = await self._find_verified_token(text)
        grant = self._trust.grants.get(token.system)
        if grant is None:
            raise AuthenticationFailed("grant-missing", token.system.name)
        if datetime.now(UTC) >= grant.expires_at:
            raise AuthenticationFailed("grant-expired", token.system.name)
        return AuthenticatedCaller(grant.caller, token.required_fingerprint)

    async def _find_verified_token(self, text: str) -> _VerifiedToken:
        digest = hashlib.sha256(text.encode()).digest()
        cached = self._cache.get(digest)
        if cached and await cached.issuer_keys.get_key(cached.key_name) is cached.key:
            _check_times(cached.not_before, cached.expires, self._clock())
            return cached
        token = await self._verify(text)
        if len(self._cache) >= CACHED_TOKENS_MAX:
            del self._cache[next(iter(self._cache))]
        self._cache[digest] = token
        return token

    async def _verify(self, text: str) -> _VerifiedToken:
        """Verify a token, the cheapest checks first."""
        signature, claims = _parse_token(text)
        issuer = self._trust.issuers.get(claims.iss)
        if issuer is None:
            raise AuthenticationFailed("token-issuer-unknown")
        key_name, issuer_keys = _read_key_name(signature.headers()), self._keys_by_source[issuer.jwks]
        key = await issuer_keys.get_key(key_name)
        if not _has_valid_signature(signature, key):
            raise AuthenticationFailed("token-signature")
        system = SystemIdentity(issuer.name, _get_subject(claims, issuer))
        try:
            _check_claims(claims, issuer, self._clock())
            fingerprint = _read_required_fingerprint(claims)
        except AuthenticationFailed as failure:
            raise AuthenticationFailed(failure.reason, system.name) from failure
        return _VerifiedToken(system, issuer_keys, key_name, key, claims.nbf, claims.exp, fingerprint)


def _has_valid_signature(signature: jws.CompactSignature, key: PublicKey) -> bool:
    try:
        return jws.validate_compact(signature, key, registry=REGISTRY)
    except (JoseError, ValueError, TypeError):
        return False


class _ParsedToken(NamedTuple):
    """A token that has not been verified."""

    signature: jws.CompactSignature
    claims: _TokenClaims


def _parse_token(text: str) -> _ParsedToken:
    try:
        signature = jws.extract_compact(text.encode("ascii"), registry=REGISTRY)
        return _ParsedToken(signature, msgspec.json.decode(signature.payload, type=_TokenClaims))
    except (JoseError, msgspec.DecodeError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise AuthenticationFailed("token-unreadable") from error


def _read_key_name(header: Mapping[str, Any]) -> str:
    if header.get("alg") not in ALGORITHMS:
        raise AuthenticationFailed("token-algorithm")
    if str(header.get("typ") or "").lower() not in _TOKEN_TYPES:
        raise AuthenticationFailed("token-type")
    name = header.get("kid")
    if not (isinstance(name, str) and name):
        raise AuthenticationFailed("token-key-unnamed")
    return name


def _get_subject(claims: _TokenClaims, issuer: Issuer) -> str:
    return getattr(claims, issuer.claim)


def _check_claims(claims: _TokenClaims, issuer: Issuer, now: float) -> None:
    if not _get_subject(claims, issuer):
        raise AuthenticationFailed("token-subject-missing")
    audiences = claims.aud if isinstance(claims.aud, list) else [claims.aud]
    if issuer.audience not in audiences:
        raise AuthenticationFailed("token-audience")
    if claims.iat > now + LEEWAY_SECONDS:
        raise AuthenticationFailed("token-too-early")
    if claims.exp - claims.iat > LIFETIME_SECONDS_MAX:
        raise AuthenticationFailed("token-lives-too-long")
    _check_times(claims.nbf, claims.exp, now)


def _check_times(not_before: float, expires: float, now: float) -> None:
    if now >= expires + LEEWAY_SECONDS:
        raise AuthenticationFailed("token-expired")
    if now < not_before - LEEWAY_SECONDS:
        raise AuthenticationFailed("token-too-early")


def _read_required_fingerprint(claims: _TokenClaims) -> bytes:
    try:
        return b"" if claims.cnf.fingerprint is None else parse_thumbprint(claims.cnf.fingerprint)
    except ValueError as error:
        raise AuthenticationFailed("token-confirmation") from error
