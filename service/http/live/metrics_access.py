"""Access to the figures of all senders: from this machine, for operators and auditors, or public if so configured."""

from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from core.roles import Role
from service.auth.perimeter import require_all_programmes
from service.http.authentication import Authenticator
from service.http.http_messages import Request
from service.http.problems import Problem


class MetricsAccess:
    """Checks access on routes where the router asks for no key."""

    def __init__(self, authenticator: Authenticator, *, is_public: bool) -> None:
        self._authenticator, self._is_public = authenticator, is_public

    async def check(self, request: Request) -> None:
        """Check that the caller may see the figures of all senders.

        Raises
        ------
        Problem, PermissionDenied
            The request comes from another machine, without the key of an operator or auditor of all programmes.
        """
        if self._is_public or _is_local(request):
            return
        request.optional_caller = await self._authenticator.authenticate(request)
        if not request.caller.roles & {Role.OPERATOR, Role.AUDITOR}:
            detail = "Only operators and auditors may see the figures of all senders"
            raise Problem(HTTPStatus.FORBIDDEN, "role-not-held", detail)
        require_all_programmes(request.caller, "the figures are of all programmes")


def _is_local(request: Request) -> bool:
    """Return whether the request comes from this machine and addresses it by a local name.

    The host must be local too: a web page open here can point its own host name at this machine (DNS rebinding), and a
    proxy here passes on requests of other machines.
    """
    host = request.get_header("host") or "localhost"
    return _is_loopback(request.address) and _is_loopback(_parse_host(host))


def _parse_host(host: str) -> str:
    """Return a host without its port; empty if it is malformed."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(name: str) -> bool:
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
