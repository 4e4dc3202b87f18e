"""Who is calling."""

from typing import NamedTuple

from core.errors import FormatUnknown
from ingest.envelope import Envelope, checked
from service.web.exchange import Request
from service.web.problems import malformed


class Caller(NamedTuple):
    """Who is calling, and for which sender."""

    sender: str


def caller(request: Request) -> Caller:
    """Take the caller's word for it: there are no keys yet, so the service listens to this machine alone."""
    sender = request.header("crescendo-sender")
    if not sender:
        raise malformed("The header Crescendo-Sender must say who sends")
    try:
        return Caller(checked(Envelope(sender=sender), "Crescendo-Sender").sender)
    except FormatUnknown as error:
        raise malformed(str(error)) from error
