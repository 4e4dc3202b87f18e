"""The consent to put a service of somebody else under load: its journal keeps what is sent."""

import sys
from typing import TYPE_CHECKING

from service.configuration.settings import UsageError
from service.terminal import console

if TYPE_CHECKING:
    from bench.load.arrivals import Load

_CONSENT = "yes"


def require_consent(load: "Load", url: str, *, is_given: bool) -> None:
    """State what will be sent, and ask for consent, unless it is given already.

    Raises
    ------
    UsageError
        There is no consent, or no terminal to ask for it; nothing was sent.
    """
    from bench.load.load_setup import describe_load

    description = describe_load(load, url)
    if is_given:
        console.print_note(description)
        return
    if sys.stdin is None or not (console.is_terminal(sys.stdin) and console.is_terminal(sys.stderr)):
        raise UsageError(f"{description}\nNothing was sent. Add --yes to send it")
    console.print_note(f"{description}\nType {_CONSENT} to send it:")
    # no time limit: a person is asked, and nothing has begun
    if sys.stdin.readline().strip() != _CONSENT:
        raise UsageError("nothing was sent")
