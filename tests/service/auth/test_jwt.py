"""Signed tokens: each check, tried by an attacker with a valid token or without one."""

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwk, jws

from core.roles import Role
from service.auth import jwt
from service.auth.credentials import SystemIdentity, build_caller
from service.auth.failures import AuthenticationFailed
from service.auth.jwks import IssuerKeys
from service.auth.jwt import Issuer, TokenGrant, TokenScheme, Trust
from tests.service.auth import token_issuer
from tests.service.auth.token_issuer import (
    KEYS,
    SUBJECT,
    URL,
    build_claims,
    encode_part,
    format_key_set,
    format_unsigned,
    sign,
)

ISSUER = Issuer("state", URL, token_issuer.AUDIENCE, "sub", "keys")
_NEVER = datetime.max.replace(tzinfo=UTC)
_CALLER = build_caller(
    f"state/{SUBJECT}", "MIN-09", frozenset({Role.AUTHORISING_OFFICER}), programmes=frozenset()
)
TRUST = Trust({URL: ISSUER}, {SystemIdentity("state", SUBJECT): TokenGrant(_CALLER, _NEVER)})


def _build_scheme(trust: Trust = TRUST, text: bytes | None = None) -> TokenScheme:
    scheme = TokenScheme(make_keys=lambda source: IssuerKeys(source, lambda _: text or format_key_set()))
    scheme.set_trust(trust)
    return scheme


async def _find_failure(token: str, scheme: TokenScheme | None = None) -> str:
    with pytest.raises(AuthenticationFailed) as failure:
        await (scheme or _build_scheme()).authenticate(token)
    return failure.value.reason


@pytest.mark.parametrize("name", KEYS)
async def test_a_valid_token_gets_the_rights_of_its_grant(name: str) -> None:
    scheme = _build_scheme()
    for _ in range(2):  # the second time, from the cache
        assert (await scheme.authenticate(sign(name))).caller is _CALLER


@pytest.mark.parametrize("audience", ["crescendo", ["other", "crescendo"]])
@pytest.mark.parametrize("kind", ["JWT", "at+jwt", "application/at+jwt"])
async def test_accepted_audiences_and_types(audience: Any, kind: str) -> None:
    assert (await _build_scheme().authenticate(sign(header={"typ": kind}, aud=audience))).caller is _CALLER


NOW = int(time.time())
BAD_TOKENS = {
    "another audience": (sign(aud="other"), "token-audience"),
    "an audience that ours begins": (sign(aud="crescendo-test"), "token-audience"),
    "another issuer": (sign(iss="https://issuer.example.evil"), "token-issuer-unknown"),
    "an issuer with a slash": (sign(iss=URL + "/"), "token-issuer-unknown"),
    "expired": (sign(iat=NOW - 1000, exp=NOW - 61), "token-expired"),
    "not yet good": (sign(nbf=NOW + 40_000), "token-too-early"),
    "made tomorrow": (sign(iat=NOW + 40_000, exp=NOW + 80_000), "token-too-early"),
    "good for ever": (sign(exp=NOW + 10**9), "token-lives-too-long"),
    "good without end": (sign(exp=1e308), "token-lives-too-long"),
    "no end": (sign(exp=None), "token-unreadable"),
    "no beginning": (sign(iat=None), "token-unreadable"),
    "no audience": (sign(aud=None), "token-unreadable"),
    "an end in words": (sign(exp="tomorrow"), "token-unreadable"),
    "an end that is true": (sign(exp=True), "token-unreadable"),
    "no subject": (sign(sub=None), "token-subject-missing"),
    "a subject that is a list": (sign(sub=[SUBJECT]), "token-unreadable"),
    "a subject without a grant": (sign(sub="chorus-10"), "grant-missing"),
    "roles of its own": (sign(sub="x", roles=["auditor"], sender="MIN-09"), "grant-missing"),
    "a key that nobody has": (sign(header={"kid": "none"}), "token-key-unknown"),
    "no key named": (sign(header={"kid": ""}), "token-key-unnamed"),
    "another's key named": (sign("rsa", header={"kid": "pss"}), "token-signature"),
    "a key of another sort named": (sign("rsa", header={"kid": "ec"}), "token-signature"),
    "an algorithm of another sort": (sign("rsa", header={"kid": "ed"}), "token-signature"),
    "an identity token's neighbour": (sign(header={"typ": "logout+jwt"}), "token-type"),
    "no signature": (format_unsigned({"alg": "none", "kid": "ed"}), "token-algorithm"),
    "no signature, in capitals": (format_unsigned({"alg": "NONE", "kid": "ed"}), "token-algorithm"),
    "a signature that is empty": (format_unsigned({"alg": "EdDSA", "kid": "ed"}), "token-signature"),
    "a signature of zeros": (format_unsigned({"alg": "ES256", "kid": "ec"}, "A" * 86), "token-signature"),
    "SHA-1": (format_unsigned({"alg": "RS1", "kid": "rsa"}, "AAAA"), "token-algorithm"),
    "an algorithm that is a list": (
        format_unsigned({"alg": ["RS256"], "kid": "rsa"}, "AAAA"),
        "token-algorithm",
    ),
    "a confirmation that is none": (sign(cnf={"x5t#S256": "short"}), "token-confirmation"),
    "a confirmation that is empty": (sign(cnf={"x5t#S256": ""}), "token-confirmation"),
    "a proof that is not read here": (sign(cnf={"jkt": "0ZcOCORZNYy"}), "token-unreadable"),
    "a proof beside another": (sign(cnf={"x5t#S256": "A" * 43, "jkt": "0Z"}), "token-unreadable"),
    "too long": (sign(more="x" * 8192), "token-too-long"),
    "four parts": (sign() + ".x", "token-unreadable"),
    "letters that are none": ("é.é.é", "token-unreadable"),
    "nothing between dots": ("..", "token-unreadable"),
    "a header that is a list": (
        encode_part([1]) + "." + encode_part(build_claims()) + ".AAAA",
        "token-unreadable",
    ),
    "depth": (base64.urlsafe_b64encode(b"[" * 3000).decode() + ".e30.AAAA", "token-unreadable"),
}


@pytest.mark.parametrize("name", BAD_TOKENS)
async def test_an_invalid_token_is_refused_with_its_reason(name: str) -> None:
    token, finding = BAD_TOKENS[name]
    assert await _find_failure(token) == finding


async def test_a_public_key_is_not_accepted_as_an_hmac_secret() -> None:
    """A known attack: the token is signed with HMAC, and the public key as its secret."""
    public = KEYS["rsa"][1].as_pem(private=False)
    head = f"{encode_part({'alg': 'HS256', 'kid': 'rsa'})}.{encode_part(build_claims())}"
    proof = base64.urlsafe_b64encode(hmac.digest(public, head.encode(), hashlib.sha256)).rstrip(b"=").decode()
    assert await _find_failure(f"{head}.{proof}") == "token-algorithm"


async def test_a_key_inside_the_token_is_not_used() -> None:
    own = jwk.OKPKey.generate_key("Ed25519")
    header = {"alg": "EdDSA", "kid": "ed", "jwk": own.as_dict(private=False)}
    token = jws.serialize_compact(header, json.dumps(build_claims()), own, registry=jwt.REGISTRY)
    assert await _find_failure(token) == "token-signature"


@pytest.mark.parametrize("header", ["jku", "x5u"])
async def test_an_address_in_a_token_is_never_fetched(header: str) -> None:
    sources: list[str] = []

    def fetch(source: str) -> bytes:
        sources.append(source)
        return format_key_set()

    scheme = TokenScheme(make_keys=lambda source: IssuerKeys(source, fetch))
    scheme.set_trust(TRUST)
    own = jwk.OKPKey.generate_key("Ed25519")
    fields = {"alg": "EdDSA", "kid": "evil", header: "https://169.254.169.254/keys"}
    token = jws.serialize_compact(fields, json.dumps(build_claims()), own, registry=jwt.REGISTRY)
    assert await _find_failure(token, scheme) == "token-key-unknown"
    assert sources == ["keys"]


async def test_an_unknown_critical_header_refuses_the_token() -> None:
    head = encode_part({"alg": "EdDSA", "kid": "ed", "crit": ["exp2"], "exp2": 1})
    body = encode_part(build_claims())
    proof = KEYS["ed"][1]
    assert isinstance(proof, jwk.OKPKey)
    signature = proof.private_key.sign(f"{head}.{body}".encode())  # type: ignore[union-attr]
    token = f"{head}.{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
    assert await _find_failure(token) in {"token-unreadable", "token-signature"}


@given(st.data())
async def test_a_changed_token_is_refused(data: st.DataObject) -> None:
    token = sign(data.draw(st.sampled_from(sorted(KEYS))))
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("AQgwx059-_.=é \0"))
    changed = token[:at] + letter + token[at + 1 :]
    header, body, signature = token.split(".")
    spare = changed.count(".") == 2 and changed.split(".")[:2] == [header, body]
    if changed == token or (spare and _has_same_bytes(changed.split(".")[2], signature)):
        return
    await _find_failure(changed)


def _has_same_bytes(first: str, second: str) -> bool:
    """Return whether two signatures decode alike; the last base64 letter has unused bits."""
    try:
        return base64.urlsafe_b64decode(first + "==") == base64.urlsafe_b64decode(second + "==")
    except ValueError:
        return False


@given(st.text(max_size=200) | st.from_regex(r"[\w-]{0,40}\.[\w-]{0,40}\.[\w-]{0,40}", fullmatch=True))
async def test_arbitrary_text_is_refused_without_an_error(text: str) -> None:
    await _find_failure(text)


async def test_an_expired_grant_is_refused() -> None:
    over = TokenGrant(_CALLER, datetime.now(UTC) - timedelta(seconds=1))
    assert (
        await _find_failure(
            sign(), _build_scheme(Trust({URL: ISSUER}, {SystemIdentity("state", SUBJECT): over}))
        )
        == "grant-expired"
    )


async def test_a_cached_token_ends_with_its_expiry_grant_or_issuer() -> None:
    now = [time.time()]
    scheme = TokenScheme(lambda: now[0], lambda source: IssuerKeys(source, lambda _: format_key_set()))
    scheme.set_trust(TRUST)
    token = sign()
    assert (await scheme.authenticate(token)).caller is _CALLER
    scheme.set_trust(Trust({URL: ISSUER}, {}))
    assert await _find_failure(token, scheme) == "grant-missing"
    scheme.set_trust(Trust({}, {}))
    assert await _find_failure(token, scheme) == "token-issuer-unknown"
    scheme.set_trust(TRUST)
    assert (await scheme.authenticate(token)).caller is _CALLER
    now[0] += token_issuer.LIFETIME_SECONDS + jwt.LEEWAY_SECONDS
    assert await _find_failure(token, scheme) == "token-expired"


@pytest.mark.parametrize("claim", ["client_id", "azp"])
async def test_the_configured_claim_names_the_system(claim: str) -> None:
    scheme = _build_scheme(TRUST._replace(issuers={URL: ISSUER._replace(claim=claim)}))
    assert (await scheme.authenticate(sign("ed", None, sub="anybody", **{claim: SUBJECT}))).caller is _CALLER
    assert await _find_failure(sign(), scheme) == "token-subject-missing"


async def test_issuers_identify_only_their_own_systems() -> None:
    other = Issuer("other", "https://other.example", token_issuer.AUDIENCE, "sub", "keys")
    scheme = _build_scheme(Trust({URL: ISSUER, other.url: other}, TRUST.grants))
    assert await _find_failure(sign(iss=other.url), scheme) == "grant-missing"


async def test_the_token_cache_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jwt, "CACHED_TOKENS_MAX", 3)
    scheme = _build_scheme()
    for number in range(10):
        await scheme.authenticate(sign(jti=str(number)))
    assert len(scheme._cache) == 3


async def test_an_invalid_token_is_not_cached() -> None:
    scheme = _build_scheme()
    for token, _ in BAD_TOKENS.values():
        await _find_failure(token, scheme)
    assert scheme._cache.keys() <= {
        hashlib.sha256(token.encode()).digest() for token, _ in BAD_TOKENS.values()
    }
    for cached in scheme._cache.values():  # valid, but without a grant
        assert cached.system.subject != SUBJECT
