"""Clients made by public generators from the description: they send acts and get typed responses from a running service."""

import asyncio
import importlib
import json
import sys
from asyncio import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
import pytest_asyncio

from service.auth.api_keys import format_token
from tests.service.http import spending_story
from tests.service.http.access_keys import AUDITOR, SECRET
from tests.service.http.act_files import build_commitment
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")

_BYTES = "application/octet-stream"
_CONFIGURATION = {
    "project_name_override": "crescendo-client",
    "package_name_override": "crescendo_client",
    "post_hooks": [],
    "content_type_overrides": dict.fromkeys(
        [
            *("application/vnd.apache.parquet", "application/x-ndjson", "application/jsonl", "text/csv"),
            *("application/vnd.apache.arrow.file", "application/vnd.apache.arrow.stream"),
            *("application/xml", "text/xml", "application/x-tar", "text/plain"),
        ],
        _BYTES,
    ),
}
"""That generator sends files as bytes; it does not know the media types of files by itself."""


async def _generate(program: str, *options: str | Path) -> None:
    """Run a generator that is installed beside the interpreter."""
    path = str(Path(sys.executable).with_name(program))
    process = await subprocess.create_subprocess_exec(
        path, *map(str, options), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose modules can be imported."""
    path = tmp_path_factory.mktemp("generated")
    sys.path.insert(0, str(path))
    yield path
    sys.path.remove(str(path))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def description(spending_service: ServicePlace, folder: Path) -> Path:
    """The description that the service sends."""
    path = folder / "openapi.json"
    async with spending_service.service.client() as client:
        path.write_bytes((await client.get("/openapi.json")).content)
    return path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def package(description: Path, folder: Path) -> ModuleType:
    """The client of openapi-python-client, generated without a warning."""
    configuration = folder / "configuration.json"
    configuration.write_text(json.dumps(_CONFIGURATION))
    target = folder / "crescendo_client"
    options = ("--path", description, "--output-path", target, "--config", configuration, "--meta", "none")
    await _generate("openapi-python-client", "generate", *options, "--fail-on-warning")
    return importlib.import_module("crescendo_client")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def models(description: Path, folder: Path) -> ModuleType:
    """The models of datamodel-code-generator."""
    target = folder / "crescendo_models.py"
    options = ("--input", description, "--input-file-type", "openapi", "--output", target)
    kind = ("--output-model-type", "pydantic_v2.BaseModel", "--formatters", "builtin")
    await _generate("datamodel-codegen", *options, *kind)
    return importlib.import_module("crescendo_models")


@pytest_asyncio.fixture(loop_scope="module")
async def client(package: ModuleType, spending_service: ServicePlace) -> AsyncIterator[Any]:
    token = format_token("ministry2222", SECRET)
    async with package.AuthenticatedClient(base_url=spending_service.service.url, token=token) as client:
        yield client
        client.get_httpx_client().close()


def _import(name: str) -> Any:
    return importlib.import_module(f"crescendo_client.{name}")


async def test_the_client_sends_a_form_and_gets_a_typed_decision(client: Any) -> None:
    models, operation = _import("models"), _import("api.acts.post_v1_acts")
    line = models.ActLine.from_dict({**build_commitment("GENERATED", "1.00")})
    decision = await operation.asyncio(client=client, body=line)
    assert isinstance(decision, models.Decision)
    assert decision.lines[0].entry > 0
    line = models.ActLine.from_dict({**build_commitment("GENERATED-BIG", "900000.00")})
    decision = await operation.asyncio(client=client, body=line)
    assert (decision.outcome, decision.lines[0].outcome) == ("refused", "AE_EXCEEDED")
    assert decision.lines[0].missing_cents > 0


async def test_the_client_sends_a_file_and_gets_a_typed_ticket(client: Any) -> None:
    models, types = _import("models"), _import("types")
    operation = _import("api.submissions.post_v1_submissions")
    content = types.File(payload=BytesIO(to_jsonl([build_commitment("GENERATED-FILE", "1.00")])))
    # the generated client reads a file synchronously
    ticket = await asyncio.to_thread(operation.sync, client=client, body=content, wait=60)
    assert isinstance(ticket, models.Ticket)
    assert (ticket.state, ticket.receipt.accepted.lines) == ("decided", 1)
    assert datetime.fromisoformat(str(ticket.receipt.received_at)).tzinfo == UTC
    page = await _import("api.submissions.get_v1_submissions").asyncio(client=client)
    assert isinstance(page, models.SubmissionPage)
    assert page.submissions[0].submission == ticket.submission


async def test_the_client_gets_typed_reports_and_problems(client: Any) -> None:
    models = _import("models")
    balance = await _import("api.reports.get_v1_reports_trial_balance").asyncio(client=client, exercise=2018)
    assert isinstance(balance, models.TrialBalance)
    assert balance.debit_cents == balance.credit_cents > 0
    page = await _import("api.commitments.get_v1_commitments").asyncio(client=client, reference="EJ-1")
    assert isinstance(page, models.CommitmentPage)
    assert page.commitments[0].engaged_cents == 12_000
    missing = await _import("api.acts.get_v1_acts_entry").asyncio(999_999, client=client)
    assert isinstance(missing, models.Problem)
    assert (missing.status, missing.code) == (404, "not-found")


@pytest.mark.parametrize("route", spending_story.QUERIES)
async def test_the_models_read_every_response(
    route: str, models: ModuleType, description: Path, spending_service: ServicePlace
) -> None:
    responses = json.loads(description.read_text())["paths"][route]["get"]["responses"]
    reference = responses["200"]["content"]["application/json"]["schema"]["$ref"]
    model = getattr(models, reference.rpartition("/")[2])
    key, address = spending_story.QUERIES[route]
    async with spending_service.service.client(key) as client:
        response = await client.get(address)
    read = model.model_validate_json(response.content)
    assert read.model_fields_set == set(response.json())


async def test_the_models_read_a_problem(models: ModuleType, spending_service: ServicePlace) -> None:
    async with spending_service.service.client(AUDITOR) as client:
        response: httpx.Response = await client.get("/v1/acts/999999")
    problem = models.Problem.model_validate_json(response.content)
    assert (problem.status, problem.code) == (404, "not-found")
