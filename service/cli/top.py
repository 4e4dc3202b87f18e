"""``crescendo top``: the figures of the live page, in a terminal."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from service.cli.options import JsonOption
from service.configuration.settings import UsageError
from service.terminal import console

_KEY_VARIABLE = "CRESCENDO_KEY"


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class TopOptions:
    """Which service is looked at."""

    url: Annotated[str, Parameter(help="Address of the service.")] = "http://127.0.0.1:8000"
    key: Annotated[
        str,
        Parameter(
            show_default=False,
            env_var=_KEY_VARIABLE,
            help=f"The key of an operator or auditor, from another machine; {_KEY_VARIABLE} keeps it out of sight.",
        ),
    ] = ""
    once: Annotated[bool, Parameter(negative="", show_default=False, help="Show them once, and end.")] = False
    seconds: Annotated[int, Parameter(help="Seconds from one look to the next.")] = 1


DEFAULT_SERVICE = TopOptions()


def top(*, service: TopOptions = DEFAULT_SERVICE, json: JsonOption = False) -> int:
    """Show what a running service does: the figures of its live page, again and again until Ctrl-C.

    On a terminal they stay in place; anywhere else each look is a line. ``--json`` writes one document a line.

    Exit codes: 0 shown; 1 the service does not let this key look; 2 wrong usage; 3 no answer.
    """
    from service.terminal.live_view import FiguresForbidden, LiveView

    if not 1 <= service.seconds <= 3600:
        raise UsageError("--seconds must be from 1 to 3,600")
    try:
        LiveView(service.url, service.key, service.seconds).show(once=service.once, json=json)
    except FiguresForbidden as shut:
        console.print_error(str(shut))
        return 1
    except KeyboardInterrupt:
        return 0
    return 0
