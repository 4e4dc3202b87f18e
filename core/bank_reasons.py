"""The reasons a bank gives for a returned or rejected transfer, and the engine's reaction to each.

The codes are those of the external code lists of ISO 20022.  The reaction to each is a decision of this project
(docs/rules.md), kept in ``core/reference/bank_reasons.csv`` where it can be changed.  Some reactions are mandatory: a table
that would pay twice, or block a payee for a fault of the State, does not load.
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from core.errors import ReferenceDataError
from core.reference.files import SAMPLE_FOLDER, ReferenceRow, read_rows

CODE_CHARACTERS = 4
UNKNOWN_REASON = "NARR"
"""The code used where the bank gave a text or no reason."""
_FILE_NAME = "bank_reasons.csv"
_COLUMNS = ("code", "phase", "action", "blocks", "meaning", "french")


class ReasonPhase(StrEnum):
    """When a bank gives a reason: before settlement, after it, or on a recall of the transfer."""

    REJECT = "reject"
    RETURN = "return"
    RECALL = "recall"


class DebtAction(StrEnum):
    """The engine's reaction to a reason, for the debt that the transfer was to pay."""

    NEW_DETAILS = "new_details"
    """Reopen the debt; pay it once the payee has new bank details."""
    OTHER_BANK = "other_bank"
    """Reopen the debt; pay it once the payee's bank is corrected."""
    OTHER_METHOD = "other_method"
    """Reopen the debt; an accountant chooses another method of payment."""
    COMPLETE = "complete"
    """Reopen the debt; an accountant completes the payee's name or address."""
    REPRESENT = "represent"
    """A fault of the State: reopen the debt and present the transfer again unchanged; block nobody."""
    NEXT_DAY = "next_day"
    """After the cut-off: reopen the debt and present the transfer again on the next day."""
    MANUAL = "manual"
    """Reopen the debt; an accountant examines it before it is paid."""
    STOP = "stop"
    """Reopen the debt and block the payee: heirs or an authority must decide first."""
    INVESTIGATE = "investigate"
    """Never reopen the debt automatically: it may have been paid by another transfer."""
    RECALL = "recall"
    """Never reopen the debt automatically: the transfer was recalled on request."""


class BlockedParty(StrEnum):
    """What a reason blocks for further payments."""

    NOTHING = ""
    IBAN = "iban"
    PAYEE = "payee"


class Reissue(StrEnum):
    """How a transfer may be issued again."""

    AUTOMATIC = "by_itself"
    WITH_NEW_DETAILS = "with_new_details"
    MANUAL = "by_hand"
    NEVER = "never"


_REISSUE: Mapping[DebtAction, Reissue] = {
    DebtAction.REPRESENT: Reissue.AUTOMATIC,
    DebtAction.NEXT_DAY: Reissue.AUTOMATIC,
    DebtAction.NEW_DETAILS: Reissue.WITH_NEW_DETAILS,
    DebtAction.OTHER_BANK: Reissue.WITH_NEW_DETAILS,
    DebtAction.INVESTIGATE: Reissue.NEVER,
    DebtAction.RECALL: Reissue.NEVER,
}
"""Every other action needs a manual decision."""


class BankReason(NamedTuple):
    """One row of the table."""

    code: str
    phases: frozenset[ReasonPhase]
    action: DebtAction
    blocks: BlockedParty
    meaning: str
    french: str

    @property
    def reopens_debt(self) -> bool:
        """Whether the bank's message reopens the debt."""
        return self.reissue is not Reissue.NEVER

    @property
    def reissue(self) -> Reissue:
        """How the transfer may be issued again."""
        return _REISSUE.get(self.action, Reissue.MANUAL)


_DEFAULT_REASON = BankReason(
    UNKNOWN_REASON,
    frozenset(ReasonPhase),
    DebtAction.MANUAL,
    BlockedParty.NOTHING,
    "Reason not in the table",
    "Motif hors table",
)
_MANDATORY: Mapping[str, tuple[str, frozenset[DebtAction], frozenset[BlockedParty]]] = {
    "AM05": (
        "a duplicate is never paid again",
        frozenset({DebtAction.INVESTIGATE}),
        frozenset({BlockedParty.NOTHING}),
    ),
    "AM04": (
        "our own account is not the payee's fault",
        frozenset({DebtAction.REPRESENT}),
        frozenset({BlockedParty.NOTHING}),
    ),
    "ED05": (
        "a failed settlement is not the payee's fault",
        frozenset({DebtAction.REPRESENT}),
        frozenset({BlockedParty.NOTHING}),
    ),
    "MD07": ("a payee who died is not paid", frozenset({DebtAction.STOP}), frozenset({BlockedParty.PAYEE})),
    "RR04": (
        "a payee under sanctions is not paid",
        frozenset({DebtAction.STOP}),
        frozenset({BlockedParty.PAYEE}),
    ),
}
"""Actions and blocks that no edition of the table may change (rules A54 and A60), each with the reason why."""


class BankReasons:
    """The table of reasons, by code."""

    def __init__(self, reasons: Mapping[str, BankReason]) -> None:
        self._reasons = reasons

    @property
    def codes(self) -> list[str]:
        """Every code that the table contains."""
        return list(self._reasons)

    def get(self, code: str) -> BankReason:
        """Return the row of ``code``; for an unknown code, a row that asks for a manual decision."""
        return self._reasons.get(code) or _DEFAULT_REASON._replace(code=code or UNKNOWN_REASON)


def load(folder: Path = SAMPLE_FOLDER) -> BankReasons:
    """Read the table of ``folder``, or the sample's where the folder has none.

    Raises
    ------
    ReferenceDataError
        A cell is invalid, a code is missing or listed twice, or a mandatory action is changed.
    """
    path = folder.joinpath(_FILE_NAME)
    reasons: dict[str, BankReason] = {}
    for row in read_rows(path if path.exists() else SAMPLE_FOLDER.joinpath(_FILE_NAME), _COLUMNS):
        reason = _parse_reason(row)
        if reason.code in reasons:
            raise ReferenceDataError(
                row.place, f"{reason.code} is listed twice", "Keep one of the two lines."
            )
        _check_mandatory(reason, row.place)
        reasons[reason.code] = reason
    missing = _MANDATORY.keys() - reasons.keys()
    if missing:
        raise ReferenceDataError(
            str(path), f"there is no line for {', '.join(sorted(missing))}", "Add a line for each code."
        )
    return BankReasons(reasons)


def _parse_reason(row: ReferenceRow) -> BankReason:
    code = row.cells["code"]
    if len(code) != CODE_CHARACTERS or not (code.isascii() and code.isalnum() and code.upper() == code):
        raise ReferenceDataError(
            row.place, f"{code!r} is not a reason code", f"Write {CODE_CHARACTERS} capitals or digits."
        )
    try:
        phases = frozenset(map(ReasonPhase, row.cells["phase"].split()))
        action, blocks = DebtAction(row.cells["action"]), BlockedParty(row.cells["blocks"])
    except ValueError as error:
        remedy = (
            f"The phases are {', '.join(ReasonPhase)}; the actions are {', '.join(DebtAction)}; "
            "blocks is iban, payee or empty."
        )
        raise ReferenceDataError(row.place, str(error), remedy) from error
    if not phases:
        raise ReferenceDataError(
            row.place, "the line has no phase", f"Write one or more of {', '.join(ReasonPhase)}."
        )
    return BankReason(code, phases, action, blocks, row.cells["meaning"], row.cells["french"])


def _check_mandatory(reason: BankReason, place: str) -> None:
    why, actions, blocks = _MANDATORY.get(reason.code, ("", frozenset(DebtAction), frozenset(BlockedParty)))
    if reason.action not in actions or reason.blocks not in blocks:
        finding = (
            f"reason {reason.code} has the action {reason.action} and blocks {reason.blocks or 'nothing'}"
        )
        expected = f"{', '.join(sorted(actions))}, and it must block {', '.join(sorted(blocks)) or 'nothing'}"
        raise ReferenceDataError(place, finding, f"The action must be {expected}: {why}.")
