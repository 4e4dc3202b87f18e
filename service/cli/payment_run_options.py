"""Options of the commands on payment runs."""

from dataclasses import dataclass
from typing import Annotated, Literal

from cyclopts import Parameter

from service.cli.number_limits import AMOUNT_OF_ITEMS, NUMBER_OF_A_ROW
from service.cli.shared_options import MomentOption
from service.configuration.settings import UsageError

_LETTERS_MAX = 70
_REASON_LETTERS_MAX = 300

RunNumber = Annotated[int, Parameter(help="Number of the run.", validator=NUMBER_OF_A_ROW)]
PersonOption = Annotated[str, Parameter(name="--as", help="Your name, for the record.")]


@dataclass(frozen=True, slots=True)
class ReasonOptions:
    """The reason of a change, and who makes it."""

    by: PersonOption
    reason: Annotated[str, Parameter(help="Why, for the record.")] = ""

    def validate(self) -> tuple[str, str]:
        """Return reason and person, checked."""
        reason = _check_text("--reason", self.reason, _REASON_LETTERS_MAX, may_be_empty=True)
        return reason, check_person(self.by)


@dataclass(frozen=True, slots=True)
class ProposalOptions:
    """Which requests are proposed, by whom and when."""

    by: PersonOption
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
class IssueOptions:
    """Who issues a run, when, and in which format."""

    by: PersonOption
    at: MomentOption = ""
    version: Annotated[Literal["09", "03"], Parameter(help="Version of pain.001.001.")] = "09"


def check_person(name: str) -> str:
    """Check the name of the person who acts."""
    return _check_text("--as", name, _LETTERS_MAX)


def _check_text(option: str, text: str, letters_max: int, *, may_be_empty: bool = False) -> str:
    stripped = text.strip()
    if not (stripped or may_be_empty) or not (stripped.isprintable() and len(stripped) <= letters_max):
        raise UsageError(
            f"{option} must have at most {letters_max} printable characters{'' if may_be_empty else ', not only spaces'}"
        )
    return stripped
