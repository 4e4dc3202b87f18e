"""Signed tokens (RFC 9068 and OpenID Connect): an issuer says who is calling, and our grants what that one may do."""

import hashlib
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError

from service.auth.api_keys import Caller
from service.auth.certificates import thumbprint
from service.auth.credentials import Holder
from service.auth.failures import Stranger
from service.auth.jwks import ALGORITHMS, Keyring, PublicKey

LETTERS_MAX = 8192
LEEWAY_SECONDS = 60
"""How far our clock and an issuer's may differ."""
LIFETIME_SECONDS_MAX = 24 * 3600
"""A token that lives longer is as good as a password, and is not taken."""
KEPT_MAX = 10_000
_TYPES = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})
_PARTS = 3


class _Registry(jws.JWSRegistry):
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


REGISTRY = _Registry(algorithms=ALGORITHMS)


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


class Granted(NamedTuple):
    """What a system may do, and until when."""

    caller: Caller
    expires_at: datetime


class Trust(NamedTuple):
    """Whose word is taken, and for whom."""

    issuers: Mapping[str, Issuer]
    """By their ``iss``."""
    grants: Mapping[tuple[str, str], Granted]
    """By the issuer's name and what it calls the system."""


class _Confirmation(msgspec.Struct, forbid_unknown_fields=True):
    """What its sender must prove besides; a token with a proof that is not read here is not taken for one without."""

    fingerprint: str | None = msgspec.field(name="x5t#S256", default=None)


class _Claims(msgspec.Struct):
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


class _Verified(NamedTuple):
    """A token whose signature and claims were right."""

    issuer: Issuer
    subject: str
    ring: Keyring
    key_name: str
    key: PublicKey
    not_before: float
    expires: float
    confirmed: bytes


class Tokens:
    """The way in with a signed token.  Verified ones are kept, by their hash, so that the next look is a short one."""

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        keyring: Callable[[str], Keyring] = Keyring,
    ) -> None:
        self._clock, self._make = clock, keyring
        self._trust = Trust({}, {})
        self._rings: dict[str, Keyring] = {}
        self._kept: dict[bytes, _Verified] = {}

    def trust(self, trust: Trust) -> None:
        """Believe these issuers from now on, and no others."""
        self._trust = trust
        self._kept.clear()
        self._rings = {
            each.jwks: self._rings.get(each.jwks) or self._make(each.jwks) for each in trust.issuers.values()
        }

    @property
    def callers(self) -> list[Caller]:
        """Whom the grants make of those that their issuers vouch for."""
        return [granted.caller for granted in self._trust.grants.values()]

    def reads(self, text: str) -> bool:
        """Whether ``text`` has the three parts of a signed token."""
        return text.count(".") == _PARTS - 1

    async def holder(self, text: str) -> Holder:
        """Who holds the token.

        Raises
        ------
        Stranger
            It is not whole, not good, not from an issuer that is believed, or its subject has no grant.
        """
        if len(text) > LETTERS_MAX:
            raise Stranger("token-too-long")
        token = await self._verified(text)
        claimed = f"{token.issuer.name}/{token.subject}"
        granted = self._trust.grants.get((token.issuer.name, token.subject))
        if granted is None:
            raise Stranger("grant-missing", claimed)
        if datetime.now(UTC) >= granted.expires_at:
            raise Stranger("grant-expired", claimed)
        return Holder(granted.caller, token.confirmed)

    async def _verified(self, text: str) -> _Verified:
        digest = hashlib.sha256(text.encode()).digest()
        kept = self._kept.get(digest)
        if kept and await kept.ring.key(kept.key_name) is kept.key:
            _check_times(kept.not_before, kept.expires, self._clock())
            return kept
        found = await self._proven(text)
        if len(self._kept) >= KEPT_MAX:
            del self._kept[next(iter(self._kept))]
        self._kept[digest] = found
        return found

    async def _proven(self, text: str) -> _Verified:
        """Check everything, in the order in which it costs least."""
        signature, claims = _read(text)
        issuer = self._trust.issuers.get(claims.iss)
        if issuer is None:
            raise Stranger("token-issuer-unknown")
        name, ring = _key_name(signature.headers()), self._rings[issuer.jwks]
        key = await ring.key(name)
        if not _is_signed(signature, key):
            raise Stranger("token-signature")
        subject = _subject(claims, issuer)
        try:
            _check_claims(claims, issuer, self._clock())
            confirmed = _confirmed(claims)
        except Stranger as stranger:
            raise Stranger(stranger.finding, f"{issuer.name}/{subject}") from stranger
        return _Verified(issuer, subject, ring, name, key, claims.nbf, claims.exp, confirmed)


def _is_signed(signature: jws.CompactSignature, key: PublicKey) -> bool:
    try:
        return jws.validate_compact(signature, key, registry=REGISTRY)
    except (JoseError, ValueError, TypeError):
        return False


def _read(text: str) -> tuple[jws.CompactSignature, _Claims]:
    """Header and claims, nothing of it believed yet."""
    try:
        found = jws.extract_compact(text.encode("ascii"), registry=REGISTRY)
        return found, msgspec.json.decode(found.payload, type=_Claims)
    except (JoseError, msgspec.DecodeError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Stranger("token-unreadable") from error


def _key_name(header: Mapping[str, Any]) -> str:
    if header.get("alg") not in ALGORITHMS:
        raise Stranger("token-algorithm")
    if str(header.get("typ") or "").lower() not in _TYPES:
        raise Stranger("token-type")
    name = header.get("kid")
    if not (isinstance(name, str) and name):
        raise Stranger("token-key-unnamed")
    return name


def _subject(claims: _Claims, issuer: Issuer) -> str:
    return getattr(claims, issuer.claim)


def _check_claims(claims: _Claims, issuer: Issuer, now: float) -> None:
    if not _subject(claims, issuer):
        raise Stranger("token-subject-missing")
    audiences = claims.aud if isinstance(claims.aud, list) else [claims.aud]
    if issuer.audience not in audiences:
        raise Stranger("token-audience")
    if claims.iat > now + LEEWAY_SECONDS:
        raise Stranger("token-too-early")
    if claims.exp - claims.iat > LIFETIME_SECONDS_MAX:
        raise Stranger("token-lives-too-long")
    _check_times(claims.nbf, claims.exp, now)


def _check_times(not_before: float, expires: float, now: float) -> None:
    if now >= expires + LEEWAY_SECONDS:
        raise Stranger("token-expired")
    if now < not_before - LEEWAY_SECONDS:
        raise Stranger("token-too-early")


def _confirmed(claims: _Claims) -> bytes:
    try:
        return b"" if claims.cnf.fingerprint is None else thumbprint(claims.cnf.fingerprint)
    except ValueError as error:
        raise Stranger("token-confirmation") from error
