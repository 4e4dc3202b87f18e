"""The keys of an issuer: how long they are used, how often they are fetched, and which keys are unusable."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwk

from service.auth import jwks, jwks_download
from service.auth.failures import AuthenticationFailed
from service.auth.jwks import IssuerKeys, parse_key_set
from service.auth.jwks_download import KeySetUnavailable, check_source, fetch_key_set
from service.configuration.settings import UsageError
from tests.service.auth.token_issuer import format_key_set


class FakeIssuer:
    """An issuer whose responses, failures and clock the test controls."""

    def __init__(self) -> None:
        self.now, self.request_count, self.answer = 0.0, 0, format_key_set("ed")
        self.is_silent = False
        self.ring = IssuerKeys("keys", self.fetch, lambda: self.now)

    def fetch(self, _: str) -> bytes:
        self.request_count += 1
        if self.is_silent:
            raise KeySetUnavailable("gone")
        return self.answer

    async def find_failure(self, name: str) -> str:
        with pytest.raises(AuthenticationFailed) as failure:
            await self.ring.get_key(name)
        return failure.value.reason


async def test_keys_are_fetched_once_for_concurrent_requests() -> None:
    issuer = FakeIssuer()
    await asyncio.gather(*(issuer.ring.get_key("ed") for _ in range(50)))
    assert issuer.request_count == 1


async def test_an_unknown_key_name_causes_a_fetch_at_most_once_per_interval() -> None:
    issuer = FakeIssuer()
    await issuer.ring.get_key("ed")
    for _ in range(50):
        assert await issuer.find_failure("other") == "token-key-unknown"
    assert issuer.request_count == 1
    issuer.now += jwks.FETCH_INTERVAL_SECONDS
    issuer.answer = format_key_set("ed", "ec")
    assert await issuer.ring.get_key("ec")
    assert issuer.request_count == 2


async def test_a_withdrawn_key_is_dropped_after_the_refresh() -> None:
    issuer = FakeIssuer()
    await issuer.ring.get_key("ed")
    issuer.answer = format_key_set("ec")
    issuer.now += jwks.REFRESH_SECONDS + 1
    await issuer.ring.get_key("ed")  # starts the fetch
    await issuer.ring.get_key("ec")  # waits for its result
    assert await issuer.find_failure("ed") == "token-key-unknown"


async def test_keys_of_a_silent_issuer_are_used_until_they_are_too_old() -> None:
    issuer = FakeIssuer()
    await issuer.ring.get_key("ed")
    issuer.is_silent = True
    issuer.now += jwks.KEYS_AGE_SECONDS_MAX
    assert await issuer.ring.get_key("ed")
    issuer.now += jwks.FETCH_INTERVAL_SECONDS
    assert await issuer.find_failure("ed") == "issuer-silent"
    issuer.is_silent = False
    issuer.now += jwks.FETCH_INTERVAL_SECONDS
    assert await issuer.ring.get_key("ed"), "it comes back by itself"


async def test_an_issuer_that_never_responded_is_refused() -> None:
    issuer = FakeIssuer()
    issuer.is_silent = True
    assert await issuer.find_failure("ed") == "issuer-silent"


async def test_a_response_that_is_not_a_key_set_changes_nothing() -> None:
    issuer = FakeIssuer()
    await issuer.ring.get_key("ed")
    issuer.answer = b"<html>back in a moment</html>"
    issuer.now += jwks.REFRESH_SECONDS + 1
    await issuer.ring.get_key("ed")
    assert await issuer.find_failure("ec") == "token-key-unknown"
    assert await issuer.ring.get_key("ed")


# --------------------------------------------------------------------------------------------- key sets

_RSA = jwk.RSAKey.generate_key(2048, {"kid": "a"}).as_dict(private=False)
UNUSABLE_KEYS: Mapping[str, dict[str, Any]] = {
    "a secret": {"kty": "oct", "kid": "a", "k": "c2VjcmV0c2VjcmV0c2VjcmV0"},
    "for encryption": {**_RSA, "use": "enc"},
    "for another algorithm": {**_RSA, "alg": "RSA-OAEP"},
    "on another curve": jwk.ECKey.generate_key("P-384", {"kid": "a"}).as_dict(private=False),
    "of no sort": {"kid": "a"},
    "weak": {"kty": "RSA", "kid": "a", "n": "AQAB" * 42 + "AQ", "e": "AQAB"},
    "weak, with zeros in front": {"kty": "RSA", "kid": "a", "n": "A" * 200 + "AQAB" * 42, "e": "AQAB"},
}


@pytest.mark.parametrize("name", UNUSABLE_KEYS)
def test_unusable_keys_are_left_out(name: str) -> None:
    assert parse_key_set(json.dumps({"keys": [UNUSABLE_KEYS[name]]}).encode()) == {}


def test_private_members_of_a_key_are_dropped() -> None:
    own = jwk.OKPKey.generate_key("Ed25519", {"kid": "a"})
    (key,) = parse_key_set(json.dumps({"keys": [own.as_dict(private=True)]}).encode()).values()
    assert not key.is_private


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys": 1}',
        b'{"keys": [1]}',
        b'{"keys": [{"kty": "RSA", "kid": "a", "n": 1, "e": "AQAB"}]}',
        b'{"keys": [{"kty": "EC", "kid": "a", "crv": "P-256", "x": "AA", "y": "AA"}]}',
        b'{"keys": ' + b"[" * 100_000,
        json.dumps({"keys": [_RSA, _RSA]}).encode(),
    ],
)
def test_a_text_that_is_not_a_key_set_is_refused(text: bytes) -> None:
    with pytest.raises(KeySetUnavailable):
        parse_key_set(text)


# --------------------------------------------------------------------------------------------- sources


@pytest.mark.parametrize(
    "source",
    [
        "http://issuer.example/keys",
        "ftp://issuer.example/keys",
        "file:///etc/passwd",
        "https://",
        "https://user:secret@issuer.example/keys",
        "https://issuer.example:99999/keys",
        "https://issuer.example/keys#here",
        "https://issuer.example/a b\r\nHost: evil",
        "no-such-file.json",
    ],
)
def test_a_source_is_an_https_address_or_an_existing_file(source: str) -> None:
    with pytest.raises(UsageError):
        check_source(source)


def test_a_key_file_has_a_size_limit(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(format_key_set())
    assert fetch_key_set(check_source(str(file))) == format_key_set()
    file.write_bytes(b" " * (jwks_download.BYTES_MAX + 1))
    with pytest.raises(KeySetUnavailable, match="more than"):
        fetch_key_set(str(file))
    file.unlink()
    with pytest.raises(KeySetUnavailable):
        fetch_key_set(str(file))
