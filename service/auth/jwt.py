"""Signed tokens (RFC 9068 and OpenID Connect): an issuer says who is calling, and our grants what that one may do."""

import hashlib
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError

from service.auth.certificates import parse_thumbprint
from service.auth.credentials import AuthenticatedCaller, Caller
from service.auth.failures import AuthenticationFailed
from service.auth.jwks import ALGORITHMS, IssuerKeys, PublicKey

TOKEN_LENGTH_MAX = 8192
LEEWAY_SECONDS = 60
"""How far our clock and an issuer's may differ."""
LIFETIME_SECONDS_MAX = 24 * 3600
"""A token that lives longer is as good as a password, and is not taken."""
CACHED_TOKENS_MAX = 10_000
_TOKEN_TYPES = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})
_TOKEN_PARTS = 3


class _SignatureRegistry(jws.JWSRegistry):
    """Our algorithms and no others; issuers may call Ed25519 by its old name."""

    def get_alg(self, name: str) -> Any:
        """The algorithm of this name.

        Raises
        ------
        UnsupportedAlgorithmError
            It is none of ours.
        """
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


REGISTRY = _SignatureRegistry(algorithms=ALGORITHMS)


class Issuer(NamedTuple):
    """Who signs tokens that are believed."""

    name: str
    url: str
    """Its ``iss``."""
    audience: str
    """What must stand in ``aud``: us."""
    claim: str
    """The claim that names the calling system: ``sub``, ``client_id`` or ``azp``."""
    jwks: str
    """Where its keys are: an https address or a file."""


class TokenGrant(NamedTuple):
    """What a system may do, and until when."""

    caller: Caller
    expires_at: datetime


class Trust(NamedTuple):
    """Whose word is taken, and for whom."""

    issuers: Mapping[str, Issuer]
    """By their ``iss``."""
    grants: Mapping[tuple[str, str], TokenGrant]
    """By the issuer's name and what it calls the system."""


class _Confirmation(msgspec.Struct, forbid_unknown_fields=True):
    """What its sender must prove besides; a token with a proof that is not read here is not taken for one without."""

    fingerprint: str | None = msgspec.field(name="x5t#S256", default=None)


class _TokenClaims(msgspec.Struct):
    """What is read of a token; a claim of another type makes it unreadable."""

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
    """A token whose signature and claims were right."""

    issuer: Issuer
    subject: str
    issuer_keys: IssuerKeys
    key_name: str
    key: PublicKey
    not_before: float
    expires: float
    required_fingerprint: bytes


class TokenScheme:
    """The way in with a signed token.  Verified ones are kept, by their hash, so that the next look is a short one."""

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
        """Believe these issuers from now on, and no others."""
        self._trust = trust
        self._cache.clear()
        self._keys_by_source = {
            each.jwks: self._keys_by_source.get(each.jwks) or self._make_keys(each.jwks)
            for each in trust.issuers.values()
        }

    @property
    def callers(self) -> list[Caller]:
        """Whom the grants make of those that their issuers vouch for."""
        return [granted.caller for granted in self._trust.grants.values()]

    def can_read(self, text: str) -> bool:
        """Whether ``text`` has the three parts of a signed token."""
        return text.count(".") == _TOKEN_PARTS - 1

    async def authenticate(self, text: str) -> AuthenticatedCaller:
        """Who holds the token.

        Raises
        ------
        Stranger
            It is not whole, not good, not from an issuer that is believed, or its subject has no grant.
        """
        if len(text) > TOKEN_LENGTH_MAX:
            raise AuthenticationFailed("token-too-long")
        token = await self._find_verified(text)
        claimed = f"{token.issuer.name}/{token.subject}"
        granted = self._trust.grants.get((token.issuer.name, token.subject))
        if granted is None:
            raise AuthenticationFailed("grant-missing", claimed)
        if datetime.now(UTC) >= granted.expires_at:
            raise AuthenticationFailed("grant-expired", claimed)
        return AuthenticatedCaller(granted.caller, token.required_fingerprint)

    async def _find_verified(self, text: str) -> _VerifiedToken:
        digest = hashlib.sha256(text.encode()).digest()
        kept = self._cache.get(digest)
        if kept and await kept.issuer_keys.get_key(kept.key_name) is kept.key:
            _check_times(kept.not_before, kept.expires, self._clock())
            return kept
        found = await self._verify(text)
        if len(self._cache) >= CACHED_TOKENS_MAX:
            del self._cache[next(iter(self._cache))]
        self._cache[digest] = found
        return found

    async def _verify(self, text: str) -> _VerifiedToken:
        """Check everything, in the order in which it costs least."""
        signature, claims = _parse_token(text)
        issuer = self._trust.issuers.get(claims.iss)
        if issuer is None:
            raise AuthenticationFailed("token-issuer-unknown")
        name, ring = _read_key_name(signature.headers()), self._keys_by_source[issuer.jwks]
        key = await ring.get_key(name)
        if not _has_valid_signature(signature, key):
            raise AuthenticationFailed("token-signature")
        subject = _get_subject(claims, issuer)
        try:
            _check_claims(claims, issuer, self._clock())
            confirmed = _read_required_fingerprint(claims)
        except AuthenticationFailed as stranger:
            raise AuthenticationFailed(stranger.reason, f"{issuer.name}/{subject}") from stranger
        return _VerifiedToken(issuer, subject, ring, name, key, claims.nbf, claims.exp, confirmed)


def _has_valid_signature(signature: jws.CompactSignature, key: PublicKey) -> bool:
    try:
        return jws.validate_compact(signature, key, registry=REGISTRY)
    except (JoseError, ValueError, TypeError):
        return False


def _parse_token(text: str) -> tuple[jws.CompactSignature, _TokenClaims]:
    """Header and claims, nothing of it believed yet."""
    try:
        found = jws.extract_compact(text.encode("ascii"), registry=REGISTRY)
        return found, msgspec.json.decode(found.payload, type=_TokenClaims)
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
