"""Moments told on the command line."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from cyclopts import Parameter

from core.payment_rules import TIME_ZONE
from service.configuration.settings import UsageError

MomentOption = Annotated[
    str,
    Parameter(
        name="--at",
        show_default=False,
        help="Act as if it were this moment in Paris: 2018-12-20T14:00. Now, unless given.",
    ),
]


def parse_moment(text: str) -> datetime:
    """The moment said, in the time of Paris; now where none is."""
    if not text:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--at {text!r} is no moment; write it as in 2018-12-20T14:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(TIME_ZONE))
