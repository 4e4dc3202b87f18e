"""Options of the commands on payment runs."""

from dataclasses import dataclass
from typing import Annotated, Literal

from cyclopts import Parameter

from service.cli.caller import CallerOptions
from service.cli.number_limits import AMOUNT_OF_ITEMS, NUMBER_OF_A_ROW
from service.cli.shared_options import MomentOption

RunNumber = Annotated[int, Parameter(help="Number of the run.", validator=NUMBER_OF_A_ROW)]


@dataclass(frozen=True, slots=True)
class ProposalOptions(CallerOptions):
    """Which requests are proposed, by whom and when."""

    until: Annotated[
        str | None,
        Parameter(help="Pay requests due up to this day, as in 2018-12-21. Default: today."),
    ] = None
    at: MomentOption = ""


@dataclass(frozen=True, slots=True)
class LineOptions:
    """Which lines of a run are shown."""

    lines: Annotated[
        int, Parameter(help="Number of lines shown besides the totals.", validator=AMOUNT_OF_ITEMS)
    ] = 0
    first: Annotated[
        int, Parameter(name="--from", help="Number of the first line shown.", validator=NUMBER_OF_A_ROW)
    ] = 1
    left_out: Annotated[
        bool, Parameter(negative="", show_default=False, help="Show only lines that are not paid.")
    ] = False


TOTALS_ONLY = LineOptions()


@dataclass(frozen=True, slots=True)
class IssueOptions(CallerOptions):
    """Who issues a run, when, and in which format."""

    at: MomentOption = ""
    version: Annotated[Literal["09", "03"], Parameter(help="Version of pain.001.001.")] = "09"
