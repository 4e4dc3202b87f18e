"""Who may see figures of all senders: this machine, operators and auditors, or everybody where the operator says so."""

from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from service.auth.perimeter import require_all_programmes
from service.auth.roles import Role
from service.http.authentication import Authenticator
from service.http.http_messages import Request
from service.http.problems import Problem
from service.http.service_context import ServiceContext


class MetricsAccess:
    """Looks at who asks, on routes that are open to some without a key."""

    def __init__(self, desk: ServiceContext, authenticator: Authenticator) -> None:
        self._desk, self._authenticator = desk, authenticator

    async def check(self, request: Request) -> None:
        """Let the caller look.

        Raises
        ------
        Problem
            From elsewhere, and without a key of one of the two roles.
        """
        if self._desk.shows_metrics_to_all or _is_local(request):
            return
        request.optional_caller = await self._authenticator.authenticate(request)
        if not request.caller.roles & {Role.OPERATOR, Role.AUDITOR}:
            told = "Figures of all senders are for operators and auditors"
            raise Problem(HTTPStatus.FORBIDDEN, "role-not-held", told)
        require_all_programmes(request.caller, "figures are of all programmes")


def _is_local(request: Request) -> bool:
    """Whether the caller is on this machine, and means to be.

    A page that somebody here has open may make its own name point here, and what a proxy here hands on comes from
    here too: both ask for another host.
    """
    host = request.get_header("host") or "localhost"
    return _is_loopback(request.address) and _is_loopback(_parse_host(host))


def _parse_host(host: str) -> str:
    """A host without its port; nothing where it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(name: str) -> bool:
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
