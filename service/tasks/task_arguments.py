"""The arguments of tasks, as requests state them: bodies of requests, and the same with the number of the run."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

REASON_LETTERS_MAX = 300
LINES_MAX = 1000
"""Lines or payees that one edit may name."""

NUMBER_MAX = 2**31 - 1
_STORABLE = r"^[^\x00]*$"
"""PostgreSQL cannot store the character NUL."""

RunNumber = Annotated[int, msgspec.Meta(ge=1, le=NUMBER_MAX)]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=REASON_LETTERS_MAX, pattern=_STORABLE)]
LineNumbers = Annotated[list[RunNumber], msgspec.Meta(min_length=1, max_length=LINES_MAX)]
PayeeCode = Annotated[str, msgspec.Meta(min_length=1, max_length=35, pattern=_STORABLE)]
PayeeCodes = Annotated[list[PayeeCode], msgspec.Meta(min_length=1, max_length=LINES_MAX)]


class RunProposal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The payment run to propose."""

    until: date | None = None
    """The last due day of the requests that the run pays; today by default."""
    at: datetime | None = None
    """The moment as of which the run is proposed, in Paris time unless it has an offset; now by default."""


class RunReason(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a run is changed, for the record."""

    reason: Reason


class LineChange(RunReason, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines of a proposed run that are withheld (``hold``) or paid after all (``unhold``)."""

    edit: Literal["hold", "unhold"]
    lines: LineNumbers


class PayeeChange(RunReason, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Payees who get one transfer for all their requests (``regroup``), or one transfer per request (``ungroup``)."""

    edit: Literal["regroup", "ungroup"]
    payees: PayeeCodes


class IssueOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a released run is issued."""

    at: datetime | None = None
    """The moment at which the files are handed to the bank, in Paris time unless it has an offset; now by default."""
    version: Literal["09", "03"] = "09"
    """The version of pain.001.001."""


class InterestProposal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The late interest to propose."""

    at: datetime | None = None
    """The moment as of which interest is proposed, in Paris time unless it has an offset; now by default."""
    dry_run: bool = False
    """Only return what would be proposed."""


class ReleaseTask(msgspec.Struct, frozen=True, kw_only=True):
    """The run to release."""

    run: RunNumber


class AbandonmentTask(RunReason, frozen=True, kw_only=True):
    """The run to abandon."""

    run: RunNumber


class LineTask(LineChange, frozen=True, kw_only=True):
    """Lines of a run to change."""

    run: RunNumber


class PayeeTask(PayeeChange, frozen=True, kw_only=True):
    """Payees of a run to change."""

    run: RunNumber


class IssueTask(IssueOptions, frozen=True, kw_only=True):
    """The run to issue."""

    run: RunNumber


class StepAction(StrEnum):
    """What is done with a step of the closing."""

    DRY_RUN = "dry_run"
    PREPARE = "prepare"
    EXECUTE = "execute"
    REVERSE = "reverse"


class StepOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to do with a step of the closing."""

    action: StepAction
    at: datetime | None = None
    """The moment that the step takes as the present, in Paris time unless it has an offset; now by default."""
    reason: Reason | None = None
    """Why a proof is withdrawn, for the record; required for ``reverse``."""


class ClosingTask(StepOrder, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The step of the closing of a year."""

    year: int
    step: str


class ImportTask(msgspec.Struct, frozen=True, kw_only=True):
    """The bank file to import."""

    path: str
    """Where the service has stored it."""
    again: bool = False
    interest: bool = True
    """Whether late interest is proposed after the import."""
    at: datetime | None = None
