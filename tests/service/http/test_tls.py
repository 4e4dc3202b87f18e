"""TLS by the service itself: when clients need certificates, a key is valid only with the certificate it is bound to."""

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
from service.database.embedded_server import Database
from tests.service.auth.token_issuer import AUDIENCE, URL, format_key_set, sign
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import FOREIGN, MINISTRY, OPERATOR
from tests.service.http.act_files import build_debt_charges
from tests.service.http.certificates import CertificateAuthority, CertificatePair
from tests.service.http.running_service import RunningService, create_database, fetch, run_service, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TlsService(NamedTuple):
    """A service that requires client certificates, and the certificates."""

    service: RunningService
    dsn: str
    database_options: tuple[str, str, str, Path]
    authority: CertificateAuthority
    ministry: CertificatePair
    foreign_pair: CertificatePair


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TlsService]:
    folder = tmp_path_factory.mktemp("certified")
    authority = CertificateAuthority(folder)
    pairs = [authority.issue(name) for name in ("service", "ministry", "stranger")]
    keys = folder / "keys.json"
    keys.write_bytes(format_key_set())
    tls_options = ("--tls-cert", pairs[0].certificate, "--tls-key", pairs[0].key)
    async with create_database(database) as dsn:
        database_options = ("--database", dsn, "--data", folder / "data")
        issuer_options = ("--issuer", URL, "--audience", AUDIENCE, "--jwks", keys)
        grant_options = ("--issuer", "state", "--subject", "orders", "--role", "authorising_officer")
        for command in (
            ("bind", "ministry2222", "--certificate", pairs[1].certificate),
            ("bind", "stranger2222", "--certificate", pairs[2].certificate),
            ("issuer", "add", "state", *issuer_options),
            ("grant", "MIN-09", *grant_options),
        ):
            result = await run_crescendo("access", *command, *database_options)
            assert result.code == 0, result.err
        async with run_service(
            dsn, folder / "data", *tls_options, "--tls-client-ca", authority.pair.certificate
        ) as service:
            yield TlsService(service, dsn, database_options, authority, pairs[1], pairs[2])


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


async def test_a_key_is_valid_with_its_certificate(place: TlsService) -> None:
    assert place.service.url.startswith("https://")
    assert await _read_status(place, place.ministry, MINISTRY) == 200
    assert await _read_status(place, place.foreign_pair, FOREIGN) == 200


async def test_a_stolen_key_is_refused_with_another_certificate(place: TlsService) -> None:
    assert await _read_status(place, place.foreign_pair, MINISTRY) == 401
    assert await _read_audit(place) == ("ministry2222", "certificate-differs")


async def test_a_key_without_a_bound_certificate_is_refused(
    place: TlsService,
) -> None:
    assert await _read_status(place, place.ministry, OPERATOR) == 401
    assert await _read_audit(place) == ("keeper222222", "certificate-unbound")


async def test_no_header_replaces_a_certificate(place: TlsService) -> None:
    """The service ignores the headers that a proxy which terminates TLS would set."""
    text = place.ministry.certificate.read_text().replace("\n", "")
    headers = dict.fromkeys(
        ("x-client-cert", "x-ssl-client-cert", "client-cert", "x-forwarded-client-cert"), text
    )
    assert await _read_status(place, place.foreign_pair, {**MINISTRY, **headers}) == 401


async def test_a_token_is_valid_only_with_the_certificate_it_names(place: TlsService) -> None:
    thumbprint = _build_thumbprint(place.ministry)
    bound = {"authorization": f"Bearer {sign(sub='orders', cnf={'x5t#S256': thumbprint})}"}
    unbound = {"authorization": f"Bearer {sign(sub='orders')}"}
    assert await _read_status(place, place.ministry, bound) == 200
    assert await _read_status(place, place.foreign_pair, bound) == 401
    assert await _read_audit(place) == ("state/orders", "certificate-differs")
    assert await _read_status(place, place.ministry, unbound) == 401
    assert await _read_audit(place) == ("state/orders", "certificate-unbound")


def _build_thumbprint(pair: CertificatePair) -> str:
    text = base64.urlsafe_b64encode(bytes.fromhex(pair.fingerprint)).rstrip(b"=").decode()
    assert parse_thumbprint(text).hex() == pair.fingerprint
    return text


async def test_a_certificate_may_be_replaced_while_the_service_runs(place: TlsService) -> None:
    newer = place.authority.issue("newer")
    options = ("stranger2222", "--certificate", newer.certificate)
    assert (await run_crescendo("access", "bind", *options, *place.database_options)).code == 0
    while await _read_status(place, newer, FOREIGN) != 200:
        pass
    assert await _read_status(place, place.foreign_pair, FOREIGN) == 200, (
        "the old certificate stays valid until it is unbound"
    )
    for pair in (place.foreign_pair, newer):
        options = ("stranger2222", "--fingerprint", pair.fingerprint)
        assert (await run_crescendo("access", "unbind", *options, *place.database_options)).code == 0
    for pair in (place.foreign_pair, newer):
        while await _read_status(place, pair, FOREIGN) != 401:
            pass
    assert await _read_audit(place) == ("stranger2222", "certificate-differs"), (
        "a key that was bound once stays restricted"
    )


async def test_files_are_sent_over_tls_by_the_command_line(place: TlsService, tmp_path: Path) -> None:
    file = tmp_path / "credits.jsonl"
    file.write_bytes(to_jsonl(build_debt_charges(5)))
    secret = {"CRESCENDO_KEY": MINISTRY["authorization"].removeprefix("Bearer ")}
    connection_options = ("--url", place.service.url, "--ca", place.authority.pair.certificate)
    own_options = ("--cert", place.ministry.certificate, "--client-key", place.ministry.key)
    sent = await run_crescendo(
        "submit", file, *connection_options, *own_options, "--json", environment=secret
    )
    assert sent.code == 0, sent.err
    assert sent.json()["submissions"][0]["receipt"]["accepted"]["lines"] == 5
    foreign_options = ("--cert", place.foreign_pair.certificate, "--client-key", place.foreign_pair.key)
    assert (
        await run_crescendo("submit", file, *connection_options, *foreign_options, environment=secret)
    ).code == 1
    mixed_options = ("--cert", place.ministry.certificate, "--client-key", place.foreign_pair.key)
    assert (
        await run_crescendo("submit", file, *connection_options, *mixed_options, environment=secret)
    ).code == 2


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/v1/submissions"])
async def test_no_connection_without_a_certificate_of_the_authority(
    path: str, place: TlsService, tmp_path: Path
) -> None:
    foreign = CertificateAuthority(tmp_path, "own").issue("ministry")
    expired = place.authority.issue("over", days=-1)
    for pair in (None, foreign, expired):
        async with _open_client(place, pair) as client:
            with pytest.raises(httpx.TransportError):
                await client.get(path)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_versions_before_tls_1_2_are_refused(version: ssl.TLSVersion, place: TlsService) -> None:
    context = ssl.create_default_context(cafile=place.authority.pair.certificate)
    context.load_cert_chain(*place.ministry.paths)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = version
    async with httpx.AsyncClient(base_url=place.service.url, verify=context) as client:
        with pytest.raises(httpx.TransportError):
            await client.get("/healthz")


async def test_plain_http_on_the_tls_port_gets_no_response_and_does_no_harm(place: TlsService) -> None:
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.TransportError):
            await client.get(place.service.url.replace("https", "http") + "/healthz")
    assert await _read_status(place, place.ministry, MINISTRY) == 200


async def test_the_service_reloads_its_certificate_at_sighup(database: Database, tmp_path: Path) -> None:
    first, second = (CertificateAuthority(tmp_path, name) for name in ("first", "second"))
    pair, next_pair = first.issue("service"), second.issue("next")
    options = ("--tls-cert", pair.certificate, "--tls-key", pair.key)

    async def find_presented_authority(service: RunningService) -> str:
        for authority in (first, second):
            context = ssl.create_default_context(cafile=authority.pair.certificate)
            async with httpx.AsyncClient(base_url=service.url, verify=context) as client:
                try:
                    assert (await client.get("/healthz")).status_code == 200
                except httpx.ConnectError:
                    continue
                return authority.pair.certificate.stem
        return "nobody"

    async with create_database(database) as dsn, run_service(dsn, tmp_path / "data", *options) as service:
        assert await find_presented_authority(service) == "first"
        pair.certificate.write_bytes(next_pair.certificate.read_bytes())
        service.process.send_signal(signal.SIGHUP)
        # the private key does not match the new certificate yet
        await service.wait_for_log("certificate not reloaded")
        assert await find_presented_authority(service) == "first"
        pair.key.write_bytes(next_pair.key.read_bytes())
        service.process.send_signal(signal.SIGHUP)
        await service.wait_for_log("certificate reloaded")
        assert await find_presented_authority(service) == "second"


async def test_certificates_and_keys_that_do_not_match_are_wrong_usage(
    place: TlsService, tmp_path: Path
) -> None:
    pairs = [place.authority.issue(name) for name in ("one", "two")]
    for options, finding in (
        (("--tls-cert", pairs[0].certificate, "--tls-key", pairs[1].key), "TLS"),
        (("--tls-cert", tmp_path / "nothing", "--tls-key", pairs[0].key), "no such file"),
        (("--tls-cert", pairs[0].certificate), "TLS"),
        (("--tls-client-ca", place.authority.pair.certificate), "TLS"),
    ):
        command = await run_crescendo("serve", "--data", tmp_path, "--port", "0", *options)
        assert command.code == 2
        assert finding in command.err
    assert not (tmp_path / "postgres").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("bind", "nobody222222", "--certificate", "{certificate}"), "There is no nobody222222"),
        (("bind", "ministry2222", "--certificate", "{key}"), "no certificate in PEM"),
        (("unbind", "ministry2222", "--fingerprint", "zz"), "hexadecimal"),
        (("unbind", "ministry2222", "--fingerprint", "00" * 32), "is not bound"),
    ],
)
async def test_an_invalid_binding_is_refused(
    arguments: tuple[str, ...], message: str, place: TlsService
) -> None:
    files = {"certificate": str(place.ministry.certificate), "key": str(place.ministry.key)}
    command = await run_crescendo(
        "access", *(argument.format(**files) for argument in arguments), *place.database_options
    )
    assert command.code in {1, 2}
    assert message in " ".join((command.out + command.err).split())
