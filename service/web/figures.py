"""``/metrics``: to Prometheus on this machine, to who keeps the service, or to everybody where the operator says so."""

from http import HTTPStatus
from ipaddress import ip_address

from monitoring.board import MEDIA_TYPE
from service.access.door import Door
from service.access.roles import Role
from service.web.desk import Desk
from service.web.exchange import Answer, Request
from service.web.problems import Problem


class Metrics:
    """The handler of ``/metrics``."""

    def __init__(self, desk: Desk, door: Door) -> None:
        self._desk, self._door = desk, door

    async def shown(self, request: Request) -> Answer:
        """Every metric: figures of all senders, so not for each of them."""
        if not (self._desk.shows_metrics_to_all or _is_at_home(request.address)):
            request.caller = await self._door.caller(request)
            if not request.who.roles & {Role.OPERATOR, Role.AUDITOR}:
                raise Problem(HTTPStatus.FORBIDDEN, "role-not-held", "Metrics are for operators and auditors")
        return Answer(HTTPStatus.OK, self._desk.board.shown(), MEDIA_TYPE)


def _is_at_home(address: str) -> bool:
    """Whether the caller is on this machine."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
