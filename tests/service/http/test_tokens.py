"""Signed tokens at the running service: an HTTPS issuer, registered and granted rights by the command line."""

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import pytest_asyncio

from service.database.embedded_server import Database
from tests.service.auth.token_issuer import AUDIENCE, URL, format_key_set, format_unsigned, sign
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import build_commitment, build_debt_charges
from tests.service.http.certificates import CertificateAuthority
from tests.service.http.issuer_server import IssuerServer, run_issuer
from tests.service.http.running_service import (
    JSONL,
    RunningService,
    create_database,
    fetch,
    run_service,
    to_jsonl,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TrustingService(NamedTuple):
    """A service that trusts one issuer."""

    service: RunningService
    issuer: IssuerServer
    database_options: tuple[str, str, str, Path]
    dsn: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(
    database: Database, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[TrustingService]:
    folder = tmp_path_factory.mktemp("trusting")
    authority = CertificateAuthority(folder)
    with (
        pytest.MonkeyPatch.context() as patch,
        run_issuer(authority.issue("issuer"), format_key_set()) as issuer,
    ):
        patch.setenv("SSL_CERT_FILE", str(authority.pair.certificate))
        async with create_database(database) as dsn, run_service(dsn, folder / "data") as service:
            database_options = ("--database", dsn, "--data", folder / "data")
            for arguments in (
                ("issuer", "add", "state", "--issuer", URL, "--audience", AUDIENCE, "--jwks", issuer.url),
                (*_build_grant("orders"), "--role", "authorising_officer", "--role", "programme_manager"),
                (*_build_grant("narrow"), "--role", "authorising_officer", "--programme", "0217"),
                (*_build_grant("pays", "DRFIP-75"), "--role", "assigned_accountant"),
                (*_build_grant("reads", "COURT"), "--role", "auditor"),
                (*_build_grant("stranger", "MIN-12"), "--role", "authorising_officer"),
            ):
                command = await run_crescendo("access", *arguments, *database_options)
                assert command.code == 0, command.err
            async with service.client(_build_header(sign(sub="orders"))) as client:
                await _wait_for_status(client, 200)
                rows = to_jsonl(build_debt_charges(2))
                response = await client.post("/v1/submissions?wait=60", content=rows, headers=JSONL)
                assert response.json()["receipt"]["accepted"]["lines"] == 2
                assert response.json()["receipt"]["sender"] == "MIN-09"
            yield TrustingService(service, issuer, database_options, dsn)


@pytest_asyncio.fixture(loop_scope="module")
async def client(place: TrustingService) -> AsyncIterator[httpx.AsyncClient]:
    async with place.service.client() as client:
        yield client


def _build_grant(subject: str, sender: str = "MIN-09") -> tuple[str, ...]:
    return ("grant", sender, "--issuer", "state", "--subject", subject)


def _build_header(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def _wait_for_status(client: httpx.AsyncClient, status: int) -> None:
    """Ask until the service has read a change, of which the database notifies it."""
    while (response := await client.get("/v1/submissions")).status_code != status:
        assert response.status_code in {200, 401}


async def test_a_system_reads_and_sends_within_its_grant(client: httpx.AsyncClient) -> None:
    own = (await client.get("/v1/submissions", headers=_build_header(sign(sub="orders")))).json()[
        "submissions"
    ]
    assert own
    path = own[0]["links"]["self"]
    # a key and a token of one sender read the same submissions
    assert (await client.get(path, headers=MINISTRY)).status_code == 200
    assert (await client.get(path, headers=_build_header(sign(sub="reads")))).status_code == 200
    assert (await client.get(path, headers=_build_header(sign(sub="stranger")))).status_code == 404


@pytest.mark.parametrize(
    ("subject", "code"),
    [("pays", "role-not-held"), ("reads", "role-not-held"), ("narrow", "perimeter-not-held")],
)
async def test_roles_and_perimeters_are_those_of_the_grant(
    subject: str, code: str, client: httpx.AsyncClient, place: TrustingService
) -> None:
    token = _build_header(sign(sub=subject, roles=["authorising_officer"], scope="authorising_officer"))
    response = await client.post("/v1/acts", json=build_commitment(f"D-{subject}"), headers=token)
    assert (response.status_code, response.json()["code"]) == (403, code)
    (row,) = await fetch(place.dsn, "select key, code from audit order by audit desc limit 1")
    assert tuple(row) == (f"state/{subject}", code)


FINDINGS = {
    "token-audience": sign(sub="orders", aud="other"),
    "token-algorithm": format_unsigned({"alg": "none", "kid": "ed"}, sub="orders"),
    "token-signature": sign("rsa", {"kid": "pss"}, sub="orders"),
    "token-expired": sign(sub="orders", iat=1, nbf=1, exp=2),
    "grant-missing": sign(sub="nobody"),
    "token-key-unknown": sign(header={"kid": "other"}, sub="orders"),
}


@pytest.mark.parametrize("finding", FINDINGS)
async def test_every_invalid_token_gets_the_same_response_and_its_own_audit_code(
    finding: str, client: httpx.AsyncClient, place: TrustingService
) -> None:
    without_token = await client.get("/v1/submissions")
    response = await client.get("/v1/submissions", headers=_build_header(FINDINGS[finding]))
    assert response.status_code == 401
    assert response.content == without_token.content
    (row,) = await fetch(place.dsn, "select code from audit order by audit desc limit 1")
    assert row["code"] == finding


@pytest.mark.parametrize("finding", list(FINDINGS))
async def test_nothing_is_taken_with_an_invalid_token(
    finding: str, client: httpx.AsyncClient, place: TrustingService, tmp_path: Path
) -> None:
    """By form, by file, by file in pieces, and by the client command."""
    stored = "select (select count(*) from submission), (select count(*) from entry)"
    before, token = await fetch(place.dsn, stored), FINDINGS[finding]
    act = build_commitment(f"FORGED-{finding}")
    (path := tmp_path / "acts.jsonl").write_bytes(to_jsonl([act]))
    digest = {"crescendo-sha256": sha256(path.read_bytes()).hexdigest(), "upload-length": "9"}
    for response in (
        await client.post("/v1/acts", json=act, headers=_build_header(token)),
        await client.post(
            "/v1/submissions", content=path.read_bytes(), headers={**JSONL, **_build_header(token)}
        ),
        await client.post("/v1/uploads", headers={**JSONL, **digest, **_build_header(token)}),
    ):
        assert (response.status_code, response.json()["code"]) == (401, "key-unknown")
    sent = await run_crescendo(
        *("submit", path, "--url", place.service.url), environment={"CRESCENDO_KEY": token}
    )
    assert sent.code == 1, sent
    assert "valid key or token" in sent.out + sent.err
    assert await fetch(place.dsn, stored) == before


async def test_unknown_key_ids_do_not_each_cause_a_request_to_the_issuer(
    client: httpx.AsyncClient, place: TrustingService
) -> None:
    before = place.issuer.request_count
    for number in range(30):
        token = sign(header={"kid": f"made-up-{number}"}, sub="orders")
        assert (await client.get("/v1/submissions", headers=_build_header(token))).status_code == 401
    assert place.issuer.request_count <= before + 1


async def test_a_withdrawn_grant_ends_at_once_and_may_be_renewed(
    client: httpx.AsyncClient, place: TrustingService
) -> None:
    token = _build_header(sign(sub="passing"))
    options = ("--issuer", "state", "--subject", "passing")
    assert (
        await run_crescendo("access", *_build_grant("passing"), "--role", "auditor", *place.database_options)
    ).code == 0
    client.headers.update(token)
    await _wait_for_status(client, 200)
    assert (
        await run_crescendo("access", "withdraw", *options, "--reason", "moved", *place.database_options)
    ).code == 0
    await _wait_for_status(client, 401)
    assert (await run_crescendo("access", "withdraw", *options, *place.database_options)).code == 0
    assert (
        await run_crescendo("access", *_build_grant("passing"), "--role", "auditor", *place.database_options)
    ).code == 0
    await _wait_for_status(client, 200)


async def test_redirects_and_unknown_certificates_of_issuers_are_refused(
    place: TrustingService, tmp_path: Path
) -> None:
    """Two more issuers: one redirects to another server, the other has a certificate of an unknown authority."""
    known_authority, unknown_authority = (
        CertificateAuthority(tmp_path, "known"),
        CertificateAuthority(tmp_path, "unknown"),
    )
    with (
        run_issuer(known_authority.issue("a"), format_key_set()) as redirecting,
        run_issuer(unknown_authority.issue("b"), format_key_set()) as untrusted,
    ):
        redirecting.redirect = place.issuer.url
        for name, server in (("a", redirecting), ("b", untrusted)):
            url = f"https://{name}.example"
            issuer_options = ("--issuer", url, "--audience", AUDIENCE, "--jwks", server.url)
            assert (
                await run_crescendo("access", "issuer", "add", name, *issuer_options, *place.database_options)
            ).code == 0
            grant = ("grant", "MIN-09", "--issuer", name, "--subject", "orders", "--role", "auditor")
            assert (await run_crescendo("access", *grant, *place.database_options)).code == 0
        before = place.issuer.request_count
        async with place.service.client() as client:
            for name in ("a", "b"):
                token = _build_header(sign(sub="orders", iss=f"https://{name}.example"))
                await _wait_for_audit(client, token, place, "issuer-silent")
        assert place.issuer.request_count == before
    for name in ("a", "b"):
        assert (await run_crescendo("access", "issuer", "end", name, *place.database_options)).code == 0


async def _wait_for_audit(
    client: httpx.AsyncClient, token: dict[str, str], place: TrustingService, finding: str
) -> None:
    """Ask until the service knows the issuer, and check the audit code; no request is accepted."""
    query, code = "select code from audit order by audit desc limit 1", "token-issuer-unknown"
    while code == "token-issuer-unknown":
        assert (await client.get("/v1/submissions", headers=token)).status_code == 401
        code = (await fetch(place.dsn, query))[0]["code"]
    assert code == finding


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("issuer", "add", "x", "--issuer", URL, "--audience", "a", "--jwks", "http://x.example/"), "https"),
        (("issuer", "add", "x", "--issuer", URL, "--audience", "a", "--jwks", "nowhere.json"), "no file"),
        (
            ("issuer", "add", "x/y", "--issuer", URL, "--audience", "a", "--jwks", "https://x.example/"),
            "is not a valid name",
        ),
        (
            ("issuer", "add", "state", "--issuer", "u", "--audience", "a", "--jwks", "https://x.example/"),
            "used before",
        ),
        (
            ("issuer", "add", "twin", "--issuer", URL, "--audience", "a", "--jwks", "https://x.example/"),
            "trusted as",
        ),
        ((*_build_grant("orders"), "--role", "auditor"), "withdraw it first"),
        ((*_build_grant("x"), "--role", "minister"), "minister"),
        ((*_build_grant("x"), "--role", "authorising_officer", "--role", "assigned_accountant"), "make two"),
        (
            ("grant", "MIN-09", "--issuer", "nobody", "--subject", "x", "--role", "auditor"),
            "no issuer nobody",
        ),
    ],
)
async def test_invalid_issuers_and_grants_are_refused(
    arguments: tuple[str, ...], message: str, place: TrustingService
) -> None:
    command = await run_crescendo("access", *arguments, *place.database_options)
    assert command.code == 2
    assert message in " ".join(command.err.split())


async def test_issuers_and_grants_are_listed(place: TrustingService) -> None:
    trust = (await run_crescendo("access", "trust", *place.database_options, "--json")).json()
    assert trust["issuers"][0]["issuer"] == "state"
    assert {grant["key"] for grant in trust["grants"]} >= {"state/orders", "state/reads"}
    command = await run_crescendo("access", "trust", *place.database_options)
    assert "state/orders" in command.out


async def test_the_database_too_refuses_incompatible_roles_of_a_grant(place: TrustingService) -> None:
    with pytest.raises(Exception, match="two_hands_of_a_grant"):
        await fetch(
            place.dsn,
            "insert into access_grant (issuer, subject, sender, roles, programmes)"
            " values ('state', 'z', 'MIN-09', array['authorising_officer', 'assigned_accountant'], '{}')",
        )


async def test_ending_an_issuer_ends_its_tokens(client: httpx.AsyncClient, place: TrustingService) -> None:
    """Ending the issuer; it is the last test of this file, because no token is valid after it."""
    client.headers.update(_build_header(sign(sub="orders")))
    await _wait_for_status(client, 200)
    assert (
        await run_crescendo("access", "issuer", "end", "state", "--reason", "stolen", *place.database_options)
    ).code == 0
    await _wait_for_status(client, 401)
    (row,) = await fetch(place.dsn, "select code from audit order by audit desc limit 1")
    assert row["code"] == "token-issuer-unknown"
