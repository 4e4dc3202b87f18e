"""The closing over HTTP: its board, steps as tasks of a running service, and the page of the board."""

from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from closing.steps import Step
from service.auth.api_keys import format_token, hash_secret
from service.database.embedded_server import Database
from service.http.handlers.closing_page import FILES
from tests.closing.closing_state import open_year_end, read_carries
from tests.databases import open_connection
from tests.service.http.access_keys import SECRET
from tests.service.http.running_service import RunningService, run_service
from tests.service.small_state import State

pytestmark = pytest.mark.asyncio(loop_scope="module")
FOLDER = Path(__file__).parents[3] / "monitoring" / "closing_board"
AT = "2019-01-21T10:00:00+01:00"
_KEYS = {
    "payer2222222": ("DRFIP-75", ["assigned_accountant"], []),
    "thin22222222": ("DRFIP-75", ["assigned_accountant"], ["0177"]),
    "buyer2222222": ("MIN-09", ["authorising_officer"], []),
    "reader222222": ("COURT", ["auditor"], []),
}
Closing = tuple[State, RunningService]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def closing(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Closing]:
    async with open_year_end(database, tmp_path_factory.mktemp("closing") / "state") as state:
        async with open_connection(state.dsn) as connection:
            for name, (sender, roles, programmes) in _KEYS.items():
                await connection.execute(
                    "insert into access_key (key, sender, digest, roles, programmes, label) values ($1, $2, $3, $4, $5, '')",
                    *(name, sender, hash_secret(SECRET), roles, programmes),
                )
        async with run_service(state.dsn, state.settings.data, reference=state.reference) as service:
            yield state, service


async def _send(closing: Closing, key: str, method: str, path: str, **options: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {format_token(key, SECRET)}"}
    async with closing[1].client(headers) as client:
        return await client.request(method, path, **options)


async def _do(closing: Closing, step: str, action: str, **more: str) -> dict[str, Any]:
    body = {"action": action, "at": AT, **more}
    response = await _send(closing, "payer2222222", "POST", f"/v1/closing/2018/{step}?wait=60", json=body)
    assert response.status_code == 200, response.text
    task = response.json()
    assert (task["state"], task["kind"]) == ("done", "closing"), task
    return task["result"]


async def _read_states(closing: Closing) -> dict[str, str]:
    board = (await _send(closing, "reader222222", "GET", "/v1/closing/2018")).json()
    assert sorted(step["step"] for step in board["steps"]) == list(Step)
    return {step["step"]: step["state"] for step in board["steps"]}


async def test_a_step_is_tried_executed_and_shown_with_its_proof(closing: Closing) -> None:
    tried = await _do(closing, "C06", "dry_run")
    assert (tried["state"], tried["sums"]["carried"][0]["kind"]) == ("", "commitment_carry")
    assert await read_carries(closing[0]) == []
    executed = await _do(closing, "C06", "execute")
    assert (executed["state"], executed["waits"]) == ("proven", "")
    assert len(await read_carries(closing[0])) == 5
    assert {step for step, state in (await _read_states(closing)).items() if state == "proven"} == {
        *("C01", "C02", "C03", "C06")
    }
    board = (await _send(closing, "payer2222222", "GET", "/v1/closing/2018")).json()
    (last,) = [step["last"] for step in board["steps"] if step["step"] == "C06"]
    assert (last["by"], last["lines"], last["cents"], len(last["chain"])) == ("payer2222222", 5, 23_700, 64)
    again = await _do(closing, "C06", "execute")
    assert (again["state"], again["posted"]) == ("proven", None)


async def test_a_proof_is_withdrawn_with_a_reason(closing: Closing) -> None:
    assert (await _do(closing, "C10", "execute"))["state"] == "proven"
    missing = await _send(closing, "payer2222222", "POST", "/v1/closing/2018/C10", json={"action": "reverse"})
    assert missing.status_code == 400
    assert (await _do(closing, "C10", "reverse", reason="too early"))["waits"] == ""
    assert (await _read_states(closing))["C10"] == "withdrawn"
    refused = await _do(closing, "C06", "reverse", reason="wrong")
    assert "C06 cannot be reversed: the engine has no act that undoes a commitment_carry" in refused["waits"]


async def test_a_step_that_needs_two_persons_is_not_prepared_where_nobody_is_known(closing: Closing) -> None:
    assert "the directory knows nobody" in (await _do(closing, "C14", "prepare"))["waits"]


async def test_who_may_not_is_refused(closing: Closing) -> None:
    body = {"action": "execute", "at": AT}
    for key in ("buyer2222222", "reader222222", "thin22222222"):
        refused = await _send(closing, key, "POST", "/v1/closing/2018/C09", json=body)
        assert refused.status_code == 403
        assert "bank files" not in refused.text
        assert "closes a year" in refused.text or "the closing concerns all programmes" in refused.text
    for key in ("buyer2222222", "thin22222222"):
        assert (await _send(closing, key, "GET", "/v1/closing/2018")).status_code == 403


async def test_unknown_years_and_steps_are_not_found(closing: Closing) -> None:
    body = {"action": "dry_run"}
    for path in ("/v1/closing/2017/C06", "/v1/closing/999999999/C06", "/v1/closing/2018/C17"):
        assert (await _send(closing, "payer2222222", "POST", path, json=body)).status_code == 404
    assert (await _send(closing, "payer2222222", "GET", "/v1/closing/2017")).status_code == 404
    wrong = await _send(closing, "payer2222222", "POST", "/v1/closing/2018/C06", json={"action": "skip"})
    assert wrong.status_code == 400


async def test_the_page_needs_no_key_and_runs_only_its_own_scripts(closing: Closing) -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(FILES.values())
    async with closing[1].client() as client:
        for path in FILES:
            response = await client.get(path)
            assert response.status_code == 200, path
            assert response.headers["content-security-policy"].startswith("default-src 'none'")
            assert "http:" not in response.text
            assert "https:" not in response.text
            assert "innerHTML" not in response.text


async def test_every_field_of_the_page_has_a_label_in_both_languages() -> None:
    parser = _Labels()
    parser.feed(FOLDER.joinpath("board.html").read_text())
    assert parser.labels == parser.fields
    assert parser.french_labels >= 10


class _Labels(HTMLParser):
    """The fields of the page, and its labels."""

    def __init__(self) -> None:
        super().__init__()
        self.labels: set[str] = set()
        self.fields: set[str] = set()
        self.french_labels = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.french_labels += values.get("lang") == "fr"
        if tag == "label":
            self.labels.add(values["for"])
        if tag == "input":
            self.fields.add(values["id"])
