"""Access to ``/metrics``: this machine, operators and auditors, or everybody where the settings make it public."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from core.roles import Role
from service.auth.credentials import Caller, build_caller
from service.http.handlers.metrics import MetricsHandler
from service.http.http_messages import Request
from service.http.live.metrics_access import MetricsAccess
from service.http.problems import Problem


def _create_handler(role: Role, *, is_public: bool = False) -> MetricsHandler:
    """Create the handler with an authenticator that accepts one caller."""
    caller: Caller = build_caller("k", "OPS", frozenset({role}), programmes=frozenset())
    metrics = cast(Any, SimpleNamespace(render=lambda: b"figures"))

    async def authenticate(_: Request) -> Caller:
        return caller

    authenticator = cast(Any, SimpleNamespace(authenticate=authenticate))
    return MetricsHandler(metrics, MetricsAccess(authenticator, is_public=is_public))


def _build_request(address: str, host: str = "127.0.0.1:8000") -> Request:
    async def receive() -> dict[str, Any]:
        return {}

    headers = [(b"host", host.encode())] if host else []
    return Request({"client": (address, 1), "headers": headers, "method": "GET", "path": "/metrics"}, receive)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
async def test_requests_from_this_machine_need_no_key(address: str) -> None:
    response = await _create_handler(Role.AUTHORISING_OFFICER).get_metrics(_build_request(address))
    assert response.body == b"figures"


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", ""])
async def test_requests_from_this_machine_may_use_its_own_host_names(host: str) -> None:
    assert (
        await _create_handler(Role.AUTHORISING_OFFICER).get_metrics(_build_request("127.0.0.1", host))
    ).body == b"figures"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "192.0.2.7", "[::1", "127.0.0.1.evil.example"]
)
async def test_a_foreign_host_name_that_resolves_to_this_machine_is_refused(host: str) -> None:
    """DNS rebinding: a page in a browser on this machine may let its own host name resolve to this machine."""
    with pytest.raises(Problem):
        await _create_handler(Role.AUTHORISING_OFFICER).get_metrics(_build_request("127.0.0.1", host))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("address", ["192.0.2.7", "", "2001:db8::1", "nonsense"])
async def test_other_addresses_need_the_role_of_operator_or_auditor(role: Role, address: str) -> None:
    if role in {Role.OPERATOR, Role.AUDITOR}:
        assert (await _create_handler(role).get_metrics(_build_request(address))).body == b"figures"
        return
    with pytest.raises(Problem) as caught:
        await _create_handler(role).get_metrics(_build_request(address))
    assert caught.value.status == 403
    assert caught.value.is_audited


async def test_public_metrics_are_open_to_every_address() -> None:
    response = await _create_handler(Role.AUTHORISING_OFFICER, is_public=True).get_metrics(
        _build_request("192.0.2.7")
    )
    assert response.body == b"figures"
