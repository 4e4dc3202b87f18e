"""Payment runs requested with tokens of an issuer: who proposes a run does not release it, whatever proves who it is."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from service.database.embedded_server import Database
from tests.service.auth.token_issuer import AUDIENCE, URL, format_key_set, sign
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import ACCOUNTANT, insert_keys
from tests.service.http.certificates import CertificateAuthority
from tests.service.http.issuer_server import run_issuer
from tests.service.http.running_service import run_service
from tests.service.small_state import build_request, build_third_party, open_state

AT = "2018-11-20T10:00:00+01:00"


def build_header(subject: str) -> dict[str, str]:
    return {"authorization": f"Bearer {sign(sub=subject)}"}


async def request(client: httpx.AsyncClient, path: str, headers: Any, **body: str) -> dict[str, Any]:
    response = await client.post(f"/v1/payment-runs{path}?wait=60", json=body, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


async def test_run_proposed_with_a_token_is_released_by_another_person_or_system(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = CertificateAuthority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.pair.certificate))
    async with open_state(database, tmp_path / "state", 2) as state:
        await insert_keys(state.dsn)
        with run_issuer(authority.issue("issuer"), format_key_set()) as issuer:
            place = ("--database", state.dsn, "--data", state.settings.data)
            names = ("--issuer", URL, "--audience", AUDIENCE, "--jwks", issuer.url)
            for words in (
                ("issuer", "add", "state", *names),
                *(
                    (
                        "grant",
                        "DRFIP-75",
                        "--issuer",
                        "state",
                        "--subject",
                        name,
                        "--role",
                        "assigned_accountant",
                    )
                    for name in ("proposes", "releases")
                ),
            ):
                command = await run_crescendo("access", *words, *place)
                assert command.code == 0, command.err
            async with (
                run_service(state.dsn, state.settings.data, reference=state.reference) as service,
                service.client() as client,
            ):
                for payee, headers, name, checker in (
                    (3, build_header("proposes"), "state/proposes", build_header("releases")),
                    (4, build_header("proposes"), "state/proposes", ACCOUNTANT),
                    (5, ACCOUNTANT, "paymaster222", build_header("releases")),
                ):
                    # the runs before have what was due
                    await state.submit_accepted([build_third_party(payee), build_request(payee)])
                    proposed = await request(client, "", headers, until="2018-11-30", at=AT)
                    assert proposed["result"]["proposed_by"] == name
                    run = proposed["result"]["run"]
                    own = await request(client, f"/{run}/release", headers)
                    assert (own["state"], own["failure"]["code"]) == ("failed", "run-state")
                    released = await request(client, f"/{run}/release", checker)
                    assert released["state"] == "done", released
                    assert released["result"]["released_by"] == released["key"] != name
