"""The keys of an issuer: how long they are believed, how often it is asked, and what is no key of ours."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwk

from service.auth import jwks, jwks_fetch
from service.auth.failures import Stranger
from service.auth.jwks import Keyring, keys_of
from service.auth.jwks_fetch import Silent, checked, fetched
from service.settings import Misuse
from tests.service.auth.token_issuer import published


class Issuer:
    """An issuer whose answers, silence and clock are ours."""

    def __init__(self) -> None:
        self.now, self.asked, self.answer = 0.0, 0, published("ed")
        self.is_silent = False
        self.ring = Keyring("keys", self.fetch, lambda: self.now)

    def fetch(self, _: str) -> bytes:
        self.asked += 1
        if self.is_silent:
            raise Silent("gone")
        return self.answer

    async def finding(self, name: str) -> str:
        with pytest.raises(Stranger) as stranger:
            await self.ring.key(name)
        return stranger.value.finding


async def test_keys_are_asked_for_once_however_many_need_them() -> None:
    issuer = Issuer()
    await asyncio.gather(*(issuer.ring.key("ed") for _ in range(50)))
    assert issuer.asked == 1


async def test_a_name_nobody_knows_makes_us_ask_again_but_not_often() -> None:
    issuer = Issuer()
    await issuer.ring.key("ed")
    for _ in range(50):
        assert await issuer.finding("other") == "token-key-unknown"
    assert issuer.asked == 1
    issuer.now += jwks.PAUSE_SECONDS
    issuer.answer = published("ed", "ec")
    assert await issuer.ring.key("ec")
    assert issuer.asked == 2


async def test_a_key_that_was_withdrawn_is_believed_no_longer_than_stated() -> None:
    issuer = Issuer()
    await issuer.ring.key("ed")
    issuer.answer = published("ec")
    issuer.now += jwks.REFRESH_SECONDS + 1
    await issuer.ring.key("ed")  # this look begins the question
    await issuer.ring.key("ec")  # and this one waits for its answer
    assert await issuer.finding("ed") == "token-key-unknown"


async def test_a_silent_issuers_keys_go_on_until_they_are_too_old_and_then_nothing_opens() -> None:
    issuer = Issuer()
    await issuer.ring.key("ed")
    issuer.is_silent = True
    issuer.now += jwks.AGE_SECONDS_MAX
    assert await issuer.ring.key("ed")
    issuer.now += jwks.PAUSE_SECONDS
    assert await issuer.finding("ed") == "issuer-silent"
    issuer.is_silent = False
    issuer.now += jwks.PAUSE_SECONDS
    assert await issuer.ring.key("ed"), "it comes back by itself"


async def test_an_issuer_that_never_answered_opens_nothing() -> None:
    issuer = Issuer()
    issuer.is_silent = True
    assert await issuer.finding("ed") == "issuer-silent"


async def test_an_answer_that_is_no_key_set_changes_nothing() -> None:
    issuer = Issuer()
    await issuer.ring.key("ed")
    issuer.answer = b"<html>back in a moment</html>"
    issuer.now += jwks.REFRESH_SECONDS + 1
    await issuer.ring.key("ed")
    assert await issuer.finding("ec") == "token-key-unknown"
    assert await issuer.ring.key("ed")


# --------------------------------------------------------------------------------------------- key sets

_RSA = jwk.RSAKey.generate_key(2048, {"kid": "a"}).as_dict(private=False)
NOT_OURS: Mapping[str, dict[str, Any]] = {
    "a secret": {"kty": "oct", "kid": "a", "k": "c2VjcmV0c2VjcmV0c2VjcmV0"},
    "for encryption": {**_RSA, "use": "enc"},
    "for another algorithm": {**_RSA, "alg": "RSA-OAEP"},
    "on another curve": jwk.ECKey.generate_key("P-384", {"kid": "a"}).as_dict(private=False),
    "of no sort": {"kid": "a"},
    "weak": {"kty": "RSA", "kid": "a", "n": "AQAB" * 42 + "AQ", "e": "AQAB"},
    "weak, with zeros in front": {"kty": "RSA", "kid": "a", "n": "A" * 200 + "AQAB" * 42, "e": "AQAB"},
}


@pytest.mark.parametrize("name", NOT_OURS)
def test_a_key_that_is_not_for_our_signatures_is_left_out(name: str) -> None:
    assert keys_of(json.dumps({"keys": [NOT_OURS[name]]}).encode()) == {}


def test_what_is_private_in_a_key_set_is_not_kept() -> None:
    own = jwk.OKPKey.generate_key("Ed25519", {"kid": "a"})
    (found,) = keys_of(json.dumps({"keys": [own.as_dict(private=True)]}).encode()).values()
    assert not found.is_private


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
def test_what_is_no_key_set_is_refused_whole(text: bytes) -> None:
    with pytest.raises(Silent):
        keys_of(text)


# --------------------------------------------------------------------------------------------- where they come from


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
def test_a_source_is_an_https_address_or_a_file_that_is_there(source: str) -> None:
    with pytest.raises(Misuse):
        checked(source)


def test_a_file_is_read_up_to_a_limit(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(published())
    assert fetched(checked(str(file))) == published()
    file.write_bytes(b" " * (jwks_fetch.BYTES_MAX + 1))
    with pytest.raises(Silent, match="over"):
        fetched(str(file))
    file.unlink()
    with pytest.raises(Silent):
        fetched(str(file))
