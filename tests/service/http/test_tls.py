"""TLS of the service's own: with certificates of callers asked for, a key opens only with the one it is bound to."""

import base64
import signal
import ssl
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import pytest_asyncio

from service.auth.certificates import parse_thumbprint
from service.database.embedded import Database
from tests.service.auth.token_issuer import AUDIENCE, URL, format_key_set, sign
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import FOREIGN, MINISTRY, OPERATOR
from tests.service.http.act_files import CREDITS
from tests.service.http.certificates import CertificateAuthority, CertificatePair
from tests.service.http.running_service import RunningService, create_database, fetch, run_service, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TlsService(NamedTuple):
    """A service that asks for certificates, and the certificates."""

    service: RunningService
    dsn: str
    where: tuple[str, str, str, Path]
    authority: CertificateAuthority
    ministry: CertificatePair
    stranger: CertificatePair


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TlsService]:
    folder = tmp_path_factory.mktemp("certified")
    authority = CertificateAuthority(folder)
    pairs = [authority.issue(name) for name in ("service", "ministry", "stranger")]
    keys = folder / "keys.json"
    keys.write_bytes(format_key_set())
    words = ("--tls-cert", pairs[0].certificate, "--tls-key", pairs[0].key)
    async with create_database(database) as dsn:
        where = ("--database", dsn, "--data", folder / "data")
        said = ("--issuer", URL, "--audience", AUDIENCE, "--jwks", keys)
        token = ("--issuer", "state", "--subject", "orders", "--role", "authorising_officer")
        for command in (
            ("bind", "ministry2222", "--certificate", pairs[1].certificate),
            ("bind", "stranger2222", "--certificate", pairs[2].certificate),
            ("issuer", "add", "state", *said),
            ("grant", "MIN-09", *token),
        ):
            found = await run_crescendo("access", *command, *where)
            assert found.code == 0, found.err
        async with run_service(
            dsn, folder / "data", *words, "--tls-client-ca", authority.pair.certificate
        ) as service:
            yield TlsService(service, dsn, where, authority, pairs[1], pairs[2])


def _open_client(
    place: TlsService, pair: CertificatePair | None, key: Mapping[str, str] = MINISTRY
) -> httpx.AsyncClient:
    context = ssl.create_default_context(cafile=place.authority.pair.certificate)
    if pair:
        context.load_cert_chain(*pair.paths)
    return httpx.AsyncClient(base_url=place.service.url, headers=key, verify=context, timeout=60)


async def _read_status(place: TlsService, pair: CertificatePair | None, key: Mapping[str, str]) -> int:
    async with _open_client(place, pair, key) as client:
        return (await client.get("/v1/submissions")).status_code


async def _read_audit(place: TlsService) -> tuple[str, str]:
    (row,) = await fetch(place.dsn, "select key, code from audit order by audit desc limit 1")
    return row["key"], row["code"]


async def test_a_key_opens_over_a_connection_with_its_certificate(place: TlsService) -> None:
    assert place.service.url.startswith("https://")
    assert await _read_status(place, place.ministry, MINISTRY) == 200
    assert await _read_status(place, place.stranger, FOREIGN) == 200


async def test_a_stolen_key_is_worth_nothing_over_the_thiefs_own_connection(place: TlsService) -> None:
    assert await _read_status(place, place.stranger, MINISTRY) == 401
    assert await _read_audit(place) == ("ministry2222", "certificate-differs")


async def test_a_key_that_is_bound_to_none_opens_nothing_where_certificates_are_asked_for(
    place: TlsService,
) -> None:
    assert await _read_status(place, place.ministry, OPERATOR) == 401
    assert await _read_audit(place) == ("keeper222222", "certificate-unbound")


async def test_no_header_stands_in_for_a_certificate(place: TlsService) -> None:
    """What proxies that end TLS would set."""
    text = place.ministry.certificate.read_text().replace("\n", "")
    claimed = dict.fromkeys(
        ("x-client-cert", "x-ssl-client-cert", "client-cert", "x-forwarded-client-cert"), text
    )
    assert await _read_status(place, place.stranger, {**MINISTRY, **claimed}) == 401


async def test_a_token_that_names_a_certificate_opens_with_that_one_alone(place: TlsService) -> None:
    named = _build_thumbprint(place.ministry)
    bound = {"authorization": f"Bearer {sign(sub='orders', cnf={'x5t#S256': named})}"}
    loose = {"authorization": f"Bearer {sign(sub='orders')}"}
    assert await _read_status(place, place.ministry, bound) == 200
    assert await _read_status(place, place.stranger, bound) == 401
    assert await _read_audit(place) == ("state/orders", "certificate-differs")
    assert await _read_status(place, place.ministry, loose) == 401
    assert await _read_audit(place) == ("state/orders", "certificate-unbound")


def _build_thumbprint(pair: CertificatePair) -> str:
    text = base64.urlsafe_b64encode(bytes.fromhex(pair.fingerprint)).rstrip(b"=").decode()
    assert parse_thumbprint(text).hex() == pair.fingerprint
    return text


async def test_a_certificate_may_be_changed_without_a_stop(place: TlsService) -> None:
    newer = place.authority.issue("newer")
    words = ("stranger2222", "--certificate", newer.certificate)
    assert (await run_crescendo("access", "bind", *words, *place.where)).code == 0
    while await _read_status(place, newer, FOREIGN) != 200:
        pass
    assert await _read_status(place, place.stranger, FOREIGN) == 200, (
        "until it is ended, the old one counts too"
    )
    for pair in (place.stranger, newer):
        words = ("stranger2222", "--fingerprint", pair.fingerprint)
        assert (await run_crescendo("access", "unbind", *words, *place.where)).code == 0
    for pair in (place.stranger, newer):
        while await _read_status(place, pair, FOREIGN) != 401:
            pass
    assert await _read_audit(place) == ("stranger2222", "certificate-differs"), "bound once is bound for ever"


async def test_files_are_sent_over_tls_by_the_command_line(place: TlsService, tmp_path: Path) -> None:
    file = tmp_path / "credits.jsonl"
    file.write_bytes(to_jsonl(CREDITS))
    secret = {"CRESCENDO_KEY": MINISTRY["authorization"].removeprefix("Bearer ")}
    ca = ("--url", place.service.url, "--ca", place.authority.pair.certificate)
    own = ("--cert", place.ministry.certificate, "--client-key", place.ministry.key)
    sent = await run_crescendo("submit", file, *ca, *own, "--json", environment=secret)
    assert sent.code == 0, sent.err
    assert sent.json()["submissions"][0]["receipt"]["accepted"]["lines"] == len(CREDITS)
    thief = ("--cert", place.stranger.certificate, "--client-key", place.stranger.key)
    assert (await run_crescendo("submit", file, *ca, *thief, environment=secret)).code == 1
    mixed = ("--cert", place.ministry.certificate, "--client-key", place.stranger.key)
    assert (await run_crescendo("submit", file, *ca, *mixed, environment=secret)).code == 2


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/v1/submissions"])
async def test_no_connection_without_a_certificate_of_the_authority(
    path: str, place: TlsService, tmp_path: Path
) -> None:
    own = CertificateAuthority(tmp_path, "own").issue("ministry")
    over = place.authority.issue("over", days=-1)
    for pair in (None, own, over):
        async with _open_client(place, pair) as client:
            with pytest.raises(httpx.TransportError):
                await client.get(path)


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_nothing_older_than_tls_1_2(newest: ssl.TLSVersion, place: TlsService) -> None:
    context = ssl.create_default_context(cafile=place.authority.pair.certificate)
    context.load_cert_chain(*place.ministry.paths)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = newest
    async with httpx.AsyncClient(base_url=place.service.url, verify=context) as client:
        with pytest.raises(httpx.TransportError):
            await client.get("/healthz")


async def test_plain_words_at_the_port_of_tls_get_no_answer_and_do_no_harm(place: TlsService) -> None:
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.TransportError):
            await client.get(place.service.url.replace("https", "http") + "/healthz")
    assert await _read_status(place, place.ministry, MINISTRY) == 200


async def test_its_own_certificate_is_taken_anew_when_told_so(database: Database, tmp_path: Path) -> None:
    first, second = (CertificateAuthority(tmp_path, name) for name in ("first", "second"))
    pair, next_pair = first.issue("service"), second.issue("next")
    words = ("--tls-cert", pair.certificate, "--tls-key", pair.key)

    async def shown(service: RunningService) -> str:
        for authority in (first, second):
            context = ssl.create_default_context(cafile=authority.pair.certificate)
            async with httpx.AsyncClient(base_url=service.url, verify=context) as client:
                try:
                    assert (await client.get("/healthz")).status_code == 200
                except httpx.ConnectError:
                    continue
                return authority.pair.certificate.stem
        return "nobody"

    async with create_database(database) as dsn, run_service(dsn, tmp_path / "data", *words) as service:
        assert await shown(service) == "first"
        pair.certificate.write_bytes(next_pair.certificate.read_bytes())
        service.process.send_signal(signal.SIGHUP)
        await service.wait_for_log("certificate not reloaded")  # the key is still the other's
        assert await shown(service) == "first"
        pair.key.write_bytes(next_pair.key.read_bytes())
        service.process.send_signal(signal.SIGHUP)
        await service.wait_for_log("certificate reloaded")
        assert await shown(service) == "second"


async def test_files_that_do_not_belong_together_are_wrong_usage(place: TlsService, tmp_path: Path) -> None:
    pairs = [place.authority.issue(name) for name in ("one", "two")]
    for words in (
        ("--tls-cert", pairs[0].certificate, "--tls-key", pairs[1].key),
        ("--tls-cert", tmp_path / "nothing", "--tls-key", pairs[0].key),
        ("--tls-cert", pairs[0].certificate),
        ("--tls-client-ca", place.authority.pair.certificate),
    ):
        found = await run_crescendo("serve", "--data", tmp_path, "--port", "0", *words)
        assert found.code == 2
        assert "TLS" in found.err
    assert not (tmp_path / "postgres").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("bind", "nobody222222", "--certificate", "{certificate}"), "There is no nobody222222"),
        (("bind", "ministry2222", "--certificate", "{key}"), "no certificate in PEM"),
        (("unbind", "ministry2222", "--fingerprint", "zz"), "hexadecimal"),
        (("unbind", "ministry2222", "--fingerprint", "00" * 32), "is not bound"),
    ],
)
async def test_a_binding_that_makes_no_sense_is_not_made(
    words: tuple[str, ...], said: str, place: TlsService
) -> None:
    files = {"certificate": str(place.ministry.certificate), "key": str(place.ministry.key)}
    found = await run_crescendo("access", *(word.format(**files) for word in words), *place.where)
    assert found.code in {1, 2}
    assert said in " ".join((found.out + found.err).split())
