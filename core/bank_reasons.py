"""Why a bank gave money back, or would not move it, and what the engine does about it.

The codes are those of ISO 20022's external lists; what follows from each is our own decision (``domain`` section 4) and
stands in ``core/reference/bank_reasons.csv`` to be corrected there.  Some of it is no matter of choice: a table that
would pay twice, or blame a payee for what was our own fault, does not load.
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from core.reference.files import SAMPLE_FOLDER, ReferenceRow, read_rows, reference_error

CODE_CHARACTERS = 4
UNKNOWN_REASON = "NARR"
"""In place of a code where the bank gave words, or none."""
_FILE_NAME = "bank_reasons.csv"
_COLUMNS = ("code", "phase", "action", "blocks", "meaning", "french")


class ReasonPhase(StrEnum):
    """When a bank says so: before settlement, after it, or because somebody asked for the money back."""

    REJECT = "reject"
    RETURN = "return"
    RECALL = "recall"


class DebtAction(StrEnum):
    """What the engine does with the debt."""

    NEW_DETAILS = "new_details"
    """Open again; paid once the payee has new bank details."""
    OTHER_BANK = "other_bank"
    """Open again; paid once the payee's bank is corrected."""
    OTHER_METHOD = "other_method"
    """Open again; somebody chooses another way to pay."""
    COMPLETE = "complete"
    """Open again; somebody completes the payee's name or address."""
    REPRESENT = "represent"
    """Our own fault: open again, presented as it was, and nobody is blamed."""
    NEXT_DAY = "next_day"
    """Too late for the day: open again, presented on the next."""
    MANUAL = "manual"
    """Open again; somebody looks at it before it is paid."""
    STOP = "stop"
    """Open again, and the payee blocked: heirs or an authority come first."""
    INVESTIGATE = "investigate"
    """Never opened by itself: the money may have been paid another time."""
    RECALL = "recall"
    """Never opened by itself: somebody had asked for the money back."""


class BlockedParty(StrEnum):
    """What is not paid to any more."""

    NOTHING = ""
    IBAN = "iban"
    PAYEE = "payee"


class Reissue(StrEnum):
    """Who may send the money again."""

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
"""The others are for somebody to decide."""


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
        """Whether the payee's debt is open again with the bank's answer."""
        return self.reissue is not Reissue.NEVER

    @property
    def reissue(self) -> Reissue:
        """Who may send the money again."""
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
"""What no edition of the table may change (``domain`` 4, A54, A60)."""


class BankReasons:
    """The table, by code."""

    def __init__(self, reasons: Mapping[str, BankReason]) -> None:
        self._reasons = reasons

    @property
    def codes(self) -> list[str]:
        """Every code there is a row for."""
        return list(self._reasons)

    def get(self, code: str) -> BankReason:
        """The row of ``code``; one that there is none for is a matter for somebody to look at."""
        return self._reasons.get(code) or _DEFAULT_REASON._replace(code=code or UNKNOWN_REASON)


def load(folder: Path = SAMPLE_FOLDER) -> BankReasons:
    """Read the table in ``folder``; the shipped one where that has none.

    Raises
    ------
    ReferenceDataError
        A cell is not one of its column, a code stands twice or lacks, or the table would pay what must not be paid.
    """
    path = folder.joinpath(_FILE_NAME)
    found: dict[str, BankReason] = {}
    for row in read_rows(path if path.exists() else SAMPLE_FOLDER.joinpath(_FILE_NAME), _COLUMNS):
        reason = _parse_reason(row)
        if reason.code in found:
            raise reference_error(row.place, f"{reason.code} stands twice", "Keep one of the two lines.")
        _check_mandatory(reason, row.place)
        found[reason.code] = reason
    missing = _MANDATORY.keys() - found.keys()
    if missing:
        raise reference_error(str(path), f"no line for {', '.join(sorted(missing))}", "Add one.")
    return BankReasons(found)


def _parse_reason(row: ReferenceRow) -> BankReason:
    code = row.cells["code"]
    if len(code) != CODE_CHARACTERS or not (code.isascii() and code.isalnum() and code.upper() == code):
        raise reference_error(
            row.place, f"{code!r} is no reason code", f"Write {CODE_CHARACTERS} capitals or digits."
        )
    try:
        phases = frozenset(map(ReasonPhase, row.cells["phase"].split()))
        action, blocks = DebtAction(row.cells["action"]), BlockedParty(row.cells["blocks"])
    except ValueError as error:
        raise reference_error(row.place, str(error), f"Phases: {', '.join(ReasonPhase)}; actions: {', '.join(DebtAction)}; "
                     f"blocks: iban, payee or nothing.") from error  # fmt: skip
    if not phases:
        raise reference_error(row.place, "no phase", f"Write one or more of {', '.join(ReasonPhase)}.")
    return BankReason(code, phases, action, blocks, row.cells["meaning"], row.cells["french"])


def _check_mandatory(reason: BankReason, place: str) -> None:
    why, actions, blocks = _MANDATORY.get(reason.code, ("", frozenset(DebtAction), frozenset(BlockedParty)))
    if reason.action not in actions or reason.blocks not in blocks:
        found = f"{reason.code} is {reason.action}, blocking {reason.blocks or 'nothing'}"
        wanted = f"{', '.join(sorted(actions))}, blocking {', '.join(sorted(blocks)) or 'nothing'}"
        raise reference_error(place, found, f"It must be {wanted}: {why}.")
