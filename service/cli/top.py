"""``crescendo top``: the figures of the live page in a terminal."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from service.cli.shared_options import JsonOption
from service.configuration.settings import UsageError
from service.terminal import console

_KEY_VARIABLE = "CRESCENDO_KEY"


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class TopOptions:
    """The service, and how often its figures are read."""

    url: Annotated[str, Parameter(help="Address of the service.")] = "http://127.0.0.1:8000"
    key: Annotated[
        str,
        Parameter(
            show_default=False,
            env_var=_KEY_VARIABLE,
            help="API key of an operator or auditor; needed if the service runs on another machine. "
            f"{_KEY_VARIABLE} keeps it out of the process list.",
        ),
    ] = ""
    once: Annotated[bool, Parameter(negative="", show_default=False, help="Show the figures once.")] = False
    seconds: Annotated[int, Parameter(help="Seconds between two readings.")] = 1


DEFAULT_SERVICE = TopOptions()


def top(*, service: TopOptions = DEFAULT_SERVICE, json: JsonOption = False) -> int:
    """Show the live figures of a running service until Ctrl-C.

    On a terminal they are refreshed in place, otherwise each reading is a line. ``--json`` writes one document per line.

    Exit codes: 0 shown; 1 this key may not see the figures; 2 wrong usage; 3 no response.
    """
    from service.terminal.live_view import FiguresForbidden, LiveView

    if not 1 <= service.seconds <= 3600:
        raise UsageError("--seconds must be from 1 to 3,600")
    try:
        LiveView(service.url, service.key, service.seconds).show(once=service.once, json=json)
    except FiguresForbidden as error:
        console.print_error(str(error))
        return 1
    except KeyboardInterrupt:
        return 0
    return 0
