"""The address of ``serve``: without TLS it serves this machine alone, unless it is told that a proxy ends TLS."""

import ssl
from pathlib import Path

import httpx
import pytest

from service.database.embedded_server import Database
from tests.service.command_line import run_crescendo
from tests.service.http.certificates import CertificateAuthority
from tests.service.http.running_service import create_database, run_service


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
async def test_plain_http_to_other_machines_is_refused(host: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    ended = await run_crescendo("serve", "--host", host, "--port", "0", "--data", data)
    assert ended.code == 2, ended.err
    for text in ("reached by other machines", "--tls-cert", "--insecure", "--host 127.0.0.1"):
        assert text in ended.err
    assert not data.exists()


@pytest.mark.parametrize(
    "words", [("--host", "localhost"), ("--host", "127.0.0.2"), ("--host", "0.0.0.0", "--insecure")]
)
async def test_loopback_needs_nothing_and_a_proxy_is_stated(
    words: tuple[str, ...], database: Database, tmp_path: Path
) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path, *words) as served,
        served.client() as client,
    ):
        assert (await client.get("/healthz")).status_code == 200


async def test_tls_may_serve_all_addresses(database: Database, tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    pair = authority.issue("service")
    words = ("--host", "0.0.0.0", "--tls-cert", pair.certificate, "--tls-key", pair.key)
    async with create_database(database) as dsn, run_service(dsn, tmp_path / "data", *words) as served:
        trusted = ssl.create_default_context(cafile=authority.pair.certificate)
        url = served.url.replace("0.0.0.0", "127.0.0.1")
        async with httpx.AsyncClient(base_url=url, verify=trusted) as client:
            assert (await client.get("/healthz")).status_code == 200


async def test_the_start_prints_the_addresses_of_the_pages(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client() as client,
    ):
        line = await served.wait_for_log("In a browser")
        assert f"{served.url}/ " in line
        assert f"{served.url}/docs " in line
        for path in ("/", "/docs"):
            assert (await client.get(path)).status_code == 200
